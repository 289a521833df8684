// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Hang warnings and drain timeouts: who is told what about jobs that do not end.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

static_assert(std::is_aggregate_v<Options>);
static_assert(std::is_trivially_destructible_v<Options>);
static_assert(Options().hangWarningAfter == 10s);
static_assert(!Options().drainTimeout);

class tst_Deadlines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aHangIsLoggedAgainAndAgain_data();
    void aHangIsLoggedAgainAndAgain();
    void aHangWarningNamesEachJob();
    void aHangWarningIsNoFailure();
    void zeroNeverWarns();
    void nobodyWarnsWhileTheCalleeRuns();
    void aStatusIsToldOfHangs();
    void aTimeoutOfZeroDoesNotWait();
    void aTimeoutOfZeroIsFineWithoutJobs();
    void aTimeoutNamesTheRest();
    void aTimeoutThatIsNotReachedDoesNothing();
    void theTimeoutCountsFromTheEndOfTheCallee();
    void theTimeoutIsAnErrorBesideOthers();
    void daemonsAreAskedToStopThen();
    void itHoldsForEveryPolicy_data();
    void itHoldsForEveryPolicy();
    void abandonedJobsKeepTheirCaptures();
    void queuedJobsThatAreAbandonedStillRun();
    void aLateErrorOfAnAbandonedJobIsLogged();
    void abandonedJobsSpawnElsewhere();
    void theMainThreadMayBeBlockedMeanwhile();
    void inAnInnerJanitorOnly();
};

/// Returns whether a drain timeout works without an application: there is no agent then, and the
/// waiter keeps the time itself.
static bool worksWithoutAnApplication()
{
    const Gate gate, begun;
    const Report report = tryEnter({.drainTimeout = 1ms}, [=] {
                              spawnDaemon(u"slow"_s, [=] { // begins elsewhere: nobody helps
                                  begun.open();
                                  gate.wait();
                              });
                              begun.wait();
                          }).janitorResult;
    gate.open();
    return report.error().kind() == Error::Kind::DrainTimedOut &&
           namesOf(report.unfinished()) == QStringList(u"slow"_s);
}

static void addThreads()
{
    QTest::addColumn<bool>("onMain");
    QTest::newRow("on the main thread") << true;
    QTest::newRow("on a thread without a loop") << false;
}

template<class F>
static void runOn(bool onMain, F function)
{
    if (onMain)
        function();
    else
        onStdThread(function);
}

void tst_Deadlines::aHangIsLoggedAgainAndAgain_data()
{
    addThreads();
}

void tst_Deadlines::aHangIsLoggedAgainAndAgain()
{
    QFETCH(const bool, onMain);
    const LogLines logLines;
    runOn(onMain, [] {
        enter({.name = "import", .hangWarningAfter = 2ms}, [] {
            const Gate begun;
            spawnDaemon(u"slow"_s, [begun] { // begins elsewhere: this thread only waits
                begun.open();
                blockUntil([] { return LogLines::count(QtWarningMsg, u"import"_s) >= 3; });
            });
            begun.wait();
        });
    });
    QVERIFY(LogLines::count(QtWarningMsg, u"slow"_s) >= 3);
    QVERIFY(LogLines::count(QtWarningMsg, u"tst_deadlines.cpp:"_s) >= 3);
}

void tst_Deadlines::aHangWarningNamesEachJob()
{
    const LogLines logLines;
    QPromise<void> promise;
    promise.start();
    const Gate gate;
    enter({.hangWarningAfter = 1ms}, [&] {
        spawnDaemon(u"callable"_s, [gate] { gate.wait(); });
        spawnCleanupJob(u"future"_s, promise.future());
        QTimer::singleShot(0, qApp, [&] {
            pumpUntil([] { return LogLines::count(u"callable"_s) > 0; });
            gate.open();
            promise.finish();
        });
    });
    QVERIFY(LogLines::count(u"future"_s) > 0);
}

void tst_Deadlines::aHangWarningIsNoFailure()
{
    const LogLines logLines;
    const Report report =
        tryEnter({.hangWarningAfter = 1ms}, [] {
            spawnDaemon([] { blockUntil([] { return LogLines::count(QtWarningMsg, {}) > 0; }); });
        }).janitorResult;
    QVERIFY(report.ok());
}

void tst_Deadlines::zeroNeverWarns()
{
    const LogLines logLines;
    const LoopAliveChecker checker;
    const auto alive = checker.alive;
    enter({.hangWarningAfter = 0ms}, [alive] { spawnDaemon([alive] { alive.wait(); }); });
    QCOMPARE(LogLines::count({}), 0);
}

void tst_Deadlines::nobodyWarnsWhileTheCalleeRuns()
{
    const LogLines logLines;
    enter({.hangWarningAfter = 1ms}, [] {
        const LoopAliveChecker checker;
        const Gate gate;
        spawnDaemon([gate] { gate.wait(); });
        pumpUntil([&] { return checker.alive.isOpen(); });
        QCOMPARE(LogLines::count({}), 0);
        gate.open();
    });
}

void tst_Deadlines::aStatusIsToldOfHangs()
{
    const LogLines logLines;
    const Gate gate;
    QStringList seen;
    std::unique_ptr<Status> status;
    enter({.hangWarningAfter = 1ms}, [&] {
        status = std::make_unique<Status>(Client::current());
        connect(status.get(), &Status::hanging, this, [&](const QList<JobInfo> &jobs) {
            seen = namesOf(jobs);
            gate.open();
        });
        spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
    });
    QCOMPARE(seen, QStringList(u"slow"_s));
}

void tst_Deadlines::aTimeoutOfZeroDoesNotWait()
{
    const Gate gate;
    const Report report = tryEnter({.drainTimeout = 0ms}, [=] {
                              spawnDaemon(u"a"_s, [gate] { gate.wait(); });
                              spawnCleanupJob(u"b"_s, [gate] { gate.wait(); });
                          }).janitorResult;
    gate.open();
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QVERIFY(report.error().message().contains(u"a"_s));
    QCOMPARE(namesOf(report.unfinished()), QStringList({u"a"_s, u"b"_s}));
    for (const JobInfo &job : report.unfinished()) {
        QVERIFY(job.spawnSite.startsWith(u"tst_deadlines.cpp:"_s));
        QVERIFY(job.age >= 0ms && job.age < 60s);
    }
    QVERIFY(!report.ok());
}

void tst_Deadlines::aTimeoutOfZeroIsFineWithoutJobs()
{
    QVERIFY(tryEnter({.drainTimeout = 0ms}, [] {}).janitorResult.ok());
}

void tst_Deadlines::aTimeoutNamesTheRest()
{
    const Gate gate, first;
    const Report report = tryEnter({.drainTimeout = 5ms}, [=] {
                              spawnDaemon(u"through"_s, [first] { first.open(); });
                              first.wait();
                              spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
                          }).janitorResult;
    gate.open();
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"slow"_s));
    QCOMPARE(report.completedCount(), 1);
}

void tst_Deadlines::aTimeoutThatIsNotReachedDoesNothing()
{
    const Report report = tryEnter({.drainTimeout = 1h}, [] { spawnDaemon([] {}); }).janitorResult;
    QVERIFY(report.ok());
}

void tst_Deadlines::theTimeoutCountsFromTheEndOfTheCallee()
{
    const Report report = tryEnter({.drainTimeout = 0ms}, [] {
                              const Gate through;
                              spawnDaemon([through] { through.open(); });
                              const LoopAliveChecker checker; // longer than the timeout
                              pumpUntil([&] { return checker.alive.isOpen(); });
                              through.wait();
                              Status status(Client::current());
                              pumpUntil([&] { return status.pendingJobs() == 0; });
                          }).janitorResult;
    QVERIFY(report.ok());
}

void tst_Deadlines::theTimeoutIsAnErrorBesideOthers()
{
    const LogLines logLines;
    const Gate gate;
    const Report report =
        tryEnter({.failurePolicy = FailurePolicy::KeepGoing, .drainTimeout = 1ms}, [=] {
            spawnDaemon(u"broken"_s, [] { throw 42; });
            spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
            Status status(Client::current());
            pumpUntil([&] { return status.failedJobs() == 1; });
        }).janitorResult;
    gate.open();
    QCOMPARE(report.errorCount(), 2);
    QCOMPARE(report.errors().at(0).jobName(), u"broken"_s); // the cause
    QCOMPARE(report.errors().at(1).kind(), Error::Kind::DrainTimedOut);
}

void tst_Deadlines::daemonsAreAskedToStopThen()
{
    const Gate stopped;
    QPromise<void> daemon, cleanup;
    daemon.start();
    cleanup.start();
    (void)tryEnter({.drainTimeout = 1ms}, [&] {
        spawnDaemon([stopped] {
            blockUntil([] { return isStopRequested(); });
            stopped.open();
        });
        spawnDaemon(daemon.future());
        spawnCleanupJob(cleanup.future());
    });
    stopped.wait();
    blockUntil([&] { return daemon.isCanceled(); });
    QVERIFY(!cleanup.isCanceled());
    daemon.finish();
    cleanup.finish();
}

void tst_Deadlines::itHoldsForEveryPolicy_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("CancelAndWait") << FailurePolicy::CancelAndWait;
    QTest::newRow("KeepGoing") << FailurePolicy::KeepGoing;
}

void tst_Deadlines::itHoldsForEveryPolicy()
{
    QFETCH(const FailurePolicy, policy);
    const Gate gate;
    const Report report = tryEnter({.failurePolicy = policy, .drainTimeout = 1ms}, [=] {
                              spawnCleanupJob(u"slow"_s, [gate] { gate.wait(); });
                              const Status status(Client::current());
                              spawnDaemon(u"broken"_s, [] { throw 42; });
                              pumpUntil([&] { return status.failedJobs() == 1; });
                          }).janitorResult;
    gate.open();
    QCOMPARE(report.errorCount(), 2);
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"slow"_s));
}

void tst_Deadlines::abandonedJobsKeepTheirCaptures()
{
    const Gate gate, ended;
    std::weak_ptr<int> watched;
    {
        auto captured = std::make_shared<int>(42);
        watched = captured;
        (void)tryEnter({.drainTimeout = 0ms}, [&] {
            spawnDaemon([captured = std::move(captured), gate, ended] {
                gate.wait();
                if (*captured == 42 && !Client::current().isNull())
                    ended.open();
            });
        });
    }
    QVERIFY(!watched.expired());
    gate.open();
    ended.wait();
    blockUntil([&] { return watched.expired(); });
}

void tst_Deadlines::queuedJobsThatAreAbandonedStillRun()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate gate;
    std::atomic<int> ran{0};
    const Report report = tryEnter({.drainTimeout = 0ms, .threadPool = &pool}, [&] {
                              for (int i = 0; i < 10; ++i) {
                                  spawnCleanupJob([&, gate] {
                                      gate.wait();
                                      ++ran;
                                  });
                              }
                          }).janitorResult;
    QCOMPARE(report.unfinished().size(), 10);
    gate.open();
    blockUntil([&] { return ran == 10; });
    pool.waitForDone();
}

void tst_Deadlines::aLateErrorOfAnAbandonedJobIsLogged()
{
    const LogLines logLines;
    const Gate gate;
    (void)tryEnter({.drainTimeout = 0ms}, [=] {
        spawnDaemon(u"late"_s, [gate] {
            gate.wait();
            throw std::runtime_error("no disk");
        });
    });
    gate.open();
    blockUntil([] { return LogLines::count(u"no disk"_s) > 0; });
    QCOMPARE(LogLines::count(u"late"_s), 1);
}

void tst_Deadlines::abandonedJobsSpawnElsewhere()
{
    const LogLines logLines;
    const Gate gate, ran;
    std::atomic<int> refused{0};
    (void)tryEnter({.drainTimeout = 0ms}, [&] {
        spawnCleanupJob([&, gate, ran] {
            gate.wait();
            refused += trySpawnDaemon([] {}) == SpawnError::ActiveJanitorTerminating;
            spawnCleanupJob([ran] { ran.open(); });
        });
    });
    gate.open();
    ran.wait();
    QCOMPARE(refused.load(), 1);
}

void tst_Deadlines::theMainThreadMayBeBlockedMeanwhile()
{
    const LogLines logLines;
    const Gate gate;
    const Report report =
        tryEnter({.name = "import", .hangWarningAfter = 1ms, .drainTimeout = 50ms}, [=] {
            spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
            QTimer::singleShot(0, qApp, [] { // a slot of the drain that blocks
                blockUntil([] { return LogLines::count(u"slow"_s) > 0; });
            });
        }).janitorResult;
    gate.open();
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QVERIFY(LogLines::count(QtWarningMsg, u"import"_s) > 0);
}

void tst_Deadlines::inAnInnerJanitorOnly()
{
    const Gate gate;
    const Report outer = tryEnter([=] {
                             const Report inner = tryEnter({.drainTimeout = 1ms}, [=] {
                                                      spawnCleanupJob([gate] { gate.wait(); });
                                                  }).janitorResult;
                             QCOMPARE(inner.error().kind(), Error::Kind::DrainTimedOut);
                             gate.open();
                             spawnDaemon([] {});
                         }).janitorResult;
    QVERIFY(outer.ok()); // abandoned, not handed on
    QCOMPARE(outer.completedCount(), 1);
}

int main(int argc, char *argv[])
{
    if (!worksWithoutAnApplication())
        qFatal("a drain timeout does not work without an application");
    QCoreApplication application(argc, argv);
    tst_Deadlines test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_deadlines.moc"
