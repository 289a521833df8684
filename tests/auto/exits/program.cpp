// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_exits runs: one mode for each place in which a program calls exit() and its
// kin, or in which an exception leaves a slot while a janitor drains.

#include "../../support/programparts.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

using namespace QJanitor;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

/// Asked by the leak checker as a process exits. To it, all is lost in a child that was forked: the
/// stacks of its parent's threads are missing.
static bool isForked = false;
extern "C" int __lsan_is_turned_off() // NOLINT
{
    return isForked;
}

namespace {

constexpr int exitCode = 3;

/// A static object from before main(): jobs may use such until they end.
struct Witness
{
    ~Witness()
    {
        isAlive = false;
        if (::getpid() == owner)
            say("statics die");
    }
    const pid_t owner = ::getpid();
    std::atomic<bool> isAlive{true};
} witness;

/// What a job says when it is through.
void sayEnd(const char *what)
{
    say(witness.isAlive ? what : "TOO LATE");
}

/// Gives \a client what takes long enough that an exit() which does not wait loses it: a running
/// cleanup job, and queued ones.
void spawnCleanup(const Client &client)
{
    auto begun = std::make_shared<Gate>();
    for (int i = 0; i < 5; ++i) {
        client.spawnCleanupJob([begun] {
            begun->open();
            work(0.02);
            sayEnd("cleaned up");
        });
    }
    begun->wait();
}

/// And an end of the program.
void spawnAndExit()
{
    spawnCleanup(Client::current());
    std::exit(exitCode);
}

/// Runs exec() with \a function in its event loop, which goes on.
template<class F>
void inExec(F function, const Options &options = {})
{
    QThreadPool::globalInstance()->setMaxThreadCount(4); // the library's own pool is as large
    QTimer::singleShot(0, qApp, function);
    sayExec(QJanitor::exec(options));
}

void inASlot()
{
    const Application application;
    inExec(spawnAndExit);
}

void inADaemon()
{
    const Application application;
    inExec([] { spawnDaemon(u"leaver"_s, spawnAndExit); });
}

void inACleanupJob()
{
    const Application application;
    inExec([] { spawnCleanupJob(u"leaver"_s, spawnAndExit); });
}

/// The thread in whose slot it is called is the one that drains.
void inTheDrain()
{
    const Application application;
    Gate &leaving = lastingGate();
    const auto leave = [&leaving] {
        leaving.open();
        spawnAndExit();
    };
    execWith([&leaving, leave] {
        spawnCleanupJob([&leaving] { leaving.wait(); });
        QObject::connect(qApp, &QCoreApplication::aboutToQuit, qApp,
                         [leave] { QMetaObject::invokeMethod(qApp, leave, Qt::QueuedConnection); });
    });
}

void onAThread()
{
    const Application application;
    std::thread thread;
    inExec([&thread] { thread = std::thread(Client::current().bind(spawnAndExit)); });
}

void inACallee()
{
    const Application application;
    enter(spawnAndExit);
}

void inACalleeWithoutApplication()
{
    enter(spawnAndExit);
}

void inACalleeOnAThread()
{
    const Application application;
    std::thread([] { enter(spawnAndExit); }).join();
}

void inASlotWithoutJanitor()
{
    const Application application;
    QTimer::singleShot(0, qApp, spawnAndExit);
    QCoreApplication::exec();
}

void inASlotOfASupervisor()
{
    const Application application;
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    QObject::connect(&supervisor, &Supervisor::jobFailed, qApp, [&supervisor] {
        spawnCleanup(supervisor.client());
        std::exit(exitCode);
    });
    supervisor.client().spawnDaemon([] { throw 1; });
    QCoreApplication::exec();
}

/// A supervisor that nobody deletes; what it has begun with is over.
Supervisor &leakedSupervisor()
{
    static auto *leaked = new Supervisor;
    return *leaked;
}

void afterTheApplication()
{
    {
        const Application application;
        leakedSupervisor().client().spawnDaemon([] {});
    }
    spawnCleanup(leakedSupervisor().client());
    std::exit(exitCode);
}

/// What main() returns goes to exit() as well.
void returnAfterTheApplication()
{
    const Application application;
    spawnCleanup(leakedSupervisor().client());
}

/// Its jobs are nobody's: they go on.
void afterADestroyedSupervisor()
{
    spawnCleanup(Supervisor().client());
    std::exit(exitCode);
}

void quickly()
{
    const Application application;
    inExec([] {
        spawnCleanup(Client::current());
        std::quick_exit(exitCode);
    });
}

/// What the last cleanup job spawns while the program ends is accepted, too.
void withMoreFromCleanup()
{
    const Application application;
    inExec([] {
        spawnCleanupJob([] {
            work(0.02);
            spawnCleanupJob([] {
                work(0.02);
                sayEnd("cleaned up late");
            });
            sayEnd("cleaned up");
        });
        std::exit(exitCode);
    });
}

/// A daemon ends only when it is told.
void withServices()
{
    const Application application;
    inExec([] {
        auto begun = std::make_shared<Gate>();
        spawnDaemon(u"service"_s, [begun] {
            begun->open();
            while (!isDraining() && !isStopRequested())
                QThread::yieldCurrentThread();
            work(0.02);
            sayEnd("service ended");
        });
        begun->wait();
        spawnAndExit();
    });
}

void stuckCleanup()
{
    const Application application;
    inExec(
        [] {
            spawnCleanupJob(u"stuck"_s, [] { lastingGate().wait(); });
            std::exit(exitCode);
        },
        {.drainTimeout = 300ms});
}

void stuckDaemon()
{
    const Application application;
    inExec(
        [] {
            spawnDaemon(u"stuck"_s, [] { lastingGate().wait(); });
            std::exit(exitCode);
        },
        {.drainTimeout = 300ms});
}

void stuckSupervisor()
{
    const Application application;
    Supervisor supervisor({.drainTimeout = 300ms});
    supervisor.client().spawnCleanupJob(u"stuck"_s, [] { lastingGate().wait(); });
    std::exit(exitCode);
}

void stuckBesideOthers()
{
    const Application application;
    inExec(
        [] {
            spawnCleanupJob(u"stuck"_s, [] { lastingGate().wait(); });
            spawnAndExit();
        },
        {.drainTimeout = 1s});
}

/// A child has the jobs in its memory, but none of the threads that run them.
void inAForkedChild()
{
    const Application application;
    execWith([] {
        auto begun = std::make_shared<Gate>();
        auto ended = std::make_shared<Gate>();
        for (int i = 0; i < 5; ++i) {
            spawnCleanupJob([begun, ended] {
                begun->open();
                ended->wait();
                sayEnd("cleaned up");
            });
        }
        begun->wait();
        const pid_t child = ::fork();
        if (child == 0) {
            isForked = true;
            ::alarm(5); // where it hangs
            std::exit(exitCode);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        sayNumber("the child has left with %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
        ended->open();
    });
}

void normally()
{
    const Application application;
    execWith([] { spawnCleanup(Client::current()); });
}

template<class F>
void withoutEnds(F end)
{
    const Application application;
    inExec([end] {
        spawnCleanupJob([] { lastingGate().wait(); });
        end();
    });
}

void atOnce()
{
    withoutEnds([] { ::_exit(exitCode); });
}

void byAbort()
{
    withoutEnds([] { std::abort(); });
}

// Exceptions.

/// Has an exception leave a slot of the application's thread as soon as that turns its event loop.
void throwThere(const char *what)
{
    QMetaObject::invokeMethod(
        qApp, [what] { throw std::runtime_error(what); }, Qt::QueuedConnection);
}

/// Has slots throw one after the other, and then a job end.
template<class... What>
void spawnWhatThrows(What... whats)
{
    auto thrown = std::make_shared<Gate>();
    for (int i = 0; i < 3; ++i) {
        spawnCleanupJob([thrown] {
            thrown->wait();
            work(0.02);
            sayEnd("cleaned up");
        });
    }
    (throwThere(whats), ...);
    QMetaObject::invokeMethod(
        qApp, [thrown] { thrown->open(); }, Qt::QueuedConnection);
}

template<class F>
void sayWhatItThrows(F function)
{
    try {
        function();
    } catch (const std::exception &exception) {
        say(exception.what());
    }
}

/// Calls \a function once the event loop of exec() has ended: what it posts comes in the drain.
template<class F>
void inTheDrainOfExec(F function)
{
    QTimer::singleShot(0, qApp, &QCoreApplication::quit);
    const auto connection = QObject::connect(qApp, &QCoreApplication::aboutToQuit, qApp, function);
    sayExec(QJanitor::exec());
}

void thrownInExec()
{
    const Application application;
    sayWhatItThrows([] { inTheDrainOfExec([] { spawnWhatThrows("thrown"); }); });
}

void thrownInEnter()
{
    const Application application;
    sayWhatItThrows([] { enter([] { spawnWhatThrows("thrown"); }); });
}

void thrownTwiceInExec()
{
    const Application application;
    sayWhatItThrows([] { inTheDrainOfExec([] { spawnWhatThrows("first", "second"); }); });
}

void thrownTwiceInEnter()
{
    const Application application;
    sayWhatItThrows([] { enter([] { spawnWhatThrows("first", "second"); }); });
}

void thrownInTheRoot()
{
    {
        const Application application;
        spawnWhatThrows("thrown");
    }
    say("gone");
}

constexpr Mode modes[] = {
    {"inASlot", inASlot},
    {"inADaemon", inADaemon},
    {"inACleanupJob", inACleanupJob},
    {"inTheDrain", inTheDrain},
    {"onAThread", onAThread},
    {"inACallee", inACallee},
    {"inACalleeWithoutApplication", inACalleeWithoutApplication},
    {"inACalleeOnAThread", inACalleeOnAThread},
    {"inASlotWithoutJanitor", inASlotWithoutJanitor},
    {"inASlotOfASupervisor", inASlotOfASupervisor},
    {"afterTheApplication", afterTheApplication},
    {"returnAfterTheApplication", returnAfterTheApplication},
    {"afterADestroyedSupervisor", afterADestroyedSupervisor},
    {"quickly", quickly},
    {"withMoreFromCleanup", withMoreFromCleanup},
    {"withServices", withServices},
    {"stuckCleanup", stuckCleanup},
    {"stuckDaemon", stuckDaemon},
    {"stuckSupervisor", stuckSupervisor},
    {"stuckBesideOthers", stuckBesideOthers},
    {"inAForkedChild", inAForkedChild},
    {"normally", normally},
    {"atOnce", atOnce},
    {"byAbort", byAbort},
    {"thrownInExec", thrownInExec},
    {"thrownInEnter", thrownInEnter},
    {"thrownTwiceInExec", thrownTwiceInExec},
    {"thrownTwiceInEnter", thrownTwiceInEnter},
    {"thrownInTheRoot", thrownInTheRoot},
};

} // namespace

int main(int argc, char *argv[])
{
    return runMode(modes, argc > 1 ? argv[1] : nullptr);
}
