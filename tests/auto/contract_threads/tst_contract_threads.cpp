// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Pools and threads: where jobs run, and what may be done to a pool that was passed in.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qdir.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(!Options().threadPool);

class tst_ContractThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jobsRunOnThePoolThatWasPassedIn();
    void jobsRunOnTheLibrarysPoolByDefault();
    void theLibrarysPoolIsAsLargeAsTheGlobalOne();
    void openingAJanitorCreatesNoThread();
    void clearingThePoolLosesNoJob_data();
    void clearingThePoolLosesNoJob();
    void clearingThePoolOverAndOverLosesNoJob();
    void clearingThePoolWhileNobodyProcessesEvents();
    void twoJanitorsShareAPool();
    void aClientIsUsedOnManyThreads();
    void acceptedMeansRunWhileTheJanitorCloses();
    void eachFutureIsAFutureOfItsOwn();
    void aFutureTellsHowTheJanitorEnded();
    void aFutureAskedForLateIsFinished();
    void futuresOfNoJanitorAreCancelled();
    void aContinuationOfOneFutureDoesNotDisturbTheOthers();
    void futuresOfManyThreadsFinish();
};

void tst_ContractThreads::jobsRunOnThePoolThatWasPassedIn()
{
    QThreadPool pool;
    pool.setMaxThreadCount(2);
    std::atomic<int> inside{0};
    enter({.threadPool = &pool}, [&] {
        for (int i = 0; i < 100; ++i)
            spawnDaemon([&] { inside += pool.contains(QThread::currentThread()); });
        spawnCleanupJob([&] { inside += pool.contains(QThread::currentThread()); });
    });
    QCOMPARE(inside.load(), 101);
}

void tst_ContractThreads::jobsRunOnTheLibrarysPoolByDefault()
{
    bool global = true, main = true;
    QThread *const here = QThread::currentThread();
    enter([&] {
        spawnDaemon([&, here] {
            global = QThreadPool::globalInstance()->contains(QThread::currentThread());
            main = QThread::currentThread() == here;
        });
    });
    QVERIFY(!global);
    QVERIFY(!main);
}

void tst_ContractThreads::theLibrarysPoolIsAsLargeAsTheGlobalOne()
{
    const int count = QThreadPool::globalInstance()->maxThreadCount();
    std::atomic<int> running{0};
    const Report report = tryEnter([&] {
                              for (int i = 0; i < count; ++i) {
                                  spawnDaemon([&] {
                                      ++running;
                                      blockUntil([&] { return running == count; });
                                  });
                              }
                              blockUntil([&] { return running == count; });
                          }).janitorResult;
    QCOMPARE(report.completedCount(), count);
}

void tst_ContractThreads::openingAJanitorCreatesNoThread()
{
    const QDir tasks(u"/proc/self/task"_s);
    if (!tasks.exists())
        QSKIP("threads are counted in /proc");
    const auto count = [&] { return tasks.entryList(QDir::Dirs | QDir::NoDotAndDotDot).size(); };
    enter([] {});
    const qsizetype before = count();
    enter([&] {
        for (int i = 0; i < 100; ++i)
            enter([] {});
        QCOMPARE(count(), before);
    });
    QCOMPARE(count(), before);
}

void tst_ContractThreads::clearingThePoolLosesNoJob_data()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("FailFast") << FailurePolicy::FailFast;
    QTest::newRow("KeepGoing") << FailurePolicy::KeepGoing;
}

void tst_ContractThreads::clearingThePoolLosesNoJob()
{
    QFETCH(const FailurePolicy, policy);
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate busy, gate;
    std::atomic<int> ran{0};
    pool.start([=] {
        busy.open();
        gate.wait();
    });
    busy.wait();
    const Report report = tryEnter({.failurePolicy = policy, .threadPool = &pool}, [&] {
                              for (int i = 0; i < 100; ++i)
                                  spawnDaemon([&] { ++ran; });
                              pool.clear();
                              for (int i = 0; i < 10; ++i)
                                  spawnCleanupJob([&] { ++ran; });
                              pool.clear();
                              gate.open();
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 110);
    QCOMPARE(ran.load(), 110);
}

void tst_ContractThreads::clearingThePoolOverAndOverLosesNoJob()
{
    QThreadPool pool;
    pool.setMaxThreadCount(2);
    std::atomic<bool> stop{false};
    std::thread clearer([&] {
        while (!stop) {
            pool.clear();
            std::this_thread::yield();
        }
    });
    std::atomic<int> ran{0};
    qsizetype completed = 0;
    for (int round = 0; round < 100; ++round) {
        completed += tryEnter({.threadPool = &pool}, [&] {
                         for (int i = 0; i < 20; ++i)
                             spawnDaemon([&] { ++ran; });
                         for (int i = 0; i < 5; ++i)
                             spawnCleanupJob([&] { ++ran; });
                     }).janitorResult.completedCount();
    }
    stop = true;
    clearer.join();
    QCOMPARE(completed, 2500);
    QCOMPARE(ran.load(), 2500);
}

void tst_ContractThreads::clearingThePoolWhileNobodyProcessesEvents()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate busy, gate;
    pool.start([=] {
        busy.open();
        gate.wait();
    });
    busy.wait();
    qsizetype completed = 0;
    onStdThread([&] {
        completed = tryEnter({.threadPool = &pool}, [&] {
                        spawnDaemon([] {});
                        pool.clear();
                        gate.open();
                    }).janitorResult.completedCount();
    });
    QCOMPARE(completed, 1);
}

void tst_ContractThreads::twoJanitorsShareAPool()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate gate;
    const Report outer = tryEnter({.threadPool = &pool}, [&] {
                             spawnDaemon([gate] { gate.wait(); });
                             const Report inner = tryEnter({.threadPool = &pool}, [&] {
                                                      spawnDaemon([] {});
                                                      gate.open();
                                                  }).janitorResult;
                             QCOMPARE(inner.completedCount(), 1);
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 1);
}

void tst_ContractThreads::aClientIsUsedOnManyThreads()
{
    std::atomic<int> ran{0};
    const Report report = tryEnter([&] {
                              std::vector<std::thread> threads;
                              for (int i = 0; i < 4; ++i) {
                                  threads.emplace_back([&, client = Client::current()]() mutable {
                                      for (int j = 0; j < 500; ++j) {
                                          client.spawnDaemon([&] { ++ran; });
                                          client.spawnCleanupJob(u"cleanup"_s, [&] { ++ran; });
                                      }
                                  });
                              }
                              for (std::thread &thread : threads)
                                  thread.join();
                          }).janitorResult;
    QCOMPARE(ran.load(), 4000);
    QCOMPARE(report.completedCount(), 4000);
}

void tst_ContractThreads::acceptedMeansRunWhileTheJanitorCloses()
{
    for (int round = 0; round < 300; ++round) {
        const auto ran = std::make_shared<std::atomic<int>>(0);
        int accepted = 0;
        std::thread spawner;
        const Report report =
            tryEnter([&] {
                const Gate started;
                spawner = std::thread([&, started, client = Client::current()]() mutable {
                    started.open();
                    while (client.trySpawnDaemon([ran] { ++*ran; }) == SpawnError::NoError) {
                        if (++accepted == 2000)
                            break;
                    }
                });
                started.wait();
            }).janitorResult;
        const int ranInTime = *ran;
        spawner.join();
        QCOMPARE(ranInTime, accepted);
        QCOMPARE(report.completedCount(), accepted);
        QCOMPARE(ran->load(), accepted);
    }
}

void tst_ContractThreads::eachFutureIsAFutureOfItsOwn()
{
    QFuture<Report> first, second;
    enter([&] {
        first = Client::current().future();
        second = Client::current().future();
        QVERIFY(!first.isFinished());
        first.cancel();
        QVERIFY(!second.isCanceled());
        spawnDaemon([] {});
    });
    second.waitForFinished();
    QVERIFY(!second.isCanceled());
    QCOMPARE(second.result().completedCount(), 1);
}

void tst_ContractThreads::aFutureTellsHowTheJanitorEnded()
{
    QFuture<Report> future;
    const Report report = tryEnter({.name = "import"}, [&] {
                              future = Client::current().future();
                              spawnDaemon(u"broken"_s, [] { return Error(u"no disk"_s); });
                          }).janitorResult;
    future.waitForFinished();
    QCOMPARE(future.resultCount(), 1);
    QCOMPARE(namesOf(future.result().errors()), QStringList(u"broken"_s));
    QCOMPARE(future.result().toString(), report.toString());
}

void tst_ContractThreads::aFutureAskedForLateIsFinished()
{
    const Client client = enter([] {
        spawnDaemon([] {});
        return Client::current();
    });
    const QFuture<Report> future = client.future();
    QVERIFY(future.isFinished());
    QCOMPARE(future.result().completedCount(), 1);
}

void tst_ContractThreads::futuresOfNoJanitorAreCancelled()
{
    QVERIFY(Client().future().isCanceled());
    QVERIFY(Client().future().isFinished());
}

void tst_ContractThreads::aContinuationOfOneFutureDoesNotDisturbTheOthers()
{
    const Log log;
    const Gate gate;
    QFuture<void> continued;
    QFuture<Report> plain;
    {
        QFuture<Report> dropped;
        enter([&] {
            spawnDaemon([gate] { gate.wait(); });
            dropped = Client::current().future();
            plain = Client::current().future();
            continued = Client::current().future().then([log](const Report &report) {
                log.add(u"continued after %1"_s.arg(report.completedCount()));
            });
            (void)dropped.then([](const Report &) {}).then([] {});
            gate.open();
        });
    }
    continued.waitForFinished();
    plain.waitForFinished();
    QVERIFY(!continued.isCanceled());
    QCOMPARE(plain.result().completedCount(), 1);
    QCOMPARE(log.events(), QStringList(u"continued after 1"_s));
}

void tst_ContractThreads::futuresOfManyThreadsFinish()
{
    std::mutex mutex;
    std::vector<QFuture<Report>> futures;
    const Gate started;
    std::thread asker;
    enter([&] {
        asker = std::thread([&, client = Client::current()] {
            for (int i = 0; i < 500; ++i) {
                const std::lock_guard lock(mutex);
                futures.push_back(client.future());
                started.open();
            }
        });
        started.wait(); // the rest races with the closing
    });
    asker.join();
    for (QFuture<Report> &future : futures) {
        future.waitForFinished();
        QVERIFY(!future.isCanceled());
    }
}

QTEST_GUILESS_MAIN(tst_ContractThreads)

#include "tst_contract_threads.moc"
