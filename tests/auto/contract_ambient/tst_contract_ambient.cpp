// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The ambient janitor: who finds which one, and where. exec() has a suite of its own.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(std::is_nothrow_default_constructible_v<Client>);
static_assert(std::is_nothrow_copy_constructible_v<Client>);
static_assert(std::is_nothrow_move_assignable_v<Client>);
static_assert(!std::is_copy_constructible_v<AmbientGuard>);
static_assert(!std::is_move_constructible_v<AmbientGuard>);
static_assert(!std::is_convertible_v<Client, AmbientGuard>);

class tst_ContractAmbient : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingIsAmbientByDefault();
    void theCalleeFindsItsJanitor();
    void theEnclosingJanitorIsAmbientAgainAfterwards_data();
    void theEnclosingJanitorIsAmbientAgainAfterwards();
    void aThreadOfItsOwnFindsNone();
    void jobsFindTheirOwnJanitor_data();
    void jobsFindTheirOwnJanitor();
    void jobsOfJobsAreAwaitedHoweverDeep();
    void aJobOfTheEnclosingJanitorKeepsItsOwn();
    void aNestedJanitorInAJobIsTheJobsOnly();
    void unrelatedSlotsFindTheEnclosingJanitorDuringADrain();
    void unrelatedSlotsFindNoneDuringTheDrainOfAnOutermostJanitor();
    void nothingIsLeftBehindOnPoolThreads_data();
    void nothingIsLeftBehindOnPoolThreads();
    void nothingIsLeftBehindWhereJobsRanInline();
    void aGuardMakesAClientAmbient();
    void guardsNest();
    void aGuardOfNoJanitorHidesTheAmbientOne();
    void aGuardMayOutliveItsJanitor();
    void bindCarriesTheJanitorToAnotherThread();
    void bindPassesArgumentsAndValues();
    void aBoundCallableMayOutliveItsJanitor();
    void aBoundCallableThatThrowsLeavesNothingBehind();
    void aClientDoesNotKeepItsJanitorOpen();
};

static bool isNothingAmbient()
{
    return !hasActiveJanitor() && Client::current().isNull() &&
           trySpawnDaemon([] {}) == SpawnError::NoActiveJanitor;
}

void tst_ContractAmbient::nothingIsAmbientByDefault()
{
    QVERIFY(isNothingAmbient());
    QVERIFY(!isStopRequested());
    QVERIFY(!isDraining());
    QVERIFY(!Client().isActive());
}

void tst_ContractAmbient::theCalleeFindsItsJanitor()
{
    const auto [report, callee] = tryEnter([] {
        return hasActiveJanitor() && !Client::current().isNull() && Client::current().isActive() &&
               trySpawnDaemon([] {}) == SpawnError::NoError;
    });
    QVERIFY(callee.value());
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(isNothingAmbient());
}

void tst_ContractAmbient::theEnclosingJanitorIsAmbientAgainAfterwards_data()
{
    QTest::addColumn<bool>("throws");
    QTest::addColumn<bool>("fails");
    QTest::newRow("after success") << false << false;
    QTest::newRow("after the callee threw") << true << false;
    QTest::newRow("after a job failed") << false << true;
    QTest::newRow("after both") << true << true;
}

void tst_ContractAmbient::theEnclosingJanitorIsAmbientAgainAfterwards()
{
    QFETCH(const bool, throws);
    QFETCH(const bool, fails);
    const Report outer =
        tryEnter([=] {
            spawnDaemon([] {});
            const Report inner =
                tryEnter([=] {
                    spawnDaemon([=] { return fails ? Error(u"broken"_s) : Error(); });
                    if (throws)
                        throw 42;
                }).janitorResult;
            QCOMPARE(inner.ok(), !fails);
            spawnDaemon([] {});
        }).janitorResult;
    QCOMPARE(outer.completedCount(), 2);
    QVERIFY(isNothingAmbient());
}

void tst_ContractAmbient::aThreadOfItsOwnFindsNone()
{
    tryEnter([] { onStdThread([] { QVERIFY(isNothingAmbient()); }); }).unwrap();
}

void tst_ContractAmbient::jobsFindTheirOwnJanitor_data()
{
    QTest::addColumn<JobKind>("kind");
    QTest::newRow("daemon") << JobKind::Daemon;
    QTest::newRow("cleanup job") << JobKind::CleanupJob;
}

void tst_ContractAmbient::jobsFindTheirOwnJanitor()
{
    QFETCH(const JobKind, kind);
    const auto job = [] {
        if (!hasActiveJanitor())
            return Error(u"no janitor is ambient in a job"_s);
        spawnDaemon([] {});
        spawnCleanupJob([] {});
        return Error();
    };
    const Report report = tryEnter([&] {
                              if (kind == JobKind::Daemon)
                                  spawnDaemon(job);
                              else
                                  spawnCleanupJob(job);
                          }).janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
    QCOMPARE(report.completedCount(), 3);
}

static void spawnChain(int depth)
{
    if (depth > 0)
        spawnDaemon([depth] { spawnChain(depth - 1); });
}

void tst_ContractAmbient::jobsOfJobsAreAwaitedHoweverDeep()
{
    QCOMPARE(tryEnter([] { spawnChain(500); }).janitorResult.completedCount(), 500);
}

void tst_ContractAmbient::aJobOfTheEnclosingJanitorKeepsItsOwn()
{
    // It runs while the main thread is inside another janitor.
    const Gate inside, through;
    const Report outer = tryEnter([=] {
                             spawnDaemon([=] {
                                 inside.wait();
                                 spawnDaemon([] {});
                                 through.open();
                             });
                             const Report inner = tryEnter([=] {
                                                      inside.open();
                                                      through.wait();
                                                  }).janitorResult;
                             QCOMPARE(inner.completedCount(), 0);
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 2);
}

void tst_ContractAmbient::aNestedJanitorInAJobIsTheJobsOnly()
{
    const Report outer = tryEnter([] {
                             spawnDaemon([] {
                                 const Report inner = tryEnter([] {
                                                          spawnDaemon([] {});
                                                          spawnDaemon([] {});
                                                      }).janitorResult;
                                 spawnDaemon([] {});
                                 return inner.completedCount() == 2
                                            ? Error()
                                            : Error(u"the wrong janitor was found"_s);
                             });
                         }).janitorResult;
    QVERIFY2(outer.ok(), qPrintable(outer.toString()));
    QCOMPARE(outer.completedCount(), 2);
}

void tst_ContractAmbient::unrelatedSlotsFindTheEnclosingJanitorDuringADrain()
{
    const Gate gate;
    bool asked = false;
    const Report outer = tryEnter([&] {
                             const Report inner = tryEnter([&] {
                                                      spawnDaemon([gate] { gate.wait(); });
                                                      QTimer::singleShot(0, this, [&] {
                                                          asked = hasActiveJanitor();
                                                          spawnDaemon([] {});
                                                          gate.open();
                                                      });
                                                  }).janitorResult;
                             QCOMPARE(inner.completedCount(), 1);
                             QVERIFY(asked);
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 1);
}

void tst_ContractAmbient::unrelatedSlotsFindNoneDuringTheDrainOfAnOutermostJanitor()
{
    const Gate gate;
    bool nothing = false;
    enter([&] {
        spawnDaemon([gate] { gate.wait(); });
        QTimer::singleShot(0, this, [&] {
            nothing = isNothingAmbient();
            gate.open();
        });
    });
    QVERIFY(nothing);
}

void tst_ContractAmbient::nothingIsLeftBehindOnPoolThreads_data()
{
    QTest::addColumn<QString>("what");
    QTest::newRow("by a daemon") << u"daemon"_s;
    QTest::newRow("by a cleanup job") << u"cleanup"_s;
    QTest::newRow("by a job that threw") << u"throw"_s;
    QTest::newRow("by a job with a janitor of its own") << u"enter"_s;
    QTest::newRow("by a job that ended after it was handed on") << u"handedOn"_s;
}

static void runOneJob(QThreadPool &pool, const QString &what)
{
    const Options options{.failurePolicy = FailurePolicy::FailFast, .threadPool = &pool};
    const Gate gate;
    const Gate ended;
    tryEnter([&] {
        const Report report =
            tryEnter(options, [&] {
                if (what == u"cleanup"_s)
                    return spawnCleanupJob([] {});
                if (what == u"throw"_s)
                    return spawnDaemon([] { throw 42; });
                if (what == u"enter"_s)
                    return spawnDaemon([options] { enter(options, [] { spawnDaemon([] {}); }); });
                if (what == u"handedOn"_s) {
                    spawnDaemon([gate] { gate.wait(); });
                    return Client::current().spawnCleanupJob([] { return Error(u"broken"_s); });
                }
                spawnDaemon([] {});
            }).janitorResult;
        Q_UNUSED(report)
        gate.open();
    }).unwrap();
}

void tst_ContractAmbient::nothingIsLeftBehindOnPoolThreads()
{
    QFETCH(const QString, what);
    const LogLines logLines;
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    runOneJob(pool, what);
    const Gate asked;
    bool nothing = false;
    pool.start([&] {
        nothing = isNothingAmbient() && !isStopRequested() && !isDraining();
        asked.open();
    });
    asked.wait();
    QVERIFY(nothing);
}

void tst_ContractAmbient::nothingIsLeftBehindWhereJobsRanInline()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate asked;
    bool nothing = false;
    pool.start([&] {
        enter({.threadPool = &pool}, [] { spawnDaemon([] {}); });
        nothing = isNothingAmbient();
        asked.open();
    });
    asked.wait();
    QVERIFY(nothing);
}

void tst_ContractAmbient::aGuardMakesAClientAmbient()
{
    const Report report = tryEnter([] {
                              const Client client = Client::current();
                              onStdThread([&] {
                                  {
                                      const AmbientGuard guard(client);
                                      QVERIFY(hasActiveJanitor());
                                      spawnDaemon([] {});
                                  }
                                  QVERIFY(isNothingAmbient());
                              });
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_ContractAmbient::guardsNest()
{
    Report inner;
    const Report outer = tryEnter([&] {
                             const Client outerClient = Client::current();
                             inner = tryEnter([&] {
                                         const Client innerClient = Client::current();
                                         onStdThread([&] {
                                             const AmbientGuard first(outerClient);
                                             {
                                                 const AmbientGuard second(innerClient);
                                                 spawnDaemon([] {});
                                             }
                                             spawnDaemon([] {});
                                             spawnDaemon([] {});
                                         });
                                     }).janitorResult;
                         }).janitorResult;
    QCOMPARE(inner.completedCount(), 1);
    QCOMPARE(outer.completedCount(), 2);
}

void tst_ContractAmbient::aGuardOfNoJanitorHidesTheAmbientOne()
{
    enter([] {
        {
            const AmbientGuard guard{Client()};
            QVERIFY(isNothingAmbient());
        }
        QVERIFY(hasActiveJanitor());
    });
}

void tst_ContractAmbient::aGuardMayOutliveItsJanitor()
{
    const Client client = enter([] { return Client::current(); });
    const AmbientGuard guard(client);
    QVERIFY(!hasActiveJanitor());
    QCOMPARE(trySpawnDaemon([] {}), SpawnError::ActiveJanitorTerminating);
}

void tst_ContractAmbient::bindCarriesTheJanitorToAnotherThread()
{
    const Report report = tryEnter([] {
                              onStdThread(Client::current().bind([] { spawnDaemon([] {}); }));
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_ContractAmbient::bindPassesArgumentsAndValues()
{
    enter([] {
        auto number = std::make_unique<int>(40);
        auto add = Client::current().bind(
            [number = std::move(number)](int &more, std::unique_ptr<int> rest) {
                more += *rest;
                return *number + more;
            });
        int more = 1;
        QCOMPARE(add(more, std::make_unique<int>(1)), 42);
        QCOMPARE(more, 2);
    });
}

void tst_ContractAmbient::aBoundCallableMayOutliveItsJanitor()
{
    auto bound = enter([] { return Client::current().bind([] { return trySpawnDaemon([] {}); }); });
    QCOMPARE(bound(), SpawnError::ActiveJanitorTerminating);
    QVERIFY(isNothingAmbient());
    auto unbound = Client().bind([] { return trySpawnDaemon([] {}); });
    QCOMPARE(unbound(), SpawnError::NoActiveJanitor);
}

void tst_ContractAmbient::aBoundCallableThatThrowsLeavesNothingBehind()
{
    auto bound = enter([] { return Client::current().bind([] { throw 42; }); });
    QVERIFY_THROWS_EXCEPTION(int, bound());
    QVERIFY(isNothingAmbient());
}

void tst_ContractAmbient::aClientDoesNotKeepItsJanitorOpen()
{
    const Client client = enter([] { return Client::current(); });
    const Client copy = client;
    QVERIFY(!copy.isNull());
    QVERIFY(!copy.isActive());
}

QTEST_GUILESS_MAIN(tst_ContractAmbient)

#include "tst_contract_ambient.moc"
