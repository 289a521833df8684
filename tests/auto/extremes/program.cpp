// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_extremes runs: one mode for each thing that few programs do.
//     program <mode> [<length of a chain>]

#include "../../support/finishedfuture.h"
#include "../../support/programparts.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtCore/qsocketnotifier.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <thread>

#include <sys/wait.h>

using namespace QJanitor;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

// Janitors in the destructors of thread_locals.

/// What a thread and its starter agree on. Never destroyed, as the thread may outlive main().
struct ThreadsEnd
{
    Gate mayBegin; ///< The thread_locals may go: the starter is done with its thread.
    Gate isOver;   ///< They have gone.
};

ThreadsEnd &threadsEnd()
{
    static auto &end = *new ThreadsEnd;
    return end;
}

/// The first thread_local that is made is the last one that goes.
struct LastOne
{
    ~LastOne() { threadsEnd().isOver.open(); }
    bool isUsed = false;
};
thread_local LastOne lastOne; // before all others of this file

/// QThread::wait() of newer versions of Qt returns when the thread_locals have gone, not before.
constexpr bool waitCoversThreadLocals = QT_VERSION >= QT_VERSION_CHECK(6, 8, 0);

struct Enterer
{
    Enterer() = default;
    ~Enterer()
    {
        if (!waitCoversThreadLocals)
            threadsEnd().mayBegin.wait();
        enter([] {
            spawnDaemon([] {
                while (!isDraining())
                    QThread::yieldCurrentThread();
                work(0.02); // this thread has begun to wait
                say("daemon");
            });
        });
        say("left");
    }
    Q_DISABLE_COPY_MOVE(Enterer)
};

thread_local std::optional<Enterer> atThreadsEnd;

void keep()
{
    lastOne.isUsed = true;
    atThreadsEnd.emplace();
}

/// The same where the thread has had a janitor before.
void useAndKeep()
{
    enter([] { spawnDaemon([] {}); });
    keep();
}

void endThread()
{
    threadsEnd().mayBegin.open();
    threadsEnd().isOver.wait();
}

/// Unless waitCoversThreadLocals, those of a QThread go after wait() has returned, and the object
/// may go before them.
void onAQThread(void (*function)())
{
    {
        const std::unique_ptr<QThread> thread(QThread::create(function));
        thread->start();
        thread->wait();
    }
    endThread();
}

void onAQThreadThatStays(void (*function)())
{
    const std::unique_ptr<QThread> thread(QThread::create(function));
    thread->start();
    thread->wait();
    endThread();
}

void onAPoolThread(void (*function)())
{
    {
        QThreadPool pool;
        pool.start(function);
        pool.waitForDone();
    }
    endThread();
}

void onAStdThread(void (*function)())
{
    threadsEnd().mayBegin.open();
    std::thread(function).join();
}

void enterAtTheEndOfAQThread()
{
    const Application application;
    onAQThread(keep);
}

void enterAgainAtTheEndOfAQThread()
{
    const Application application;
    onAQThread(useAndKeep);
}

void enterAtTheEndOfAQThreadThatStays()
{
    const Application application;
    onAQThreadThatStays(keep);
}

void enterAgainAtTheEndOfAQThreadThatStays()
{
    const Application application;
    onAQThreadThatStays(useAndKeep);
}

void enterAtTheEndOfAStdThread()
{
    const Application application;
    onAStdThread(keep);
}

void enterAgainAtTheEndOfAStdThread()
{
    const Application application;
    onAStdThread(useAndKeep);
}

void enterAtTheEndOfAPoolThread()
{
    const Application application;
    onAPoolThread(keep);
}

void enterAgainAtTheEndOfAPoolThread()
{
    const Application application;
    onAPoolThread(useAndKeep);
}

void enterAtTheEndOfAQThreadWithoutApplication()
{
    onAQThread(keep);
}

// A drainTimeout below 0.

void spawnWhatIsWaitedFor()
{
    spawnDaemon(u"slow"_s, [] {
        while (!isDraining())
            QThread::yieldCurrentThread();
        work(0.02);
        say("ended");
    });
}

template<class F>
void sayWhetherItThrows(F function)
{
    try {
        function();
        say("left");
    } catch (const std::exception &) {
        say("thrown");
    }
}

void enterWithANegativeTimeout()
{
    const Application application;
    sayWhetherItThrows([] { enter({.drainTimeout = -1ms}, spawnWhatIsWaitedFor); });
}

void enterWithANegativeTimeoutOnAThread()
{
    std::thread([] {
        sayWhetherItThrows([] {
            enter({.drainTimeout = std::chrono::milliseconds::min()}, spawnWhatIsWaitedFor);
        });
    }).join();
}

void execWithANegativeTimeout()
{
    const Application application;
    execWith(spawnWhatIsWaitedFor, {.drainTimeout = -1ms});
}

void supervisorWithANegativeTimeout()
{
    const Application application;
    Supervisor supervisor({.drainTimeout = -1ms});
    {
        const AmbientGuard guard(supervisor.client());
        spawnWhatIsWaitedFor();
    }
    const QFuture<Report> ended = supervisor.terminate();
    while (!ended.isFinished())
        std::this_thread::yield();
    say(ended.result().ok() ? "left" : "failed");
}

// Destructors of supervisors.

/// A result that can be asked only once a gate is open.
struct SlowToTell
{
    bool has_value() const
    {
        asked->open();
        mayTell->wait();
        return true;
    }
    QString error() const { return {}; }
    Gate *asked;
    Gate *mayTell;
};

/// A result whose last copy goes only once a gate is open.
struct SlowToGo
{
    struct Held
    {
        ~Held()
        {
            goes->open();
            mayGo->wait();
        }
        Gate *goes;
        Gate *mayGo;
    };
    std::shared_ptr<Held> held;
};

/// Gives \a client a future that has finished. Nobody else keeps it, nor its result.
void spawnSlowToGo(const Client &client, Gate &goes, Gate &mayGo)
{
    QPromise<SlowToGo> promise;
    promise.start();
    client.spawnDaemon(promise.future());
    promise.addResult(SlowToGo{std::shared_ptr<SlowToGo::Held>(new SlowToGo::Held{&goes, &mayGo})});
    promise.finish();
}

using Clock = std::chrono::steady_clock;

Clock::duration timeToDestroy(std::unique_ptr<Supervisor> &supervisor)
{
    const Clock::time_point start = Clock::now();
    supervisor.reset();
    return Clock::now() - start;
}

/// While the agent counts a future, a supervisor is destroyed. Returns how long that takes.
Clock::duration timeToDestroyWhileTheAgentCounts()
{
    Gate &asked = lastingGate(), &mayTell = lastingGate(); // the job may outlive this
    auto supervisor = std::make_unique<Supervisor>();
    QPromise<SlowToTell> promise;
    promise.start();
    supervisor->client().spawnDaemon(promise.future());
    promise.addResult(SlowToTell{&asked, &mayTell});
    promise.finish();
    asked.wait();
    const Clock::duration time = timeToDestroy(supervisor);
    mayTell.open();
    return time;
}

/// The same while a thread that lists very many futures may be counting some of them.
Clock::duration timeToDestroyWhileAThreadLists()
{
    Gate &goes = lastingGate(), &mayGo = lastingGate();
    auto supervisor = std::make_unique<Supervisor>();
    std::atomic<bool> isEnough{false};
    std::thread lister([&, client = supervisor->client()] {
        spawnSlowToGo(client, goes, mayGo);
        while (!isEnough)
            (void)client.trySpawnDaemon(finishedFuture());
    });
    goes.wait();
    const Clock::duration time = timeToDestroy(supervisor);
    isEnough = true;
    mayGo.open();
    lister.join();
    return time;
}

/// The same where nobody may have looked at the future yet.
Clock::duration timeToDestroyWithAResult()
{
    Gate &goes = lastingGate(), &mayGo = lastingGate();
    auto supervisor = std::make_unique<Supervisor>();
    const Client client = supervisor->client();
    std::thread spawner([&] { spawnSlowToGo(client, goes, mayGo); });
    const auto isSpawned = [&client] {
        const Status status(client);
        return status.pendingJobs() + status.finishedJobs() > 0;
    };
    while (!isSpawned())
        std::this_thread::yield();
    const Clock::duration time = timeToDestroy(supervisor);
    mayGo.open();
    spawner.join();
    return time;
}

/// The best of a few, for the machine may be busy: one that waits does so each time.
template<class F>
void sayWhetherItBlocks(F timeToDestroyOne)
{
    const Application application;
    Clock::duration best = Clock::duration::max();
    for (int i = 0; i < 5; ++i)
        best = std::min(best, timeToDestroyOne());
    say(best < 50ms ? "did not block" : "blocked");
}

void destroyWhileTheAgentCounts()
{
    sayWhetherItBlocks(timeToDestroyWhileTheAgentCounts);
}

void destroyWhileAThreadLists()
{
    sayWhetherItBlocks(timeToDestroyWhileAThreadLists);
}

void destroyWithAResult()
{
    sayWhetherItBlocks(timeToDestroyWithAResult);
}

// Long chains.

int chainLength = 0; // an argument

template<class F>
void onASmallStack(F function)
{
    const std::unique_ptr<QThread> thread(QThread::create(function));
    thread->setStackSize(512 * 1024);
    thread->start();
    thread->wait();
}

void chainOfClosedSupervisors()
{
    onASmallStack([] {
        Client last;
        for (int i = 0; i < chainLength; ++i) {
            const AmbientGuard guard(last);
            last = Supervisor().client();
        }
        say("made");
        last = {};
        say("freed");
    });
}

void chainOfOpenSupervisors()
{
    onASmallStack([] {
        std::deque<std::unique_ptr<Supervisor>> supervisors;
        for (int i = 0; i < chainLength; ++i) {
            const AmbientGuard guard(supervisors.empty() ? Client() : supervisors.back()->client());
            supervisors.push_back(std::make_unique<Supervisor>());
        }
        say("made");
        while (!supervisors.empty())
            supervisors.pop_front();
        say("freed");
    });
}

// Time that does not count.

/// Says "draining", and waits for a byte. That is to come after the whole process has been stopped.
void stoppedWhileItDrains(const Options &options)
{
    const Application application;
    Gate &gate = lastingGate();
    QSocketNotifier notifier(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(&notifier, &QSocketNotifier::activated, &notifier, [&] {
        notifier.setEnabled(false);
        // Who counts the time has had time to look at the clock.
        QTimer::singleShot(300, &notifier, [&gate] { gate.open(); });
    });
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, &notifier,
                     [&] { QTimer::singleShot(0, &notifier, [] { say("draining"); }); });
    execWith([&] { spawnDaemon(u"slow"_s, [&gate] { gate.wait(); }); }, options);
}

void stoppedWithADeadline()
{
    stoppedWhileItDrains({.drainTimeout = 2s});
}

void stoppedWithAHangWarning()
{
    stoppedWhileItDrains({.hangWarningAfter = 2s});
}

// Children that are forked.

/// Has \a child run in a child, and says whether that has come to its end.
template<class F>
void inAChild(F child)
{
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::alarm(5); // where it hangs
        child();
        ::_exit(7);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status))
        sayNumber("the child has left with %d", WEXITSTATUS(status));
    else
        sayNumber("the child was killed by %d", WTERMSIG(status));
}

void enterWithAJob()
{
    (void)tryEnter([] { spawnDaemon(u"of the child"_s, [] {}); });
}

/// Has the library's own pool start all its threads: a child that is forked then has none of them.
void useAllThreads()
{
    // With a clock to look at, a waiting thread runs no jobs itself.
    (void)tryEnter({.drainTimeout = 1h}, [] {
        const int count = QThread::idealThreadCount();
        auto begun = std::make_shared<std::atomic<int>>(0);
        for (int i = 0; i < count; ++i) {
            spawnDaemon([count, begun] {
                for (++*begun; *begun < count;)
                    QThread::yieldCurrentThread();
            });
        }
    });
}

void enterInAChild()
{
    const Application application;
    useAllThreads();
    inAChild(enterWithAJob);
}

void enterInAChildOfACallee()
{
    const Application application;
    useAllThreads();
    enter([] { inAChild(enterWithAJob); });
}

void enterInAChildOfExec()
{
    const Application application;
    execWith([] {
        useAllThreads();
        inAChild(enterWithAJob);
    });
}

void enterInAChildWithoutApplication()
{
    useAllThreads();
    inAChild([] {
        (void)tryEnter({.drainTimeout = 1h}, [] { spawnDaemon(u"of the child"_s, [] {}); });
    });
}

constexpr Mode modes[] = {
    {"enterAtTheEndOfAQThread", enterAtTheEndOfAQThread},
    {"enterAgainAtTheEndOfAQThread", enterAgainAtTheEndOfAQThread},
    {"enterAtTheEndOfAQThreadThatStays", enterAtTheEndOfAQThreadThatStays},
    {"enterAgainAtTheEndOfAQThreadThatStays", enterAgainAtTheEndOfAQThreadThatStays},
    {"enterAtTheEndOfAStdThread", enterAtTheEndOfAStdThread},
    {"enterAgainAtTheEndOfAStdThread", enterAgainAtTheEndOfAStdThread},
    {"enterAtTheEndOfAPoolThread", enterAtTheEndOfAPoolThread},
    {"enterAgainAtTheEndOfAPoolThread", enterAgainAtTheEndOfAPoolThread},
    {"enterAtTheEndOfAQThreadWithoutApplication", enterAtTheEndOfAQThreadWithoutApplication},
    {"enterWithANegativeTimeout", enterWithANegativeTimeout},
    {"enterWithANegativeTimeoutOnAThread", enterWithANegativeTimeoutOnAThread},
    {"execWithANegativeTimeout", execWithANegativeTimeout},
    {"supervisorWithANegativeTimeout", supervisorWithANegativeTimeout},
    {"destroyWhileTheAgentCounts", destroyWhileTheAgentCounts},
    {"destroyWhileAThreadLists", destroyWhileAThreadLists},
    {"destroyWithAResult", destroyWithAResult},
    {"chainOfClosedSupervisors", chainOfClosedSupervisors},
    {"chainOfOpenSupervisors", chainOfOpenSupervisors},
    {"stoppedWithADeadline", stoppedWithADeadline},
    {"stoppedWithAHangWarning", stoppedWithAHangWarning},
    {"enterInAChild", enterInAChild},
    {"enterInAChildOfACallee", enterInAChildOfACallee},
    {"enterInAChildOfExec", enterInAChildOfExec},
    {"enterInAChildWithoutApplication", enterInAChildWithoutApplication},
};

} // namespace

int main(int argc, char *argv[])
{
    chainLength = argc > 2 ? std::atoi(argv[2]) : 1;
    return runMode(modes, argc > 1 ? argv[1] : nullptr);
}
