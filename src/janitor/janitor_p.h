// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "mail/alarmheap_p.h"
#include "ambient/ambient_p.h"
#include "janitor/futures_p.h"
#include "janitor/audience_p.h"
#include "janitor/journal_p.h"
#include "janitor/handover_p.h"
#include "janitor/stoprelay_p.h"
#include "janitor/waiters_p.h"
#include "jobs/livejob_p.h"
#include "jobs/jobqueue_p.h"
#include "rules/drainclock_p.h"
#include "rules/held_p.h"
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
#include <cstdint>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace QJanitor::Private {

struct Outcome;
class Pump;

/// Which lists a janitor is in already, noted by those that have the lists: to search them for each
/// of very many janitors would cost more than all else.
struct ListedBy
{
    bool mailbox = false; ///< For the next application. Under the mailbox's lock.
    bool agent = false;   ///< As one with futures that are not watched. On the agent's thread.
};

/*!
    The shared heart of one janitor: its jobs, its ledger, its errors, and who is told of them.

    Reference-counted: its jobs, pumps, clients, and the janitors inside it keep it alive. Being
    alive says nothing about being open; that is the ledger's.

    Locks: m_mutex is this janitor's; it is taken before that of an enclosing janitor, never after.
    Each list of callables has one more for its takers, inside which no other is taken. No user code
    runs under either.
*/
class Janitor : public QSharedData
{
public:
    /// What an Options cannot say.
    enum class Level { Nested, Application, Root };

    /// \a outer is the frame in which the janitor is opened.
    Janitor(const Options &options, Frame outer, Level level);
    ~Janitor();
    Q_DISABLE_COPY_MOVE(Janitor)

    ListedBy listedBy; ///< Not used by the janitor itself.

    // ---- asked before anything is started: callables.cpp
    SpawnError spawn(const Offer &offer);
    bool accepts(JobKind kind) const;
    Janitor *enclosing() const { return m_outer.janitor.data(); }
    const Frame &outer() const { return m_outer; }

    // ---- jobs that are futures: futures.cpp, settling.cpp
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
    /// Without an application, settles the futures that have finished; else tells the agent of
    /// them.
    void lookAfterFutures();

    // ---- futures and promises that are to stop: stops.cpp
    /// Shows the progress of the job in \a cell, and cancels it when it should stop.
    void addPromise(const JobCell *cell, JobKind kind, const QFuture<void> &future);
    void removePromise(const JobCell *cell);

    // ---- jobs that are coroutines: coroutines.cpp
    void endCoroutine(SpawnedCoroutine &job, const Error &error);

    // ---- run by a pump, or by a thread that waits: callables.cpp
    /// Runs queued jobs until there are none, or for a time slice, on the thread of \a pump.
    void runJobs(const Pump &pump, bool wasTakenForLost);
    /// Runs one queued job, or one of a giver, on this thread. Returns false if there is none.
    bool runOneJob();
    /// Takes pumps that have not started back from the pool: there is nothing left for them.
    void callOffPumps();
    /// Whether a pool may be starting a thread for a pump.
    bool hasThreadThatStarts();
    /// A pump was destroyed before it ran: somebody has cleared the pool.
    void pumpCleared(const Pump &pump) noexcept;
    void restartPumps() noexcept;
    /// Looks at those that have not begun for \a patience, twice if it is the usual one.
    void lookAtPumps(std::int64_t now, std::int64_t patience = usualPatience);
    /// Not to be touched but by one of its threads, or as in pumps.cpp: it may have gone.
    QThreadPool *pool() const { return m_pool; }
    /// Whether this thread belongs to the pool. Jobs of the pool's keep it, without any it is not
    /// asked.
    bool runsOnThisThread() const;
    /// Whether the thread that has opened the janitor belonged to the pool that was passed in.
    bool isOpenedByItsPool() const { return m_isOpenedByItsPool; }

    // ---- the way to the end: janitor.cpp
    Ledger::Pending pending() const;
    /// The callee is a function that runs on this thread. To be called before anybody else knows
    /// the janitor.
    void setCalleeHere();
    /// Whether there is no callee that may go on when the process ends: it is on this thread, or
    /// that of the application, or there is an owner instead.
    bool canEndCallee() const;
    void endCallee();
    void requestStop();
    /// Ends the callee and hands on what is pending, since the owner goes; nobody waits.
    void letGo();
    /// The same two for what runs here as \a role. A janitor inside a daemon or callee that should
    /// stop or end should do so, too.
    bool isStopRequested(Role role) const;
    bool isDraining(Role role) const;
    bool hasCalleeEnded() const { return m_ledger.hasCalleeEnded(); }
    /// Returns \c true once the report is there.
    bool isDone() const { return m_ledger.isReported(); }
    /// The janitor that took this one's jobs over, or this one.
    Janitor *effective();
    /// Who waits for this one's jobs: effective(), or null if they have been given up.
    Janitor *waiter();
    Report report() const;
    QList<JobInfo> jobs() const;
    /// Counts the futures that have finished, and has the others handed on: after a failure.
    void prepareHandingOn();
    /// Returns the live jobs, the oldest first, at most \a most.
    std::vector<LiveJob> oldestJobs(qsizetype most) const;

    // ---- threads that wait: any number of them, each with a waiter of its own
    void beginWaiting(Waiter &waiter);
    void endWaiting(Waiter &waiter);
    /// Has the threads that wait look at everything again.
    void callWaiters();
    /// Blocks until this janitor is done or calls; only for a moment if there are futures to look
    /// after.
    void wait(Waiter &waiter);

    // ---- exec() only: janitor.cpp, clock.cpp
    /// Quits the application's event loop, as a signal asks for.
    void quit();
    /// As quit(), but no window is asked whether it may be closed. Only of the application janitor.
    void exitEventLoop();
    /// Returns \c true the first time: the service manager is to be told.
    bool isFirstToAnnounceStop() { return !m_stopAnnounced.test_and_set(); }
    /// Asks the daemons to stop and gives up waiting, now or as soon as the event loop has ended.
    void stopWaiting();

    // ---- the time that draining takes: clock.cpp
    void onAlarm();
    /// Sets the drain timeout, before draining starts.
    void limitDraining(std::int64_t milliseconds);
    std::int64_t drainTimeout() const { return m_clock.timeout(); }

    // ---- told to others: news.cpp
    QFuture<void> whenever(Role role, Audience::Moment moment);
    QFuture<Report> future();
    void observe(Observer *observer);
    void unobserve(Observer *observer);
    Snapshot snapshot() const;
    News takeNews(Observer *observer) const;
    /// Nudges the observers and finishes the futures that are due. The agent calls it.
    void publish();
    void nudgeObservers();

    // ---- the two that outlive a scope: roots.cpp
    /// The janitor of the current exec(), else of the last one; null before the first.
    static JanitorPointer application();
    static void setApplication(const JanitorPointer &janitor);
    /// Nudges \a observer whenever there is another application janitor, or another application.
    static void addObserver(Observer *observer);
    static void removeObserver(Observer *observer);
    static void nudgeEveryone();
    /// The safety net; null without an application, for then nobody would wait for it.
    static JanitorPointer root();
    /// Allows a root for an application that begins.
    static void allowRoot();
    /// Returns a root that is to be drained; if there is none, there will be none for this
    /// application.
    static JanitorPointer retireRoot();

    /// Its place among those that the end of the process looks after, see ProcessEnd.
    struct EndListing
    {
        Janitor *previous = nullptr;
        Janitor *next = nullptr;
        bool isListed = false; ///< Under this janitor's lock; the others under the list's.
    };
    EndListing listing;

private:
    /// A pump that has neither begun nor waits in its pool's queue at two looks, as long apart as
    /// this, is lost. A new thread begins sooner even on a busy machine.
    static constexpr std::int64_t usualPatience = 500; // ms
    struct Beginning;
    struct CallableList;
    struct Worker;
    /// Allocates nothing for the pumps of two lists of callables.
    using IdlePumps = QVarLengthArray<std::unique_ptr<Pump>, 4>;
    /// What is left to do once the lock is released.
    struct Aftermath
    {
        bool quit = false;
        bool addGivers = false;
        bool takenByRoot = false;
        bool tellNow = false;
        bool letGo = false;
        bool setAlarm = false;
        bool prepareHandingOn = false;
        bool cancelOneByOne = false; ///< There is no memory for a list of them.
        bool startsClock = false;    ///< Unless it closes in the same step.
        bool hurry = false; ///< New futures are awaited: the agent is to look at them at once.
        QList<JobInfo> unfinished;
        QList<JobInfo> goingOn; ///< Instead, if nobody takes them.
        std::vector<QFuture<void>> toCancel;
        std::vector<JanitorPointer> toCancelInside;
    };

    /// A promise that a running job holds.
    struct HeldPromise
    {
        const JobCell *cell;
        JobKind kind;
        QFuture<void> future;
        Progress progress{};
    };

    SpawnError enqueue(const Offer &offer);
    SpawnError adopt(const Offer &offer);
    SpawnError spawnCoroutine(const Offer &offer);
    /// Has the enclosing janitors cancel the futures of this one's daemons when they stop, until it
    /// is done.
    void followOuterStops()
    {
        if (m_outer.janitor && !m_relay.hasJoined())
            joinOuters();
    }
    void joinOuters();
    void forgetInner(Janitor *janitor);
    /// Calls \a predicate with \a janitor, where code runs as \a role, and with those outside that
    /// this code is a part of, and as what; until it returns \c true. A clean-up job is a part of
    /// none: it is neither stopped nor told of draining.
    template<class JanitorType, class Predicate>
    static bool findConcerned(JanitorType *janitor, Role role, Predicate predicate);
    /// Calls \a function with each enclosing janitor whose stop is one for the daemons of this one,
    /// too.
    template<class F>
    void forEachStopper(F function)
    {
        findConcerned(enclosing(), m_outer.role, [&](Janitor &janitor, Role) {
            function(janitor);
            return false;
        });
    }
    void cancelDaemons();
    void stop(Held held, Aftermath &after);
    void cancelOneByOne();
    std::optional<QFuture<void>> nextToCancel();
    std::vector<AnyFuture> &roomForNew(Held held, FutureFacts &&facts);
    std::vector<AnyFuture> &otherRoomForNew(Held held, FutureFacts &&facts);
    struct NewFuture;
    template<class Source>
    NewFuture listNew(Held held, FutureFacts &&facts, Source &&source);
    void followListing(const NewFuture &future);
    bool lookAtFutures(Held held, std::int64_t now);
    bool lookAtBatch(Held held, std::list<FutureBatch>::iterator batch, std::int64_t now);
    struct Sorted;
    std::size_t sortNew(Held held, Sorted &sorted);
    bool takeOut(Held held, FutureFacts &facts, AnyFuture &future, std::vector<WatchedJob *> &jobs);
    void sortOldestBatch(Held held, Sorted &sorted);
    void settleSorted(Sorted &sorted);
    void settleTogether(std::vector<WatchedJob *> &jobs);
    std::size_t settleNew(Sorted &sorted, std::size_t atLeast = 1);
    void settleWhileListing();
    void settleFinishedFutures(QDeadlineTimer end = QDeadlineTimer(std::chrono::milliseconds(100)));
    void settleEachNew(Sorted &&sorted);
    /// For an owner that goes and must not be held up: without waiting for others, or destroying
    /// results.
    void settleForOwner();
    bool areBeingSettled() const;
    /// Has the agent look at the new futures. One ticket is enough for many, but draining is
    /// urgent.
    void postFutures()
    {
        if (!m_futuresPosted.load(std::memory_order_acquire) || hasCalleeEnded())
            postFuturesTicket();
    }
    void postFuturesTicket();
    bool goOn(JobKind kind, JobCell &cell, Adoption &adoption);
    Outcome waitHere(JobKind kind, const Adoption &adoption);
    template<class Visitor>
    void visitDaemonFutures(Held held, Visitor visitor);
    std::vector<QFuture<void>> daemonFutures(Held held);
    void list(Held held, QList<JobInfo> &jobs) const;
    void addOldestJobs(std::vector<LiveJob> &jobs, qsizetype most) const;
    template<class Visitor>
    void visitLive(Held held, Visitor visitor, std::int64_t now, qsizetype most) const;

    CallableList &callables(Held held, JobKind kind);
    CallableList *callablesIfAny(JobKind kind) const
    {
        return m_callables[std::size_t(kind)].load(std::memory_order_acquire);
    }
    CallableList &addCallableList(Held held, JobKind kind);
    void build(CallableList &callables, JobQueue::Place place, const Offer &offer);
    void handInLate(CallableList &callables, JobQueue::Place place);
    void startPumpIfNeeded(CallableList &callables);
    void ensurePump(CallableList &callables) noexcept;
    void sendPump(Held held, CallableList &callables, std::unique_ptr<Pump> &pump,
                  Beginning &beginning);
    void watchPumps() noexcept;
    void pumpRuns(CallableList &callables, const Pump &pump, bool wasTakenForLost);
    void pumpHasJob(CallableList &callables, const Pump &pump);
    void pumpGoes(Held held, CallableList &callables, const Pump *pump, bool hasRun);
    bool isPumpBeginning(Held held) const;
    bool queueAgain(CallableList &callables, const Pump &pump) noexcept;
    bool lookAtPump(Held held, CallableList &callables, Beginning &beginning, std::int64_t now,
                    std::int64_t patience, IdlePumps &idle);
    static bool hasJobs(Held held, CallableList &callables);
    JobQueue::Place next(Worker &worker);
    void leaveChunk(Worker &worker, JobQueue::Chunk *chunk);
    void run(Worker &worker, JobQueue::Place place);
    void forgetName(JobQueue::Place place);
    void settleQuietly(std::int64_t count = 1);
    /// What still lists a job that ends: exactly one, or none if it comes from a giver.
    struct Listing
    {
        JobCell *cell = nullptr;
        WatchedJob *watched = nullptr;
        SpawnedCoroutine *coroutine = nullptr;
    };
    /// How an end was counted: by whom, and through whose hands it went.
    struct Ending
    {
        JanitorPointer by; ///< Null if nobody waits for the job any more.
        Aftermath after;
        struct Passed
        {
            JanitorPointer giver;
            JanitorPointer taker;
            bool wasLast;
        };
        QVarLengthArray<Passed, 2> passed;
    };
    void settle(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                Listing listed);
    void count(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
               Listing listed, Ending &ending);
    void passOn(Held held, JobKind kind, Ledger::End end, const Error &error, Ending &ending);
    static void carryOut(Ending &ending);
    void unlist(Held held, Listing listed);
    void keep(Held held, const Error &error, Ledger::Weight weight, Aftermath &after);

    /// Has \a transition change the ledger and return what is due, and has all that done: what can
    /// be under the lock in the same step, the rest after it.
    template<class Transition>
    void change(Transition transition);
    void advance(Held held, unsigned due, Aftermath &after);
    bool isToPrepareHandingOn(Held held, Aftermath &after);
    void prepareHandingOnSoon();
    bool handOn(Held held, Aftermath &after);
    bool takeOver(Janitor &giver, Held ofGiver);
    void dropGiver(const Janitor *giver);
    void close(Held held, Aftermath &after, bool leaves);
    void finish(Held held);
    std::vector<JanitorPointer> givers() const;
    void addGiversToReport(Aftermath &after);
    void carryOut(Aftermath &after);
    void startClock(Held held, Aftermath &after);
    void setAlarm();
    void clearIdleAlarm(Held held);
    bool lookAtClock(std::int64_t now);
    bool lookAtPromises(Held held, std::int64_t now);
    bool lookAtJobs(Held held, std::int64_t now);
    bool lookAtGivers(std::int64_t now);
    void forgetByOuters(Held held);
    bool hasForwardedAll(Held held) const;
    void planAlarm(Held held);
    void giveUp();
    bool abandon(Held held, const QList<JobInfo> &ofGivers, Aftermath &after);
    Error timeoutError(Held held, const QList<JobInfo> &jobs) const;
    void warn();
    void finishAt(Audience::Moment moment, const SharedPromise &promise);
    void tell(bool now);

    enum class HandingOn { NotDue, BeingPrepared, Prepared, AtOnce };

    Frame m_outer; ///< Never changes, but in the destructor.
    QThreadPool *const m_pool;
    const Level m_level;
    const bool m_quitsApplication;
    const bool m_isOpenedByItsPool;
    const char *m_calleeThread = nullptr;

    mutable std::mutex m_mutex;
    Ledger m_ledger;
    std::array<std::atomic<CallableList *>, 2> m_callables{};
    Waiters m_waiters;
    Handover m_handover;
    StopRelay m_relay;
    HandingOn m_handingOn = HandingOn::NotDue;
    int m_batches = 0;         ///< Of ends that are being counted one by one, and belong together.
    qsizetype m_justEnded = 0; ///< Daemons that were not counted yet when the others were given up.
    Journal m_journal;
    Audience m_audience;
    DrainClock m_clock;
    std::int64_t m_nextPumpLook = Alarm::never;
    /// Until when those may be counted that have just ended.
    std::int64_t m_lastMoment = Alarm::never;
    Alarm m_alarm{.janitor = this};
    std::list<FutureBatch> m_newFutures; ///< Nobody watches these yet.
    JanitorPointer m_self;               ///< As long as there are new futures.
    WatchedJobs m_watchedJobs;
    /// A watcher costs more than a look. While looks find many that have finished, few are watched.
    std::size_t m_watchLimit = 64;
    std::size_t m_newFutureCount = 0;
    std::size_t m_listedCount = 0;      ///< Ever.
    std::size_t m_listedAtLastLook = 0; ///< By the agent.
    std::vector<HeldPromise> m_heldPromises;
    Janitor *m_nextUnowned = nullptr; ///< In the list of the destructor.

    std::atomic_flag m_stopAnnounced;
    std::atomic<int> m_awaiting{0}; ///< Who settle futures that they wait for: others keep away.
    std::atomic<int> m_settling{0}; ///< Who have taken futures and have yet to count them.
    std::atomic<bool> m_futuresPosted{false}; ///< The agent is about to take the new futures.
};

template<class JanitorType, class Predicate>
bool Janitor::findConcerned(JanitorType *janitor, Role role, Predicate predicate)
{
    for (; janitor && role != Role::CleanupJob; janitor = janitor->enclosing()) {
        if (predicate(*janitor, role))
            return true;
        role = janitor->m_outer.role;
    }
    return false;
}

// Inline, for every future that is adopted asks.
inline bool Janitor::isStopRequested(Role role) const
{
    return findConcerned(this, role, [](const Janitor &janitor, Role) {
        return janitor.m_ledger.isStopRequested();
    });
}

template<class Transition>
void Janitor::change(Transition transition)
{
    Aftermath after;
    {
        const JanitorLock lock(m_mutex);
        const unsigned due = transition(Held(lock), after);
        advance(lock, due, after);
    }
    carryOut(after);
}

/// Returns the frame that counts on this thread: the slot's, else that of the running exec().
Frame ambientFrame();
/// Returns only its janitor, and at less cost; \a keep holds it where the slot does not.
Janitor *ambientJanitor(JanitorPointer &keep);

} // namespace QJanitor::Private
