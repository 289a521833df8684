// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Janitors that a coroutine opens: as with an ordinary callee, but nothing blocks and no event loop
// is nested.
//
// GCC 12 destroys a lambda that is written inside a co_await expression twice. So those here
// capture references, or have a name.

#include "../contract/cogate.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroTimer>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

using Plain = QCoro::Task<int>;
static_assert(std::same_as<decltype(enter(std::declval<Task<int> (*)()>())), Task<int>>);
static_assert(std::same_as<decltype(enter(std::declval<Plain (*)()>())), Task<int>>);
static_assert(std::same_as<decltype(enter(Options(), std::declval<Task<> (*)()>())), Task<>>);
static_assert(
    std::same_as<decltype(tryEnter(std::declval<Task<int> (*)()>())), Task<EnterResult<int>>>);
static_assert(
    std::same_as<decltype(tryEnsure(std::declval<Plain (*)()>())), Task<EnsureResult<int>>>);
static_assert(std::same_as<decltype(ensure(std::declval<Task<> (*)()>())), Task<>>);
static_assert(std::same_as<decltype(enter(std::declval<int (*)()>())), int>);

namespace {

Task<> sleepABit()
{
    co_await QCoro::sleepFor(std::chrono::milliseconds(1));
}

/// Runs \a coroutine to its end, with the events of this thread.
template<class F>
auto run(F coroutine)
{
    auto task = coroutine();
    pumpUntil([&] { return task.isReady(); });
    return QCoro::waitFor(task);
}

} // namespace

class tst_CoScope : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itReturnsWhatTheCalleeReturns();
    void moveOnlyValues();
    void itWaitsForTheJobsWithoutBlocking();
    void noEventLoopIsNested();
    void theJanitorIsAmbientInTheCalleeOnly();
    void theCalleesExceptionComesThrough_data();
    void theCalleesExceptionComesThrough();
    void failuresOfJobs();
    void bothResultsAreKeptApart();
    void policies_data();
    void policies();
    void aDrainTimeout();
    void stopReachesTheCallee();
    void ensureUsesALiveJanitor();
    void ensureOpensOneOtherwise();
    void nested();
    void anOrdinaryCalleeInACoroutineStillBlocks();
    void theCalleeLivesUntilTheJanitorHasClosed();
    void theNameMayBeATemporary();
    void droppedItGoesOn();
    void supervisorsCanBeAwaited();
    void calleesOfQCoro();
    void insideAJob();
};

void tst_CoScope::itReturnsWhatTheCalleeReturns()
{
    const int value = run([]() -> Task<int> {
        const int first = co_await enter([]() -> Task<int> { co_return 1; });
        const int second = co_await enter({.name = "second"}, []() -> Task<int> {
            co_await sleepABit();
            co_return 2;
        });
        co_await enter([]() -> Task<> { co_await sleepABit(); });
        co_return first + second;
    });
    QCOMPARE(value, 3);
}

void tst_CoScope::moveOnlyValues()
{
    const auto value = run([]() -> Task<std::unique_ptr<int>> {
        auto first = co_await enter([]() -> Task<std::unique_ptr<int>> {
            co_await sleepABit();
            co_return std::make_unique<int>(4);
        });
        auto callee = [number = std::move(first)]() mutable -> Task<std::unique_ptr<int>> {
            co_return std::move(number);
        };
        co_return co_await ensure(std::move(callee));
    });
    QCOMPARE(*value, 4);
}

void tst_CoScope::itWaitsForTheJobsWithoutBlocking()
{
    const Log log;
    auto task = [](Log log_) -> Task<> {
        co_await enter([&log_]() -> Task<> {
            spawnDaemon([&log_]() -> Task<> {
                co_await sleepABit();
                log_.add(u"coroutine"_s);
                spawnCleanupJob([&log_] { log_.add(u"cleanup"_s); });
            });
            log_.add(u"callee"_s);
            co_return;
        });
        log_.add(u"after"_s);
    }(log);
    log.add(u"not blocked"_s);
    pumpUntil([&] { return task.isReady(); });
    QCOMPARE(log.events(), QStringList({u"callee"_s, u"not blocked"_s, u"coroutine"_s, u"cleanup"_s,
                                        u"after"_s}));
}

void tst_CoScope::noEventLoopIsNested()
{
    int deepest = 0;
    QTimer ticker;
    connect(&ticker, &QTimer::timeout,
            [&] { deepest = std::max(deepest, QThread::currentThread()->loopLevel()); });
    ticker.start(0);
    int before = 0;
    run([&before, &deepest]() -> Task<> {
        co_await sleepABit();
        before = std::exchange(deepest, 0);
        co_await enter([]() -> Task<> {
            spawnDaemon(sleepABit);
            co_await enter([]() -> Task<> {
                spawnDaemon(sleepABit);
                co_await sleepABit();
            });
        });
    });
    QVERIFY(deepest <= before);
}

void tst_CoScope::theJanitorIsAmbientInTheCalleeOnly()
{
    const Log log;
    Supervisor outer;
    const auto where = [outer = outer.client()] {
        const Client here = Client::current();
        return here.isNull() ? u"none"_s : here == outer ? u"outer"_s : u"inner"_s;
    };
    auto coroutine = outer.client().bind([&log, &where]() -> Task<> {
        log.add(u"before: "_s + where());
        co_await enter([&log, &where]() -> Task<> {
            log.add(u"callee: "_s + where());
            co_await sleepABit();
            log.add(u"callee: "_s + where());
        });
        log.add(u"after: "_s + where());
    });
    const auto task = coroutine();
    log.add(u"thread: "_s + where());
    pumpUntil([&] {
        if (!Client::current().isNull())
            log.add(u"pump: "_s + where());
        return task.isReady();
    });
    QCOMPARE(log.events(), QStringList({u"before: outer"_s, u"callee: inner"_s, u"thread: none"_s,
                                        u"callee: inner"_s, u"after: outer"_s}));
}

void tst_CoScope::theCalleesExceptionComesThrough_data()
{
    QTest::addColumn<bool>("suspends");
    QTest::newRow("at once") << false;
    QTest::newRow("later") << true;
}

void tst_CoScope::theCalleesExceptionComesThrough()
{
    QFETCH(const bool, suspends);
    const auto text = run([suspends]() -> Task<QString> {
        std::atomic<bool> ran = false;
        try {
            co_await enter([suspends, &ran]() -> Task<int> {
                spawnDaemon([&ran]() -> Task<> {
                    co_await sleepABit();
                    ran = true;
                });
                if (suspends)
                    co_await sleepABit();
                throw std::runtime_error("the callee");
            });
        } catch (const std::runtime_error &error) {
            co_return QString::fromUtf8(error.what()) + (ran ? u", and its job ran"_s : QString());
        }
        co_return u"no exception"_s;
    });
    QCOMPARE(text, u"the callee, and its job ran"_s);
}

void tst_CoScope::failuresOfJobs()
{
    const auto text = run([]() -> Task<QString> {
        try {
            co_await enter([]() -> Task<> {
                spawnDaemon(u"bad"_s, []() -> Task<Error> { co_return Error(u"no"_s); });
                co_return;
            });
        } catch (const Exception &exception) {
            co_return exception.error().jobName();
        }
        co_return u"no exception"_s;
    });
    QCOMPARE(text, u"bad"_s);
}

void tst_CoScope::bothResultsAreKeptApart()
{
    const auto text = run([]() -> Task<QString> {
        const auto result = co_await tryEnter([]() -> Task<int> {
            spawnDaemon([] { throw std::runtime_error("the job"); });
            co_await whenStopRequested();
            throw std::runtime_error("the callee");
        });
        try {
            auto copy = result;
            (void)std::move(copy).unwrap();
        } catch (const Exception &exception) {
            co_return QString::fromUtf8(exception.what());
        }
        co_return u"no exception"_s;
    });
    QVERIFY(text.contains(u"the job"_s));
    QVERIFY(text.contains(u"the callee"_s));
}

void tst_CoScope::policies_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::addColumn<QStringList>("unfinished");
    QTest::addColumn<int>("completed");
    QTest::newRow("fail fast") << FailurePolicy::FailFast << QStringList({u"other"_s}) << 0;
    QTest::newRow("cancel and wait") << FailurePolicy::CancelAndWait << QStringList() << 1;
    QTest::newRow("keep going") << FailurePolicy::KeepGoing << QStringList() << 1;
}

void tst_CoScope::policies()
{
    QFETCH(const FailurePolicy, policy);
    QFETCH(const QStringList, unfinished);
    QFETCH(const int, completed);
    // The same twice: the blocking form, and that for coroutines.
    const auto spawnTwo = [](const CoGate &gate) {
        spawnDaemon(u"other"_s, [&gate]() -> Task<> { co_await gate; });
        spawnDaemon(u"bad"_s, []() -> Task<Error> { co_return Error(u"no"_s); });
    };
    for (const bool blocking : {true, false}) {
        const CoGate gate;
        Supervisor taker;
        const auto open = [&] { QTimer::singleShot(1, qApp, [&gate] { gate.open(); }); };
        const AmbientGuard guard(taker.client());
        open();
        const Report report =
            blocking ? tryEnter({.failurePolicy = policy}, [&] { spawnTwo(gate); }).janitorResult
                     : run([&]() -> Task<Report> {
                           const auto result =
                               co_await tryEnter({.failurePolicy = policy}, [&]() -> Task<> {
                                   spawnTwo(gate);
                                   co_return;
                               });
                           co_return result.janitorResult;
                       });
        QCOMPARE(namesOf(report.unfinished()), unfinished);
        QCOMPARE(report.completedCount(), completed);
        QCOMPARE(report.error().jobName(), u"bad"_s);
        const auto end = taker.terminate();
        pumpUntil([&] { return end.isFinished(); });
        QCOMPARE(end.result().completedCount(), 1 - completed);
    }
}

void tst_CoScope::aDrainTimeout()
{
    const CoGate gate;
    const Report report = run([&gate]() -> Task<Report> {
        const auto result =
            co_await tryEnter({.drainTimeout = std::chrono::milliseconds(1)}, [&gate]() -> Task<> {
                spawnDaemon(u"endless"_s, [&gate]() -> Task<> { co_await gate; });
                co_return;
            });
        co_return result.janitorResult;
    });
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList({u"endless"_s}));
    gate.open();
}

void tst_CoScope::stopReachesTheCallee()
{
    const bool stopped = run([]() -> Task<bool> {
        co_return co_await enter([]() -> Task<bool> {
            Client::current().requestStop();
            co_await whenStopRequested();
            co_return isStopRequested();
        });
    });
    QVERIFY(stopped);
}

void tst_CoScope::ensureUsesALiveJanitor()
{
    Supervisor supervisor;
    auto task = supervisor.client().bind([]() -> Task<bool> {
        const Client before = Client::current();
        const auto result = co_await tryEnsure([&before]() -> Task<bool> {
            co_await sleepABit();
            co_return Client::current() == before;
        });
        co_return !result.janitorResult && result.calleeResult.value();
    })();
    pumpUntil([&] { return task.isReady(); });
    QVERIFY(QCoro::waitFor(task));
}

void tst_CoScope::ensureOpensOneOtherwise()
{
    Supervisor closed;
    closed.terminate();
    const AmbientGuard guard(closed.client());
    const bool isOpen = run([]() -> Task<bool> {
        const auto result = co_await tryEnsure([]() -> Task<bool> {
            co_await sleepABit();
            co_return hasActiveJanitor();
        });
        co_return result.janitorResult &&result.calleeResult.value();
    });
    QVERIFY(isOpen);
    QVERIFY(run([]() -> Task<bool> {
        co_return co_await ensure([]() -> QCoro::Task<bool> { co_return hasActiveJanitor(); });
    }));
}

void tst_CoScope::nested()
{
    const Log log;
    run([&log]() -> Task<> {
        co_await enter([&log]() -> Task<> {
            spawnDaemon([&log]() -> Task<> {
                co_await enter([&log]() -> Task<> {
                    spawnDaemon([&log]() -> Task<> {
                        co_await sleepABit();
                        log.add(u"inner job"_s);
                    });
                    co_return;
                });
                log.add(u"inner closed"_s);
            });
            co_return;
        });
        log.add(u"outer closed"_s);
    });
    QCOMPARE(log.events(), QStringList({u"inner job"_s, u"inner closed"_s, u"outer closed"_s}));
}

void tst_CoScope::anOrdinaryCalleeInACoroutineStillBlocks()
{
    const Log log;
    run([&log]() -> Task<> {
        co_await sleepABit();
        const int value = enter([&log] {
            spawnDaemon([&log]() -> Task<> {
                co_await sleepABit();
                log.add(u"job"_s);
            });
            return 5;
        });
        log.add(QString::number(value));
    });
    QCOMPARE(log.events(), QStringList({u"job"_s, u"5"_s}));
}

void tst_CoScope::theCalleeLivesUntilTheJanitorHasClosed()
{
    const Log log;
    run([&log]() -> Task<> {
        auto callee = [&log, witness = Witness(log, u"callee"_s)]() -> Task<> {
            spawnDaemon([&log]() -> Task<> {
                co_await sleepABit();
                log.add(u"job"_s);
            });
            co_await sleepABit();
        };
        co_await enter(std::move(callee));
        log.add(u"after"_s);
    });
    QCOMPARE(log.events().first(), u"job"_s);
    QCOMPARE(log.sorted(), QStringList({u"after"_s, u"callee ends"_s, u"job"_s}));
}

void tst_CoScope::theNameMayBeATemporary()
{
    const LogLines lines;
    const auto open = [](const QByteArray &name) {
        return tryEnter({.name = name.constData(), .hangWarningAfter = {}}, []() -> Task<> {
            co_await sleepABit();
            spawnDaemon([]() -> Task<Error> { co_return Error(u"no"_s); });
        });
    };
    const Report report = run([&open]() -> Task<Report> {
        auto task = open(QByteArray("short-lived"));
        const auto result = co_await task;
        co_return result.janitorResult;
    });
    QVERIFY(report.toString().contains(u"short-lived"_s));
}

void tst_CoScope::droppedItGoesOn()
{
    const Log log;
    enter([log]() -> Task<> {
        spawnDaemon([log]() -> Task<> {
            co_await sleepABit();
            log.add(u"job"_s);
        });
        co_await sleepABit();
        log.add(u"callee"_s);
    });
    pumpUntil([&] { return log.events().size() == 2; });
}

void tst_CoScope::supervisorsCanBeAwaited()
{
    const qsizetype completed = run([]() -> Task<qsizetype> {
        Supervisor supervisor;
        supervisor.client().spawnDaemon(sleepABit);
        supervisor.client().spawnDaemon([] {});
        const Report report = co_await supervisor.terminate();
        const Report again = co_await supervisor.future();
        co_return report.completedCount() + again.completedCount();
    });
    QCOMPARE(completed, 4);
    auto plain = []() -> QCoro::Task<qsizetype> {
        Supervisor supervisor;
        supervisor.client().spawnDaemon(sleepABit);
        const Report report = co_await supervisor.terminate();
        co_return report.completedCount();
    }();
    pumpUntil([&] { return plain.isReady(); });
    QCOMPARE(QCoro::waitFor(plain), 1);
}

void tst_CoScope::calleesOfQCoro()
{
    const Log log;
    auto task = [](Log log_) -> QCoro::Task<int> {
        co_return co_await enter([&log_]() -> QCoro::Task<int> {
            spawnDaemon([&log_]() -> QCoro::Task<> {
                co_await QCoro::sleepFor(std::chrono::milliseconds(1));
                log_.add(u"job"_s);
            });
            co_await QCoro::sleepFor(std::chrono::milliseconds(1));
            co_return 6;
        });
    }(log);
    pumpUntil([&] { return task.isReady(); });
    QCOMPARE(QCoro::waitFor(task), 6);
    QCOMPARE(log.events(), QStringList({u"job"_s}));
}

void tst_CoScope::insideAJob()
{
    const auto result = tryEnter([] {
        spawnDaemon([]() -> Task<> {
            co_await enter({.failurePolicy = FailurePolicy::CancelAndWait}, []() -> Task<> {
                spawnDaemon(u"inner"_s, []() -> Task<Error> {
                    co_await sleepABit();
                    co_return Error(u"no"_s);
                });
                co_return;
            });
        });
    });
    // The inner failure is an exception in the job, which fails by it.
    QCOMPARE(result.janitorResult.error().kind(), Error::Kind::JobThrew);
    QVERIFY(result.janitorResult.error().toString().contains(u"inner"_s));
}

QTEST_GUILESS_MAIN(tst_CoScope)
#include "tst_coscope.moc"
