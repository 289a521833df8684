// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Jobs that are futures, and callables that return one: how each of them ends.

#include "../../support/finishedfuture.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qexception.h>
#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

using Spawn = std::function<void()>; // spawns one job
Q_DECLARE_METATYPE(Spawn)

static_assert(Private::AcceptedJob<QFuture<void>>);
static_assert(Private::AcceptedJob<QFuture<void> &>);
static_assert(Private::AcceptedJob<const QFuture<int> &>);
static_assert(Private::AcceptedJob<QFuture<std::unique_ptr<int>>>);
static_assert(Private::AcceptedJob<QFuture<int> (*)()>);
static_assert(!Private::AcceptedJob<QPromise<void>>);
static_assert(!Private::AcceptedJob<QFuture<void> (*)(int)>);
static_assert(std::same_as<decltype(trySpawnDaemon(QFuture<int>())), SpawnError>);
static_assert(noexcept(spawnCleanupJob(std::declval<QFuture<void> &>())));

namespace {

struct BadDisk : QException
{
    void raise() const override { throw *this; }
    BadDisk *clone() const override { return new BadDisk(*this); }
    const char *what() const noexcept override { return "bad disk"; }
};

/// A future that \a finish settles when the event loop turns.
template<class T, class F>
QFuture<T> later(F finish)
{
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    QMetaObject::invokeMethod(
        qApp, [promise, finish] { finish(*promise); }, Qt::QueuedConnection);
    return promise->future();
}

template<class T, class E>
QFuture<T> failedWith(E exception)
{
    return later<T>([exception](QPromise<T> &promise) {
        promise.setException(std::make_exception_ptr(exception));
        promise.finish();
    });
}

/// Rows for the future itself and for a callable that returns it, as each kind of job. \a make is
/// called on the main thread.
template<class F, class... Expected>
void addRows(const char *name, F make, const Expected &...expected)
{
    const auto row = [&](const char *form, Spawn spawn) {
        ((QTest::addRow("%s, %s", name, form) << spawn) << ... << expected);
    };
    row("daemon", [make] { spawnDaemon(u"job"_s, make()); });
    row("cleanup job", [make] { spawnCleanupJob(u"job"_s, make()); });
    row("returned by a daemon", [make] { spawnDaemon(u"job"_s, [f = make()] { return f; }); });
    row("returned by a cleanup job",
        [make] { spawnCleanupJob(u"job"_s, [f = make()] { return f; }); });
}

} // namespace

class tst_Futures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void futuresThatSucceed_data();
    void futuresThatSucceed();
    void futuresThatFail_data();
    void futuresThatFail();
    void theOriginalExceptionIsKept();
    void aCallableThatThrowsInsteadOfReturningAFuture();
    void moveOnlyResultsStayWithTheirOwner();
    void cancelledIsNotFinished_data();
    void cancelledIsNotFinished();
    void aFutureNeverStartedIsWaitedFor_data();
    void aFutureNeverStartedIsWaitedFor();
    void aFutureOfAnotherThreadsPoolIsAwaited();
    void aCallableMayReturnTheFutureOfWorkThatSpawns();
    void aFutureAdoptedInsideAJobIsAwaited();
    void theSameFutureTwiceIsTwoJobs();
    void tenThousandFutures();
    void aThousandThatPendAreAllSeen_data();
    void aThousandThatPendAreAllSeen();
    void aFailureIsSeenWhileMoreAreAdopted();
    void theEndOfOneIsCountedWhileMoreAreAdopted();
    void adoptionFromManyThreads();
    void withoutAFunctionalEventLoopFuturesAreAwaitedAsWell();
};

void tst_Futures::futuresThatSucceed_data()
{
    QTest::addColumn<Spawn>("spawn");
    using Result = Expected<int, QString>;
    addRows("finished", [] { return finishedFuture(42); });
    addRows("finished without an error", [] { return finishedFuture(Error()); });
    addRows("finished with an expected value", [] { return finishedFuture(Result::success(1)); });
    addRows("of another type", [] { return finishedFuture(std::make_shared<int>(1)); });
    addRows("finished later", [] { return later<int>([](auto &p) { p.finish(); }); });
    addRows("finished later without an error", [] {
        return later<Error>([](auto &p) {
            p.addResult(Error());
            p.finish();
        });
    });
    addRows("an Error that never came", [] { return later<Error>([](auto &p) { p.finish(); }); });
    addRows("void", [] { return later<void>([](auto &p) { p.finish(); }); });
    addRows("of QtConcurrent", [] { return QtConcurrent::run([] { return 42; }); });
    addRows("with a continuation", [] { return finishedFuture(42).then([](int i) { return i; }); });
}

void tst_Futures::futuresThatSucceed()
{
    QFETCH(const Spawn, spawn);
    const Report report = tryEnter(spawn).janitorResult;
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(report.canceledCount(), 0);
}

void tst_Futures::futuresThatFail_data()
{
    QTest::addColumn<Spawn>("spawn");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("text");
    using Result = Expected<int, QString>;
    const auto returned = Error::Kind::JobReturnedError;
    const auto threw = Error::Kind::JobThrew;
    const auto canceled = Error::Kind::JobCanceled;

    addRows(
        "error", [] { return finishedFuture(Error(u"no disk"_s)); }, returned, u"no disk"_s);
    addRows(
        "error, later",
        [] {
            return later<Error>([](auto &p) {
                p.addResult(Error(u"no disk"_s));
                p.finish();
            });
        },
        returned, u"no disk"_s);
    addRows(
        "expected of QString", [] { return finishedFuture(Result::failure(u"no disk"_s)); },
        returned, u"no disk"_s);
    addRows(
        "the second of several results",
        [] {
            return later<Error>([](auto &p) {
                p.addResult(Error());
                p.addResult(Error(u"no disk"_s));
                p.finish();
            });
        },
        returned, u"no disk"_s);
    addRows(
        "expected of what can only be moved",
        [] {
            return finishedFuture(Expected<std::unique_ptr<int>, QString>::failure(u"no disk"_s));
        },
        returned, u"no disk"_s);
    addRows(
        "expected whose error says that there is none",
        [] { return finishedFuture(Expected<int, Error>::failure(Error())); }, returned,
        u"no value"_s);
    addRows(
        "QException", [] { return failedWith<int>(BadDisk()); }, threw, u"bad disk"_s);
    addRows(
        "std::exception", [] { return failedWith<int>(std::runtime_error("no disk")); }, threw,
        u"no disk"_s);
    addRows(
        "int", [] { return failedWith<void>(42); }, threw, QString());
    addRows(
        "thrown in QtConcurrent",
        [] { return QtConcurrent::run([] { throw std::runtime_error("no disk"); }); }, threw,
        u"no disk"_s);
    addRows(
        "thrown in a continuation",
        [] { return finishedFuture(1).then([](int) { throw std::runtime_error("no disk"); }); },
        threw, u"no disk"_s);
    addRows(
        "an Error's future that threw",
        [] { return failedWith<Error>(std::runtime_error("no disk")); }, threw, u"no disk"_s);
    addRows(
        "cancelled",
        [] {
            return later<int>([](auto &p) {
                p.future().cancel();
                p.finish();
            });
        },
        canceled, QString());
    addRows(
        "cancelled long ago",
        [] {
            QFuture<int> future = finishedFuture(1);
            future.cancel();
            return future;
        },
        canceled, QString());
    addRows(
        "default-constructed", [] { return QFuture<int>(); }, canceled, QString());
    addRows(
        "dropped by its promise",
        [] {
            QPromise<int> promise;
            promise.start();
            return promise.future();
        },
        canceled, QString());
    addRows(
        "dropped by its promise, later",
        [] { return later<int>([](auto &p) { const auto dropped = std::move(p); }); }, canceled,
        QString());
    addRows(
        "dropped before it was started", [] { return QPromise<void>().future(); }, canceled,
        QString());
    addRows(
        "of Error, dropped", [] { return QPromise<Error>().future(); }, canceled, QString());
}

void tst_Futures::futuresThatFail()
{
    QFETCH(const Spawn, spawn);
    QFETCH(const Error::Kind, kind);
    QFETCH(const QString, text);
    const Report report =
        tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, spawn).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 0);
    QCOMPARE(report.error().kind(), kind);
    QVERIFY2(report.error().message().contains(text), qUtf8Printable(report.error().message()));
    QCOMPARE(report.error().jobName(), u"job"_s);
    QVERIFY(report.error().spawnSite().startsWith(u"tst_futures.cpp:"_s));
    QCOMPARE(bool(report.error().exception()), kind == Error::Kind::JobThrew);
}

void tst_Futures::theOriginalExceptionIsKept()
{
    const Report report =
        tryEnter([] {
            spawnDaemon(QtConcurrent::run([] { throw std::out_of_range("far out"); }));
        }).janitorResult;
    QVERIFY(report.error().exception());
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, std::rethrow_exception(report.error().exception()));
}

void tst_Futures::aCallableThatThrowsInsteadOfReturningAFuture()
{
    const Report report =
        tryEnter([] { spawnDaemon([]() -> QFuture<int> { throw BadDisk(); }); }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().kind(), Error::Kind::JobThrew);
}

void tst_Futures::moveOnlyResultsStayWithTheirOwner()
{
    QFuture<std::unique_ptr<int>> mine;
    const Report report = tryEnter([&] {
                              mine = later<std::unique_ptr<int>>([](auto &p) {
                                  p.addResult(std::make_unique<int>(42));
                                  p.finish();
                              });
                              spawnDaemon(mine);
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(mine.resultCount(), 1);
    QCOMPARE(*mine.takeResult(), 42);
}

static void addKinds()
{
    QTest::addColumn<JobKind>("kind");
    QTest::newRow("daemon") << JobKind::Daemon;
    QTest::newRow("cleanup job") << JobKind::CleanupJob;
}

template<class Job>
static void spawnAs(JobKind kind, const Job &job)
{
    if (kind == JobKind::Daemon)
        spawnDaemon(u"job"_s, job);
    else
        spawnCleanupJob(u"job"_s, job);
}

void tst_Futures::cancelledIsNotFinished_data()
{
    addKinds();
}

void tst_Futures::cancelledIsNotFinished()
{
    QFETCH(const JobKind, kind);
    const Log log;
    QPromise<int> promise;
    promise.start();
    const LoopAliveChecker checker; // turns in the drain
    std::thread worker;
    const Report report = tryEnter([&] {
                              spawnAs(kind, promise.future());
                              promise.future().cancel();
                              worker = std::thread([&] {
                                  checker.alive.wait();
                                  log.add(u"finished"_s);
                                  promise.finish();
                              });
                          }).janitorResult;
    log.add(u"left"_s);
    worker.join();
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"left"_s}));
    QCOMPARE(report.error().kind(), Error::Kind::JobCanceled);
}

void tst_Futures::aFutureNeverStartedIsWaitedFor_data()
{
    addKinds();
}

void tst_Futures::aFutureNeverStartedIsWaitedFor()
{
    QFETCH(const JobKind, kind);
    const Log log;
    QPromise<int> promise;
    const LoopAliveChecker checker;
    std::thread worker;
    const Report report = tryEnter([&] {
                              spawnAs(kind, promise.future());
                              worker = std::thread([&] {
                                  checker.alive.wait();
                                  promise.start();
                                  log.add(u"finished"_s);
                                  promise.finish();
                              });
                          }).janitorResult;
    log.add(u"left"_s);
    worker.join();
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"left"_s}));
    QVERIFY(report.ok());
}

void tst_Futures::aFutureOfAnotherThreadsPoolIsAwaited()
{
    QThreadPool pool;
    const Gate gate;
    const Log log;
    enter([&] {
        spawnDaemon(QtConcurrent::run(&pool, [=] {
            gate.wait();
            log.add(u"ended"_s);
        }));
        QMetaObject::invokeMethod(
            qApp, [=] { gate.open(); }, Qt::QueuedConnection);
    });
    log.add(u"left"_s);
    QCOMPARE(log.events(), QStringList({u"ended"_s, u"left"_s}));
}

void tst_Futures::aCallableMayReturnTheFutureOfWorkThatSpawns()
{
    std::atomic<int> ran{0};
    const Report report =
        tryEnter([&] {
            spawnCleanupJob([&] {
                return QtConcurrent::run(Client::current().bind([&] {
                    spawnCleanupJob([&] { return QtConcurrent::run([&] { ++ran; }); });
                    ++ran;
                }));
            });
        }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 2);
    QCOMPARE(ran.load(), 2);
}

void tst_Futures::aFutureAdoptedInsideAJobIsAwaited()
{
    const Log log;
    const Report report = tryEnter([&] {
                              spawnDaemon([&] {
                                  spawnDaemon(later<void>([=](auto &p) {
                                      log.add(u"future"_s);
                                      p.finish();
                                  }));
                              });
                          }).janitorResult;
    log.add(u"left"_s);
    QCOMPARE(log.events(), QStringList({u"future"_s, u"left"_s}));
    QCOMPARE(report.completedCount(), 2);
}

void tst_Futures::theSameFutureTwiceIsTwoJobs()
{
    const Report report = tryEnter([] {
                              const auto future = later<void>([](auto &p) { p.finish(); });
                              spawnDaemon(future);
                              spawnCleanupJob(future);
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 2);
}

void tst_Futures::aThousandThatPendAreAllSeen_data()
{
    QTest::addColumn<bool>("draining");
    QTest::newRow("while the callee runs") << false;
    QTest::newRow("while the janitor drains") << true;
}

void tst_Futures::aThousandThatPendAreAllSeen()
{
    QFETCH(const bool, draining);
    // More than the agent watches at once, and they do not finish in their order.
    std::vector<QPromise<void>> promises(1000);
    const auto finishAll = [&](const Status &status) {
        promises[700].setException(std::make_exception_ptr(std::runtime_error("the 700th")));
        promises[700].finish();
        pumpUntil([&] { return status.failedJobs() == 1; });
        for (std::size_t i = promises.size(); i-- > 0;) {
            if (i != 700)
                promises[i].finish();
        }
    };
    std::unique_ptr<Status> status;
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
                              for (QPromise<void> &promise : promises) {
                                  promise.start();
                                  spawnDaemon(promise.future());
                              }
                              status = std::make_unique<Status>(Client::current());
                              if (draining)
                                  QTimer::singleShot(0, this, [&] { finishAll(*status); });
                              else
                                  finishAll(*status);
                          }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().message(), u"the 700th"_s);
    QCOMPARE(report.completedCount(), 999);
}

void tst_Futures::tenThousandFutures()
{
    std::vector<QPromise<int>> promises(10'000);
    std::thread worker;
    const Report report = tryEnter([&] {
                              for (QPromise<int> &promise : promises) {
                                  promise.start();
                                  spawnDaemon(promise.future());
                              }
                              worker = std::thread([&] {
                                  for (QPromise<int> &promise : promises)
                                      promise.finish();
                              });
                          }).janitorResult;
    worker.join();
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 10'000);
}

/// Adopts more futures that have finished than the agent settles at once, and goes on until \a
/// enough or refused.
template<class F>
static void adoptUntil(F enough)
{
    int count = 0;
    blockUntil([&] {
        const bool refused = trySpawnDaemon(finishedFuture(0)) != SpawnError::NoError;
        return refused || (++count > 5000 && enough());
    });
}

void tst_Futures::aFailureIsSeenWhileMoreAreAdopted()
{
    QPromise<void> promise;
    promise.start();
    const Report report =
        tryEnter({.failurePolicy = FailurePolicy::CancelAndWait}, [&] {
            adoptUntil([] { return true; });
            spawnDaemon(promise.future());
            promise.setException(std::make_exception_ptr(std::runtime_error("the disk is full")));
            promise.finish();
            adoptUntil([] { return isStopRequested(); });
        }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().message(), u"the disk is full"_s);
}

void tst_Futures::theEndOfOneIsCountedWhileMoreAreAdopted()
{
    const auto isListed = [] {
        const QList<JobInfo> jobs = Client::current().jobs();
        return std::any_of(jobs.begin(), jobs.end(),
                           [](const JobInfo &job) { return job.name == u"early"_s; });
    };
    const Report report = tryEnter([&] {
                              adoptUntil([] { return true; });
                              spawnDaemon(u"early"_s, finishedFuture(1));
                              adoptUntil([&] { return !isListed(); });
                          }).janitorResult;
    QVERIFY(report.ok());
}

void tst_Futures::adoptionFromManyThreads()
{
    constexpr int threads = 4, each = 500;
    const Report report = tryEnter([&] {
                              std::vector<std::thread> workers;
                              for (int i = 0; i < threads; ++i) {
                                  workers.emplace_back(Client::current().bind([] {
                                      for (int k = 0; k < each; ++k) {
                                          QPromise<void> promise;
                                          promise.start();
                                          spawnDaemon(promise.future());
                                          promise.finish();
                                      }
                                  }));
                              }
                              for (std::thread &worker : workers)
                                  worker.join();
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), threads * each);
}

void tst_Futures::withoutAFunctionalEventLoopFuturesAreAwaitedAsWell()
{
    // A thread without a loop waits on a condition; nobody but the agent watches the future.
    const Log log;
    onStdThread([=] {
        QPromise<void> promise;
        promise.start();
        const Gate spawned;
        std::thread finisher([&] {
            spawned.wait();
            log.add(u"finished"_s);
            promise.finish();
        });
        enter([&] {
            spawnDaemon(promise.future());
            spawned.open();
        });
        log.add(u"left"_s);
        finisher.join();
    });
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"left"_s}));
}

QTEST_GUILESS_MAIN(tst_Futures)

#include "tst_futures.moc"
