// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "mail/alarmheap_p.h"
#include "ambient/ambient_p.h"
#include "janitor/corefutures_p.h"
#include "janitor/corenews_p.h"
#include "jobs/jobqueue_p.h"
#include "rules/ledger_p.h"

#include <qjanitor/options.h>

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>
#include <QtCore/qshareddata.h>
#include <QtCore/qvarlengtharray.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

QT_BEGIN_NAMESPACE
class QAbstractEventDispatcher;
QT_END_NAMESPACE

namespace QJanitor::Private {

struct Outcome;
class Pump;

/// Which lists a core is in already, noted by those that have the lists: to search them for each of very
/// many cores would cost more than all else.
struct ListedBy
{
    bool mailbox = false; ///< For the next application. Under the mailbox's lock.
    bool agent = false;   ///< As one with futures that are not watched. On the agent's thread.
};

/// How the thread that waits for a janitor is woken: its event dispatcher, else the condition.
struct Waker
{
    QAbstractEventDispatcher *dispatcher = nullptr;
    std::condition_variable condition;
};

/*!
    The shared heart of one janitor: its jobs, its ledger, its errors, and who is told of them.

    Reference-counted: its jobs, pumps, clients, and the janitors inside it keep it alive. Being
    alive says nothing about being open; that is the ledger's.

    Locks: m_mutex is this core's; it is taken before that of an enclosing core, never after. Each
    lane has one more for its takers, inside which no other is taken. No user code runs under
    either.
*/
class Core : public QSharedData
{
public:
    /// What an Options cannot say.
    enum class Level { Nested, Application, Root };

    /// \a outer is the frame in which the janitor is opened.
    Core(const Options &options, Frame outer, Level level);
    ~Core();
    Q_DISABLE_COPY_MOVE(Core)

    ListedBy listedBy; ///< Not used by the core itself.

    // ---- asked before anything is started: corejobs.cpp
    SpawnError spawn(const Offer &offer);
    bool accepts(JobKind kind) const;
    Core *enclosing() const { return m_outer.core.data(); }
    const Frame &outer() const { return m_outer; }

    // ---- jobs that are futures: corefutures.cpp, coresettling.cpp
    /// Settles new futures, and returns some to watch. While there are others, call it again later.
    std::vector<WatchedJob *> takeNewFutures();
    /// Returns whether the agent is to look again by itself; otherwise it gets another ticket.
    bool needsAnotherLook();
    bool hasNewFutures() const;
    /// Settles some of the oldest new futures that have finished. Returns whether there were any.
    bool settleNewFutures();
    /// Settles a job that was watched and whose future has finished.
    void endWatch(WatchedJob *job);
    /// The agent has gone without having taken the new futures.
    void forgetFuturesTicket();
    /// Takes a job that was watched back, as if it were new.
    void giveUpWatch(WatchedJob *job);
    /// Without an application, settles the futures that have finished; else tells the agent of them.
    void lookAfterFutures();

    // ---- futures and promises that are to stop: corestops.cpp
    /// Shows the progress of the job in \a slot, and cancels it when it should stop.
    void addPromise(const Slot *slot, JobKind kind, const QFuture<void> &future);
    void removePromise(const Slot *slot);

    // ---- jobs that are coroutines: corecoroutines.cpp
    void endCoroutine(CoJob &job, const Error &error);

    // ---- run by a pump, or by a thread that waits: corejobs.cpp
    /// Runs queued jobs until there are none, or for a time slice, on the thread of \a pump.
    void runJobs(const Pump &pump, bool wasTakenForLost);
    /// Runs one queued job, or one of a ward, on this thread. Returns false if there is none.
    bool runOneJob();
    /// Takes pumps that have not started back from the pool: there is nothing left for them.
    void callOffPumps();
    /// A pump was destroyed before it ran: somebody has cleared the pool.
    void pumpCleared(const Pump &pump) noexcept;
    void restartPumps() noexcept;
    /// Looks at those that have not begun for \a patience, twice if it is the usual one.
    void lookAtPumps(std::int64_t now, std::int64_t patience = usualPatience);
    /// Not to be touched but by one of its threads, or as in corepumps.cpp: it may have gone.
    QThreadPool *pool() const { return m_pool; }
    /// Whether this thread belongs to the pool. Jobs of the pool's keep it, without any it is not asked.
    bool runsOnThisThread() const;
    /// Whether the thread that has opened the janitor belonged to the pool that was passed in.
    bool isOpenedByItsPool() const { return m_isOpenedByItsPool; }

    // ---- the way to the end: core.cpp
    Ledger::Pending pending() const;
    /// The callee is a function that runs on this thread. To be called before anybody else knows the core.
    void setCalleeHere();
    /// Whether there is no callee that may go on when the process ends: it is on this thread, or that of
    /// the application, or there is an owner instead.
    bool canEndCallee() const;
    void endCallee();
    void requestStop();
    /// Ends the callee and hands on what is pending, since the owner goes; nobody waits.
    void letGo();
    /// The same two for what runs here as \a role. A janitor inside a daemon or callee that should
    /// stop or end should do so, too.
    bool isStopRequested(Role role) const;
    bool isDraining(Role role) const;
    bool hasCalleeEnded() const { return m_calleeEnded.load(std::memory_order_relaxed); }
    /// Returns \c true once the report is there.
    bool isDone() const { return m_done.load(std::memory_order_acquire); }
    /// The core that took this one's jobs over, or this one.
    Core *effective();
    /// Who waits for this one's jobs: effective(), or null if they have been given up.
    Core *waiter();
    Report report() const;
    QList<JobInfo> jobs() const;
    /// Counts the futures that have finished, and has the others handed on: after a failure.
    void prepareHandingOn();
    /// Returns the live jobs, the oldest first, at most \a most.
    std::vector<LiveJob> oldestJobs(qsizetype most) const;

    void setWaker(Waker *waker);
    /// Has the thread that waits look at everything again.
    void lookAgain();
    /// Blocks until this core is done; only for a moment if there are futures to look after.
    void waitOn(Waker &waker);

    // ---- exec() only: core.cpp, coreclock.cpp
    /// Quits the application's event loop, as a signal asks for.
    void quit();
    /// As quit(), but no window is asked whether it may be closed. Only of the application janitor.
    void exitEventLoop();
    /// Returns \c true the first time: the service manager is to be told.
    bool isFirstToAnnounceStop() { return !m_stopAnnounced.test_and_set(); }
    /// Asks the daemons to stop and gives up waiting, now or as soon as the event loop has ended.
    void stopWaiting();

    // ---- the time that draining takes: coreclock.cpp
    void onAlarm();
    /// Sets the drain timeout, before draining starts.
    void limitDraining(std::int64_t milliseconds);
    std::int64_t drainTimeout() const { return m_drainTimeout.load(std::memory_order_relaxed); }

    // ---- told to others: corenews.cpp
    QFuture<void> whenever(Role role, bool draining);
    QFuture<Report> future();
    void observe(Observer *observer);
    void unobserve(Observer *observer);
    Snapshot snapshot() const;
    News takeNews(Observer *observer) const;
    /// Nudges the observers and finishes the futures that are due. The agent calls it.
    void publish();
    void nudgeObservers();

    // ---- the two that outlive a scope: coreglobals.cpp
    /// The janitor of the current exec(), else of the last one; null before the first.
    static CorePointer application();
    static void setApplication(const CorePointer &core);
    /// Nudges \a observer whenever there is another application janitor, or another application.
    static void addObserver(Observer *observer);
    static void removeObserver(Observer *observer);
    static void nudgeEveryone();
    /// The safety net; null without an application, for then nobody would wait for it.
    static CorePointer root();
    /// Allows a root for an application that begins.
    static void allowRoot();
    /// Returns a root that is to be drained; if there is none, there will be none for this application.
    static CorePointer retireRoot();

    /// Its place among those that the end of the process looks after, see ProcessEnd.
    struct Listing
    {
        Core *previous = nullptr;
        Core *next = nullptr;
        bool isListed = false; ///< Under this core's lock; the others under the list's.
    };
    Listing listing;

private:
    /// A pump that has neither begun nor waits in its pool's queue at two looks, as long apart as this, is
    /// lost. A new thread begins sooner even on a busy machine.
    static constexpr std::int64_t usualPatience = 500; // ms
    struct Beginning;
    struct Lane;
    struct Worker;
    /// Allocates nothing for two lanes.
    using IdlePumps = QVarLengthArray<std::unique_ptr<Pump>, 4>;
    /// What is left to do once the lock is released.
    struct Todo
    {
        bool quit = false;
        bool addWards = false;
        bool takenByRoot = false;
        bool tellNow = false;
        bool letGo = false;
        bool setAlarm = false;
        bool prepareHandingOn = false;
        bool cancelOneByOne = false; ///< There is no memory for a list of them.
        bool hurry = false; ///< New futures are awaited: the agent is to look at them at once.
        QList<JobInfo> unfinished;
        QList<JobInfo> goingOn; ///< Instead, if nobody takes them.
        std::vector<QFuture<void>> toCancel;
        std::vector<CorePointer> toCancelInside;
    };

    /// A promise that a running job holds.
    struct HeldPromise
    {
        const Slot *slot;
        JobKind kind;
        QFuture<void> future;
        Progress progress{};
    };

    SpawnError enqueue(const Offer &offer);
    SpawnError adopt(const Offer &offer);
    SpawnError spawnCoroutine(const Offer &offer);
    /// Has the enclosing cores cancel the futures of this one's daemons when they stop, until it is done.
    void followOuterStops()
    {
        if (m_outer.core && !m_followsOuter.load(std::memory_order_acquire))
            joinOuters();
    }
    void joinOuters();
    void forgetInner(Core *core);
    template<class F>
    void forEachStopper(F function);
    void cancelDaemons();
    void collectToCancel(Todo &todo);
    void cancelOneByOne();
    std::optional<QFuture<void>> nextToCancel();
    std::vector<AnyFuture> &roomForNew(FutureFacts &&facts);
    std::vector<AnyFuture> &otherRoomForNew(FutureFacts &&facts);
    struct NewFuture;
    template<class Source>
    NewFuture listNew(FutureFacts &&facts, Source &&source);
    void followListing(const NewFuture &future);
    bool lookAtFutures(std::int64_t now);
    bool lookAtBatch(std::list<FutureBatch>::iterator batch, std::int64_t now);
    struct Sorted;
    std::size_t sortNew(Sorted &sorted);
    bool takeOut(FutureFacts &facts, AnyFuture &future, std::vector<WatchedJob *> &jobs);
    void sortOldestBatch(Sorted &sorted);
    void settleSorted(Sorted &sorted);
    void settleTogether(std::vector<WatchedJob *> &jobs);
    std::size_t settleNew(Sorted &sorted, std::size_t atLeast = 1);
    void settleWhileListing();
    void settleFinishedFutures(QDeadlineTimer end = QDeadlineTimer(std::chrono::milliseconds(100)));
    void settleEachNew(Sorted &&sorted);
    /// For an owner that goes and must not be held up: without waiting for others, or destroying results.
    void settleForOwner();
    bool areBeingSettled() const;
    /// Has the agent look at the new futures. One ticket is enough for many, but draining is urgent.
    void postFutures()
    {
        if (!m_futuresPosted.load(std::memory_order_acquire) || hasCalleeEnded())
            postFuturesTicket();
    }
    void postFuturesTicket();
    bool goOn(JobKind kind, Slot &slot, Adoption &adoption);
    Outcome waitHere(JobKind kind, const Adoption &adoption);
    template<class Visitor>
    void visitDaemonFutures(Visitor visitor);
    std::vector<QFuture<void>> daemonFutures();
    void list(QList<JobInfo> &jobs) const;
    void addOldestJobs(std::vector<LiveJob> &jobs, qsizetype most) const;
    template<class Visitor>
    void visitLive(Visitor visitor, std::int64_t now, qsizetype most) const;

    Lane &lane(JobKind kind);
    Lane &addLane(JobKind kind);
    void build(Lane &lane, JobQueue::Place place, const Offer &offer);
    void handInLate(Lane &lane, JobQueue::Place place);
    void startPumpIfNeeded(Lane &lane);
    void ensurePump(Lane &lane) noexcept;
    void sendPump(Lane &lane, std::unique_ptr<Pump> &pump, Beginning &beginning);
    void watchPumps() noexcept;
    void pumpRuns(Lane &lane, const Pump &pump, bool wasTakenForLost);
    void pumpHasJob(Lane &lane, const Pump &pump);
    void pumpGoes(Lane &lane, const Pump *pump, bool hasRun);
    bool isPumpBeginning() const;
    bool queueAgain(Lane &lane, const Pump &pump) noexcept;
    bool lookAtPump(Lane &lane, Beginning &beginning, std::int64_t now, std::int64_t patience,
                    IdlePumps &idle);
    static bool hasJobs(Lane &lane);
    JobQueue::Place next(Worker &worker);
    void leaveChunk(Worker &worker, JobQueue::Chunk *chunk);
    void run(Worker &worker, JobQueue::Place place);
    void dropLabel(Lane &lane, JobQueue::Place place);
    void settleQuietly(std::int64_t count = 1);
    /// What still lists a job that ends: exactly one, or none if it comes from a ward.
    struct Listed
    {
        Slot *slot = nullptr;
        WatchedJob *watched = nullptr;
        CoJob *coroutine = nullptr;
    };
    /// How an end was counted: by whom, and through whose hands it went.
    struct Ending
    {
        CorePointer by; ///< Null if nobody waits for the job any more.
        Todo todo;
        struct Passed
        {
            CorePointer ward;
            CorePointer taker;
            bool wasLast;
        };
        QVarLengthArray<Passed, 2> passed;
    };
    void settle(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                Listed listed);
    void count(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
               Listed listed, Ending &ending);
    void passOn(JobKind kind, Ledger::End end, const Error &error, Ending &ending);
    static void carryOut(Ending &ending);
    void unlist(Listed listed);
    void keep(const Error &error, Ledger::Weight weight, Todo &todo);

    void advance(Todo &todo);
    bool isToPrepareHandingOn(Todo &todo);
    void prepareHandingOnSoon();
    bool handOn(Todo &todo);
    bool takeOver(Core &ward);
    void dropWard(const Core *ward);
    void close(Todo &todo, bool leaves);
    void finish();
    void wake();
    std::vector<CorePointer> wards() const;
    void addWardsToReport(Todo &todo);
    void carryOut(Todo &todo);
    QString describeName() const;
    void startClock(Todo &todo);
    void setAlarm();
    void clearIdleAlarm();
    bool lookAtClock(std::int64_t now);
    bool lookAtPromises(std::int64_t now);
    bool lookAtJobs(std::int64_t now);
    bool lookAtWards(std::int64_t now);
    void planLook(std::int64_t now);
    void forgetByOuters();
    bool hasForwardedAll() const;
    bool doesProgressCount() const;
    std::int64_t deadline() const;
    void planAlarm();
    void giveUp();
    bool abandon(const QList<JobInfo> &ofWards, Todo &todo);
    Error timeoutError(const QList<JobInfo> &jobs) const;
    void skipStop(std::int64_t now);
    void warn();
    void finishWhen(const SharedPromise &promise, bool draining);
    void tell(bool now);

    enum class HandingOn { NotDue, BeingPrepared, Prepared, AtOnce };

    const QString m_name;
    Frame m_outer; ///< Never changes, but in the destructor.
    QThreadPool *const m_pool;
    const Level m_level;
    const std::int64_t m_hangWarningAfter; // ms, as all times here
    std::atomic<std::int64_t> m_drainTimeout;
    const std::int64_t m_drainTimeoutLimit; ///< 0: progress does not extend the timeout.
    const bool m_quitsApplication;
    const bool m_isOpenedByItsPool;
    const char *m_calleeThread = nullptr;

    mutable std::mutex m_mutex;
    Ledger m_ledger;
    std::array<std::atomic<Lane *>, 2> m_lanes{};
    Waker *m_waker = nullptr;
    bool m_helpWanted = false; ///< The waiter is to look again: at a ward's jobs, or at futures.
    CorePointer m_takerPointer;
    HandingOn m_handingOn = HandingOn::NotDue;
    int m_batches = 0;         ///< Of ends that are being counted one by one, and belong together.
    qsizetype m_justEnded = 0; ///< Daemons that were not counted yet when the others were given up.
    std::int64_t m_forwarded = 0; ///< Of the jobs that were handed on: how many have ended.
    QList<JobInfo> m_lateJobs;    ///< Jobs of wards that failed between handing on and the report.
    std::vector<CorePointer> m_wards; ///< No QList: it looks at its count of owners unordered.
    QList<Error> m_errors;
    qsizetype m_errorCount = 0;
    Error m_cause;
    qsizetype m_causeIndex = -1; ///< In m_errors.
    Report m_report;
    std::vector<Observer *> m_observers;
    std::vector<QPromise<Report>> m_promises;
    std::vector<SharedPromise> m_onStop;
    std::vector<SharedPromise> m_onDraining;
    std::int64_t m_drainingSince = 0;
    std::int64_t m_nextWarning = Alarm::never;
    std::int64_t m_nextLook = Alarm::never; ///< At the progress of the jobs.
    std::int64_t m_nextPumpLook = Alarm::never;
    std::int64_t m_lastProgress = 0;
    std::int64_t m_endedAtLastLook = 0;
    /// Until when those may be counted that have just ended.
    std::int64_t m_lastMoment = Alarm::never;
    Alarm m_alarm{.core = this};
    std::list<FutureBatch> m_newFutures; ///< Nobody watches these yet.
    CorePointer m_self;                  ///< As long as there are new futures.
    WatchedJobs m_watchedJobs;
    /// A watcher costs more than a look. While looks find many that have finished, few are watched.
    std::size_t m_watchLimit = 64;
    std::size_t m_newFutureCount = 0;
    std::size_t m_listedCount = 0;      ///< Ever.
    std::size_t m_listedAtLastLook = 0; ///< By the agent.
    std::vector<HeldPromise> m_heldPromises;
    Core *m_nextUnowned = nullptr; ///< In the list of the destructor.
    std::vector<Core *> m_inner; ///< Janitors inside: their futures are cancelled with this one's.
    std::atomic<bool> m_followsOuter{false}; ///< Written under the lock.

    std::atomic<Core *> m_taker{nullptr};
    std::atomic<bool> m_stop{false};
    std::atomic<bool> m_calleeEnded{false};
    std::atomic<bool> m_draining{false};
    std::atomic<bool> m_done{false};
    std::atomic_flag m_stopAnnounced;
    std::atomic<int> m_awaiting{0}; ///< Who settle futures that they wait for: others keep away.
    std::atomic<int> m_settling{0}; ///< Who have taken futures and have yet to count them.
    std::atomic<bool> m_watched{false};       ///< Somebody observes or holds a future.
    std::atomic<bool> m_futuresPosted{false}; ///< The agent is about to take the new futures.
    std::atomic<bool> m_told{false}; ///< The agent has a ticket of this core that it has not read.
};

/// Calls \a function with each enclosing core whose stop is a stop for the daemons of this one, too.
template<class F>
void Core::forEachStopper(F function)
{
    Role role = m_outer.role;
    for (Core *core = enclosing(); core && role != Role::CleanupJob; core = core->enclosing()) {
        function(*core);
        role = core->m_outer.role;
    }
}

// Inline, for every future that is adopted asks.
inline bool Core::isStopRequested(Role role) const
{
    for (const Core *core = this; core && role != Role::CleanupJob; core = core->enclosing()) {
        if (core->m_stop.load(std::memory_order_relaxed))
            return true;
        role = core->m_outer.role;
    }
    return false;
}

/// Returns the frame that counts on this thread: the slot's, else that of the running exec().
Frame ambientFrame();
/// Returns only its janitor, and at less cost; \a keep holds it where the slot does not.
Core *ambientCore(CorePointer &keep);

} // namespace QJanitor::Private
