// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What adopting a future does to the future and to those who use it, and what becomes of an adopted
// future when its janitor is asked to stop, fails, gives up or has gone.

#include "../../support/finishedfuture.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qfuturewatcher.h>
#include <QtCore/qhash.h>
#include <QtCore/qpromise.h>
#include <QtCore/qset.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <memory>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_Adoption : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theUsersContinuationRuns_data();
    void theUsersContinuationRuns();
    void theUsersFailureHandlerRuns_data();
    void theUsersFailureHandlerRuns();
    void theUsersWatcherSeesAllOfIt();
    void theJanitorWaitsForTheParentNotForTheContinuation();
    void aRefusedFutureIsLeftAlone_data();
    void aRefusedFutureIsLeftAlone();
    void aClosedDoorPassesACleanupFutureOn();
    void aRequestToStopCancelsDaemonsOnly();
    void aFutureAdoptedAfterTheRequestIsCancelled();
    void aCallablesFutureAfterTheRequestIsCancelled();
    void aFinishedFutureAdoptedAfterTheRequestKeepsItsResult();
    void aFutureFinishedBeforeTheRequestKeepsItsEnd();
    void aFailureUnderCancelAndWaitCancelsDaemonsOnly();
    void keepGoingCancelsNothing();
    void failFastHandsFuturesOn();
    void aJanitorThatDoesNotWaitNamesItsFutures();
    void whatIsKnownOfFuturesIsKnownOfEach_data();
    void whatIsKnownOfFuturesIsKnownOfEach();
    void finishedFuturesDoNotPileUpWhileOthersCome_data();
    void finishedFuturesDoNotPileUpWhileOthersCome();
    void ofManyFuturesEachEndCounts();
    void aFailureIsSeenWhileOthersCome();
    void futuresThatHaveFinishedAreNotLeftUnfinished_data();
    void futuresThatHaveFinishedAreNotLeftUnfinished();
    void futuresHandedOnThatHaveFinishedAreNotLeftUnfinished();
    void aResultMaySpawnInItsDestructor_data();
    void aResultMaySpawnInItsDestructor();
    void aCaptureMaySpawnInItsDestructor_data();
    void aCaptureMaySpawnInItsDestructor();
    void aFutureMayOutliveItsJanitor();
    void progressOfAFutureIsShown();
};

static void addMoments()
{
    QTest::addColumn<bool>("attachFirst");
    QTest::newRow("attached before adoption") << true;
    QTest::newRow("attached after adoption") << false;
}

/// Calls \a first before \a second, or the other way round.
template<class A, class B>
static void inOrder(bool firstFirst, A first, B second)
{
    if (firstFirst)
        first();
    second();
    if (!firstFirst)
        first();
}

/// Calls \a function when the event loop of the main thread turns, in a drain for example.
template<class F>
static void later(F function)
{
    QMetaObject::invokeMethod(qApp, function, Qt::QueuedConnection);
}

void tst_Adoption::theUsersContinuationRuns_data()
{
    addMoments();
}

void tst_Adoption::theUsersContinuationRuns()
{
    QFETCH(const bool, attachFirst);
    QPromise<int> promise;
    promise.start();
    QFuture<QString> continued;
    const Report report =
        tryEnter([&] {
            QFuture<int> future = promise.future();
            inOrder(
                attachFirst,
                [&] { continued = future.then([](int value) { return QString::number(value); }); },
                [&] { spawnDaemon(future); });
            later([&] {
                promise.addResult(42);
                promise.finish();
            });
        }).janitorResult;
    QVERIFY(report.ok());
    QVERIFY(continued.isFinished());
    QCOMPARE(continued.result(), u"42"_s);
    QCOMPARE(promise.future().result(), 42);
}

void tst_Adoption::theUsersFailureHandlerRuns_data()
{
    addMoments();
}

void tst_Adoption::theUsersFailureHandlerRuns()
{
    QFETCH(const bool, attachFirst);
    QPromise<int> promise;
    promise.start();
    QFuture<int> handled;
    const Report report =
        tryEnter([&] {
            QFuture<int> future = promise.future();
            inOrder(
                attachFirst, [&] { handled = future.onFailed([](int thrown) { return -thrown; }); },
                [&] { spawnDaemon(future); });
            later([&] {
                promise.setException(std::make_exception_ptr(42));
                promise.finish();
            });
        }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::JobThrew);
    QCOMPARE(handled.result(), -42);
}

void tst_Adoption::theUsersWatcherSeesAllOfIt()
{
    const Log log;
    QPromise<int> promise;
    QFutureWatcher<int> watcher;
    connect(&watcher, &QFutureWatcher<int>::started, this, [=] { log.add(u"started"_s); });
    connect(&watcher, &QFutureWatcher<int>::resultReadyAt, this,
            [=](int index) { log.add(u"result "_s + QString::number(index)); });
    connect(&watcher, &QFutureWatcher<int>::canceled, this, [=] { log.add(u"canceled"_s); });
    connect(&watcher, &QFutureWatcher<int>::finished, this, [=] { log.add(u"finished"_s); });
    watcher.setFuture(promise.future());
    enter([&] {
        spawnDaemon(promise.future());
        later([&] {
            promise.start();
            promise.addResult(1);
            promise.addResult(2);
            promise.finish();
        });
    });
    pumpUntil([=] { return log.events().contains(u"finished"_s); });
    QCOMPARE(log.events(),
             QStringList({u"started"_s, u"result 0"_s, u"result 1"_s, u"finished"_s}));
    QCOMPARE(watcher.future().results(), QList<int>({1, 2}));
}

void tst_Adoption::theJanitorWaitsForTheParentNotForTheContinuation()
{
    // Whoever wants the continuation awaited spawns the future that then() returns.
    const Log log;
    QPromise<void> promise;
    promise.start();
    enter([&] {
        spawnDaemon(promise.future().then([=] { log.add(u"continued"_s); }));
        later([&] {
            log.add(u"finished"_s);
            promise.finish();
        });
    });
    log.add(u"left"_s);
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"continued"_s, u"left"_s}));
}

void tst_Adoption::aRefusedFutureIsLeftAlone_data()
{
    QTest::addColumn<bool>("closed");
    QTest::addColumn<SpawnError>("refusal");
    QTest::newRow("no janitor") << false << SpawnError::NoActiveJanitor;
    QTest::newRow("a closed janitor") << true << SpawnError::ActiveJanitorTerminating;
}

void tst_Adoption::aRefusedFutureIsLeftAlone()
{
    QFETCH(const bool, closed);
    QFETCH(const SpawnError, refusal);
    const Client client = closed ? enter([] { return Client::current(); }) : Client();
    client.requestStop();
    const AmbientGuard guard(client);
    QPromise<int> promise;
    promise.start();
    QFuture<int> future = promise.future();
    QCOMPARE(trySpawnDaemon(future), refusal);
    QCOMPARE(trySpawnCleanupJob(future), refusal);
    QCOMPARE(trySpawnDaemon(std::move(future)), refusal);
    QVERIFY_THROWS_EXCEPTION(SpawnException, spawnDaemon(future));
    QVERIFY(future.isRunning()); // neither moved from nor cancelled
    QVERIFY(!future.isCanceled());
    promise.addResult(42);
    promise.finish();
    QCOMPARE(future.result(), 42);
}

void tst_Adoption::aClosedDoorPassesACleanupFutureOn()
{
    QPromise<int> promise;
    promise.start();
    const Log log;
    const Report report = tryEnter([&] {
                              const Client closed = enter([] { return Client::current(); });
                              closed.spawnCleanupJob(promise.future());
                              later([&] {
                                  log.add(u"finished"_s);
                                  promise.finish();
                              });
                          }).janitorResult;
    log.add(u"left"_s);
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"left"_s}));
}

void tst_Adoption::aRequestToStopCancelsDaemonsOnly()
{
    QPromise<void> daemon, returned, cleanup;
    for (auto *promise : {&daemon, &returned, &cleanup})
        promise->start();
    const Gate hasReturned;
    const Report report =
        tryEnter([&] {
            spawnDaemon(daemon.future());
            spawnDaemon([future = returned.future()] { return future; });
            spawnCleanupJob(cleanup.future());
            Client::current().requestStop();
            later([&] {
                pumpUntil([&] { return daemon.isCanceled() && returned.isCanceled(); });
                for (auto *promise : {&daemon, &returned, &cleanup})
                    promise->finish();
            });
        }).janitorResult;
    QVERIFY(!cleanup.isCanceled());
    QVERIFY(report.ok());
    QCOMPARE(report.canceledCount(), 2);
    QCOMPARE(report.completedCount(), 1);
}

void tst_Adoption::aFutureAdoptedAfterTheRequestIsCancelled()
{
    QPromise<void> daemon, cleanup;
    daemon.start();
    cleanup.start();
    const Report report = tryEnter([&] {
                              Client::current().requestStop();
                              spawnDaemon(daemon.future());
                              spawnCleanupJob(cleanup.future());
                              QVERIFY(daemon.isCanceled());
                              QVERIFY(!cleanup.isCanceled());
                              later([&] {
                                  daemon.finish();
                                  cleanup.finish();
                              });
                          }).janitorResult;
    QCOMPARE(report.canceledCount(), 1);
    QCOMPARE(report.completedCount(), 1);
}

void tst_Adoption::aCallablesFutureAfterTheRequestIsCancelled()
{
    QPromise<void> promise;
    promise.start();
    const Report report = tryEnter([&] {
                              Client::current().requestStop();
                              spawnDaemon([future = promise.future()] { return future; });
                              blockUntil([&] { return promise.isCanceled(); });
                              promise.finish();
                          }).janitorResult;
    QCOMPARE(report.canceledCount(), 1);
    QVERIFY(report.ok());
}

void tst_Adoption::aFinishedFutureAdoptedAfterTheRequestKeepsItsResult()
{
    QPromise<int> promise;
    promise.start();
    promise.addResult(42);
    promise.finish();
    const Report report = tryEnter([&] {
                              Client::current().requestStop();
                              spawnDaemon(promise.future());
                          }).janitorResult;
    QVERIFY(!promise.future().isCanceled()); // there was nothing left to cancel
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(report.canceledCount(), 0);
}

void tst_Adoption::aFutureFinishedBeforeTheRequestKeepsItsEnd()
{
    for (int round = 0; round < 200; ++round) {
        QPromise<Error> failing;
        QPromise<int> succeeding;
        failing.start();
        succeeding.start();
        const Options keepGoing{.failurePolicy = FailurePolicy::KeepGoing};
        const Report report = tryEnter(keepGoing, [&] {
                                  spawnDaemon(failing.future());
                                  spawnDaemon(succeeding.future());
                                  failing.addResult(Error(u"no disk"_s));
                                  failing.finish();
                                  succeeding.addResult(42);
                                  succeeding.finish();
                                  Client::current().requestStop();
                              }).janitorResult;
        // Both had ended before anything was asked to stop: the agent may just not have heard yet.
        QCOMPARE(report.errorCount(), 1);
        QCOMPARE(report.completedCount(), 1);
        QVERIFY(!succeeding.future().isCanceled());
    }
}

void tst_Adoption::aFailureUnderCancelAndWaitCancelsDaemonsOnly()
{
    QPromise<void> daemon, cleanup;
    daemon.start();
    cleanup.start();
    const Report report = tryEnter({.failurePolicy = FailurePolicy::CancelAndWait}, [&] {
                              spawnDaemon(daemon.future());
                              spawnCleanupJob(cleanup.future());
                              spawnDaemon(u"broken"_s, [] { return Error(u"no disk"_s); });
                              blockUntil([&] { return daemon.isCanceled(); });
                              later([&] {
                                  daemon.finish();
                                  cleanup.finish();
                              });
                          }).janitorResult;
    QVERIFY(!cleanup.isCanceled());
    QCOMPARE(namesOf(report.errors()), QStringList(u"broken"_s));
    QCOMPARE(report.canceledCount(), 1);
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(report.unfinished().isEmpty());
}

void tst_Adoption::keepGoingCancelsNothing()
{
    QPromise<void> daemon;
    daemon.start();
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
                              spawnDaemon(daemon.future());
                              spawnCleanupJob([] { throw 42; });
                              later([&] { daemon.finish(); });
                          }).janitorResult;
    QVERIFY(!daemon.isCanceled());
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 1);
}

void tst_Adoption::failFastHandsFuturesOn()
{
    const LogLines logLines;
    QPromise<Error> daemon, cleanup;
    daemon.start();
    cleanup.start();
    const Report outer =
        tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
            const Report inner = tryEnter([&] {
                                     spawnDaemon(u"daemon"_s, daemon.future());
                                     spawnCleanupJob(u"cleanup"_s, cleanup.future());
                                     spawnDaemon([] { throw 42; });
                                     blockUntil([&] { return daemon.isCanceled(); });
                                 }).janitorResult;
            QCOMPARE(namesOf(inner.unfinished()), QStringList({u"cleanup"_s, u"daemon"_s}));
            QVERIFY(!cleanup.isCanceled());
            later([&] {
                daemon.finish();
                cleanup.addResult(Error(u"no disk"_s));
                cleanup.finish();
            });
        }).janitorResult;
    QVERIFY(cleanup.future().isFinished());
    QCOMPARE(outer.canceledCount(), 1);
    QCOMPARE(namesOf(outer.errors()), QStringList(u"cleanup"_s));
}

void tst_Adoption::aJanitorThatDoesNotWaitNamesItsFutures()
{
    QPromise<void> started, unstarted;
    started.start();
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [&] {
                              spawnDaemon(u"started"_s, started.future());
                              spawnCleanupJob(u"unstarted"_s, unstarted.future());
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList({u"started"_s, u"unstarted"_s}));
    for (const JobInfo &job : report.unfinished()) {
        QVERIFY(job.spawnSite.startsWith(u"tst_adoption.cpp:"_s));
        QCOMPARE(job.kind, job.name == u"started"_s ? JobKind::Daemon : JobKind::CleanupJob);
    }
    QVERIFY(!unstarted.isCanceled());
}

using Place = void (*)(const QFuture<void> &future);
Q_DECLARE_METATYPE(std::vector<Place>)

void tst_Adoption::whatIsKnownOfFuturesIsKnownOfEach_data()
{
    // A line each.
    const std::vector<Place> places = {
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnCleanupJob(future); },
        [](const QFuture<void> &future) { spawnDaemon(u"named"_s, future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
        [](const QFuture<void> &future) { spawnDaemon(future); },
    };
    const auto first = [&](int count) {
        return std::vector<Place>(places.begin(), places.begin() + count);
    };
    QTest::addColumn<std::vector<Place>>("places");
    QTest::newRow("one place") << first(1);
    QTest::newRow("two places") << first(2);
    QTest::newRow("two kinds") << first(3);
    QTest::newRow("named ones between others") << first(4);
    QTest::newRow("many places") << places;
}

void tst_Adoption::whatIsKnownOfFuturesIsKnownOfEach()
{
    QFETCH(const std::vector<Place>, places);
    // More than the agent watches.
    std::vector<QPromise<void>> promises(400);
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [&] {
                              for (std::size_t i = 0; i < promises.size(); ++i) {
                                  promises[i].start();
                                  promises[i].setProgressRange(0, 1);
                                  promises[i].setProgressValueAndText(1, QString::number(i));
                                  places[i % places.size()](promises[i].future());
                              }
                          }).janitorResult;
    QCOMPARE(std::size_t(report.unfinished().size()), promises.size());
    QHash<QString, std::size_t> placeOfSite;
    QSet<QString> texts;
    for (const JobInfo &job : report.unfinished()) {
        const std::size_t place = job.progressText.toULong() % places.size();
        texts.insert(job.progressText);
        QCOMPARE(placeOfSite.value(job.spawnSite, place), place);
        placeOfSite.insert(job.spawnSite, place);
        QCOMPARE(job.kind, place == 2 ? JobKind::CleanupJob : JobKind::Daemon);
        QCOMPARE(job.name, place == 3 ? u"named"_s : QString());
    }
    QCOMPARE(std::size_t(texts.size()), promises.size());
    QCOMPARE(std::size_t(placeOfSite.size()), places.size());
    for (QPromise<void> &promise : promises)
        promise.finish();
}

void tst_Adoption::finishedFuturesDoNotPileUpWhileOthersCome_data()
{
    const Place named = [](const QFuture<void> &future) { spawnDaemon(u"named"_s, future); };
    const Place unnamed = [](const QFuture<void> &future) { spawnDaemon(future); };
    QTest::addColumn<std::vector<Place>>("places");
    QTest::addColumn<std::size_t>("blocked");
    QTest::addColumn<int>("most");
    QTest::newRow("one place") << std::vector{unnamed} << std::size_t(0) << 600;
    QTest::newRow("named ones") << std::vector{named} << std::size_t(0) << 600;
    QTest::newRow("two places") << std::vector{named, unnamed} << std::size_t(0) << 600;
    QTest::newRow("behind some that are blocked")
        << std::vector{unnamed} << std::size_t(300) << 5'000;
}

void tst_Adoption::finishedFuturesDoNotPileUpWhileOthersCome()
{
    QFETCH(const std::vector<Place>, places);
    QFETCH(const std::size_t, blocked);
    QFETCH(const int, most);
    constexpr int many = 20'000;
    std::vector<QPromise<void>> promises(blocked);
    qsizetype mostPending = 0;
    const Report report = tryEnter([&] {
                              for (QPromise<void> &promise : promises) {
                                  promise.start();
                                  spawnDaemon(promise.future());
                              }
                              for (int i = 0; i < many; ++i) {
                                  if (i % 1'000 == 0)
                                      mostPending =
                                          std::max(mostPending, Client::current().jobs().size());
                                  places[std::size_t(i) % places.size()](finishedFuture());
                              }
                              for (QPromise<void> &promise : promises)
                                  promise.finish();
                          }).janitorResult;
    QCOMPARE_LE(mostPending, most);
    QCOMPARE(report.completedCount(), many + int(blocked));
    QCOMPARE(report.errorCount(), 0);
}

void tst_Adoption::ofManyFuturesEachEndCounts()
{
    constexpr int many = 10'000; // of each sort
    const QFuture<void> succeeded = finishedFuture();
    const QFuture<void> failed = QtFuture::makeExceptionalFuture(std::make_exception_ptr(1));
    const QFuture<Error> failedByValue = finishedFuture(Error(u"no disk"_s));
    QFuture<void> canceled(succeeded);
    {
        QPromise<void> promise;
        promise.start();
        canceled = promise.future();
        canceled.cancel();
        promise.finish();
    }
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
                              for (int i = 0; i < many; ++i) {
                                  spawnDaemon(succeeded);
                                  spawnDaemon(failed);
                                  spawnDaemon(failedByValue);
                                  spawnDaemon(canceled);
                                  spawnCleanupJob(succeeded);
                                  spawnCleanupJob(failedByValue);
                              }
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 2 * many);
    QCOMPARE(report.errorCount(), 4 * many);
    QCOMPARE(report.canceledCount(), 0); // nobody has requested that
}

void tst_Adoption::aFailureIsSeenWhileOthersCome()
{
    const Report report =
        tryEnter([] {
            spawnDaemon(QtFuture::makeExceptionalFuture(std::make_exception_ptr(1)));
            blockUntil([] {
                for (int i = 0; i < 1'000; ++i)
                    (void)trySpawnDaemon(finishedFuture());
                return isStopRequested();
            });
        }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
}

void tst_Adoption::futuresThatHaveFinishedAreNotLeftUnfinished_data()
{
    QTest::addColumn<bool>("fails");
    QTest::newRow("by a failure under FailFast") << true;
    QTest::newRow("by a drain timeout of 0") << false;
}

void tst_Adoption::futuresThatHaveFinishedAreNotLeftUnfinished()
{
    QFETCH(const bool, fails);
    constexpr int many = 20'000; // more than are settled at once
    std::vector<QPromise<void>> promises(many);
    Options options;
    if (!fails)
        options.drainTimeout = std::chrono::milliseconds(0);
    const Report report =
        tryEnter(options, [&] {
            for (QPromise<void> &promise : promises) {
                promise.start();
                spawnDaemon(promise.future());
            }
            for (QPromise<void> &promise : promises)
                promise.finish();
            if (!fails)
                return;
            spawnDaemon(QtFuture::makeExceptionalFuture(std::make_exception_ptr(1)));
            blockUntil([] { return isStopRequested(); });
        }).janitorResult;
    QCOMPARE(report.unfinished().size(), 0);
    QCOMPARE(report.completedCount(), many);
    QCOMPARE(report.errorCount(), fails ? 1 : 0);
}

void tst_Adoption::futuresHandedOnThatHaveFinishedAreNotLeftUnfinished()
{
    std::vector<QPromise<void>> promises(2'000);
    const Report report =
        tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [&] {
            (void)tryEnter([&] {
                for (QPromise<void> &promise : promises) {
                    promise.start();
                    spawnCleanupJob(promise.future());
                }
                spawnDaemon(QtFuture::makeExceptionalFuture(std::make_exception_ptr(1)));
            });
            for (QPromise<void> &promise : promises)
                promise.finish();
        }).janitorResult;
    QCOMPARE(report.unfinished().size(), 0);
    QCOMPARE(report.errorCount(), 0);
}

namespace {

/// A result that cleans up behind itself.
struct Session
{
    explicit Session(const Log &log_)
        : log(log_)
    {}
    Session(Session &&) = default;
    ~Session()
    {
        if (isOpen)
            spawnCleanupJob([log = log] { log.add(u"closed"_s); });
    }
    Log log;
    std::unique_ptr<int> isOpen = std::make_unique<int>(1); ///< Null in what was moved from.
};

} // namespace

void tst_Adoption::aResultMaySpawnInItsDestructor_data()
{
    QTest::addColumn<bool>("temporary");
    QTest::newRow("of a temporary: its last owner went under the lock") << true;
    QTest::newRow("of a future that is kept") << false;
}

void tst_Adoption::aResultMaySpawnInItsDestructor()
{
    QFETCH(const bool, temporary);
    const Log log;
    const auto open = [&] {
        QPromise<Session> promise;
        promise.start();
        promise.addResult(Session(log));
        promise.finish();
        return promise.future();
    };
    enter([&] {
        if (temporary)
            return spawnDaemon(open());
        const QFuture<Session> kept = open();
        spawnDaemon(kept);
    });
    QCOMPARE(log.events(), QStringList({u"closed"_s}));
}

void tst_Adoption::aCaptureMaySpawnInItsDestructor_data()
{
    QTest::addColumn<int>("others");
    QTest::newRow("while others come") << 1'000;
    QTest::newRow("while the janitor drains") << 0;
}

void tst_Adoption::aCaptureMaySpawnInItsDestructor()
{
    QFETCH(const int, others);
    const Log log;
    enter([&] {
        const auto open = [&] {
            QPromise<void> promise;
            promise.start();
            // Constant, so that it cannot be moved out and goes with the future.
            const auto session = std::make_shared<Session>(log);
            (void)promise.future().then([session] {});
            promise.finish();
            return promise.future();
        };
        spawnDaemon(open());
        for (int i = 0; i < others; ++i)
            spawnDaemon(finishedFuture());
    });
    QCOMPARE(log.events(), QStringList({u"closed"_s}));
}

void tst_Adoption::aFutureMayOutliveItsJanitor()
{
    const LogLines logLines;
    QPromise<Error> promise;
    promise.start();
    (void)tryEnter({.drainTimeout = std::chrono::milliseconds(0)},
                   [&] { spawnCleanupJob(u"late"_s, promise.future()); });
    promise.addResult(Error(u"no disk"_s));
    promise.finish();
    pumpUntil([] { return LogLines::count(u"no disk"_s) > 0; });
    QCOMPARE(LogLines::count(u"late"_s), 1);
}

void tst_Adoption::progressOfAFutureIsShown()
{
    QPromise<int> promise;
    promise.start();
    promise.setProgressRange(0, 4);
    promise.setProgressValueAndText(3, u"three of four"_s);
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [&] {
                              spawnCleanupJob(promise.future());
                          }).janitorResult;
    QCOMPARE(report.unfinished().size(), 1);
    QCOMPARE(report.unfinished().at(0).progress, 0.75);
    QCOMPARE(report.unfinished().at(0).progressText, u"three of four"_s);
    QCOMPARE(report.unfinished().at(0).state, JobState::Running);
    promise.finish();
}

QTEST_GUILESS_MAIN(tst_Adoption)

#include "tst_adoption.moc"
