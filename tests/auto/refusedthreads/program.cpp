// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_refusedthreads runs: one that gets no thread when it wants one.
//     program <mode> <pool> <whose> <skipped> <refused>
// Of the threads of <whose>, <skipped> are granted first, then <refused> are refused, -1 for ever.

#include "../../support/programparts.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <dlfcn.h>
#include <limits>
#include <pthread.h>
#include <stdexcept>
#include <thread>

using namespace QJanitor;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

using Routine = void *(*)(void *);

std::atomic<Routine> routineOfQThread{nullptr};
std::atomic<bool> learns{false}; ///< The next thread that starts is a QThread.

/// Whose threads are refused.
enum class Whose { Nobodys, Pools, Agents, Everybodys };
std::atomic<Whose> whose{Whose::Nobodys};
std::atomic<int> granted{0}; ///< Before the first one that is refused.
std::atomic<int> refused{0};

bool concerns(Routine routine, void *argument)
{
    switch (whose.load()) {
    case Whose::Nobodys:
        return false;
    case Whose::Everybodys:
        return true;
    case Whose::Pools:
    case Whose::Agents:
        break;
    }
    if (routine != routineOfQThread.load())
        return false;
    // The argument of Qt's routine is the QThread.
    const bool isAgents = static_cast<QThread *>(argument)->objectName().contains(u"agent"_s);
    return isAgents == (whose.load() == Whose::Agents);
}

/// What a thread of a pool begins with; null if that is not asked.
std::atomic<Routine> lateRoutine{nullptr};

/// Returns what a thread is to begin with in place of \a routine.
Routine beginningOf(Routine routine, void *argument)
{
    if (learns.exchange(false))
        routineOfQThread.store(routine);
    const Routine late = lateRoutine.load();
    return late && concerns(routine, argument) ? late : routine;
}

bool isRefused(Routine routine, void *argument)
{
    if (!concerns(routine, argument))
        return false;
    if (granted.load() > 0 && granted.fetch_sub(1) > 0)
        return false;
    return refused.load() > 0 && refused.fetch_sub(1) > 0;
}

} // namespace

// Exported, so that all libraries find it before that of the system.
extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, Routine routine,
                              void *argument) noexcept
{
    using Create = int (*)(pthread_t *, const pthread_attr_t *, Routine, void *);
    static const auto create = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
    const Routine beginning = beginningOf(routine, argument);
    return isRefused(routine, argument) ? EAGAIN : create(thread, attributes, beginning, argument);
}

namespace {

/// What the arguments ask for.
struct Wish
{
    Options options;
    Whose whose = Whose::Nobodys;
    int granted = 0;
    int refused = 0;
} wish;

/// From now on threads are refused.
void refuse()
{
    granted.store(wish.granted);
    refused.store(wish.refused < 0 ? std::numeric_limits<int>::max() : wish.refused);
    whose.store(wish.whose);
}

QThreadPool *makePool(int threads)
{
    // Never destroyed: it would wait for a thread that there is not.
    static auto *pool = new QThreadPool;
    pool->setMaxThreadCount(threads);
    return pool;
}

constexpr int jobCount = 6;
std::atomic<int> ran{0};
std::atomic<int> ranHere{0}; ///< On the thread that has spawned them, which is the one that waits.
Gate allRan;

void spawnSix(const Client &client)
{
    const auto job = [spawner = std::this_thread::get_id()] {
        if (std::this_thread::get_id() == spawner)
            ++ranHere;
        if (++ran == jobCount)
            allRan.open();
    };
    for (int i = 0; i < jobCount / 2; ++i) {
        client.spawnCleanupJob(job);
        client.spawnDaemon(job);
    }
}

void spawnSixHere()
{
    spawnSix(Client::current());
}

void sayHowManyRan()
{
    sayNumber("%d ran", ran);
}

/// Two jobs the first of which ends only with the second: one thread is not enough.
void spawnTwo()
{
    auto second = std::make_shared<Gate>();
    spawnDaemon([second] {
        second->wait();
        ++ran;
    });
    spawnDaemon([second] {
        ++ran;
        second->open();
    });
}

void inExec()
{
    const Application application;
    refuse();
    execWith(spawnSixHere, wish.options);
    sayHowManyRan();
}

void twoInExec()
{
    const Application application;
    QThreadPool::globalInstance()->setMaxThreadCount(2); // the library's own pool is as large
    refuse();
    execWith(spawnTwo, wish.options);
    sayHowManyRan();
}

/// The first janitor's jobs are run by the thread that waits, and it ends before anybody knows that
/// the pool has got no thread.
void inTheNextJanitor()
{
    const Application application;
    QThreadPool::globalInstance()->setMaxThreadCount(1); // the library's own pool is as large
    std::thread([] {
        refuse();
        enter(wish.options, spawnSixHere);
    }).join();
    Supervisor supervisor(wish.options);
    Gate hasRun;
    supervisor.client().spawnDaemon([&hasRun] { hasRun.open(); });
    hasRun.wait();
    sayHowManyRan();
}

/// The janitor has ended without the thread, which has not begun when the application goes.
void aThreadThatIsLate()
{
    static Gate &isGoing = lastingGate();
    static Gate &isGone = lastingGate();
    {
        const Application application;
        QThreadPool::globalInstance()->setMaxThreadCount(1); // the library's own pool is as large
        lateRoutine.store([](void *argument) -> void * {
            isGoing.wait();
            isGone.wait(50ms); // not for ever, since the application is to wait for this thread
            say("the thread begins");
            return routineOfQThread.load()(argument);
        });
        std::thread([] {
            refuse();
            enter(wish.options, spawnSixHere);
        }).join();
        qAddPostRoutine([] { isGoing.open(); }); // the library's own comes after it
    }
    say("the application is gone");
    isGone.open();
    sayHowManyRan();
}

void inExecToTheDeadline()
{
    const Application application;
    refuse();
    wish.options.drainTimeout = 100ms;
    execWith(spawnSixHere, wish.options);
}

void inEnter()
{
    const Application application;
    refuse();
    enter(wish.options, spawnSixHere);
    sayHowManyRan();
}

void inEnterWithoutApplication()
{
    refuse();
    enter(wish.options, spawnSixHere);
    sayHowManyRan();
}

/// Runs \a function on a thread that is there before any is refused, beside an application.
template<class F>
void onAThread(F function)
{
    const Application application;
    std::thread([function] {
        refuse();
        function();
    }).join();
    sayHowManyRan();
}

void inEnterOnAThread()
{
    onAThread([] { enter(wish.options, spawnSixHere); });
}

/// A thread that has a clock to look at runs no jobs itself.
void inEnterWithATimeoutOnAThread()
{
    wish.options.drainTimeout = 1h;
    onAThread([] { enter(wish.options, spawnSixHere); });
}

void inACalleeThatWaits()
{
    const Application application;
    refuse();
    enter(wish.options, [] {
        spawnSixHere();
        allRan.wait();
    });
    sayHowManyRan();
}

void inACalleeThatWaitsOnAThread()
{
    onAThread([] {
        enter(wish.options, [] {
            spawnSixHere();
            allRan.wait();
        });
    });
}

void whileNobodyWaits()
{
    const Application application;
    Supervisor supervisor(wish.options);
    refuse();
    spawnSix(supervisor.client());
    allRan.wait();
    sayHowManyRan();
}

void whileAnEventLoopTurns()
{
    const Application application;
    Supervisor supervisor(wish.options);
    QObject::connect(&supervisor, &Supervisor::terminated, qApp, &QCoreApplication::quit);
    refuse();
    spawnSix(supervisor.client());
    supervisor.terminate();
    QCoreApplication::exec();
    sayHowManyRan();
}

/// Its jobs are for the root, and that is for the end of the application.
void inADestroyedSupervisor()
{
    {
        const Application application;
        refuse();
        spawnSix(Supervisor(wish.options).client());
    }
    sayHowManyRan();
}

void sayWhereTheyRan()
{
    sayNumber("%d on the waiting thread", ranHere);
}

void inExecWithoutThreads()
{
    inExec();
    sayWhereTheyRan();
}

void inEnterWithoutThreads()
{
    inEnter();
    sayWhereTheyRan();
}

void inEnterOnAThreadWithoutThreads()
{
    inEnterOnAThread();
    sayWhereTheyRan();
}

// What the agent is for.

QtMessageHandler usualHandler = nullptr;

/// Opens a gate once a log line says that a janitor has been draining for long.
Gate &warned()
{
    static Gate &gate = lastingGate();
    usualHandler = qInstallMessageHandler(
        [](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            usualHandler(type, context, text);
            if (text.contains(u"has been draining"_s))
                gate.open();
        });
    return gate;
}

void hangWarning()
{
    Gate &gate = warned();
    const Application application;
    refuse();
    wish.options.hangWarningAfter = 50ms;
    execWith([&gate] { spawnDaemon(u"slow"_s, [&gate] { gate.wait(); }); }, wish.options);
}

void hangWarningOfASupervisor()
{
    Gate &gate = lastingGate();
    const Application application;
    refuse();
    wish.options.hangWarningAfter = 50ms;
    Supervisor supervisor(wish.options);
    QObject::connect(&supervisor, &Supervisor::hanging, qApp, [&gate] { gate.open(); });
    QObject::connect(&supervisor, &Supervisor::terminated, qApp, &QCoreApplication::quit);
    supervisor.client().spawnDaemon(u"slow"_s, [&gate] { gate.wait(); });
    supervisor.terminate();
    QCoreApplication::exec();
    say("warned and ended");
}

void drainTimeout()
{
    Gate &gate = lastingGate(); // never opened
    const Application application;
    refuse();
    wish.options.drainTimeout = 100ms;
    execWith([&gate] { spawnDaemon(u"stuck"_s, [&gate] { gate.wait(); }); }, wish.options);
}

void drainTimeoutWhileNobodyWaits()
{
    Gate &gate = lastingGate(); // never opened
    const Application application;
    refuse();
    wish.options.drainTimeout = 100ms;
    Supervisor supervisor(wish.options);
    supervisor.client().spawnDaemon(u"stuck"_s, [&gate] { gate.wait(); });
    const QFuture<Report> ended = supervisor.terminate();
    while (!ended.isFinished())
        std::this_thread::yield();
    say(ended.result().error().kind() == Error::Kind::DrainTimedOut ? "timed out" : "?");
}

void adoptedFuture()
{
    const Application application;
    QPromise<void> promise;
    promise.start();
    refuse();
    Supervisor supervisor(wish.options);
    QObject::connect(&supervisor, &Supervisor::failed, qApp, [](const Error &error) {
        say(qPrintable(error.message()));
        QCoreApplication::quit();
    });
    supervisor.client().spawnDaemon(promise.future());
    promise.setException(std::make_exception_ptr(std::runtime_error("noticed")));
    promise.finish();
    QCoreApplication::exec();
}

void failedJob()
{
    const Application application;
    refuse();
    Supervisor supervisor(wish.options);
    QObject::connect(&supervisor, &Supervisor::failed, qApp, [](const Error &error) {
        say(qPrintable(error.message()));
        QCoreApplication::quit();
    });
    supervisor.client().spawnDaemon([] { throw std::runtime_error("noticed"); });
    QCoreApplication::exec();
}

void sigterm()
{
    const Application application;
    refuse();
    QTimer::singleShot(0, qApp, [] {
        spawnCleanupJob([] { say("drained"); });
        std::raise(SIGTERM);
    });
    sayExec(QJanitor::exec(wish.options));
}

constexpr Mode modes[] = {
    {"inExec", inExec},
    {"twoInExec", twoInExec},
    {"inTheNextJanitor", inTheNextJanitor},
    {"aThreadThatIsLate", aThreadThatIsLate},
    {"inExecToTheDeadline", inExecToTheDeadline},
    {"inEnter", inEnter},
    {"inEnterWithoutApplication", inEnterWithoutApplication},
    {"inEnterOnAThread", inEnterOnAThread},
    {"inEnterWithATimeoutOnAThread", inEnterWithATimeoutOnAThread},
    {"inACalleeThatWaits", inACalleeThatWaits},
    {"inACalleeThatWaitsOnAThread", inACalleeThatWaitsOnAThread},
    {"whileNobodyWaits", whileNobodyWaits},
    {"whileAnEventLoopTurns", whileAnEventLoopTurns},
    {"inADestroyedSupervisor", inADestroyedSupervisor},
    {"inExecWithoutThreads", inExecWithoutThreads},
    {"inEnterWithoutThreads", inEnterWithoutThreads},
    {"inEnterOnAThreadWithoutThreads", inEnterOnAThreadWithoutThreads},
    {"hangWarning", hangWarning},
    {"hangWarningOfASupervisor", hangWarningOfASupervisor},
    {"drainTimeout", drainTimeout},
    {"drainTimeoutWhileNobodyWaits", drainTimeoutWhileNobodyWaits},
    {"adoptedFuture", adoptedFuture},
    {"failedJob", failedJob},
    {"sigterm", sigterm},
};

/// Has Qt start a thread, in order to know later which threads are Qt's.
void learnTheRoutine()
{
    learns.store(true);
    const std::unique_ptr<QThread> thread(QThread::create([] {}));
    thread->start();
    thread->wait();
}

} // namespace

int main(int argc, char *argv[])
{
    if (argc != 6)
        return 2;
    learnTheRoutine();
    // A number is a pool of so many threads that is passed in.
    if (const int threads = std::atoi(argv[2]); threads > 0)
        wish.options.threadPool = makePool(threads);
    const QByteArrayView threadsOf(argv[3]);
    wish.whose = threadsOf == "pool"    ? Whose::Pools
                 : threadsOf == "agent" ? Whose::Agents
                                        : Whose::Everybodys;
    wish.granted = std::atoi(argv[4]);
    wish.refused = std::atoi(argv[5]);
    return runMode(modes, argv[1]);
}
