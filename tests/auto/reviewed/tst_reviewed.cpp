// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Defects that reviewers have found in the library, and that have been mended: one test each.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qelapsedtimer.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_Reviewed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aStopOutsideCancelsFuturesAndPromisesInside();
    void aFutureForSeveralJanitorsFinishesOnce_data();
    void aFutureForSeveralJanitorsFinishesOnce();
    void aCleanupJobGetsAThreadOnceServicesHaveTakenAll();
    void aPoolMayGoOnceItsJanitorHasClosed();
    void aSlotMayTurnTheEventLoop_data();
    void aSlotMayTurnTheEventLoop();
    void aSlotThatTurnsTheEventLoopTakesNoWakeUp();
    void poolsThatWaitForEachOtherGoOn();
    void aStopReachesJobsThatWereHandedOn();
    void aTimeoutCancelsFuturesInside();
    void progressOfHandedOnJobsExtendsTheTimeout();
};

/// Without an application, a future that was handed on was looked after by nobody: its taker waited
/// on.
static bool handedOnFuturesEndWithoutAnApplication()
{
    QPromise<void> promise;
    promise.start();
    const Gate handedOn;
    std::thread finisher([&] {
        handedOn.wait();
        promise.finish();
    });
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
                              (void)tryEnter([&] {
                                  spawnDaemon(promise.future());
                                  spawnDaemon([] { return Error(u"broken"_s); });
                                  blockUntil([] { return isStopRequested(); });
                              });
                              handedOn.open();
                          }).janitorResult;
    finisher.join();
    return report.canceledCount() + report.completedCount() == 1;
}

void tst_Reviewed::aStopOutsideCancelsFuturesAndPromisesInside()
{
    QPromise<void> promise;
    promise.start();
    const Gate running;
    const Log log;
    enter([&] {
        const Client outer = Client::current();
        spawnDaemon([=] {
            running.wait();
            outer.requestStop();
        });
        enter([&] {
            spawnDaemon(promise.future());
            spawnDaemon([=](QPromise<void> &inside) {
                running.open();
                blockUntil([&] { return inside.isCanceled(); });
                log.add(u"promise"_s);
            });
            pumpUntil([&] { return promise.isCanceled(); });
            log.add(u"future"_s);
            promise.finish();
        });
    });
    QCOMPARE(log.sorted(), QStringList({u"future"_s, u"promise"_s}));
}

void tst_Reviewed::aFutureForSeveralJanitorsFinishesOnce_data()
{
    QTest::addColumn<bool>("stop");
    QTest::newRow("stop") << true;
    QTest::newRow("draining") << false;
}

void tst_Reviewed::aFutureForSeveralJanitorsFinishesOnce()
{
    QFETCH(const bool, stop);
    auto count = std::make_shared<std::atomic<int>>(0);
    const Gate chained, both;
    enter([=] {
        const Client outer = Client::current();
        spawnDaemon([=] { // a janitor in a daemon: that of the daemon counts, too
            enter([=] {
                const Client inner = Client::current();
                spawnDaemon([=] {
                    (stop ? whenStopRequested() : whenDraining()).then([=] { ++*count; });
                    chained.open();
                    both.wait();
                });
                chained.wait();
                if (stop) {
                    inner.requestStop();
                    outer.requestStop();
                }
            });
        });
        chained.wait();
        both.open();
    });
    blockUntil([&] { return *count > 0; });
    enter([] { spawnDaemon([] {}); }); // the agent has had its turn
    QCOMPARE(count->load(), 1);
}

void tst_Reviewed::aCleanupJobGetsAThreadOnceServicesHaveTakenAll()
{
    // The pump of an earlier cleanup job was still counted when the services had every thread.
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    for (int round = 0; round < 200; ++round) {
        enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &pool}, [] {
            const Gate cleaned;
            spawnCleanupJob([] {});
            spawnDaemon([cleaned] { cleaned.wait(); });
            spawnCleanupJob([cleaned] { cleaned.open(); });
        });
    }
}

void tst_Reviewed::aPoolMayGoOnceItsJanitorHasClosed()
{
    Client client;
    const Log log;
    enter([&] {
        const Gate go;
        {
            QThreadPool pool;
            enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &pool}, [&] {
                client = Client::current();
                spawnDaemon([] {});
            });
        }
        const AmbientGuard inTheClosedOne(client);
        enter([&] { // asks the closed one around it for a thread of its pool no more
            spawnCleanupJob([log] { log.add(u"cleaned"_s); });
        });
    });
    QCOMPARE(log.events(), QStringList(u"cleaned"_s));
}

void tst_Reviewed::aSlotMayTurnTheEventLoop_data()
{
    QTest::addColumn<bool>("supervisor");
    QTest::newRow("of a supervisor") << true;
    QTest::newRow("of a status") << false;
}

void tst_Reviewed::aSlotMayTurnTheEventLoop()
{
    QFETCH(const bool, supervisor);
    Supervisor owner(Options{.failurePolicy = FailurePolicy::KeepGoing});
    const Status status(owner.client());
    QStringList begun, ended;
    const auto slot = [&](const Error &error) {
        begun.append(error.jobName());
        QCoreApplication::processEvents();
        ended.append(error.jobName());
    };
    if (supervisor)
        connect(&owner, &Supervisor::jobFailed, this, slot);
    else
        connect(&status, &Status::jobFailed, this, slot);
    const Gate next;
    owner.client().spawnDaemon(u"first"_s, [next] {
        const auto opened = qScopeGuard([next] { next.open(); });
        return Error(u"broken"_s);
    });
    owner.client().spawnDaemon(u"second"_s, [next] {
        next.wait();
        return Error(u"broken"_s);
    });
    const QFuture<Report> report = owner.terminate();
    pumpUntil([&] { return report.isFinished() && ended.size() == 2; });
    const QStringList inOrder = namesOf(report.result().errors());
    QCOMPARE(begun, inOrder); // none comes before an older one, and none twice
}

void tst_Reviewed::aSlotThatTurnsTheEventLoopTakesNoWakeUp()
{
    // The wake-up for the last job came while a slot turned the loop, and was lost with it.
    for (int round = 0; round < 100; ++round) {
        enter([] {
            const Gate turning;
            spawnDaemon([turning] { turning.wait(); });
            QTimer::singleShot(0, qApp, [turning] {
                turning.open();
                for (int i = 0; i < 20; ++i)
                    QCoreApplication::processEvents();
            });
        });
    }
}

void tst_Reviewed::poolsThatWaitForEachOtherGoOn()
{
    // A job on each of two one-thread pools opens a janitor on the other one.
    QThreadPool first, second;
    first.setMaxThreadCount(1);
    second.setMaxThreadCount(1);
    for (int round = 0; round < 50; ++round) {
        std::atomic<int> runs{0};
        enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &first}, [&] {
            spawnDaemon([&] {
                enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &second}, [&] {
                    spawnDaemon([&] {
                        enter({.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &first},
                              [&] { spawnDaemon([&] { ++runs; }); });
                    });
                });
            });
        });
        QCOMPARE(runs.load(), 1);
    }
}

void tst_Reviewed::aStopReachesJobsThatWereHandedOn()
{
    const LogLines logLines;
    QPromise<void> promise;
    promise.start();
    const Gate running;
    const Log log;
    enter([&] {
        {
            Supervisor owner;
            owner.client().spawnDaemon(promise.future());
            owner.client().spawnDaemon([=](QPromise<void> &inside) {
                running.open();
                blockUntil([&] { return inside.isCanceled(); });
                log.add(u"promise"_s);
            });
            running.wait();
        } // hands both on, and asks nobody to stop
        QVERIFY(!promise.isCanceled());
        Client::current().requestStop();
        pumpUntil([&] { return promise.isCanceled(); });
        promise.finish();
    });
    QCOMPARE(log.events(), QStringList(u"promise"_s));
}

void tst_Reviewed::aTimeoutCancelsFuturesInside()
{
    QPromise<void> promise;
    promise.start();
    const Gate ended;
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(10)}, [&] {
                              spawnDaemon([=, future = promise.future()] {
                                  (void)tryEnter([&] { spawnDaemon(future); });
                                  ended.open();
                              });
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    blockUntil([&] { return promise.isCanceled(); });
    promise.finish();
    ended.wait();
}

void tst_Reviewed::progressOfHandedOnJobsExtendsTheTimeout()
{
    using namespace std::chrono_literals;
    const LogLines logLines;
    const Options patient{.drainTimeout = 1s, .drainTimeoutLimit = 10min};
    const Report report = tryEnter(patient, [] {
                              Supervisor owner;
                              owner.client().spawnDaemon([](QPromise<void> &promise) {
                                  QElapsedTimer timer;
                                  timer.start();
                                  promise.setProgressRange(0, 1'000'000'000);
                                  for (int i = 1; timer.elapsed() < 1200; ++i) {
                                      promise.setProgressValue(i);
                                      std::this_thread::yield();
                                  }
                              });
                          }).janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
}

int main(int argc, char *argv[])
{
    if (!handedOnFuturesEndWithoutAnApplication())
        qFatal("a future that was handed on did not end without an application");
    QCoreApplication application(argc, argv);
    tst_Reviewed test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_reviewed.moc"
