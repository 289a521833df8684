// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_applicationlife runs: one mode for each way in which an application comes
// and goes. It prints what happens, one event per line.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

void say(const char *event)
{
    std::puts(event);
    std::fflush(stdout);
}

auto saying(const char *event)
{
    return [event] { say(event); };
}

struct Gate
{
    void open()
    {
        const std::lock_guard lock(mutex);
        isOpen = true;
        opened.notify_all();
    }
    void wait()
    {
        std::unique_lock lock(mutex);
        opened.wait(lock, [this] { return isOpen; });
    }
    std::mutex mutex;
    std::condition_variable opened;
    bool isOpen = false;
};

struct Application
{
    int argc = 1;
    char name[5] = "life";
    char *argv[2] = {name, nullptr};
    QCoreApplication application{argc, argv};
};

/// Runs exec() with \a function in its event loop.
template<class F>
void execWith(F function, const Options &options = {})
{
    QTimer::singleShot(0, qApp, [&] {
        function();
        QCoreApplication::quit();
    });
    std::printf("exec returned %d\n", QJanitor::exec(options));
    std::fflush(stdout);
}

struct Cleaner
{
    explicit Cleaner(const char *what)
        : event(what)
    {}
    ~Cleaner() { spawnCleanupJob(QString::fromUtf8(event), saying(event)); }
    Q_DISABLE_COPY_MOVE(Cleaner)
    const char *event;
};

struct CleanerObject : QObject
{
    CleanerObject(const char *what, QObject *parent)
        : QObject(parent)
        , cleaner(what)
    {}
    const Cleaner cleaner;
};

double cpuTime()
{
    timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
}

/// Works for a tenth of a second: a busy loop elsewhere would use as much.
void work()
{
    const double end = cpuTime() + 0.1;
    while (cpuTime() < end) {
    }
}

/// Says whether \a wait has waited without working.
template<class F>
void withoutABusyLoop(F wait)
{
    const double before = cpuTime();
    wait();
    say(cpuTime() - before < 0.05 ? "idle" : "BUSY LOOP");
}

void before()
{
    spawnCleanupJob(u"early"_s, saying("early"));
    enter([] { spawnDaemon(saying("daemon")); });
    const Application application;
    execWith([] { spawnCleanupJob(saying("cleanup")); });
}

void after()
{
    Client client;
    {
        const Application application;
        execWith([&] { client = Client::current(); });
    }
    client.spawnCleanupJob(u"late 1"_s, saying("late 1"));
    spawnCleanupJob(u"late 2"_s, saying("late 2"));
    enter([] { spawnDaemon([] { spawnCleanupJob(saying("late 3")); }); });
    say(client.trySpawnDaemon([] {}) == SpawnError::ActiveJanitorTerminating ? "refused" : "?");
}

void twoApplications()
{
    for (int i = 0; i < 2; ++i) {
        const Application application;
        Supervisor supervisor;
        supervisor.client().spawnDaemon(saying("supervised"));
        const auto ended = supervisor.terminate();
        while (!ended.isFinished())
            std::this_thread::yield();
        execWith([] { spawnCleanupJob(saying("cleanup")); });
    }
}

void onTheHeap()
{
    auto application = std::make_unique<Application>();
    execWith([] { spawnCleanupJob(saying("cleanup")); });
    spawnCleanupJob(u"root"_s, saying("root"));
    application.reset();
    say("gone");
}

void neverDeleted()
{
    new Application;
    execWith([] { spawnCleanupJob(saying("cleanup")); });
}

void onAnotherThread()
{
    std::thread([] {
        onTheHeap();
        enter([] { spawnDaemon(saying("daemon")); });
    }).join();
}

void statics()
{
    static const Cleaner late("static");
    const Application application;
    static const Cleaner later("static of main");
    execWith([] {});
}

thread_local std::optional<Cleaner> local;

void threadLocals()
{
    local.emplace("of main");
    const Application application;
    execWith([] {
        std::thread([] { local.emplace("of std::thread"); }).join();
        std::unique_ptr<QThread> thread(QThread::create([] { local.emplace("of QThread"); }));
        thread->start();
        thread->wait();
        QThread::yieldCurrentThread();
    });
}

void children()
{
    const Application application;
    new CleanerObject("child", qApp);
    execWith([] {});
}

/// A gate for jobs that may still wait when static objects go: never destroyed, but still
/// reachable.
Gate &lastingGate()
{
    static auto &gates = *new std::deque<Gate>;
    return gates.emplace_back();
}

void childSupervisors()
{
    Gate &gate = lastingGate(), &ended = lastingGate();
    {
        const Application application;
        auto *supervisor = new Supervisor({}, qApp);
        supervisor->client().spawnCleanupJob(u"left behind"_s, [&] {
            gate.wait();
            say("left behind");
            ended.open();
        });
        execWith([] {});
    }
    gate.open(); // there is nobody who waits for it, but it goes on
    ended.wait();
    say("gone");
}

void insideACallee()
{
    const Report report = tryEnter([] {
                              Gate gate;
                              {
                                  const Application application;
                                  spawnDaemon(u"outer"_s, saying("daemon"));
                                  execWith([] { spawnCleanupJob(saying("cleanup")); });
                                  new CleanerObject("child", qApp); // finds the callee's janitor
                              }
                              spawnCleanupJob(saying("after it"));
                          }).janitorResult;
    std::printf("%d completed\n", int(report.completedCount()));
}

void goneWhileFuturesPend()
{
    Gate gone;
    std::thread worker;
    withoutABusyLoop([&] {
        enter([&] {
            auto promise = std::make_shared<QPromise<void>>();
            promise->start();
            auto application = std::make_unique<Application>();
            spawnDaemon(promise->future());
            worker = std::thread([&gone, promise] {
                gone.wait();
                work();
                say("finished");
                promise->finish();
            });
            application.reset();
            gone.open();
        });
        say("left");
    });
    worker.join();
}

void goneWhileTheRootHasFutures()
{
    QPromise<void> promise;
    promise.start();
    {
        const Application application;
        spawnCleanupJob(u"root"_s, promise.future());
        QTimer::singleShot(1, qApp, [&] {
            say("finished");
            promise.finish();
        });
    }
    say("gone");
}

void supervisorAroundTheApplication()
{
    Supervisor supervisor;
    supervisor.client().spawnDaemon(saying("before"));
    {
        const Application application;
        execWith([&] { supervisor.client().spawnCleanupJob(saying("inside")); });
    }
    const auto ended = supervisor.terminate();
    while (!ended.isFinished())
        std::this_thread::yield();
    std::printf("%d completed\n", int(ended.result().completedCount()));
}

void supervisorDestroyedAfterIt()
{
    Gate &gate = lastingGate(); // never opened
    {
        Supervisor supervisor;
        supervisor.client().spawnDaemon(u"left behind"_s, [&gate] { gate.wait(); });
        const Application application;
        execWith([] {});
    }
    say("gone");
}

void aRootThatDoesNotEnd()
{
    Gate &gate = lastingGate(); // never opened
    {
        const Application application;
        execWith([] {}, {.drainTimeout = std::chrono::milliseconds(10)});
        spawnCleanupJob(u"stuck"_s, [&gate] { gate.wait(); });
    }
    say("gone");
}

/// Waits for a job that has begun on another thread.
void waitForWork()
{
    Gate begun;
    enter([&begun] {
        spawnDaemon([&begun] {
            begun.open();
            work();
        });
        begun.wait();
    });
}

void waitingWithoutAnApplication()
{
    withoutABusyLoop(waitForWork);
    {
        const Application application;
        withoutABusyLoop(waitForWork);
    }
    withoutABusyLoop(waitForWork);
}

/// A thread with an event loop on which objects watch a janitor while applications come and go.
void observersBetweenApplications()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    QThread thread;
    auto *status = new Status(supervisor.client());
    Gate seen;
    QObject::connect(status, &Status::jobFailed, status, [&seen](const Error &error) {
        say(qPrintable(error.jobName()));
        if (error.jobName() == u"second"_s)
            seen.open();
    });
    status->moveToThread(&thread);
    QObject::connect(&thread, &QThread::finished, status, &QObject::deleteLater);
    {
        const Application application;
        Gate turning; // the thread's event loop: it must have begun before the application goes
        QMetaObject::invokeMethod(
            status, [&turning] { turning.open(); }, Qt::QueuedConnection);
        thread.start();
        turning.wait();
        execWith([&] { supervisor.client().spawnDaemon(u"first"_s, [] { throw 1; }); });
    }
    const auto ended = [&](qsizetype count) {
        const Status now(supervisor.client());
        return now.finishedJobs() == count;
    };
    while (!ended(1))
        std::this_thread::yield();
    supervisor.client().spawnDaemon(u"second"_s, [] { throw 2; });
    while (!ended(2))
        std::this_thread::yield();
    for (int i = 0; i < 1000; ++i)
        QThread::yieldCurrentThread(); // for the thread to drop the events that nobody delivers
    {
        const Application application;
        seen.wait();
        thread.quit();
        thread.wait();
    }
}

/// Says when \a supervisor fails, and lets the event loop turn until then.
void untilItFails(Supervisor &supervisor)
{
    QEventLoop loop;
    QObject::connect(&supervisor, &Supervisor::failed, &loop, [&loop](const Error &error) {
        say(qPrintable(error.message()));
        loop.quit();
    });
    loop.exec();
}

void futureFromBeforeTheApplication()
{
    Supervisor supervisor;
    QPromise<void> promise;
    promise.start();
    supervisor.client().spawnDaemon(promise.future());
    const Application application;
    promise.setException(std::make_exception_ptr(std::runtime_error("failed inside")));
    promise.finish();
    untilItFails(supervisor);
}

void futureFromAnEarlierApplication()
{
    Supervisor supervisor;
    QPromise<void> promise;
    promise.start();
    {
        const Application application;
        supervisor.client().spawnDaemon(promise.future());
        // The agent has adopted it once it knows of the end of one that came later.
        Supervisor other;
        other.client().spawnDaemon(QtFuture::makeExceptionalFuture(
            std::make_exception_ptr(std::runtime_error("adopted"))));
        untilItFails(other);
    }
    const Application application;
    promise.setException(std::make_exception_ptr(std::runtime_error("failed inside")));
    promise.finish();
    untilItFails(supervisor);
}

void timeoutFromBeforeTheApplication()
{
    Supervisor supervisor({.drainTimeout = std::chrono::milliseconds(50)});
    Gate gate;
    supervisor.client().spawnDaemon(u"stuck"_s, [&gate] { gate.wait(); });
    const QFuture<Report> report = supervisor.terminate();
    {
        const Application application; // it goes and takes the clock along
    }
    const Application application;
    QEventLoop loop;
    QObject::connect(&supervisor, &Supervisor::terminated, &loop, &QEventLoop::quit);
    loop.exec();
    say(report.result().error().kind() == Error::Kind::DrainTimedOut ? "timed out" : "ended");
    gate.open();
}

struct Mode
{
    const char *name;
    void (*run)();
};

constexpr Mode modes[] = {
    {"before", before},
    {"after", after},
    {"twoApplications", twoApplications},
    {"onTheHeap", onTheHeap},
    {"neverDeleted", neverDeleted},
    {"onAnotherThread", onAnotherThread},
    {"statics", statics},
    {"threadLocals", threadLocals},
    {"children", children},
    {"childSupervisors", childSupervisors},
    {"insideACallee", insideACallee},
    {"goneWhileFuturesPend", goneWhileFuturesPend},
    {"goneWhileTheRootHasFutures", goneWhileTheRootHasFutures},
    {"supervisorAroundTheApplication", supervisorAroundTheApplication},
    {"supervisorDestroyedAfterIt", supervisorDestroyedAfterIt},
    {"aRootThatDoesNotEnd", aRootThatDoesNotEnd},
    {"waitingWithoutAnApplication", waitingWithoutAnApplication},
    {"observersBetweenApplications", observersBetweenApplications},
    {"futureFromBeforeTheApplication", futureFromBeforeTheApplication},
    {"futureFromAnEarlierApplication", futureFromAnEarlierApplication},
    {"timeoutFromBeforeTheApplication", timeoutFromBeforeTheApplication},
};

} // namespace

int main(int argc, char *argv[])
{
    for (const Mode &mode : modes) {
        if (argc > 1 && std::strcmp(mode.name, argv[1]) == 0) {
            mode.run();
            return 0;
        }
    }
    return 2;
}
