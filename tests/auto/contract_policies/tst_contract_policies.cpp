// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The policies that wait after a failure, and requests to stop.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

Q_DECLARE_METATYPE(QJanitor::FailurePolicy)

class tst_ContractPolicies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void allJobsAreAwaitedAfterAFailure_data();
    void allJobsAreAwaitedAfterAFailure();
    void daemonsAreAskedToStopUnlessThePolicyKeepsGoing_data();
    void daemonsAreAskedToStopUnlessThePolicyKeepsGoing();
    void captureByReferenceIsSafeWhereTheJanitorWaits_data();
    void captureByReferenceIsSafeWhereTheJanitorWaits();
    void jobsOfAFailedJanitorMaySpawnCleanup_data();
    void jobsOfAFailedJanitorMaySpawnCleanup();
    void allErrorsAreListed_data();
    void allErrorsAreListed();
    void aRequestToStopIsNoFailure_data();
    void aRequestToStopIsNoFailure();
    void aRequestToStopReachesJobsThatStartLater();
    void aRequestToStopReachesJanitorsInside();
    void aRequestToStopAnInnerJanitorDoesNotReachOutwards();
    void aFailureInsideDoesNotAskTheOutside();
    void aRequestToStopIsHarmlessWhereThereIsNothingToStop();
    void aRequestToStopComesFromAnyThread();
    void aFutureOfAStopIsForgottenOnceItIsCancelled();
};

static void addPolicies()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("CancelAndWait") << FailurePolicy::CancelAndWait;
    QTest::newRow("KeepGoing") << FailurePolicy::KeepGoing;
}

/// Inside a callee on the main thread: returns after the janitor has noticed the failure of a job.
static void failHere()
{
    const Status status(Client::current());
    spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
    pumpUntil([&] { return status.lastError().isValid(); });
}

void tst_ContractPolicies::allJobsAreAwaitedAfterAFailure_data()
{
    addPolicies();
}

void tst_ContractPolicies::allJobsAreAwaitedAfterAFailure()
{
    QFETCH(const FailurePolicy, policy);
    std::optional<LoopAliveChecker> checker;
    const Gate gate;
    const Log log;
    const auto [report, callee] = tryEnter({.failurePolicy = policy}, [&] {
        spawnDaemon([=] {
            gate.wait();
            log.add(u"daemon"_s);
        });
        spawnCleanupJob([=] {
            gate.wait();
            log.add(u"cleanup"_s);
        });
        failHere();
        checker.emplace(); // opens while the janitor drains
        spawnCleanupJob([=, alive = checker->alive] {
            alive.wait();
            gate.open();
        });
    });
    log.add(u"closed"_s);
    QVERIFY(callee.hasValue());
    QCOMPARE(log.events().last(), u"closed"_s);
    QCOMPARE(log.events().size(), 3);
    QVERIFY(!report.ok());
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 3);
    QVERIFY(report.unfinished().isEmpty());
}

void tst_ContractPolicies::daemonsAreAskedToStopUnlessThePolicyKeepsGoing_data()
{
    addPolicies();
}

void tst_ContractPolicies::daemonsAreAskedToStopUnlessThePolicyKeepsGoing()
{
    QFETCH(const FailurePolicy, policy);
    const bool stops = policy == FailurePolicy::CancelAndWait;
    const Gate failed;
    bool inCallee = false, inDaemon = false, inCleanup = true;
    (void)tryEnter({.failurePolicy = policy}, [&] {
        spawnDaemon([&] {
            failed.wait();
            inDaemon = isStopRequested();
        });
        spawnCleanupJob([&] {
            failed.wait();
            inCleanup = isStopRequested();
        });
        failHere();
        failed.open();
        inCallee = isStopRequested();
    });
    QCOMPARE(inCallee, stops);
    QCOMPARE(inDaemon, stops);
    QVERIFY(!inCleanup);
}

void tst_ContractPolicies::captureByReferenceIsSafeWhereTheJanitorWaits_data()
{
    addPolicies();
}

void tst_ContractPolicies::captureByReferenceIsSafeWhereTheJanitorWaits()
{
    QFETCH(const FailurePolicy, policy);
    for (int round = 0; round < 200; ++round) {
        std::array<int, 20> numbers{};
        (void)tryEnter({.failurePolicy = policy}, [&] {
            for (int &number : numbers) {
                spawnCleanupJob([&number] {
                    number = 1;
                    throw 42;
                });
            }
        });
        QCOMPARE(std::count(numbers.begin(), numbers.end(), 1), 20);
    }
}

void tst_ContractPolicies::jobsOfAFailedJanitorMaySpawnCleanup_data()
{
    addPolicies();
}

void tst_ContractPolicies::jobsOfAFailedJanitorMaySpawnCleanup()
{
    QFETCH(const FailurePolicy, policy);
    const Report report =
        tryEnter({.failurePolicy = policy}, [] {
            failHere();
            spawnCleanupJob([] { spawnCleanupJob([] { spawnCleanupJob([] {}); }); });
        }).janitorResult;
    QCOMPARE(report.completedCount(), 3);
}

void tst_ContractPolicies::allErrorsAreListed_data()
{
    addPolicies();
}

void tst_ContractPolicies::allErrorsAreListed()
{
    QFETCH(const FailurePolicy, policy);
    const Report report = tryEnter({.failurePolicy = policy}, [] {
                              failHere();
                              spawnCleanupJob(u"second"_s, [] { return Error(u"broken"_s); });
                              spawnCleanupJob(u"third"_s, [] { throw 42; });
                          }).janitorResult;
    QCOMPARE(report.errorCount(), 3);
    QCOMPARE(report.error().jobName(), u"broken"_s);
    QStringList names = namesOf(report.errors());
    names.sort();
    QCOMPARE(names, QStringList({u"broken"_s, u"second"_s, u"third"_s}));
}

void tst_ContractPolicies::aRequestToStopIsNoFailure_data()
{
    addPolicies();
    QTest::newRow("FailFast") << FailurePolicy::FailFast;
}

void tst_ContractPolicies::aRequestToStopIsNoFailure()
{
    QFETCH(const FailurePolicy, policy);
    const Gate requested;
    bool inCallee = false, inDaemon = false, inCleanup = true, active = false;
    const Report report = tryEnter({.failurePolicy = policy}, [&] {
                              spawnDaemon([&] {
                                  requested.wait();
                                  inDaemon = isStopRequested();
                              });
                              spawnCleanupJob([&] {
                                  requested.wait();
                                  inCleanup = isStopRequested();
                              });
                              Client::current().requestStop();
                              requested.open();
                              inCallee = isStopRequested();
                              active =
                                  hasActiveJanitor(); // it has not failed: it takes jobs as before
                              spawnDaemon([] {});
                          }).janitorResult;
    QVERIFY(inCallee);
    QVERIFY(inDaemon);
    QVERIFY(!inCleanup);
    QVERIFY(active);
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 3);
}

void tst_ContractPolicies::aRequestToStopReachesJobsThatStartLater()
{
    bool stopped = false;
    enter([&] {
        Client::current().requestStop();
        spawnDaemon([&] { stopped = isStopRequested(); });
    });
    QVERIFY(stopped);
}

void tst_ContractPolicies::aRequestToStopReachesJanitorsInside()
{
    bool inCallee = false, inJob = false, inCleanup = true;
    enter([&] {
        Client::current().requestStop();
        enter([&] {
            inCallee = isStopRequested();
            spawnDaemon([&] { inJob = isStopRequested(); });
            spawnCleanupJob([&] { inCleanup = isStopRequested(); });
        });
    });
    QVERIFY(inCallee);
    QVERIFY(inJob);
    QVERIFY(!inCleanup);
}

void tst_ContractPolicies::aRequestToStopAnInnerJanitorDoesNotReachOutwards()
{
    bool outer = true, jobOfOuter = true;
    enter([&] {
        enter([] { Client::current().requestStop(); });
        outer = isStopRequested();
        spawnDaemon([&] { jobOfOuter = isStopRequested(); });
    });
    QVERIFY(!outer);
    QVERIFY(!jobOfOuter);
}

void tst_ContractPolicies::aFailureInsideDoesNotAskTheOutside()
{
    const Report report = tryEnter([] {
                              const Report inner = tryEnter([] { failHere(); }).janitorResult;
                              QVERIFY(!inner.ok());
                              QVERIFY(!isStopRequested());
                              spawnDaemon([] {});
                          }).janitorResult;
    QVERIFY(report.ok());
}

void tst_ContractPolicies::aRequestToStopIsHarmlessWhereThereIsNothingToStop()
{
    Client().requestStop();
    const Client closed = enter([] { return Client::current(); });
    closed.requestStop();
    QVERIFY(!isStopRequested());
    QVERIFY(closed.future().result().ok());
}

void tst_ContractPolicies::aRequestToStopComesFromAnyThread()
{
    const Gate running;
    const Report report = tryEnter([=] {
                              spawnDaemon([=] {
                                  running.open();
                                  blockUntil([] { return isStopRequested(); });
                              });
                              onStdThread([client = Client::current(), running] {
                                  running.wait();
                                  client.requestStop();
                              });
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 1);
}

void tst_ContractPolicies::aFutureOfAStopIsForgottenOnceItIsCancelled()
{
    std::weak_ptr<int> captured;
    enter([&captured] {
        auto capture = std::make_shared<int>();
        captured = capture;
        QFuture<void> dropped = whenStopRequested();
        dropped.then([capture = std::move(capture)] {});
        dropped.cancel();
        dropped = QFuture<void>();
        for (int i = 0; i < 1000; ++i)
            whenStopRequested().cancel();
        QVERIFY(captured.expired()); // it is still open
    });
}

QTEST_GUILESS_MAIN(tst_ContractPolicies)

#include "tst_contract_policies.moc"
