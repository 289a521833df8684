// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Memory runs out at each allocation that handing a job over makes, one after the other: a job that
// was accepted runs once, a refused one never, and a cleanup job in any case. A future that is
// refused stays with the caller. The same for what comes later is in tests/attack/failures.

#include "../contract/gate.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qpromise.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

#include <dlfcn.h>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {
/// How many allocations of this thread succeed before one fails; never while negative.
thread_local int allocationsLeft = -1;

/// Memory is out for the library and its caller only: Qt crashes without any (QThread's
/// constructor).
bool isOutFor(const void *caller)
{
    if (allocationsLeft < 0)
        return false;
    Dl_info info;
    if (::dladdr(caller, &info) && info.dli_fname && std::strstr(info.dli_fname, "libQt6"))
        return false;
    return allocationsLeft-- == 0;
}
} // namespace

// Replaced together, whatever allocates. Not inlined: where GCC sees only one half of the pair, it
// warns that memory of operator new is given to free().
[[gnu::noinline]] void *operator new(std::size_t size)
{
    if (isOutFor(__builtin_return_address(0)))
        throw std::bad_alloc();
    if (void *memory = std::malloc(size ? size : 1))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void *operator new(std::size_t size, const std::nothrow_t &) noexcept
{
    return isOutFor(__builtin_return_address(0)) ? nullptr : std::malloc(size ? size : 1);
}

[[gnu::noinline]] void operator delete(void *memory) noexcept
{
    std::free(memory);
}

[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}

class tst_Memory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anAcceptedDaemonRunsAndARefusedOneDoesNot_data();
    void anAcceptedDaemonRunsAndARefusedOneDoesNot();
    void aCleanupJobRunsInAnyCase_data();
    void aCleanupJobRunsInAnyCase();
    void aGuardsJobRunsInAnyCase_data();
    void aGuardsJobRunsInAnyCase();
    void aFutureIsAdoptedOrLeftAlone_data();
    void aFutureIsAdoptedOrLeftAlone();
    void aFutureThatFinishesLateIsAwaited();
    void aJanitorIsNotLeftBeforeItsJobsAreThrough();
};

static void addPlaces()
{
    QTest::addColumn<bool>("first"); // the janitor has no queue and no pump yet
    QTest::addColumn<bool>("large"); // the callable does not fit into a slot
    QTest::addColumn<bool>("named");
    for (const bool first : {true, false}) {
        for (const bool large : {true, false}) {
            for (const bool named : {true, false}) {
                QTest::addRow("%s, %s, %s", first ? "the first job" : "a later job",
                              large ? "large" : "small", named ? "named" : "without a name")
                    << first << large << named;
            }
        }
    }
}

/// Spawns with \a spawn, which gets name and job, while the n-th allocation fails, for all n until
/// none does. \a check gets whether it threw, and how often the job ran.
template<class Spawn, class Check>
static void failEach(Spawn spawn, Check check)
{
    QFETCH(const bool, first);
    QFETCH(const bool, large);
    QFETCH(const bool, named);
    const QString name = named ? QStringLiteral("job") : QString();
    bool failed = true;
    int n = 0;
    for (; failed && n < 200; ++n) {
        std::atomic<int> runs{0};
        bool threw = false;
        enter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
            if (!first)
                spawnDaemon([] {});
            const auto hand = [&](auto job) {
                allocationsLeft = n;
                try {
                    spawn(name, std::move(job));
                } catch (const std::bad_alloc &) {
                    threw = true;
                }
                failed = allocationsLeft < 0;
                allocationsLeft = -1;
            };
            if (large)
                hand([&runs, ballast = std::array<char, 100>()] { runs += 1 + ballast[7]; });
            else
                hand([&runs] { ++runs; });
        });
        check(threw, runs.load());
        if (QTest::currentTestFailed())
            return;
    }
    QVERIFY(!failed);         // each allocation has had its turn
    QVERIFY(n > 1 || !first); // and there are some
}

void tst_Memory::anAcceptedDaemonRunsAndARefusedOneDoesNot_data()
{
    addPlaces();
}

void tst_Memory::anAcceptedDaemonRunsAndARefusedOneDoesNot()
{
    failEach(
        [](const QString &name, auto job) {
            if (trySpawnDaemon(name, std::move(job)) != SpawnError::NoError)
                qFatal("refused");
        },
        [](bool threw, int runs) { QCOMPARE(runs, threw ? 0 : 1); });
}

void tst_Memory::aCleanupJobRunsInAnyCase_data()
{
    addPlaces();
}

void tst_Memory::aCleanupJobRunsInAnyCase()
{
    failEach([](const QString &name, auto job) { spawnCleanupJob(name, std::move(job)); },
             [](bool threw, int runs) {
                 QVERIFY(!threw);
                 QCOMPARE(runs, 1);
             });
}

void tst_Memory::aGuardsJobRunsInAnyCase_data()
{
    addPlaces();
}

void tst_Memory::aGuardsJobRunsInAnyCase()
{
    failEach(
        [](const QString &name, auto job) {
            const int left = std::exchange(allocationsLeft, -1);
            const auto guard = cleanupOnExit(name, std::move(job));
            allocationsLeft = left; // now it is registered, and memory may run out
        },
        [](bool threw, int runs) {
            QVERIFY(!threw);
            QCOMPARE(runs, 1);
        });
}

/// Hands a future over while the n-th allocation fails, for all n until none does. What is accepted
/// is awaited, and what is not is still the caller's.
template<class T, class Finish>
static void adoptEach(const QString &name, Finish finish)
{
    bool failed = true;
    for (int n = 0; failed && n < 200; ++n) {
        QPromise<T> promise;
        promise.start();
        QFuture<T> future = promise.future();
        bool threw = false;
        const Report report =
            tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
                allocationsLeft = n;
                try {
                    if (trySpawnDaemon(name, std::move(future)) != SpawnError::NoError)
                        qFatal("refused");
                } catch (const std::bad_alloc &) {
                    threw = true;
                }
                failed = allocationsLeft < 0;
                allocationsLeft = -1;
                finish(promise);
            }).janitorResult;
        QCOMPARE(report.ok(), threw);
        QVERIFY(!threw || future.isValid());
    }
    QVERIFY(!failed);
}

void tst_Memory::aFutureIsAdoptedOrLeftAlone_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("failsByValue");
    QTest::newRow("by exception, without a name") << QString() << false;
    QTest::newRow("by exception, named") << u"job"_s << false;
    QTest::newRow("by value, without a name") << QString() << true;
    QTest::newRow("by value, named") << u"job"_s << true;
}

void tst_Memory::aFutureIsAdoptedOrLeftAlone()
{
    QFETCH(const QString, name);
    QFETCH(const bool, failsByValue);
    if (failsByValue) {
        adoptEach<Error>(name, [](QPromise<Error> &promise) {
            promise.addResult(Error(u"late"_s));
            promise.finish();
        });
    } else {
        adoptEach<void>(name, [](QPromise<void> &promise) {
            promise.setException(std::make_exception_ptr(std::runtime_error("late")));
            promise.finish();
        });
    }
}

/// Also if there was no memory to tell the agent of it.
void tst_Memory::aFutureThatFinishesLateIsAwaited()
{
    const Contract::Gate waits;
    const QObject guard; // no longer than the gate
    connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::aboutToBlock, &guard,
            [&waits] { waits.open(); });
    bool failed = true;
    for (int n = 0; failed && n < 200; ++n) {
        QPromise<void> promise;
        promise.start();
        QFuture<void> future = promise.future();
        std::thread stranger;
        bool threw = false;
        const Report report = tryEnter([&] {
                                  allocationsLeft = n;
                                  try {
                                      spawnDaemon(std::move(future));
                                  } catch (const std::bad_alloc &) {
                                      threw = true;
                                  }
                                  failed = std::exchange(allocationsLeft, -1) < 0;
                                  stranger = std::thread([&promise, waits] {
                                      waits.wait();
                                      promise.finish();
                                  });
                                  if (threw)
                                      waits.open(); // nobody waits for it
                              }).janitorResult;
        stranger.join();
        QCOMPARE(report.completedCount(), threw ? 0 : 1);
    }
    QVERIFY(!failed);
}

/// Memory runs out when its callee is through: at the n-th allocation of waiting, for all n.
void tst_Memory::aJanitorIsNotLeftBeforeItsJobsAreThrough()
{
    bool failed = true;
    for (int n = 0; failed && n < 200; ++n) {
        const Contract::Gate waits;
        QTimer::singleShot(0, this, [&waits] { waits.open(); });
        std::atomic<bool> isThrough{false};
        const Report report = tryEnter([&] {
                                  spawnDaemon([&] {
                                      waits.wait();
                                      isThrough = true;
                                  });
                                  allocationsLeft = n;
                              }).janitorResult;
        failed = std::exchange(allocationsLeft, -1) < 0;
        QVERIFY(isThrough);
        QCOMPARE(report.completedCount(), 1);
    }
    QVERIFY(!failed);
}

QTEST_GUILESS_MAIN(tst_Memory)

#include "tst_memory.moc"
