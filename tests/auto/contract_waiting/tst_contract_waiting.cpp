// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// How each kind of thread waits: with events where a loop runs, on a condition elsewhere.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpointer.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_ContractWaiting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eventsGoOnOnTheMainThread_data();
    void eventsGoOnOnTheMainThread();
    void aJobMayAskTheMainThreadWhileItDrains();
    void eventsPostedBeforeASlotAreDeliveredInItsDrain();
    void eventsGoOnInASlotOfAThreadWithALoop();
    void aThreadWithoutALoopJustWaits_data();
    void aThreadWithoutALoopJustWaits();
    void quitDoesNotCutADrainShort_data();
    void quitDoesNotCutADrainShort();
    void anEventLoopWorksAfterADrainThatSawQuit();
    void deferredDeletesOfTheCallerAreKept();
    void aOneThreadPoolWithTenNestedJanitors_data();
    void aOneThreadPoolWithTenNestedJanitors();
    void aOneThreadPoolWithATreeOfJanitors();
    void aFullPoolWhoseJobsWaitForOtherPoolsJobs();
    void noWakeUpIsLost_data();
    void noWakeUpIsLost();
    void twoThreadsWaitAtTheSameTime();
    void aSlotMayOpenAJanitorInADrain();
    void nothingToWaitForIsNoWait();
};

static void drainWhileEventsGoOn()
{
    const LoopAliveChecker checker;
    bool queuedCall = false;
    QMetaObject::invokeMethod(
        QCoreApplication::instance(), [&] { queuedCall = true; }, Qt::QueuedConnection);
    const Report report =
        tryEnter([alive = checker.alive] { spawnDaemon([alive] { alive.wait(); }); }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(queuedCall);
}

void tst_ContractWaiting::eventsGoOnOnTheMainThread_data()
{
    QTest::addColumn<bool>("inASlot");
    QTest::newRow("where no loop runs") << false;
    QTest::newRow("in a slot of a running loop") << true;
}

void tst_ContractWaiting::eventsGoOnOnTheMainThread()
{
    QFETCH(const bool, inASlot);
    if (!inASlot)
        return drainWhileEventsGoOn();
    QEventLoop loop;
    QTimer::singleShot(0, &loop, [&] {
        drainWhileEventsGoOn();
        loop.quit();
    });
    loop.exec();
}

void tst_ContractWaiting::aJobMayAskTheMainThreadWhileItDrains()
{
    QThread *asked = nullptr;
    enter([&] {
        spawnDaemon([&] {
            QMetaObject::invokeMethod(
                QCoreApplication::instance(), [&] { asked = QThread::currentThread(); },
                Qt::BlockingQueuedConnection);
        });
    });
    QCOMPARE(asked, QThread::currentThread());
}

void tst_ContractWaiting::eventsPostedBeforeASlotAreDeliveredInItsDrain()
{
    const Gate gate;
    QEventLoop loop;
    QTimer::singleShot(0, &loop, [&] {
        enter([gate] { spawnDaemon([gate] { gate.wait(); }); });
        loop.quit();
    });
    QMetaObject::invokeMethod(
        &loop, [gate] { gate.open(); }, Qt::QueuedConnection);
    loop.exec();
}

void tst_ContractWaiting::eventsGoOnInASlotOfAThreadWithALoop()
{
    QThread thread;
    QObject there;
    there.moveToThread(&thread);
    thread.start();
    qsizetype completed = 0;
    QMetaObject::invokeMethod(
        &there,
        [&] {
            const LoopAliveChecker checker;
            completed = tryEnter([alive = checker.alive] {
                            spawnDaemon([alive] { alive.wait(); });
                        }).janitorResult.completedCount();
        },
        Qt::BlockingQueuedConnection);
    thread.quit();
    thread.wait();
    QCOMPARE(completed, 1);
}

void tst_ContractWaiting::aThreadWithoutALoopJustWaits_data()
{
    QTest::addColumn<QString>("kind");
    QTest::newRow("std::thread") << u"std"_s;
    QTest::newRow("QThread without a loop") << u"QThread"_s;
    QTest::newRow("thread of a pool") << u"pool"_s;
    QTest::newRow("thread of the global pool") << u"global"_s;
}

/// Enters a janitor and returns whether it waited, and without processing this thread's events.
static bool waitsWithoutEvents()
{
    bool eventCame = false;
    std::atomic<int> finished{0};
    QObject here;
    QMetaObject::invokeMethod(
        &here, [&] { eventCame = true; }, Qt::QueuedConnection);
    const Gate started;
    const Report report = tryEnter([&] {
                              for (int i = 0; i < 10; ++i)
                                  spawnDaemon([&] { ++finished; });
                              spawnCleanupJob([&, started] { started.open(); });
                          }).janitorResult;
    return report.completedCount() == 11 && finished == 10 && started.isOpen() && !eventCame;
}

void tst_ContractWaiting::aThreadWithoutALoopJustWaits()
{
    QFETCH(const QString, kind);
    const Gate done;
    std::atomic<bool> good{false};
    const auto run = [&] {
        good = waitsWithoutEvents();
        done.open();
    };
    if (kind == u"std"_s) {
        onStdThread(run);
    } else if (kind == u"QThread"_s) {
        const std::unique_ptr<QThread> thread(QThread::create(run));
        thread->start();
        thread->wait();
    } else if (kind == u"pool"_s) {
        QThreadPool pool;
        pool.start(run);
        pool.waitForDone();
    } else {
        QThreadPool::globalInstance()->start(run);
        done.wait();
    }
    QVERIFY(good);
}

void tst_ContractWaiting::quitDoesNotCutADrainShort_data()
{
    QTest::addColumn<bool>("before");
    QTest::addColumn<int>("code");
    QTest::newRow("quit before it") << true << 0;
    QTest::newRow("quit inside it") << false << 0;
    QTest::newRow("exit before it") << true << 3;
    QTest::newRow("exit inside it") << false << 3;
}

void tst_ContractWaiting::quitDoesNotCutADrainShort()
{
    QFETCH(const bool, before);
    QFETCH(const int, code);
    const Log log;
    QTimer::singleShot(0, this, [&] {
        if (before)
            QCoreApplication::exit(code);
        std::optional<LoopAliveChecker> checker;
        enter([&] {
            if (!before)
                QTimer::singleShot(0, this, [code] { QCoreApplication::exit(code); });
            checker.emplace(); // its timer fires after that one
            spawnDaemon([log, alive = checker->alive] {
                alive.wait();
                log.add(u"job"_s);
            });
        });
        log.add(u"closed"_s);
    });
    QCOMPARE(QCoreApplication::exec(), code);
    QCOMPARE(log.events(), QStringList({u"job"_s, u"closed"_s}));
}

void tst_ContractWaiting::anEventLoopWorksAfterADrainThatSawQuit()
{
    // Where no loop runs, quit() has nobody to quit.
    const LoopAliveChecker checker;
    enter([&] {
        QTimer::singleShot(0, this, [] { QCoreApplication::quit(); });
        spawnDaemon([alive = checker.alive] { alive.wait(); });
    });
    QEventLoop loop;
    QTimer::singleShot(0, &loop, [&] { loop.exit(7); });
    QCOMPARE(loop.exec(), 7);
}

void tst_ContractWaiting::deferredDeletesOfTheCallerAreKept()
{
    // Only the loop that runs the slot may delete what the slot still uses.
    QPointer<QObject> object = new QObject;
    bool alive = false;
    QEventLoop loop;
    QTimer::singleShot(0, &loop, [&] {
        object->deleteLater();
        const LoopAliveChecker checker;
        enter([gate = checker.alive] { spawnDaemon([gate] { gate.wait(); }); });
        alive = bool(object);
        loop.quit();
    });
    loop.exec();
    QVERIFY(alive);
}

static int nest(QThreadPool *pool, int depth)
{
    if (depth == 0)
        return 0;
    int below = 0;
    const Options options{.failurePolicy = FailurePolicy::KeepGoing, .threadPool = pool};
    enter(options, [&] {
        spawnCleanupJob([] {});
        spawnDaemon([&below, pool, depth] { below = nest(pool, depth - 1); });
        spawnDaemon([] {});
    });
    return below + 1;
}

void tst_ContractWaiting::aOneThreadPoolWithTenNestedJanitors_data()
{
    QTest::addColumn<bool>("onThePool");
    QTest::newRow("entered on the main thread") << false;
    QTest::newRow("entered on the pool's thread") << true;
}

void tst_ContractWaiting::aOneThreadPoolWithTenNestedJanitors()
{
    QFETCH(const bool, onThePool);
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    int depth = 0;
    if (onThePool)
        pool.start([&] { depth = nest(&pool, 10); });
    else
        depth = nest(&pool, 10);
    pool.waitForDone();
    QCOMPARE(depth, 10);
    QCOMPARE(pool.activeThreadCount(), 0);
    QCOMPARE(pool.maxThreadCount(), 1);
}

static void grow(QThreadPool *pool, int depth, std::atomic<int> &leaves)
{
    if (depth == 0) {
        ++leaves;
        return;
    }
    enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = pool}, [&] {
        for (int i = 0; i < 2; ++i)
            spawnDaemon([&, pool, depth] { grow(pool, depth - 1, leaves); });
    });
}

void tst_ContractWaiting::aOneThreadPoolWithATreeOfJanitors()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    std::atomic<int> leaves{0};
    grow(&pool, 7, leaves);
    QCOMPARE(leaves.load(), 128);
}

void tst_ContractWaiting::aFullPoolWhoseJobsWaitForOtherPoolsJobs()
{
    // Janitors of two one-thread pools, nested in turn: each waits on the other's only thread.
    QThreadPool a, b;
    a.setMaxThreadCount(1);
    b.setMaxThreadCount(1);
    std::function<int(int)> nestInTurn = [&](int depth) {
        int below = 0;
        QThreadPool *pool = depth % 2 ? &a : &b;
        enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = pool},
              [&] { spawnDaemon([&, depth] { below = depth ? nestInTurn(depth - 1) : 0; }); });
        return below + 1;
    };
    QCOMPARE(nestInTurn(9), 10);
}

void tst_ContractWaiting::noWakeUpIsLost_data()
{
    QTest::addColumn<bool>("withEvents");
    QTest::newRow("with events") << true;
    QTest::newRow("on a condition") << false;
}

void tst_ContractWaiting::noWakeUpIsLost()
{
    QFETCH(const bool, withEvents);
    int completed = 0;
    const auto run = [&] {
        QThreadPool pool;
        for (int round = 0; round < 3000; ++round)
            completed += int(tryEnter({.threadPool = &pool}, [round] {
                                 for (int i = 0; i < 1 + round % 3; ++i)
                                     spawnDaemon([] {});
                             }).janitorResult.completedCount());
    };
    if (withEvents)
        run();
    else
        onStdThread(run);
    QCOMPARE(completed, 6000);
}

void tst_ContractWaiting::twoThreadsWaitAtTheSameTime()
{
    const Gate gate;
    std::atomic<int> entered{0}, closed{0};
    const auto run = [&, gate] {
        enter([&, gate] {
            spawnDaemon([gate] { gate.wait(); });
            ++entered;
        });
        ++closed;
    };
    std::thread first(run), second(run);
    blockUntil([&] { return entered == 2; });
    QCOMPARE(closed.load(), 0);
    gate.open();
    first.join();
    second.join();
    QCOMPARE(closed.load(), 2);
}

void tst_ContractWaiting::aSlotMayOpenAJanitorInADrain()
{
    const Log log;
    const Gate gate;
    enter([&] {
        spawnDaemon([gate] { gate.wait(); });
        QTimer::singleShot(0, this, [log, gate] {
            enter([log] { spawnDaemon([log] { log.add(u"inner job"_s); }); });
            log.add(u"inner closed"_s);
            gate.open();
        });
    });
    log.add(u"outer closed"_s);
    QCOMPARE(log.events(), QStringList({u"inner job"_s, u"inner closed"_s, u"outer closed"_s}));
}

void tst_ContractWaiting::nothingToWaitForIsNoWait()
{
    bool eventCame = false;
    QMetaObject::invokeMethod(
        this, [&] { eventCame = true; }, Qt::QueuedConnection);
    enter([] {});
    QVERIFY(!eventCame); // it has not looked at events at all
    QCoreApplication::processEvents();
}

QTEST_GUILESS_MAIN(tst_ContractWaiting)

#include "tst_contract_waiting.moc"
