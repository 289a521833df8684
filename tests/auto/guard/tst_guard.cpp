// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Clean-up that is registered when something is acquired: for a scope, or for the life of an
// object.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {
struct NoJob
{
    void operator()() const {}
};
} // namespace

using Guard = CleanupGuard<NoJob>;
static_assert(!std::is_copy_constructible_v<Guard>);
static_assert(std::is_nothrow_move_constructible_v<Guard>);
static_assert(!std::is_move_assignable_v<Guard>);
static_assert(std::is_nothrow_destructible_v<Guard>);
static_assert(noexcept(std::declval<Guard &>().dismiss()));

class tst_Guard : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void leavingTheScopeSpawnsTheJob_data();
    void leavingTheScopeSpawnsTheJob();
    void theJanitorWaitsForIt();
    void aGuardThatWasMovedFromSpawnsNothing();
    void moveOnlyJobsWork();
    void theJobHasItsNameAndSite();
    void theJanitorOfTheAcquisitionGetsTheJob();
    void anEnclosingJanitorGetsItFromOneThatHasClosed();
    void anExceptionInFlightAtTheAcquisitionIsNoFailure();
    void destroyingTheObjectSpawnsTheJob();
    void aBindingIsDismissed();
    void aBindingThatOutlivesItsObjectIsHarmless();
    void cuttingTheConnectionLosesNothing();
    void aNullObjectLosesNothing();
    void theObjectMayLiveOnAnotherThread();
    void withoutAJanitorItIsReportedAndRunsAllTheSame();
};

void tst_Guard::leavingTheScopeSpawnsTheJob_data()
{
    QTest::addColumn<bool>("onlyOnFailure");
    QTest::addColumn<bool>("fails");
    QTest::addColumn<bool>("dismissed");
    QTest::addColumn<bool>("spawns");
    QTest::newRow("on exit, success") << false << false << false << true;
    QTest::newRow("on exit, failure") << false << true << false << true;
    QTest::newRow("on exit, dismissed") << false << false << true << false;
    QTest::newRow("on exit, dismissed, failure") << false << true << true << false;
    QTest::newRow("on failure, success") << true << false << false << false;
    QTest::newRow("on failure, failure") << true << true << false << true;
    QTest::newRow("on failure, dismissed, failure") << true << true << true << false;
}

void tst_Guard::leavingTheScopeSpawnsTheJob()
{
    QFETCH(const bool, onlyOnFailure);
    QFETCH(const bool, fails);
    QFETCH(const bool, dismissed);
    QFETCH(const bool, spawns);
    const Log log;
    const Report report = tryEnter([=] {
                              const auto job = [log] { log.add(u"closed"_s); };
                              auto guard =
                                  onlyOnFailure ? cleanupOnFailure(job) : cleanupOnExit(job);
                              if (dismissed)
                                  guard.dismiss();
                              if (fails)
                                  throw std::runtime_error("no network");
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), spawns ? 1 : 0);
    QCOMPARE(log.events(), spawns ? QStringList(u"closed"_s) : QStringList());
}

void tst_Guard::theJanitorWaitsForIt()
{
    const LoopAliveChecker checker;
    const Log log;
    enter([&] {
        const auto guard = cleanupOnExit([log, alive = checker.alive] {
            alive.wait(); // until the janitor drains
            log.add(u"cleaned"_s);
        });
        log.add(u"left"_s);
    });
    log.add(u"closed"_s);
    QCOMPARE(log.events(), QStringList({u"left"_s, u"cleaned"_s, u"closed"_s}));
}

void tst_Guard::aGuardThatWasMovedFromSpawnsNothing()
{
    const Report report = tryEnter([] {
                              auto first = cleanupOnExit([] {});
                              const auto second = std::move(first);
                              first.dismiss(); // and does not reach the second
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_Guard::moveOnlyJobsWork()
{
    int result = 0;
    QObject object;
    enter([&] {
        const auto guard =
            cleanupOnExit([&result, part = std::make_unique<int>(40)] { result += *part; });
        cleanupWhenDestroyed(std::make_unique<QObject>().get(),
                             [&result, part = std::make_unique<int>(2)] { result += *part; });
        blockUntil([&] { return result == 2; });
    });
    QCOMPARE(result, 42);
}

void tst_Guard::theJobHasItsNameAndSite()
{
    const LogLines logLines;
    const Report report = tryEnter({.failurePolicy = FailurePolicy::CancelAndWait}, [] {
                              QObject object;
                              const auto fails = [] { return Error(u"stuck"_s); };
                              const auto guard = cleanupOnExit(u"on exit"_s, fails);
                              cleanupWhenDestroyed(&object, u"with the object"_s, fails);
                          }).janitorResult;
    QStringList names = namesOf(report.errors());
    names.sort();
    QCOMPARE(names, QStringList({u"on exit"_s, u"with the object"_s}));
    for (const Error &error : report.errors())
        QVERIFY2(error.spawnSite().startsWith(u"tst_guard.cpp:"_s), qPrintable(error.spawnSite()));
}

void tst_Guard::theJanitorOfTheAcquisitionGetsTheJob()
{
    Report inner;
    const Report outer = tryEnter([&] {
                             auto guard = cleanupOnExit([] {});
                             inner = tryEnter([moved = std::move(guard)] {}).janitorResult;
                         }).janitorResult;
    QCOMPARE(inner.completedCount(), 0);
    QCOMPARE(outer.completedCount(), 1);
}

void tst_Guard::anEnclosingJanitorGetsItFromOneThatHasClosed()
{
    const Report outer = tryEnter([] {
                             const auto late = enter([] { return cleanupOnExit([] {}); });
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 1);
}

void tst_Guard::anExceptionInFlightAtTheAcquisitionIsNoFailure()
{
    struct CleansUpWhileUnwinding
    {
        ~CleansUpWhileUnwinding()
        {
            const auto onFailure =
                cleanupOnFailure(u"on failure"_s, [log = log] { log.add(u"bad"_s); });
            const auto onExit = cleanupOnExit([log = log] { log.add(u"good"_s); });
        }
        const Log log;
    };
    const Log log;
    (void)tryEnter([log] {
        const CleansUpWhileUnwinding unwinding{log};
        throw 42;
    });
    QCOMPARE(log.events(), QStringList(u"good"_s));
}

void tst_Guard::destroyingTheObjectSpawnsTheJob()
{
    const Log log;
    enter([log] {
        auto object = std::make_unique<QObject>();
        cleanupWhenDestroyed(object.get(), [log] { log.add(u"cleaned"_s); });
        QCOMPARE(log.events(), QStringList());
        object.reset();
        blockUntil([&] { return log.events() == QStringList(u"cleaned"_s); });
    });
}

void tst_Guard::aBindingIsDismissed()
{
    const Report report = tryEnter([] {
                              QObject object;
                              CleanupBinding binding = cleanupWhenDestroyed(&object, [] {});
                              CleanupBinding copy = binding;
                              copy.dismiss();
                              binding.dismiss(); // twice does no harm
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 0);
}

void tst_Guard::aBindingThatOutlivesItsObjectIsHarmless()
{
    std::optional<CleanupBinding> binding;
    const Report report = tryEnter([&] {
                              QObject object;
                              binding = cleanupWhenDestroyed(&object, [] {});
                          }).janitorResult;
    binding->dismiss();
    QCOMPARE(report.completedCount(), 1);
}

void tst_Guard::cuttingTheConnectionLosesNothing()
{
    const Report report = tryEnter([] {
                              QObject object;
                              cleanupWhenDestroyed(&object, [] {});
                              object.disconnect();
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_Guard::aNullObjectLosesNothing()
{
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"nullptr"_s));
    const Report report = tryEnter([] { cleanupWhenDestroyed(nullptr, [] {}); }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_Guard::theObjectMayLiveOnAnotherThread()
{
    const Log log;
    enter([log] {
        auto *object = new QObject;
        cleanupWhenDestroyed(object, [log] { log.add(u"cleaned"_s); });
        onStdThread([object] { delete object; }); // a thread without a janitor
    });
    QCOMPARE(log.events(), QStringList(u"cleaned"_s));
}

void tst_Guard::withoutAJanitorItIsReportedAndRunsAllTheSame()
{
    const LogLines logLines;
    const Gate ran;
    {
        const auto guard = cleanupOnExit(u"orphan"_s, [ran] { ran.open(); });
    }
    ran.wait();
    QCOMPARE(LogLines::count(QtCriticalMsg, u"orphan"_s), 1);
}

QTEST_GUILESS_MAIN(tst_Guard)

#include "tst_guard.moc"
