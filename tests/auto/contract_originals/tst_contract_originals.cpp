// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The original's defects, each as a test that its behaviour would fail.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_ContractOriginals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aLiveJanitorIsActiveAndAFailedOneIsNot();
    void jobsInheritTheJanitor();
    void threadsAndBlockingCodeInheritItByBind();
    void aJobMayDropAnObjectWithACleaningDestructor();
    void aRefusedJobDoesNotRun();
    void theOthersGoOnAfterTheFirstFailure();
    void laterErrorsDoNotVanish_data();
    void laterErrorsDoNotVanish();
    void aFailureIsNoticedWhileTheCalleeRuns();
    void aDestructorMaySpawnAfterAFailure();
    void destructorsMaySpawnDuringUnwinding_data();
    void destructorsMaySpawnDuringUnwinding();
    void jobsAreAwaitedWhenTheCalleeThrows();
    void ensureDoesNotAdoptADeadJanitor_data();
    void ensureDoesNotAdoptADeadJanitor();
    void aValueReturnedFromTheScopeIsDroppedOutsideIt();
    void aLeakedHandleHangsNothing();
    void jobsHaveNamesCountsAndAnOrder();
    void cleanUpIsRegisteredAtTheMomentOfAcquisition();
};

namespace {

/// Cleans up asynchronously when it is destroyed; says so in a log.
class Device
{
public:
    Device(QString name, Log log)
        : m_name(std::move(name))
        , m_log(std::move(log))
    {
    }
    Device(Device &&other) noexcept
        : m_name(std::exchange(other.m_name, QString()))
        , m_log(other.m_log)
    {
    }
    ~Device()
    {
        if (!m_name.isEmpty())
            spawnCleanupJob(u"close "_s + m_name, [name = m_name, log = m_log] { log.add(name); });
    }

private:
    QString m_name;
    Log m_log;
};

/// Inside a callee: returns after the ambient janitor has noticed the failure of a job.
void failHere()
{
    spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
    blockUntil([] { return isStopRequested(); });
}

} // namespace

void tst_ContractOriginals::aLiveJanitorIsActiveAndAFailedOneIsNot()
{
    bool live = false, failed = true;
    (void)tryEnter([&] {
        live = hasActiveJanitor();
        failHere();
        failed = hasActiveJanitor();
    });
    QVERIFY(live);
    QVERIFY(!failed);
}

void tst_ContractOriginals::jobsInheritTheJanitor()
{
    const Report report = tryEnter([] {
                              spawnDaemon([] { spawnDaemon([] { spawnDaemon([] {}); }); });
                          }).janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
    QCOMPARE(report.completedCount(), 3);
}

void tst_ContractOriginals::threadsAndBlockingCodeInheritItByBind()
{
    const Report report =
        tryEnter([] {
            spawnDaemon([] { onStdThread(Client::current().bind([] { spawnDaemon([] {}); })); });
        }).janitorResult;
    QCOMPARE(report.completedCount(), 2);
}

void tst_ContractOriginals::aJobMayDropAnObjectWithACleaningDestructor()
{
    const Log log;
    const Report report = tryEnter([log] {
                              spawnDaemon([device = Device(u"disk"_s, log)] {});
                              spawnDaemon([log] { const Device local(u"net"_s, log); });
                          }).janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
    QCOMPARE(report.completedCount(), 4);
    QCOMPARE(log.sorted(), QStringList({u"disk"_s, u"net"_s}));
}

void tst_ContractOriginals::aRefusedJobDoesNotRun()
{
    const LogLines logLines;
    const auto runs = std::make_shared<std::atomic<int>>(0);
    const auto job = [runs] { ++*runs; };
    QCOMPARE(trySpawnDaemon(job), SpawnError::NoActiveJanitor);
    const Report report = tryEnter([&] {
                              failHere();
                              QCOMPARE(trySpawnDaemon(job), SpawnError::ActiveJanitorTerminating);
                              QVERIFY_THROWS_EXCEPTION(SpawnException, spawnDaemon(job));
                          }).janitorResult;
    enter([] { spawnDaemon([] {}); }); // a pool job later
    QCOMPARE(runs->load(), 0);
    QCOMPARE(runs.use_count(), 2);
    QCOMPARE(report.completedCount(), 0);
}

void tst_ContractOriginals::theOthersGoOnAfterTheFirstFailure()
{
    const Log log;
    const Gate gate;
    const Report outer = tryEnter([=] {
                             (void)tryEnter([=] {
                                 for (const QString &name : {u"a"_s, u"b"_s, u"c"_s}) {
                                     spawnCleanupJob(name, [=] {
                                         gate.wait();
                                         log.add(name);
                                     });
                                 }
                                 failHere();
                             });
                             gate.open();
                         }).janitorResult;
    QCOMPARE(log.sorted(), QStringList({u"a"_s, u"b"_s, u"c"_s}));
    QCOMPARE(outer.completedCount(), 3);
}

void tst_ContractOriginals::laterErrorsDoNotVanish_data()
{
    QTest::addColumn<int>("round");
    for (int round = 1; round <= 50; ++round)
        QTest::addRow("round %d", round) << round;
}

void tst_ContractOriginals::laterErrorsDoNotVanish()
{
    QFETCH(int, round); // a fixed bug: one that ended just then was neither an error nor unfinished
    Q_UNUSED(round)
    const LogLines logLines;
    const Gate gate;
    const Report outer = tryEnter([=] {
                             const Report inner = tryEnter([=] {
                                                      spawnCleanupJob(u"second"_s, [=] {
                                                          gate.wait();
                                                          return Error(u"broken"_s);
                                                      });
                                                      spawnDaemon(u"third"_s, [=] {
                                                          gate.wait();
                                                          throw 42;
                                                      });
                                                      failHere();
                                                  }).janitorResult;
                             QCOMPARE(namesOf(inner.errors()), QStringList(u"broken"_s));
                             gate.open();
                         }).janitorResult;
    QStringList names = namesOf(outer.errors()) + namesOf(outer.unfinished());
    names.sort();
    if (outer.unfinished().isEmpty())
        QCOMPARE(names, QStringList({u"second"_s, u"third"_s}));
    else // the second made the outer one fail: the third is logged where it ends
        QVERIFY(names.contains(u"second"_s) && names.contains(u"third"_s));
}

void tst_ContractOriginals::aFailureIsNoticedWhileTheCalleeRuns()
{
    bool noticed = false;
    (void)tryEnter([&] {
        spawnDaemon([] { throw 42; });
        blockUntil([] { return isStopRequested(); }); // a server, say
        noticed = true;
    });
    QVERIFY(noticed);
}

void tst_ContractOriginals::aDestructorMaySpawnAfterAFailure()
{
    const LogLines logLines;
    const Log log;
    const Report outer = tryEnter([log] {
                             (void)tryEnter([log] {
                                 const Device device(u"disk"_s, log);
                                 failHere();
                             });
                         }).janitorResult;
    QCOMPARE(log.events(), QStringList(u"disk"_s));
    QCOMPARE(outer.completedCount(), 1);
}

void tst_ContractOriginals::destructorsMaySpawnDuringUnwinding_data()
{
    QTest::addColumn<bool>("fails");
    QTest::addColumn<bool>("inAJob");
    QTest::newRow("of the callee") << false << false;
    QTest::newRow("of the callee after a failure") << true << false;
    QTest::newRow("of a job") << false << true;
    QTest::newRow("of a job after a failure") << true << true;
}

void tst_ContractOriginals::destructorsMaySpawnDuringUnwinding()
{
    QFETCH(const bool, fails);
    QFETCH(const bool, inAJob);
    const LogLines logLines;
    const Log log;
    const auto unwind = [log] {
        const Device first(u"first"_s, log);
        const Device second(u"second"_s, log);
        throw 42;
    };
    // The outermost waits whatever fails.
    (void)tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [=] {
        (void)tryEnter([=] {
            if (fails)
                failHere();
            if (inAJob)
                spawnCleanupJob(unwind);
            else
                unwind();
        });
    });
    QCOMPARE(log.sorted(), QStringList({u"first"_s, u"second"_s}));
}

void tst_ContractOriginals::jobsAreAwaitedWhenTheCalleeThrows()
{
    const LoopAliveChecker checker;
    const Log log;
    QVERIFY_THROWS_EXCEPTION(int, enter([&] {
                                 spawnDaemon([log, alive = checker.alive] {
                                     alive.wait();
                                     log.add(u"job"_s);
                                 });
                                 throw 42;
                             }));
    log.add(u"thrown"_s);
    QCOMPARE(log.events(), QStringList({u"job"_s, u"thrown"_s}));
}

void tst_ContractOriginals::ensureDoesNotAdoptADeadJanitor_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("FailFast") << FailurePolicy::FailFast;
    QTest::newRow("CancelAndWait") << FailurePolicy::CancelAndWait;
}

void tst_ContractOriginals::ensureDoesNotAdoptADeadJanitor()
{
    QFETCH(const FailurePolicy, policy);
    SpawnError answer = SpawnError::NoActiveJanitor;
    std::optional<Report> opened;
    (void)tryEnter({.failurePolicy = policy}, [&] {
        failHere();
        opened = tryEnsure([&] { answer = trySpawnDaemon([] {}); }).janitorResult;
    });
    QCOMPARE(answer, SpawnError::NoError);
    QVERIFY(opened);
    QCOMPARE(opened->completedCount(), 1);
}

void tst_ContractOriginals::aValueReturnedFromTheScopeIsDroppedOutsideIt()
{
    // The same trap as in the original, documented: the enclosing janitor gets the clean-up.
    const Log log;
    Report inner;
    const Report outer = tryEnter([&] {
                             auto result = tryEnter([log] { return Device(u"disk"_s, log); });
                             inner = result.janitorResult;
                         }).janitorResult;
    QCOMPARE(inner.completedCount(), 0);
    QCOMPARE(outer.completedCount(), 1);
    QCOMPARE(log.events(), QStringList(u"disk"_s));
}

void tst_ContractOriginals::aLeakedHandleHangsNothing()
{
    static Client leaked;
    static QFuture<Report> future;
    const Report report = tryEnter([] {
                              leaked = Client::current();
                              future = leaked.future();
                              spawnDaemon([client = leaked] { Q_UNUSED(client) });
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
    leaked = Client();
    future.waitForFinished();
    future = {};
}

void tst_ContractOriginals::jobsHaveNamesCountsAndAnOrder()
{
    const Report report =
        tryEnter({.name = "import", .failurePolicy = FailurePolicy::KeepGoing}, [] {
            spawnDaemon(u"reader"_s, [] { throw 42; });
            spawnDaemon([] {});
            spawnCleanupJob([] {});
        }).janitorResult;
    QCOMPARE(namesOf(report.errors()), QStringList(u"reader"_s));
    QCOMPARE(report.completedCount(), 2);
    QVERIFY(report.toString().contains(u"import"_s));
}

void tst_ContractOriginals::cleanUpIsRegisteredAtTheMomentOfAcquisition()
{
    // Bringing the link up fails half-way: the device is closed all the same.
    const Log log;
    const auto bringUp = [log] {
        const Device device(u"device closed"_s, log);
        throw std::runtime_error("no link");
    };
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, enter(bringUp));
    QCOMPARE(log.events(), QStringList(u"device closed"_s));
}

QTEST_GUILESS_MAIN(tst_ContractOriginals)

#include "tst_contract_originals.moc"
