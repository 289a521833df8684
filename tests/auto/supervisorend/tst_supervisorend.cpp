// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Supervisors that are destroyed: in every state, with every kind of janitor around them.

#include "../../support/finishedfuture.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

enum class Around { Enter, Exec, Root };

/// Opens the janitor that will take the jobs, calls \a function inside, and waits until it is
/// through. The root's jobs are through when the test says so.
template<class F>
void inside(Around around, F function)
{
    if (around == Around::Enter) {
        (void)tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, function);
    } else if (around == Around::Exec) {
        QMetaObject::invokeMethod(
            qApp,
            [&] {
                function();
                QCoreApplication::quit();
            },
            Qt::QueuedConnection);
        (void)tryExec({.failurePolicy = FailurePolicy::KeepGoing, .quitOnFailure = false});
    } else {
        function();
    }
}

/// Counts everything that a supervisor emits.
struct Spies
{
    explicit Spies(Supervisor &supervisor)
    {
        QObject::connect(&supervisor, &Supervisor::jobFailed, &supervisor, [c = count] { ++*c; });
        QObject::connect(&supervisor, &Supervisor::failed, &supervisor, [c = count] { ++*c; });
        QObject::connect(&supervisor, &Supervisor::stateChanged, &supervisor,
                         [c = count] { ++*c; });
        QObject::connect(&supervisor, &Supervisor::hanging, &supervisor, [c = count] { ++*c; });
        QObject::connect(&supervisor, &Supervisor::terminated, &supervisor, [c = count] { ++*c; });
    }
    std::shared_ptr<int> count = std::make_shared<int>(0);
};

} // namespace

Q_DECLARE_METATYPE(Around)

class tst_SupervisorEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void destroyedWithJobs_data();
    void destroyedWithJobs();
    void destroyedIdleOrClosedItLogsNothing_data();
    void destroyedIdleOrClosedItLogsNothing();
    void afterAFailureItsJobsAreHandedOnAsWell_data();
    void afterAFailureItsJobsAreHandedOnAsWell();
    void itEmitsNothingOnceItIsBeingDestroyed_data();
    void itEmitsNothingOnceItIsBeingDestroyed();
    void itsFuturesResolve_data();
    void itsFuturesResolve();
    void aHandedOnCleanupJobFailsItsTaker();
    void aHandedOnDaemonFailsNobodyElse();
    void handedOnJobsSeeTheirTaker();
    void adoptedFuturesAreHandedOn();
    void futuresThatHaveFinishedAreNot_data();
    void futuresThatHaveFinishedAreNot();
    void itMayOutliveTheJanitorAroundIt();
    void theExecThatComesLaterTakesNothingFromTheOneBefore();
    void destroyedWithItsParent();
    void destroyedInItsOwnSignals_data();
    void destroyedInItsOwnSignals();
    void destroyedOnAnotherThreadThanItsJobs();
    void destroyedWhileJobsAreSpawnedFromEverywhere();
};

static void addArounds()
{
    QTest::addColumn<Around>("around");
    QTest::newRow("in enter()") << Around::Enter;
    QTest::newRow("in exec()") << Around::Exec;
    QTest::newRow("in no janitor") << Around::Root;
}

void tst_SupervisorEnd::destroyedWithJobs_data()
{
    QTest::addColumn<Around>("around");
    QTest::addColumn<bool>("draining");
    QTest::newRow("running, in enter()") << Around::Enter << false;
    QTest::newRow("running, in exec()") << Around::Exec << false;
    QTest::newRow("running, in no janitor") << Around::Root << false;
    QTest::newRow("draining, in enter()") << Around::Enter << true;
    QTest::newRow("draining, in exec()") << Around::Exec << true;
    QTest::newRow("draining, in no janitor") << Around::Root << true;
}

void tst_SupervisorEnd::destroyedWithJobs()
{
    QFETCH(const Around, around);
    QFETCH(const bool, draining);
    const LogLines logLines;
    const Gate gate;
    const Log log;
    QFuture<Report> future;
    inside(around, [&] {
        auto supervisor = std::make_unique<Supervisor>();
        future = supervisor->future();
        supervisor->client().spawnDaemon(u"daemon"_s, [=] {
            gate.wait();
            log.add(u"daemon"_s);
        });
        supervisor->client().spawnCleanupJob(u"cleanup"_s, [=] {
            gate.wait();
            log.add(u"cleanup"_s);
        });
        if (draining)
            (void)supervisor->terminate();
        supervisor.reset(); // does not wait for the gate
        QMetaObject::invokeMethod(
            qApp, [=] { gate.open(); }, Qt::QueuedConnection);
    });
    if (around == Around::Root)
        pumpUntil([&] { return log.events().size() == 2; });
    QCOMPARE(log.sorted(), QStringList({u"cleanup"_s, u"daemon"_s}));
    pumpUntil([&] { return future.isFinished(); });
    QCOMPARE(namesOf(future.result().unfinished()), QStringList({u"cleanup"_s, u"daemon"_s}));
    QVERIFY(LogLines::count(u"daemon"_s) > 0);
    QVERIFY(LogLines::count(u"cleanup"_s) > 0);
}

void tst_SupervisorEnd::destroyedIdleOrClosedItLogsNothing_data()
{
    QTest::addColumn<bool>("terminated");
    QTest::newRow("idle") << false;
    QTest::newRow("closed") << true;
}

void tst_SupervisorEnd::destroyedIdleOrClosedItLogsNothing()
{
    QFETCH(const bool, terminated);
    const LogLines logLines;
    QFuture<Report> future;
    {
        Supervisor supervisor;
        future = supervisor.future();
        supervisor.client().spawnDaemon(u"short"_s, [] {});
        supervisor.client().spawnCleanupJob([] {});
        const auto ended = terminated ? supervisor.terminate() : QFuture<Report>();
        pumpUntil([&] { return ended.isFinished(); });
        if (!terminated) { // all through, but never asked to end
            Status status(supervisor.client());
            pumpUntil([&] { return status.finishedJobs() == 2; });
        }
    }
    pumpUntil([&] { return future.isFinished(); });
    QVERIFY(future.result().ok());
    QCOMPARE(future.result().completedCount(), 2);
    QCOMPARE(LogLines::count(QString()), 0);
}

void tst_SupervisorEnd::afterAFailureItsJobsAreHandedOnAsWell_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("FailFast") << FailurePolicy::FailFast;
    QTest::newRow("CancelAndWait") << FailurePolicy::CancelAndWait;
    QTest::newRow("KeepGoing") << FailurePolicy::KeepGoing;
}

void tst_SupervisorEnd::afterAFailureItsJobsAreHandedOnAsWell()
{
    QFETCH(const FailurePolicy, policy);
    const LogLines logLines;
    const Gate gate;
    const Log log;
    QFuture<Report> future;
    const Report report =
        tryEnter([&] {
            Supervisor supervisor({.failurePolicy = policy});
            future = supervisor.future();
            supervisor.client().spawnCleanupJob(u"cleanup"_s, [=] {
                gate.wait();
                log.add(u"cleanup"_s);
            });
            supervisor.client().spawnDaemon(u"broken"_s, [] { throw 42; });
            blockUntil([&] { return supervisor.state() == JanitorState::Failed; });
            QMetaObject::invokeMethod(
                qApp, [=] { gate.open(); }, Qt::QueuedConnection);
        }).janitorResult;
    QCOMPARE(log.events(), QStringList(u"cleanup"_s));
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(report.ok()); // the failure was the supervisor's
    pumpUntil([&] { return future.isFinished(); });
    QCOMPARE(namesOf(future.result().errors()), QStringList(u"broken"_s));
    QCOMPARE(namesOf(future.result().unfinished()), QStringList(u"cleanup"_s));
}

void tst_SupervisorEnd::itEmitsNothingOnceItIsBeingDestroyed_data()
{
    addArounds();
}

void tst_SupervisorEnd::itEmitsNothingOnceItIsBeingDestroyed()
{
    QFETCH(const Around, around);
    const LogLines logLines;
    std::shared_ptr<int> count;
    QFuture<Report> future;
    inside(around, [&] {
        Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
        count = Spies(supervisor).count;
        future = supervisor.future();
        for (int i = 0; i < 20; ++i)
            supervisor.client().spawnDaemon([] { throw 42; }); // news, but no loop turns here
        (void)supervisor.terminate();
    });
    pumpUntil([&] { return future.isFinished(); });
    QCoreApplication::processEvents();
    QCOMPARE(*count, 0);
}

void tst_SupervisorEnd::itsFuturesResolve_data()
{
    addArounds();
}

void tst_SupervisorEnd::itsFuturesResolve()
{
    QFETCH(const Around, around);
    const LogLines logLines;
    const Gate gate;
    const Log log;
    QList<QFuture<void>> continued;
    inside(around, [&] {
        Supervisor supervisor;
        supervisor.client().spawnDaemon([gate] { gate.wait(); });
        for (auto future :
             {supervisor.terminate(), supervisor.future(), supervisor.client().future()})
            continued.append(future.then([log](const Report &report) {
                log.add(QString::number(report.unfinished().size()));
            }));
        QMetaObject::invokeMethod(
            qApp, [=] { gate.open(); }, Qt::QueuedConnection);
    });
    pumpUntil([&] { return log.events().size() == 3; });
    QCOMPARE(log.events(), QStringList(3, u"1"_s));
}

void tst_SupervisorEnd::aHandedOnCleanupJobFailsItsTaker()
{
    const LogLines logLines;
    const Gate gate;
    const Report report = tryEnter([&] {
                              Supervisor supervisor;
                              supervisor.client().spawnCleanupJob(u"cleanup"_s, [gate] {
                                  gate.wait();
                                  throw 42;
                              });
                              QMetaObject::invokeMethod(
                                  qApp, [=] { gate.open(); }, Qt::QueuedConnection);
                          }).janitorResult;
    QCOMPARE(namesOf(report.errors()), QStringList(u"cleanup"_s));
}

void tst_SupervisorEnd::aHandedOnDaemonFailsNobodyElse()
{
    const LogLines logLines;
    const Gate gate;
    bool goneOn = false;
    const Report report = tryEnter([&] {
                              {
                                  Supervisor supervisor;
                                  supervisor.client().spawnDaemon(u"daemon"_s, [gate] {
                                      gate.wait();
                                      throw std::runtime_error("no disk");
                                  });
                              }
                              gate.open();
                              blockUntil([] { return LogLines::count(u"no disk"_s) > 0; });
                              goneOn = hasActiveJanitor() && !isStopRequested();
                          }).janitorResult;
    QVERIFY(goneOn);
    QCOMPARE(namesOf(report.errors()), QStringList(u"daemon"_s)); // listed, not tripped
}

void tst_SupervisorEnd::handedOnJobsSeeTheirTaker()
{
    const LogLines logLines;
    const Gate gate;
    std::atomic<int> spawned{0};
    const Report report = tryEnter([&] {
                              Supervisor supervisor;
                              supervisor.client().spawnCleanupJob([&, gate] {
                                  gate.wait();
                                  spawned += trySpawnDaemon([] {}) == SpawnError::NoError;
                              });
                              QMetaObject::invokeMethod(
                                  qApp, [=] { gate.open(); }, Qt::QueuedConnection);
                          }).janitorResult;
    QCOMPARE(spawned.load(), 1);
    QCOMPARE(report.completedCount(), 2);
}

void tst_SupervisorEnd::adoptedFuturesAreHandedOn()
{
    const LogLines logLines;
    QPromise<void> cleanup;
    cleanup.start();
    const Report report = tryEnter([&] {
                              Supervisor supervisor;
                              supervisor.client().spawnCleanupJob(cleanup.future());
                              QMetaObject::invokeMethod(
                                  qApp, [&] { cleanup.finish(); }, Qt::QueuedConnection);
                          }).janitorResult;
    QVERIFY(cleanup.future().isFinished());
    QVERIFY(!cleanup.isCanceled());
    QCOMPARE(report.completedCount(), 1);
}

void tst_SupervisorEnd::futuresThatHaveFinishedAreNot_data()
{
    QTest::addColumn<bool>("fails");
    QTest::newRow("one that succeeded") << false;
    QTest::newRow("one that failed") << true;
}

void tst_SupervisorEnd::futuresThatHaveFinishedAreNot()
{
    QFETCH(const bool, fails);
    const LogLines lines;
    QFuture<Report> future;
    int count = 0;
    {
        Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
        const Spies spies(supervisor);
        future = supervisor.future();
        supervisor.client().spawnDaemon(
            fails ? QtFuture::makeExceptionalFuture(std::make_exception_ptr(1)) : finishedFuture());
        count = *spies.count;
    }
    pumpUntil([&] { return future.isFinished(); });
    QCOMPARE(count, 0);
    QCOMPARE(future.result().ok(), !fails);
    QCOMPARE(future.result().errorCount(), fails ? 1 : 0);
    QCOMPARE(future.result().unfinished().size(), 0);
    QCOMPARE(LogLines::count(u"destroyed with jobs"_s), 0);
}

void tst_SupervisorEnd::itMayOutliveTheJanitorAroundIt()
{
    const LogLines logLines;
    std::unique_ptr<Supervisor> supervisor;
    enter([&] { supervisor = std::make_unique<Supervisor>(); });
    QVERIFY(supervisor->client().isActive());
    const Gate gate, ended;
    supervisor->client().spawnCleanupJob(u"left"_s, [=] {
        gate.wait();
        ended.open();
    });
    supervisor.reset(); // the janitor around it has gone, and the root takes the job
    gate.open();
    ended.wait();
    QVERIFY(LogLines::count(u"left"_s) > 0);
}

void tst_SupervisorEnd::theExecThatComesLaterTakesNothingFromTheOneBefore()
{
    const LogLines logLines;
    auto supervisor = std::make_unique<Supervisor>(); // before exec(): encloses nothing
    const Gate gate;
    std::atomic<bool> ended{false};
    inside(Around::Exec, [&] {
        supervisor->client().spawnCleanupJob([&, gate] {
            gate.wait();
            ended = true;
        });
        supervisor.reset(); // to that of the running exec()
        QMetaObject::invokeMethod(
            qApp, [=] { gate.open(); }, Qt::QueuedConnection);
    });
    QVERIFY(ended.load()); // exec() waited for it
}

void tst_SupervisorEnd::destroyedWithItsParent()
{
    const LogLines logLines;
    QFuture<Report> future;
    {
        QObject parent;
        auto *supervisor = new Supervisor({}, &parent);
        future = supervisor->future();
        supervisor->client().spawnDaemon([] {});
    }
    pumpUntil([&] { return future.isFinished(); });
    const Report report = future.result();
    QCOMPARE(report.completedCount() + report.unfinished().size(), 1);
}

void tst_SupervisorEnd::destroyedInItsOwnSignals_data()
{
    QTest::addColumn<int>("signal");
    QTest::newRow("jobFailed") << 0;
    QTest::newRow("failed") << 1;
    QTest::newRow("stateChanged") << 2;
    QTest::newRow("hanging") << 3;
    QTest::newRow("terminated") << 4;
}

void tst_SupervisorEnd::destroyedInItsOwnSignals()
{
    QFETCH(const int, signal);
    const LogLines logLines;
    const Gate gate;
    QPointer<Supervisor> supervisor =
        new Supervisor({.failurePolicy = FailurePolicy::KeepGoing,
                        .hangWarningAfter = std::chrono::milliseconds(signal == 3 ? 1 : 0)});
    const QFuture<Report> future = supervisor->future();
    const auto destroy = [&] { delete supervisor.data(); };
    switch (signal) {
    case 0:
        connect(supervisor, &Supervisor::jobFailed, this, destroy);
        break;
    case 1:
        connect(supervisor, &Supervisor::failed, this, destroy);
        break;
    case 2:
        connect(supervisor, &Supervisor::stateChanged, this, destroy);
        break;
    case 3:
        connect(supervisor, &Supervisor::hanging, this, destroy);
        break;
    default:
        connect(supervisor, &Supervisor::terminated, this, destroy);
    }
    for (int i = 0; i < 3; ++i)
        supervisor->client().spawnDaemon([] { throw 42; });
    if (signal == 3)
        supervisor->client().spawnDaemon([gate] { gate.wait(); });
    (void)supervisor->terminate();
    pumpUntil([&] { return supervisor.isNull(); });
    gate.open();
    pumpUntil([&] { return future.isFinished(); });
    disconnect(this, nullptr, nullptr, nullptr);
}

void tst_SupervisorEnd::destroyedOnAnotherThreadThanItsJobs()
{
    const LogLines logLines;
    std::atomic<int> ran{0};
    enter([&] {
        std::thread owner(Client::current().bind([&] {
            Supervisor supervisor;
            for (int i = 0; i < 100; ++i)
                supervisor.client().spawnCleanupJob([&] { ++ran; });
        }));
        owner.join();
    });
    QCOMPARE(ran.load(), 100);
}

void tst_SupervisorEnd::destroyedWhileJobsAreSpawnedFromEverywhere()
{
    const LogLines logLines;
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> ran{0}, accepted{0};
        enter([&] {
            auto supervisor = std::make_unique<Supervisor>();
            std::vector<std::thread> threads;
            for (int i = 0; i < 3; ++i) {
                threads.emplace_back([&, client = supervisor->client()] {
                    for (int k = 0; k < 50; ++k) {
                        accepted += client.trySpawnDaemon([&] { ++ran; }) == SpawnError::NoError;
                        client.spawnCleanupJob([&] { ++ran; });
                        ++accepted;
                    }
                });
            }
            supervisor.reset();
            for (std::thread &thread : threads)
                thread.join();
        });
        QCOMPARE(ran.load(), accepted.load());
    }
}

QTEST_GUILESS_MAIN(tst_SupervisorEnd)

#include "tst_supervisorend.moc"
