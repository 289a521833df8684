// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Callables that take QPromise<void> &: progress, cancellation, and all the ways in which they end.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(Private::AcceptedJob<void (*)(QPromise<void> &)>);
static_assert(!Private::AcceptedJob<void (*)(QPromise<int> &)>);
static_assert(!Private::AcceptedJob<Error (*)(QPromise<void> &)>);
static_assert(!Private::AcceptedJob<void (*)(QPromise<void>)> ||
              !std::invocable<void (*)(QPromise<void>), QPromise<void> &>);

using Promise = QPromise<void>;
using Behaviour = std::function<void(Promise &)>;
Q_DECLARE_METATYPE(Behaviour)

/// Where jobs put their promises in order to end later; shared, so that jobs may outlive a test.
struct Shelf
{
    Gate filled;
    Promise promise;
};
using ShelfPointer = std::shared_ptr<Shelf>;

/// A job that ends when somebody finishes the promise on \a shelf.
static auto shelve(const ShelfPointer &shelf)
{
    return [shelf](Promise &promise) {
        shelf->promise = std::move(promise);
        shelf->filled.open();
    };
}

class tst_Promises : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jobsThatSucceed_data();
    void jobsThatSucceed();
    void jobsThatFail_data();
    void jobsThatFail();
    void thePromiseIsStarted();
    void progressIsShownToTheSupervisor();
    void progressIsInTheReport();
    void aSuspendedJobIsShownAsSuspended();
    void aRequestToStopReachesThePromise_data();
    void aRequestToStopReachesThePromise();
    void lateStartersSeeTheRequest();
    void aCleanupJobIsNeverCancelled();
    void endingCancelledAfterTheRequestIsNoError();
    void failingAfterTheRequestIsAnError();
    void aPromiseMovedElsewhereEndsTheJobLater();
    void anExchangedPromiseEndsTheJobLater();
    void aPromiseMovedElsewhereIsCancelledAsWell();
    void aPromiseMovedElsewhereMayFail();
    void aPromiseMovedAndDroppedIsAnAbandonedJob();
    void aPromiseMovedOutlivesTheJanitor();
    void aRefusedPromiseJobNeverRuns();
    void withoutAnyJanitorItRunsInTheRoot();
};

static void addBehaviour(const char *name, Behaviour behaviour)
{
    QTest::newRow(name) << behaviour;
}

void tst_Promises::jobsThatSucceed_data()
{
    QTest::addColumn<Behaviour>("behaviour");
    addBehaviour("returns", [](Promise &) {});
    addBehaviour("finishes", [](Promise &promise) { promise.finish(); });
    addBehaviour("starts it again", [](Promise &promise) { promise.start(); });
    addBehaviour("tells progress", [](Promise &promise) {
        promise.setProgressRange(0, 2);
        promise.setProgressValue(1);
    });
    addBehaviour("moves it and finishes it at once", [](Promise &promise) {
        Promise own(std::move(promise));
        own.finish();
    });
    addBehaviour("moves it and back", [](Promise &promise) {
        Promise own(std::move(promise));
        promise = std::move(own);
    });
    addBehaviour("keeps a future of it", [](Promise &promise) {
        const QFuture<void> future = promise.future();
        QVERIFY(future.isRunning());
    });
}

void tst_Promises::jobsThatSucceed()
{
    QFETCH(const Behaviour, behaviour);
    for (const bool cleanup : {false, true}) {
        const Report report = tryEnter([=] {
                                  if (cleanup)
                                      spawnCleanupJob(behaviour);
                                  else
                                      spawnDaemon(behaviour);
                              }).janitorResult;
        QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
        QCOMPARE(report.completedCount(), 1);
    }
}

static void addFailure(const char *name, Behaviour behaviour, Error::Kind kind,
                       const QString &text = {})
{
    QTest::newRow(name) << behaviour << kind << text;
}

void tst_Promises::jobsThatFail_data()
{
    QTest::addColumn<Behaviour>("behaviour");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("text");
    addFailure(
        "throws", [](Promise &) { throw std::runtime_error("no disk"); }, Error::Kind::JobThrew,
        u"no disk"_s);
    addFailure(
        "throws after it finished",
        [](Promise &promise) {
            promise.finish();
            throw std::runtime_error("no disk");
        },
        Error::Kind::JobThrew, u"no disk"_s);
    addFailure(
        "throws after it cancelled itself",
        [](Promise &promise) {
            promise.future().cancel();
            throw std::runtime_error("no disk");
        },
        Error::Kind::JobThrew, u"no disk"_s);
    addFailure(
        "throws after it moved the promise",
        [](Promise &promise) {
            const Promise own(std::move(promise));
            throw std::runtime_error("no disk");
        },
        Error::Kind::JobThrew, u"no disk"_s);
    addFailure(
        "sets an exception",
        [](Promise &promise) {
            promise.setException(std::make_exception_ptr(std::runtime_error("no disk")));
        },
        Error::Kind::JobThrew, u"no disk"_s);
    addFailure(
        "drops the promise", [](Promise &promise) { const Promise own(std::move(promise)); },
        Error::Kind::JobAbandoned);
    addFailure(
        "replaces the promise", [](Promise &promise) { promise = Promise(); },
        Error::Kind::JobAbandoned);
}

void tst_Promises::jobsThatFail()
{
    QFETCH(const Behaviour, behaviour);
    QFETCH(const Error::Kind, kind);
    QFETCH(const QString, text);
    for (const bool cleanup : {false, true}) {
        const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [=] {
                                  if (cleanup)
                                      spawnCleanupJob(u"job"_s, behaviour);
                                  else
                                      spawnDaemon(u"job"_s, behaviour);
                              }).janitorResult;
        QCOMPARE(report.errorCount(), 1);
        QCOMPARE(report.error().kind(), kind);
        QCOMPARE(report.error().jobName(), u"job"_s);
        QVERIFY(report.error().spawnSite().startsWith(u"tst_promises.cpp:"_s));
        QVERIFY(report.error().message().contains(text));
    }
}

void tst_Promises::thePromiseIsStarted()
{
    std::atomic<bool> running{false}, canceled{true};
    enter([&] {
        spawnDaemon([&](Promise &promise) {
            running = promise.future().isRunning();
            canceled = promise.isCanceled();
        });
    });
    QVERIFY(running.load());
    QVERIFY(!canceled.load());
}

void tst_Promises::progressIsShownToTheSupervisor()
{
    const LogLines logLines;
    const Gate shown;
    Supervisor supervisor({.hangWarningAfter = std::chrono::milliseconds(1)});
    QList<JobInfo> seen;
    connect(&supervisor, &Supervisor::hanging, this, [&](const QList<JobInfo> &jobs) {
        if (jobs.isEmpty() || jobs.at(0).progressText.isEmpty())
            return; // it may not have come so far
        seen = jobs;
        shown.open();
    });
    supervisor.client().spawnDaemon(u"upload"_s, [shown](Promise &promise) {
        promise.setProgressRange(10, 20);
        promise.setProgressValueAndText(15, u"half"_s);
        shown.wait();
    });
    const auto ended = supervisor.terminate();
    pumpUntil([&] { return ended.isFinished(); });
    QCOMPARE(seen.size(), 1);
    QCOMPARE(seen.at(0).name, u"upload"_s);
    QCOMPARE(seen.at(0).progress, 0.5);
    QCOMPARE(seen.at(0).progressText, u"half"_s);
    QCOMPARE(seen.at(0).state, JobState::Running);
    QVERIFY(LogLines::count(QtWarningMsg, u"upload"_s) > 0);
}

void tst_Promises::progressIsInTheReport()
{
    const Gate going, told;
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [=] {
                              spawnCleanupJob([=](Promise &promise) {
                                  promise.setProgressRange(0, 100);
                                  promise.setProgressValueAndText(25, u"a quarter"_s);
                                  told.open();
                                  going.wait();
                              });
                              told.wait();
                          }).janitorResult;
    going.open();
    QCOMPARE(report.unfinished().size(), 1);
    QCOMPARE(report.unfinished().at(0).progress, 0.25);
    QCOMPARE(report.unfinished().at(0).progressText, u"a quarter"_s);
}

void tst_Promises::aSuspendedJobIsShownAsSuspended()
{
    const auto future = std::make_shared<QFuture<void>>();
    const Gate told;
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [=] {
                              spawnCleanupJob([=](Promise &promise) {
                                  *future = promise.future();
                                  future->suspend();
                                  told.open();
                                  promise.suspendIfRequested();
                              });
                              told.wait();
                              blockUntil([=] { return future->isSuspended(); });
                          }).janitorResult;
    QCOMPARE(report.unfinished().size(), 1);
    QCOMPARE(report.unfinished().at(0).state, JobState::Suspended);
    future->resume();
    blockUntil([=] { return future->isFinished(); });
}

void tst_Promises::aRequestToStopReachesThePromise_data()
{
    QTest::addColumn<bool>("byFailure");
    QTest::newRow("requestStop") << false;
    QTest::newRow("a failure") << true;
}

void tst_Promises::aRequestToStopReachesThePromise()
{
    QFETCH(const bool, byFailure);
    const Gate running;
    const Report report = tryEnter({.failurePolicy = FailurePolicy::CancelAndWait}, [=] {
                              spawnDaemon([=](Promise &promise) {
                                  running.open();
                                  blockUntil([&] { return promise.isCanceled(); });
                              });
                              running.wait();
                              if (byFailure)
                                  spawnDaemon([] { throw 42; });
                              else
                                  Client::current().requestStop();
                          }).janitorResult;
    QCOMPARE(report.errorCount(), byFailure ? 1 : 0);
    QCOMPARE(report.canceledCount(), 1);
}

void tst_Promises::lateStartersSeeTheRequest()
{
    std::atomic<int> canceled{0};
    const Report report =
        tryEnter([&] {
            Client::current().requestStop();
            for (int i = 0; i < 20; ++i) {
                spawnDaemon([&](Promise &promise) { canceled += promise.isCanceled(); });
            }
        }).janitorResult;
    QCOMPARE(canceled.load(), 20);
    QCOMPARE(report.canceledCount(), 20);
    QVERIFY(report.ok());
}

void tst_Promises::aCleanupJobIsNeverCancelled()
{
    const Gate stopped;
    std::atomic<bool> canceled{true};
    const Report report = tryEnter([&] {
                              spawnCleanupJob([&](Promise &promise) {
                                  stopped.wait();
                                  canceled = promise.isCanceled();
                              });
                              Client::current().requestStop();
                              stopped.open();
                          }).janitorResult;
    QVERIFY(!canceled.load());
    QCOMPARE(report.completedCount(), 1);
}

void tst_Promises::endingCancelledAfterTheRequestIsNoError()
{
    const Report report = tryEnter([] {
                              Client::current().requestStop();
                              spawnDaemon([](Promise &promise) {
                                  promise.future().cancel();
                                  promise.finish();
                              });
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.canceledCount(), 1);
}

void tst_Promises::failingAfterTheRequestIsAnError()
{
    const Report report = tryEnter([] {
                              Client::current().requestStop();
                              spawnDaemon([](Promise &) { throw std::runtime_error("no disk"); });
                          }).janitorResult;
    QCOMPARE(report.error().message(), u"no disk"_s);
    QCOMPARE(report.canceledCount(), 0);
}

void tst_Promises::aPromiseMovedElsewhereEndsTheJobLater()
{
    const auto shelf = std::make_shared<Shelf>();
    const Log log;
    const LoopAliveChecker checker;
    std::thread worker;
    const Report report = tryEnter([&] {
                              spawnDaemon(shelve(shelf));
                              worker = std::thread([&] {
                                  shelf->filled.wait();
                                  checker.alive.wait(); // by now the callable has returned long ago
                                  log.add(u"finished"_s);
                                  shelf->promise.finish();
                              });
                          }).janitorResult;
    log.add(u"left"_s);
    worker.join();
    QVERIFY(report.ok());
    QCOMPARE(log.events(), QStringList({u"finished"_s, u"left"_s}));
}

void tst_Promises::anExchangedPromiseEndsTheJobLater()
{
    const auto shelf = std::make_shared<Shelf>();
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Options options{.drainTimeout = std::chrono::milliseconds(0), .threadPool = &pool};
    const Report report = tryEnter(options, [&] {
                              spawnCleanupJob(u"job"_s, [shelf](Promise &promise) {
                                  shelf->promise = std::exchange(promise, Promise());
                                  shelf->filled.open();
                              });
                              shelf->filled.wait();
                              pool.waitForDone();
                          }).janitorResult;
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"job"_s));
    shelf->promise.finish();
}

void tst_Promises::aPromiseMovedElsewhereIsCancelledAsWell()
{
    const auto shelf = std::make_shared<Shelf>();
    const Report report = tryEnter([&] {
                              spawnDaemon(shelve(shelf));
                              shelf->filled.wait();
                              Client::current().requestStop();
                              blockUntil([&] { return shelf->promise.isCanceled(); });
                              shelf->promise.finish();
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.canceledCount(), 1);
}

void tst_Promises::aPromiseMovedElsewhereMayFail()
{
    const auto shelf = std::make_shared<Shelf>();
    const Report report =
        tryEnter([&] {
            spawnDaemon(u"job"_s, shelve(shelf));
            shelf->filled.wait();
            shelf->promise.setException(std::make_exception_ptr(std::runtime_error("no disk")));
            shelf->promise.finish();
        }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::JobThrew);
    QCOMPARE(report.error().jobName(), u"job"_s);
}

void tst_Promises::aPromiseMovedAndDroppedIsAnAbandonedJob()
{
    const auto shelf = std::make_shared<Shelf>();
    const Report report = tryEnter([&] {
                              spawnDaemon(u"job"_s, shelve(shelf));
                              shelf->filled.wait();
                              shelf->promise = Promise();
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(report.error().jobName(), u"job"_s);
}

void tst_Promises::aPromiseMovedOutlivesTheJanitor()
{
    const LogLines logLines;
    const auto shelf = std::make_shared<Shelf>();
    const Report report = tryEnter({.drainTimeout = std::chrono::milliseconds(0)}, [&] {
                              spawnCleanupJob(u"late"_s, shelve(shelf));
                              shelf->filled.wait();
                          }).janitorResult;
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"late"_s));
    shelf->promise = Promise();
    pumpUntil([] { return LogLines::count(u"late"_s) > 0; });
}

void tst_Promises::aRefusedPromiseJobNeverRuns()
{
    const Client closed = enter([] { return Client::current(); });
    bool ran = false;
    QCOMPARE(closed.trySpawnDaemon([&](Promise &) { ran = true; }),
             SpawnError::ActiveJanitorTerminating);
    QCOMPARE(trySpawnCleanupJob([&](Promise &) { ran = true; }), SpawnError::NoActiveJanitor);
    QVERIFY(!ran);
}

void tst_Promises::withoutAnyJanitorItRunsInTheRoot()
{
    const LogLines logLines;
    const Gate ran;
    spawnCleanupJob(u"flush"_s, [ran](Promise &) { ran.open(); });
    ran.wait();
    QCOMPARE(LogLines::count(QtCriticalMsg, u"flush"_s), 1);
}

QTEST_GUILESS_MAIN(tst_Promises)

#include "tst_promises.moc"
