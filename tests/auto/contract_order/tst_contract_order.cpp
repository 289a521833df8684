// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The order at the end: first the clean-up, then the services, then the janitor.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

Q_DECLARE_METATYPE(QJanitor::FailurePolicy)

enum class Ending { Success, Failure, Cancellation, CalleeThrew };
Q_DECLARE_METATYPE(Ending)

class tst_ContractOrder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanUpThenServicesThenClosed_data();
    void cleanUpThenServicesThenClosed();
    void cleanUpNeverWaitsForAPoolFullOfServices_data();
    void cleanUpNeverWaitsForAPoolFullOfServices();
    void servicesDoNotEndWhileTheCalleeRuns();
    void onlyDaemonsAreDraining();
    void cleanUpThatSpawnsCleanUpKeepsServicesGoing();
    void aServiceMaySpawnWhenItEnds();
    void aNormalDrainAsksNobodyToStop();
    void finiteWorkIsFinishedNotCutShort();
    void daemonsThatStartLateSeeTheDrain();
    void servicesOfAJanitorWithoutCleanUpEnd();
    void aHandedOnServiceEnds();
};

/// A job that would run for ever.
static auto service(const Log &log, const Gate &running = Gate())
{
    return [log, running] {
        running.open();
        blockUntil([] { return isDraining(); });
        log.add(u"service ends"_s);
    };
}

void tst_ContractOrder::cleanUpThenServicesThenClosed_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::addColumn<Ending>("ending");
    const struct
    {
        const char *name;
        FailurePolicy policy;
    } policies[] = {{"FailFast", FailurePolicy::FailFast},
                    {"CancelAndWait", FailurePolicy::CancelAndWait},
                    {"KeepGoing", FailurePolicy::KeepGoing}};
    for (const auto &[name, policy] : policies) {
        QTest::addRow("%s, success", name) << policy << Ending::Success;
        QTest::addRow("%s, cancellation", name) << policy << Ending::Cancellation;
        QTest::addRow("%s, callee threw", name) << policy << Ending::CalleeThrew;
        if (policy != FailurePolicy::FailFast) // which does not wait
            QTest::addRow("%s, failure", name) << policy << Ending::Failure;
    }
}

void tst_ContractOrder::cleanUpThenServicesThenClosed()
{
    QFETCH(const FailurePolicy, policy);
    QFETCH(const Ending, ending);
    const Log log;
    const LoopAliveChecker checker;
    (void)tryEnter({.failurePolicy = policy}, [&] {
        const Gate running;
        spawnDaemon(service(log, running));
        running.wait();
        for (int i = 0; i < 3; ++i) {
            spawnCleanupJob([log, alive = checker.alive] {
                alive.wait(); // opens while the janitor drains
                log.add(u"clean-up ends"_s);
            });
        }
        if (ending == Ending::Cancellation)
            Client::current().requestStop();
        if (ending == Ending::Failure)
            spawnCleanupJob([] { throw 42; });
        log.add(u"callee ends"_s);
        if (ending == Ending::CalleeThrew)
            throw 42;
    });
    log.add(u"closed"_s);
    QCOMPARE(log.events(), QStringList({u"callee ends"_s, u"clean-up ends"_s, u"clean-up ends"_s,
                                        u"clean-up ends"_s, u"service ends"_s, u"closed"_s}));
}

void tst_ContractOrder::cleanUpNeverWaitsForAPoolFullOfServices_data()
{
    QTest::addColumn<int>("threads");
    QTest::addColumn<int>("services");
    QTest::addColumn<int>("cleanupJobs");
    QTest::newRow("one thread, one service, one cleanup job") << 1 << 1 << 1;
    QTest::newRow("one thread, one service, many cleanup jobs") << 1 << 1 << 50;
    QTest::newRow("one thread, more services than threads") << 1 << 3 << 3;
    QTest::newRow("three threads, as many services") << 3 << 3 << 10;
}

void tst_ContractOrder::cleanUpNeverWaitsForAPoolFullOfServices()
{
    QFETCH(const int, threads);
    QFETCH(const int, services);
    QFETCH(const int, cleanupJobs);
    QThreadPool pool;
    pool.setMaxThreadCount(threads);
    const Log log;
    QStringList expected;
    const Report report = tryEnter({.threadPool = &pool}, [&] {
                              for (int i = 0; i < services; ++i) {
                                  const Gate running;
                                  spawnDaemon(service(log, running));
                                  if (i < threads)
                                      running.wait();
                                  expected.append(u"service ends"_s);
                              }
                              for (int i = 0; i < cleanupJobs; ++i) {
                                  spawnCleanupJob([log] { log.add(u"clean-up ends"_s); });
                                  expected.prepend(u"clean-up ends"_s);
                              }
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(log.events(), expected);
    QCOMPARE(pool.maxThreadCount(), threads); // what was lent is back
    pool.waitForDone();
    QCOMPARE(pool.activeThreadCount(), 0);
}

void tst_ContractOrder::servicesDoNotEndWhileTheCalleeRuns()
{
    const Gate asked;
    bool draining = true;
    enter([&] {
        spawnDaemon([&] {
            draining = isDraining();
            asked.open();
        });
        asked.wait();
    });
    QVERIFY(!draining);
}

void tst_ContractOrder::onlyDaemonsAreDraining()
{
    bool inCallee = true, inCleanup = true, inUnrelated = true, inLateCleanup = true;
    const Gate asked;
    enter([&] {
        inCallee = isDraining();
        spawnDaemon([&, asked] {
            blockUntil([] { return isDraining(); });
            spawnCleanupJob([&] { inLateCleanup = isDraining(); });
            asked.wait();
        });
        spawnCleanupJob([&] { inCleanup = isDraining(); });
        QTimer::singleShot(0, this, [&, asked] {
            inUnrelated = isDraining();
            asked.open();
        });
    });
    QVERIFY(!inCallee);
    QVERIFY(!inCleanup);
    QVERIFY(!inLateCleanup);
    QVERIFY(!inUnrelated);
}

void tst_ContractOrder::cleanUpThatSpawnsCleanUpKeepsServicesGoing()
{
    const Log log;
    enter([log] {
        spawnDaemon(service(log));
        spawnCleanupJob([log] {
            spawnCleanupJob([log] {
                spawnCleanupJob([log] { log.add(u"third"_s); });
                log.add(u"second"_s);
            });
            log.add(u"first"_s);
        });
    });
    QStringList events = log.events();
    QCOMPARE(events.takeLast(), u"service ends"_s);
    events.sort(); // they may overlap
    QCOMPARE(events, QStringList({u"first"_s, u"second"_s, u"third"_s}));
}

void tst_ContractOrder::aServiceMaySpawnWhenItEnds()
{
    const Log log;
    const Report report = tryEnter([log] {
                              spawnDaemon([log] {
                                  service(log)();
                                  spawnCleanupJob([log] { log.add(u"its clean-up"_s); });
                              });
                          }).janitorResult;
    log.add(u"closed"_s);
    QCOMPARE(report.completedCount(), 2);
    QCOMPARE(log.events(), QStringList({u"service ends"_s, u"its clean-up"_s, u"closed"_s}));
}

void tst_ContractOrder::aNormalDrainAsksNobodyToStop()
{
    bool stopped = true;
    enter([&] {
        spawnDaemon([&] {
            blockUntil([] { return isDraining(); });
            stopped = isStopRequested();
        });
    });
    QVERIFY(!stopped);
}

void tst_ContractOrder::finiteWorkIsFinishedNotCutShort()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const LoopAliveChecker checker;
    std::atomic<int> finished{0};
    enter({.threadPool = &pool}, [&] {
        spawnDaemon([alive = checker.alive] { alive.wait(); });
        for (int i = 0; i < 100; ++i)
            spawnDaemon([&] { ++finished; });
    });
    QCOMPARE(finished.load(), 100);
}

void tst_ContractOrder::daemonsThatStartLateSeeTheDrain()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const LoopAliveChecker checker;
    const Log log;
    enter({.threadPool = &pool}, [&] {
        spawnDaemon([alive = checker.alive] { alive.wait(); }); // nothing is left but daemons
        spawnDaemon(service(log));
        spawnDaemon(service(log));
    });
    QCOMPARE(log.events(), QStringList({u"service ends"_s, u"service ends"_s}));
}

void tst_ContractOrder::servicesOfAJanitorWithoutCleanUpEnd()
{
    const Log log;
    enter([log] { spawnDaemon(service(log)); });
    QCOMPARE(log.events(), QStringList(u"service ends"_s));
}

void tst_ContractOrder::aHandedOnServiceEnds()
{
    // It ends by the request to stop or by the closing of its janitor: it must not hang its taker.
    const Log log;
    const Report outer = tryEnter([log] {
                             (void)tryEnter([log] {
                                 spawnDaemon(service(log));
                                 spawnDaemon([] { throw 42; });
                                 blockUntil([] { return isStopRequested(); });
                             });
                         }).janitorResult;
    QCOMPARE(log.events(), QStringList(u"service ends"_s));
    QCOMPARE(outer.completedCount(), 1);
}

QTEST_GUILESS_MAIN(tst_ContractOrder)

#include "tst_contract_order.moc"
