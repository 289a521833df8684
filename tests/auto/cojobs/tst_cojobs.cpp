// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Coroutines as jobs: when they are registered, where they begin, how they end, and who says so if
// they never will.

#include "../contract/cogate.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroSignal>
#include <QCoroThread>
#include <QCoroTimer>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qthread.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

using Spawn = std::function<void()>; // spawns one job
Q_DECLARE_METATYPE(Spawn)

static_assert(Private::AcceptedJob<Task<> (*)()>);
static_assert(Private::AcceptedJob<Task<std::unique_ptr<int>> (*)()>);
static_assert(Private::AcceptedJob<QCoro::Task<int> (&)()>);
static_assert(!Private::AcceptedJob<Task<>>);
static_assert(!Private::AcceptedJob<QCoro::Task<>>);
static_assert(!Private::AcceptedJob<Task<> (*)(int)>);
static_assert(noexcept(spawnCleanupJob(std::declval<Task<> (*)()>())));

namespace {

Task<> nothing()
{
    co_return;
}

QCoro::Task<> sleepABit()
{
    co_await QCoro::sleepFor(std::chrono::milliseconds(1));
}

template<class Coroutine>
void addRows(const char *name, Coroutine coroutine, Error::Kind kind, const QString &message)
{
    QTest::addRow("%s, daemon", name)
        << Spawn([coroutine] { spawnDaemon(u"job"_s, coroutine); }) << kind << message;
    QTest::addRow("%s, cleanup job", name)
        << Spawn([coroutine] { spawnCleanupJob(u"job"_s, coroutine); }) << kind << message;
}

/// A thread with an event loop, and a way to run something there.
class Worker
{
public:
    Worker()
    {
        thread.start();
        m_there.moveToThread(&thread);
    }
    ~Worker() { end(); }
    void end()
    {
        thread.quit();
        thread.wait();
    }
    template<class F>
    void run(F function)
    {
        QMetaObject::invokeMethod(&m_there, function, Qt::BlockingQueuedConnection);
    }

    QThread thread;

private:
    QObject m_there;
};

} // namespace

Q_DECLARE_METATYPE(QJanitor::Error::Kind)

class tst_CoJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theyAreRegisteredBeforeTheyBegin();
    void theyBeginAtOnceWhereAnEventLoopRuns();
    void aRefusedOneNeitherBeginsNorIsMovedFrom();
    void howTheyEnd_data();
    void howTheyEnd();
    void theJanitorWaitsForThem();
    void capturesLiveAsLongAsTheCoroutine();
    void capturesGoUnderTheJanitorBeforeTheJobEnds();
    void aCallableThatCannotBeMoved();
    void fromAJobOfThePoolTheyBeginOnTheApplicationsThread();
    void fromAThreadWithoutAnEventLoopLikewise();
    void onAThreadWithAnEventLoopTheyStayThere();
    void theyAreListedByNameSiteAndState();
    void theHangWarningNamesThem();
    void stopCanBeAwaited();
    void drainingCanBeAwaited();
    void theyAreHandedOn();
    void aDrainTimeoutLeavesThemAlone();
    void whenTheLoopEndsTheyAreAbandonedByName();
    void anAbandonedOneThatEndsAfterAllIsFreed();
    void whoHasLeftAThreadInTimeIsNotAbandoned();
    void whoHasMovedToAThreadEndsWithIt();
    void whoOnlyHadWorkDoneOnAThreadOutlivesIt();
    void whoAwaitsWorkOnAThreadEndsWithIt();
    void aJobThatRunsIsShownAsRunning();
    void aScopeAroundTheLoopOfAThreadResumesThem();
    void oneThatCannotBeginAnyMoreIsAbandoned();
    void clientsAndSupervisorsTakeThem();
    void tenThousandOfThem();
    void twentyThousandEndOnAnotherThread();
};

void tst_CoJobs::theyAreRegisteredBeforeTheyBegin()
{
    Supervisor supervisor;
    QList<bool> seen;
    supervisor.client().spawnDaemon([&]() -> Task<> {
        // Nothing else is left, and yet it is open: this job counts already.
        supervisor.terminate();
        seen += hasActiveJanitor();
        seen += trySpawnDaemon(nothing) == SpawnError::NoError;
        co_return;
    });
    QCOMPARE(seen, QList<bool>({true, true}));
    QCOMPARE(supervisor.state(), JanitorState::Closed);
    const auto report = supervisor.future();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(report.result().completedCount(), 2);
}

void tst_CoJobs::theyBeginAtOnceWhereAnEventLoopRuns()
{
    Supervisor supervisor;
    bool hasBegun = false;
    supervisor.client().spawnDaemon([&hasBegun]() -> Task<> {
        hasBegun = true;
        co_return;
    });
    QVERIFY(hasBegun);
}

void tst_CoJobs::aRefusedOneNeitherBeginsNorIsMovedFrom()
{
    Supervisor supervisor;
    supervisor.terminate();
    bool hasBegun = false;
    struct Job
    {
        std::unique_ptr<int> number;
        bool &hasBegun;
        Task<> operator()() const
        {
            hasBegun = true;
            co_return;
        }
    };
    Job job{std::make_unique<int>(1), hasBegun};
    QCOMPARE(supervisor.client().trySpawnDaemon(std::move(job)),
             SpawnError::ActiveJanitorTerminating);
    QCOMPARE(trySpawnCleanupJob(std::move(job)), SpawnError::NoActiveJanitor);
    QVERIFY_THROWS_EXCEPTION(SpawnException, spawnDaemon(std::move(job)));
    QVERIFY(!hasBegun);
    QVERIFY(job.number);
}

void tst_CoJobs::howTheyEnd_data()
{
    using Kind = Error::Kind;
    QTest::addColumn<Spawn>("spawn");
    QTest::addColumn<Kind>("kind");
    QTest::addColumn<QString>("message");
    addRows("nothing", nothing, Kind::NoError, {});
    addRows("a value", []() -> Task<int> { co_return 1; }, Kind::NoError, {});
    addRows("later", []() -> Task<> { co_await sleepABit(); }, Kind::NoError, {});
    addRows("of QCoro", sleepABit, Kind::NoError, {});
    addRows("at once, of QCoro", []() -> QCoro::Task<int> { co_return 1; }, Kind::NoError, {});
    addRows("no error", []() -> Task<Error> { co_return Error(); }, Kind::NoError, {});
    addRows(
        "an error", []() -> Task<Error> { co_return Error(u"bad"_s); }, Kind::JobReturnedError,
        u"bad"_s);
    addRows(
        "an error later",
        []() -> QCoro::Task<Error> {
            co_await sleepABit();
            co_return Error(u"bad"_s);
        },
        Kind::JobReturnedError, u"bad"_s);
    addRows("an expected value",
            []() -> Task<Expected<int, QString>> { co_return Expected<int, QString>::success(1); },
            Kind::NoError, {});
    addRows(
        "an unexpected one",
        []() -> Task<Expected<int, QString>> {
            co_await sleepABit();
            co_return Expected<int, QString>::failure(u"bad"_s);
        },
        Kind::JobReturnedError, u"bad"_s);
    const auto fail = [] { throw std::runtime_error("bad"); };
    addRows("throws at once",
            [fail]() -> Task<> {
                fail();
                co_return;
            },
            Kind::JobThrew, {});
    addRows("throws later",
            [fail]() -> Task<> {
                co_await sleepABit();
                fail();
            },
            Kind::JobThrew, {});
    addRows("throws later, of QCoro",
            [fail]() -> QCoro::Task<> {
                co_await sleepABit();
                fail();
            },
            Kind::JobThrew, {});
    addRows("awaits what throws",
            [fail]() -> Task<> { co_await QtConcurrent::run([fail] { fail(); }); }, Kind::JobThrew,
            {});
    addRows("throws instead of returning a coroutine",
            [fail]() -> Task<> {
                fail();
                return nothing();
            },
            Kind::JobThrew, {});
    addRows("returns no coroutine", [] { return Task<>(); }, Kind::JobThrew, {});
}

void tst_CoJobs::howTheyEnd()
{
    QFETCH(const Spawn, spawn);
    QFETCH(const Error::Kind, kind);
    QFETCH(const QString, message);
    const auto result = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, spawn);
    const Report report = result.janitorResult;
    QCOMPARE(report.error().kind(), kind);
    QCOMPARE(report.completedCount(), kind == Error::Kind::NoError ? 1 : 0);
    if (kind == Error::Kind::NoError)
        return;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().jobName(), u"job"_s);
    QVERIFY(report.error().spawnSite().startsWith(u"tst_cojobs.cpp:"_s) ||
            report.error().spawnSite().isEmpty());
    QCOMPARE(bool(report.error().exception()), kind == Error::Kind::JobThrew);
    if (!message.isEmpty())
        QCOMPARE(report.error().message(), message);
}

void tst_CoJobs::theJanitorWaitsForThem()
{
    const Log log;
    enter([&log] {
        spawnDaemon([log]() -> Task<> {
            co_await sleepABit();
            log.add(u"job"_s);
            spawnCleanupJob([log]() -> QCoro::Task<> {
                co_await sleepABit();
                log.add(u"cleanup"_s);
            });
        });
        log.add(u"callee"_s);
    });
    log.add(u"end"_s);
    QCOMPARE(log.events(), QStringList({u"callee"_s, u"job"_s, u"cleanup"_s, u"end"_s}));
}

void tst_CoJobs::capturesLiveAsLongAsTheCoroutine()
{
    QString seen;
    enter([&seen] {
        spawnDaemon([&seen, text = std::make_unique<QString>(u"still there"_s)]() -> Task<> {
            co_await sleepABit();
            seen += *text;
        });
        const auto copied = [&seen, text = u", copied"_s]() -> QCoro::Task<> {
            co_await sleepABit();
            seen += text;
        };
        spawnDaemon(copied);
    });
    QCOMPARE(seen, u"still there, copied"_s);
}

void tst_CoJobs::capturesGoUnderTheJanitorBeforeTheJobEnds()
{
    struct Spawner
    {
        explicit Spawner(bool &ran_)
            : ran(&ran_)
        {}
        Spawner(Spawner &&other) noexcept
            : ran(std::exchange(other.ran, nullptr))
        {}
        ~Spawner()
        {
            if (ran)
                spawnCleanupJob([ran_ = ran] { *ran_ = true; });
        }
        bool *ran;
    };
    bool ran = false;
    const LogLines lines;
    enter([&ran] { spawnDaemon([spawner = Spawner(ran)]() -> Task<> { co_await sleepABit(); }); });
    QVERIFY(ran);
    QCOMPARE(LogLines::count(QString()), 0);
}

void tst_CoJobs::aCallableThatCannotBeMoved()
{
    struct Heavy
    {
        Heavy() = default;
        Heavy(const Heavy &) { throw std::runtime_error("too heavy"); }
        Task<> operator()() const { co_return; }
    };
    const Heavy heavy;
    const auto result = tryEnter([&heavy] {
        try {
            spawnDaemon(heavy);
        } catch (const std::runtime_error &) {
            return true;
        }
        return false;
    });
    QVERIFY(result.calleeResult.value());
    QVERIFY(result.janitorResult.ok());
}

void tst_CoJobs::fromAJobOfThePoolTheyBeginOnTheApplicationsThread()
{
    QThread *began = nullptr;
    QThread *ended = nullptr;
    enter([&] {
        spawnDaemon([&] {
            spawnDaemon([&]() -> Task<> {
                began = QThread::currentThread();
                co_await sleepABit();
                ended = QThread::currentThread();
            });
        });
    });
    QCOMPARE(began, qApp->thread());
    QCOMPARE(ended, qApp->thread());
}

void tst_CoJobs::fromAThreadWithoutAnEventLoopLikewise()
{
    Supervisor supervisor;
    QThread *began = nullptr;
    onStdThread([&] {
        supervisor.client().spawnDaemon(u"queued"_s, [&]() -> Task<> {
            began = QThread::currentThread();
            co_return;
        });
    });
    QVERIFY(!began);
    const auto report = supervisor.terminate();
    QVERIFY(!report.isFinished());
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(began, qApp->thread());
}

void tst_CoJobs::onAThreadWithAnEventLoopTheyStayThere()
{
    Supervisor supervisor;
    Worker worker;
    QList<QThread *> seen;
    worker.run([&] {
        supervisor.client().spawnDaemon([&seen]() -> Task<> {
            seen += QThread::currentThread();
            co_await sleepABit();
            seen += QThread::currentThread();
        });
    });
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(seen, QList<QThread *>(2, &worker.thread));
}

void tst_CoJobs::theyAreListedByNameSiteAndState()
{
    const CoGate gate;
    Supervisor supervisor({.hangWarningAfter = std::chrono::milliseconds(1)});
    const QSignalSpy spy(&supervisor, &Supervisor::hanging);
    const LogLines lines;
    supervisor.client().spawnDaemon(u"first"_s, [gate]() -> Task<> { co_await gate; });
    supervisor.client().spawnCleanupJob(u"second"_s, [gate]() -> QCoro::Task<> { co_await gate; });
    const auto report = supervisor.terminate();
    pumpUntil([&] { return spy.count() > 0; });
    const auto jobs = spy.first().first().value<QList<JobInfo>>();
    QCOMPARE(jobs.size(), 2);
    QCOMPARE(jobs[0].name, u"first"_s);
    QCOMPARE(jobs[0].kind, JobKind::Daemon);
    QCOMPARE(jobs[0].state, JobState::Suspended);
    QVERIFY(jobs[0].spawnSite.isEmpty() || jobs[0].spawnSite.startsWith(u"tst_cojobs.cpp:"_s));
    QCOMPARE(jobs[1].name, u"second"_s);
    QCOMPARE(jobs[1].kind, JobKind::CleanupJob);
    gate.open();
    pumpUntil([&] { return report.isFinished(); });
    QVERIFY(report.result().ok());
}

void tst_CoJobs::theHangWarningNamesThem()
{
    const LogLines lines;
    const CoGate gate;
    QTimer opener;
    connect(&opener, &QTimer::timeout, [&] {
        if (LogLines::count(QtWarningMsg, u"never resumed"_s) > 0)
            gate.open();
    });
    opener.start(1);
    enter({.hangWarningAfter = std::chrono::milliseconds(1)},
          [gate] { spawnDaemon(u"never resumed"_s, [gate]() -> Task<> { co_await gate; }); });
    QVERIFY(LogLines::count(QtWarningMsg, u"never resumed"_s) > 0);
}

void tst_CoJobs::stopCanBeAwaited()
{
    Supervisor supervisor;
    const Log log;
    supervisor.client().spawnDaemon([log]() -> Task<> {
        co_await whenStopRequested();
        log.add(isStopRequested() ? u"stops"_s : u"?"_s);
    });
    supervisor.client().requestStop();
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(log.events(), QStringList({u"stops"_s}));
    QVERIFY(report.result().ok());
}

void tst_CoJobs::drainingCanBeAwaited()
{
    const Log log;
    enter([&log] {
        spawnDaemon([log]() -> Task<> {
            co_await whenDraining();
            log.add(isDraining() ? u"service ends"_s : u"?"_s);
        });
        spawnCleanupJob([log]() -> Task<> {
            co_await sleepABit();
            log.add(u"cleanup"_s);
        });
    });
    QCOMPARE(log.events(), QStringList({u"cleanup"_s, u"service ends"_s}));
}

void tst_CoJobs::theyAreHandedOn()
{
    const CoGate gate;
    QString seen;
    const auto outer = tryEnter([&] {
        const auto inner = tryEnter([&] {
            spawnDaemon(u"suspended"_s, [gate, &seen]() -> Task<> {
                co_await gate;
                seen = isStopRequested() ? u"asked to stop"_s : u"not asked"_s;
            });
            spawnDaemon(u"failing"_s, []() -> Task<Error> { co_return Error(u"bad"_s); });
        });
        QCOMPARE(namesOf(inner.janitorResult.unfinished()), QStringList({u"suspended"_s}));
        gate.open();
    });
    QVERIFY(outer.janitorResult.ok());
    QCOMPARE(outer.janitorResult.completedCount(), 1);
    QCOMPARE(seen, u"asked to stop"_s);
}

void tst_CoJobs::aDrainTimeoutLeavesThemAlone()
{
    const CoGate gate;
    const Log log;
    const auto result = tryEnter({.drainTimeout = std::chrono::milliseconds(1)}, [&] {
        spawnDaemon(u"endless"_s,
                    [gate, witness = Witness(log, u"capture"_s)]() -> Task<> { co_await gate; });
    });
    QCOMPARE(result.janitorResult.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(result.janitorResult.unfinished()), QStringList({u"endless"_s}));
    QCOMPARE(log.events(), QStringList());
    gate.open();
    QCOMPARE(log.events(), QStringList({u"capture ends"_s}));
}

void tst_CoJobs::whenTheLoopEndsTheyAreAbandonedByName()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const CoGate gate;
    const Log log;
    Worker worker;
    worker.run([&] {
        supervisor.client().spawnDaemon(
            u"task"_s, [gate, witness = Witness(log, u"capture"_s)]() -> Task<> { co_await gate; });
        supervisor.client().spawnCleanupJob(u"of QCoro"_s,
                                            [gate]() -> QCoro::Task<> { co_await gate; });
    });
    worker.end();
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QStringList names = namesOf(report.result().errors());
    names.sort();
    QCOMPARE(names, QStringList({u"of QCoro"_s, u"task"_s}));
    for (const Error &error : report.result().errors())
        QCOMPARE(error.kind(), Error::Kind::JobAbandoned);
    QVERIFY(report.result().error().toString().contains(u"event loop"_s));
    QCOMPARE(log.events(), QStringList()); // somebody may still resume it
    gate.open();
    QCOMPARE(log.events(), QStringList({u"capture ends"_s}));
}

void tst_CoJobs::anAbandonedOneThatEndsAfterAllIsFreed()
{
    // And one that does not is kept: leak checkers find its frame.
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    Worker worker;
    worker.run([&] {
        supervisor.client().spawnDaemon([]() -> Task<> {
            const auto memory = std::make_unique<std::array<int, 100>>();
            QTimer never;
            never.start(std::chrono::hours(1));
            co_await never;
        });
    });
    worker.end();
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(report.result().error().kind(), Error::Kind::JobAbandoned);
}

void tst_CoJobs::whoHasLeftAThreadInTimeIsNotAbandoned()
{
    Supervisor supervisor;
    const CoGate gate;
    Worker worker;
    const auto moves = [&gate](QThread *to) -> Task<> {
        co_await QCoro::moveToThread(to);
        co_await gate;
    };
    worker.run([&] { supervisor.client().spawnDaemon([moves] { return moves(qApp->thread()); }); });
    worker.end(); // perhaps before it arrives here
    pumpUntil([&] { return gate.waiterCount() == 1; });
    const auto report = supervisor.terminate();
    gate.open();
    pumpUntil([&] { return report.isFinished(); });
    QVERIFY(report.result().ok());
}

/// Returns 42 from a thread.
static Task<int> computeOn(QThread *thread)
{
    co_await QCoro::moveToThread(thread);
    co_return 42;
}

/// Goes to a thread and rests there.
static Task<> restOn(QThread *thread, CoGate gate)
{
    co_await QCoro::moveToThread(thread);
    co_await gate;
}

void tst_CoJobs::whoOnlyHadWorkDoneOnAThreadOutlivesIt()
{
    int result = 0;
    bool scopeIsGone = false;
    const Report report = tryEnter([&] {
                              spawnDaemon([&]() -> Task<> {
                                  Worker worker;
                                  Task<int> work = computeOn(&worker.thread);
                                  while (!work.isReady())
                                      co_await sleepABit();
                                  worker.end();
                                  co_await sleepABit();
                                  result = co_await work + (scopeIsGone ? 1000 : 0);
                              });
                          }).janitorResult;
    scopeIsGone = true;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
    QCOMPARE(result, 42);
}

void tst_CoJobs::whoAwaitsWorkOnAThreadEndsWithIt()
{
    const CoGate gate;
    Worker worker;
    const Report report = tryEnter([&] {
                              spawnDaemon(u"gone"_s, [gate, &worker]() -> Task<> {
                                  Task<> work = restOn(&worker.thread, gate);
                                  while (gate.waiterCount() == 0)
                                      co_await sleepABit(); // the last to go on was on this thread
                                  QTimer::singleShot(0, qApp, [&worker] {
                                      worker.run([] {}); // it has come to rest there
                                      worker.end();
                                  });
                                  co_await work;
                              });
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(report.error().jobName(), u"gone"_s);
    gate.open();
}

void tst_CoJobs::aJobThatRunsIsShownAsRunning()
{
    JobState state = JobState::Abandoned;
    enter([&] {
        const Client client = Client::current();
        spawnDaemon([&state, client]() -> Task<> {
            co_await nothing(); // a coroutine of it has ended: it has not
            state = client.jobs().value(0).state;
        });
    });
    QCOMPARE(state, JobState::Running);
}

void tst_CoJobs::whoHasMovedToAThreadEndsWithIt()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const CoGate gate;
    Worker worker;
    const auto inner = [](QThread *to, CoGate gate_) -> Task<> {
        co_await QCoro::moveToThread(to);
        co_await gate_;
    };
    supervisor.client().spawnDaemon(
        u"gone"_s, [inner, gate, &worker]() -> Task<> { co_await inner(&worker.thread, gate); });
    blockUntil([&] { return gate.waiterCount() == 1; });
    worker.run([] {}); // it has come to rest there
    worker.end();
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(report.result().error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(report.result().error().jobName(), u"gone"_s);
    gate.open();
}

void tst_CoJobs::aScopeAroundTheLoopOfAThreadResumesThem()
{
    class Thread : public QThread
    {
    public:
        bool hasEnded = false;
        Report report;

    protected:
        void run() override
        {
            const auto result = tryEnter([this] {
                QTimer::singleShot(0, [this] {
                    spawnDaemon([this]() -> Task<> {
                        quit();
                        co_await sleepABit();
                        hasEnded = true;
                    });
                });
                exec();
            });
            report = result.janitorResult;
        }
    };
    Thread thread;
    thread.start();
    QVERIFY(thread.wait());
    QVERIFY(thread.report.ok());
    QVERIFY(thread.hasEnded);
}

void tst_CoJobs::oneThatCannotBeginAnyMoreIsAbandoned()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    onStdThread([&] { supervisor.client().spawnDaemon(u"queued"_s, nothing); });
    QCoreApplication::removePostedEvents(qApp); // as an application does that goes
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(report.result().error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(report.result().error().jobName(), u"queued"_s);
}

void tst_CoJobs::clientsAndSupervisorsTakeThem()
{
    const Log log;
    const auto job = [log](QString name) {
        return [log, name]() -> Task<> {
            co_await sleepABit();
            log.add(name);
        };
    };
    Supervisor supervisor;
    const Client client = supervisor.client();
    client.spawnDaemon(job(u"1"_s));
    client.spawnDaemon(u"name"_s, job(u"2"_s));
    client.spawnCleanupJob(job(u"3"_s));
    client.spawnCleanupJob(u"name"_s, job(u"4"_s));
    QCOMPARE(client.trySpawnDaemon(job(u"5"_s)), SpawnError::NoError);
    QCOMPARE(client.trySpawnCleanupJob(u"name"_s, job(u"6"_s)), SpawnError::NoError);
    const auto report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    QCOMPARE(log.sorted().join(QString()), u"123456"_s);
    QCOMPARE(report.result().completedCount(), 6);
}

void tst_CoJobs::tenThousandOfThem()
{
    const CoGate gate;
    int ended = 0;
    const auto result = tryEnter([&] {
        for (int i = 0; i < 10'000; ++i) {
            spawnDaemon([gate, &ended, i]() -> Task<> {
                if (i % 2 == 0)
                    co_await gate;
                ++ended;
            });
        }
        gate.open();
    });
    QCOMPARE(result.janitorResult.completedCount(), 10'000);
    QCOMPARE(ended, 10'000);
}

void tst_CoJobs::twentyThousandEndOnAnotherThread()
{
    // Each task ends on another thread while this one is about to await it: no wake-up is lost.
    constexpr int count = 20'000;
    std::atomic<int> ended{0};
    std::mutex mutex;
    std::vector<CoGate> gates;
    std::atomic<bool> isOver{false};
    std::thread opener([&] {
        while (!isOver) {
            std::vector<CoGate> taken;
            {
                const std::lock_guard lock(mutex);
                taken.swap(gates);
            }
            for (const CoGate &gate : taken)
                gate.open();
        }
    });
    const auto inner = [](CoGate gate) -> Task<int> {
        co_await gate;
        co_return 1;
    };
    const auto result = tryEnter([&] {
        for (int i = 0; i < count; ++i) {
            spawnDaemon([&]() -> Task<> {
                const CoGate gate;
                {
                    const std::lock_guard lock(mutex);
                    gates.push_back(gate);
                }
                ended += co_await inner(gate);
            });
        }
    });
    isOver = true;
    opener.join();
    QCOMPARE(ended.load(), count);
    QCOMPARE(result.janitorResult.completedCount(), count);
}

QTEST_GUILESS_MAIN(tst_CoJobs)
#include "tst_cojobs.moc"
