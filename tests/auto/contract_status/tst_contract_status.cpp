// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Status: a janitor as a QObject shows it, and how often each signal comes.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(std::is_base_of_v<QObject, Status>);
static_assert(!std::is_convertible_v<Client, Status>);
static_assert(!std::is_convertible_v<QObject *, Status>);

class tst_ContractStatus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ofNoJanitorItIsClosed();
    void propertiesAreThoseOfTheContract();
    void itCountsTheJobsOfAClient();
    void itFollowsTheStatesOfAJanitor_data();
    void itFollowsTheStatesOfAJanitor();
    void itFollowsTheStatesOfAFailingJanitor();
    void jobFailedComesOncePerError();
    void failedComesOnceRightAfterItsError();
    void errorsFromBeforeItsTimeAreShown();
    void aFailureIsShownWhileTheCalleeRuns();
    void changedComesAtMostOncePerTurn();
    void signalsArriveOnItsThread();
    void itMayBeDestroyedBeforeTheJanitor();
    void itIsRightFromTheBeginning();
    void itMayBeDestroyedInItsOwnSignals_data();
    void itMayBeDestroyedInItsOwnSignals();
    void itMayOutliveTheJanitor();
    void itFollowsTheApplicationJanitor();
    void itKeepsTheNumbersUntilTheNextExec();
    void aJanitorOfEnterIsNotTheApplications();
    void manyStatusesShowTheSame();
    void anErrorOnlyListedIsNoFailure();
};

static bool shows(const Status &status, qsizetype pending, qsizetype finished, qsizetype failed)
{
    return status.pendingJobs() == pending && status.finishedJobs() == finished &&
           status.failedJobs() == failed;
}

/// Records the signals of a status.
static void record(const Status &status, const Log &log)
{
    QObject::connect(&status, &Status::jobFailed, &status,
                     [log](const Error &error) { log.add(u"jobFailed "_s + error.jobName()); });
    QObject::connect(&status, &Status::failed, &status,
                     [log](const Error &error) { log.add(u"failed "_s + error.jobName()); });
    QObject::connect(&status, &Status::stateChanged, &status,
                     [log](JanitorState state) { log.add(u"state %1"_s.arg(int(state))); });
}

void tst_ContractStatus::ofNoJanitorItIsClosed()
{
    const Status status{Client()};
    QCOMPARE(status.state(), JanitorState::Closed);
    QVERIFY(shows(status, 0, 0, 0));
    QCOMPARE(status.progress(), 1.0);
    QVERIFY(!status.isDraining());
    QVERIFY(!status.lastError());
}

void tst_ContractStatus::propertiesAreThoseOfTheContract()
{
    const Status status{Client()};
    for (const char *name : {"pendingJobs", "finishedJobs", "failedJobs", "progress", "draining",
                             "state", "lastError"}) {
        QVERIFY2(status.property(name).isValid(), name);
        const int index = status.metaObject()->indexOfProperty(name);
        QVERIFY2(status.metaObject()->property(index).hasNotifySignal(), name);
    }
}

void tst_ContractStatus::itCountsTheJobsOfAClient()
{
    const Gate gate;
    std::optional<Status> status;
    (void)tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
        status.emplace(Client::current());
        spawnDaemon([gate] { gate.wait(); });
        spawnCleanupJob([gate] { gate.wait(); });
        spawnDaemon([] { return Error(u"broken"_s); });
        spawnDaemon([] {});
        pumpUntil([&] { return shows(*status, 2, 2, 1); });
        QCOMPARE(status->progress(), 0.5);
        QCOMPARE(status->property("pendingJobs").toLongLong(), 2);
        gate.open();
    });
    pumpUntil([&] { return shows(*status, 0, 4, 1); });
    QCOMPARE(status->progress(), 1.0);
}

void tst_ContractStatus::itFollowsTheStatesOfAJanitor_data()
{
    QTest::addColumn<JobKind>("kind");
    QTest::newRow("with a daemon") << JobKind::Daemon;
    QTest::newRow("with a cleanup job") << JobKind::CleanupJob;
}

void tst_ContractStatus::itFollowsTheStatesOfAJanitor()
{
    QFETCH(const JobKind, kind);
    const Gate gate;
    const Log log;
    std::optional<Status> status;
    enter([&] {
        status.emplace(Client::current());
        record(*status, log);
        if (kind == JobKind::Daemon)
            spawnDaemon([gate] { gate.wait(); });
        else
            spawnCleanupJob([gate] { gate.wait(); });
        pumpUntil([&] { return status->state() == JanitorState::Running; });
        connect(&*status, &Status::changed, &*status, [&, gate] {
            if (status->isDraining())
                gate.open(); // opened by the status only: it is shown while it drains
        });
    });
    pumpUntil([&] { return status->state() == JanitorState::Closed; });
    QVERIFY(!status->isDraining());
    QCOMPARE(log.events(), QStringList({u"state 1"_s, u"state 3"_s}));
}

void tst_ContractStatus::itFollowsTheStatesOfAFailingJanitor()
{
    const Gate gate;
    const Log log;
    std::optional<Status> status;
    (void)tryEnter({.failurePolicy = FailurePolicy::CancelAndWait}, [&] {
        status.emplace(Client::current());
        record(*status, log);
        pumpUntil([&] { return status->state() == JanitorState::Running; });
        spawnCleanupJob([gate] { gate.wait(); });
        spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
        pumpUntil([&] { return status->state() == JanitorState::Failed; });
        QVERIFY(!status->isDraining());
        connect(&*status, &Status::changed, &*status, [&, gate] {
            if (status->isDraining() && status->state() == JanitorState::Failed)
                gate.open();
        });
    });
    pumpUntil([&] { return status->state() == JanitorState::Closed; });
    QCOMPARE(log.events(),
             QStringList({u"jobFailed broken"_s, u"failed broken"_s, u"state 2"_s, u"state 3"_s}));
}

void tst_ContractStatus::jobFailedComesOncePerError()
{
    std::optional<Status> status;
    std::optional<QSignalSpy> jobFailed, failed;
    (void)tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
        status.emplace(Client::current());
        jobFailed.emplace(&*status, &Status::jobFailed);
        failed.emplace(&*status, &Status::failed);
        for (int i = 0; i < 100; ++i)
            spawnDaemon([] { return Error(u"broken"_s); });
    });
    // The numbers may be ahead of the signals.
    pumpUntil([&] { return shows(*status, 0, 100, 100) && jobFailed->size() >= 100; });
    QCoreApplication::processEvents();
    QCOMPARE(jobFailed->size(), 100);
    QCOMPARE(failed->size(), 1);
    QCOMPARE(status->failedJobs(), 100);
}

/// Runs a janitor whose jobs a and b fail, in this order, and returns its client.
static Client failTwice()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Options options{.failurePolicy = FailurePolicy::KeepGoing, .threadPool = &pool};
    return tryEnter(options,
                    [] {
                        spawnDaemon(u"a"_s, [] { return Error(u"broken"_s); });
                        spawnDaemon(u"b"_s, [] { return Error(u"broken"_s); });
                        return Client::current();
                    })
        .calleeResult.value();
}

void tst_ContractStatus::failedComesOnceRightAfterItsError()
{
    const Log log;
    const Status status(failTwice());
    record(status, log);
    pumpUntil([&] { return log.events().size() >= 3; });
    QCOMPARE(log.events(), QStringList({u"jobFailed a"_s, u"failed a"_s, u"jobFailed b"_s}));
    QCOMPARE(status.lastError().jobName(), u"b"_s);
}

void tst_ContractStatus::errorsFromBeforeItsTimeAreShown()
{
    const Status status(failTwice());
    pumpUntil([&] { return status.finishedJobs() == 2; });
    QVERIFY(shows(status, 0, 2, 2));
    QCOMPARE(status.lastError().jobName(), u"b"_s);
}

void tst_ContractStatus::aFailureIsShownWhileTheCalleeRuns()
{
    // The callee is on another thread, and ends only after the signal has come here.
    const Gate seen, entered;
    Client client;
    std::thread thread([&] {
        (void)tryEnter([&] {
            client = Client::current();
            entered.open();
            seen.wait();
        });
    });
    entered.wait();
    const Status status(client);
    connect(&status, &Status::failed, this, [seen] { seen.open(); });
    client.spawnDaemon([] { return Error(u"broken"_s); });
    pumpUntil([&] { return seen.isOpen(); });
    thread.join();
}

void tst_ContractStatus::changedComesAtMostOncePerTurn()
{
    std::optional<Status> status;
    std::optional<QSignalSpy> changed;
    enter([&] {
        status.emplace(Client::current());
        changed.emplace(&*status, &Status::changed);
        for (int i = 0; i < 10000; ++i)
            spawnDaemon([] {});
    });
    int turns = 0;
    pumpUntil([&] {
        ++turns;
        return status->finishedJobs() == 10000;
    });
    QVERIFY(changed->size() >= 1);
    QVERIFY2(changed->size() < 1000, qPrintable(QString::number(changed->size())));
    const qsizetype size = changed->size();
    QCoreApplication::processEvents();
    QCOMPARE(changed->size(), size); // nothing has changed since
}

void tst_ContractStatus::signalsArriveOnItsThread()
{
    QThread thread;
    QThread *seen = nullptr;
    const Gate arrived;
    auto *status = new Status(failTwice());
    status->moveToThread(&thread);
    connect(status, &Status::failed, status, [&, arrived] {
        seen = QThread::currentThread();
        arrived.open();
    });
    thread.start();
    arrived.wait();
    connect(&thread, &QThread::finished, status, &QObject::deleteLater);
    thread.quit();
    thread.wait();
    QCOMPARE(seen, &thread);
}

void tst_ContractStatus::itMayBeDestroyedBeforeTheJanitor()
{
    const Report report = tryEnter([] {
                              for (int i = 0; i < 200; ++i) {
                                  const Status status(Client::current());
                                  spawnDaemon([] {});
                              }
                              auto late = std::make_unique<Status>(Client::current());
                              QTimer::singleShot(0, late.get(), [&late] { late.reset(); });
                              pumpUntil([&] { return !late; });
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 200);
}

void tst_ContractStatus::itMayBeDestroyedInItsOwnSignals_data()
{
    QTest::addColumn<QString>("name");
    for (const char *name : {"jobFailed", "failed", "changed"})
        QTest::newRow(name) << QString::fromLatin1(name);
}

void tst_ContractStatus::itMayBeDestroyedInItsOwnSignals()
{
    QFETCH(const QString, name);
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    auto status = std::make_unique<Status>(supervisor.client());
    bool deleted = false;
    const auto destroy = [&] {
        deleted = true;
        status.reset();
    };
    if (name == u"jobFailed"_s)
        connect(status.get(), &Status::jobFailed, this, destroy);
    else if (name == u"failed"_s)
        connect(status.get(), &Status::failed, this, destroy);
    else
        connect(status.get(), &Status::changed, this, destroy);
    supervisor.client().spawnDaemon([] { return Error(u"broken"_s); });
    pumpUntil([&] { return deleted; });
    QCoreApplication::processEvents();
    // A job that fails later logs it, perhaps between two tests, where Qt Test 6.4 may crash.
    const QFuture<Report> end = supervisor.terminate();
    pumpUntil([&] { return end.isFinished(); });
}

void tst_ContractStatus::itIsRightFromTheBeginning()
{
    const Status status(failTwice());
    QVERIFY(shows(status, 0, 2, 2));
    QCOMPARE(status.state(), JanitorState::Closed);
    QCOMPARE(status.lastError().jobName(), u"b"_s);
}

void tst_ContractStatus::itMayOutliveTheJanitor()
{
    std::optional<Status> status;
    enter([&] {
        status.emplace(Client::current());
        spawnDaemon([] {});
    });
    pumpUntil([&] { return status->state() == JanitorState::Closed && shows(*status, 0, 1, 0); });
    QVERIFY(!status->lastError());
}

void tst_ContractStatus::itFollowsTheApplicationJanitor()
{
    const Status status;
    const Log log;
    record(status, log);
    QTimer::singleShot(0, this, [&] {
        spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
        pumpUntil([&] { return status.state() == JanitorState::Failed; });
        QVERIFY(shows(status, 0, 1, 1));
    });
    QVERIFY(!tryExec().janitorResult.ok());
    // The signals have come, though no event loop runs any more.
    QCOMPARE(status.state(), JanitorState::Closed);
    QCOMPARE(log.events().last(), u"state 3"_s);
    QCOMPARE(log.events().filter(u"ailed"_s),
             QStringList({u"jobFailed broken"_s, u"failed broken"_s}));
}

void tst_ContractStatus::itKeepsTheNumbersUntilTheNextExec()
{
    const Status status;
    QTimer::singleShot(0, this, [] { spawnDaemon(u"broken"_s, [] { throw 42; }); });
    (void)tryExec();
    QVERIFY(shows(status, 0, 1, 1));
    QCOMPARE(status.lastError().jobName(), u"broken"_s);
    const Status late;
    pumpUntil([&] { return shows(late, 0, 1, 1); }); // the last exec's
    bool isFresh = false;
    QTimer::singleShot(0, this, [&] {
        pumpUntil([&] { return status.state() == JanitorState::Running; });
        isFresh = shows(status, 0, 0, 0) && !status.lastError(); // as all the rest: of this one
        spawnDaemon([] {});
        QCoreApplication::quit();
    });
    (void)tryExec();
    QVERIFY(isFresh);
    QVERIFY(shows(status, 0, 1, 0));
    QVERIFY(!status.lastError());
}

void tst_ContractStatus::aJanitorOfEnterIsNotTheApplications()
{
    const Status status;
    QSignalSpy changed(&status, &Status::jobFailed);
    QCoreApplication::processEvents();
    changed.clear();
    (void)tryEnter([] { spawnDaemon([] { throw 42; }); });
    const Status own(failTwice());
    pumpUntil([&] { return own.finishedJobs() == 2; });
    QCOMPARE(changed.size(), 0);
}

void tst_ContractStatus::manyStatusesShowTheSame()
{
    QList<std::shared_ptr<Status>> statuses;
    enter([&] {
        for (int i = 0; i < 20; ++i)
            statuses.append(std::make_shared<Status>(Client::current()));
        for (int i = 0; i < 50; ++i)
            spawnDaemon([] {});
    });
    pumpUntil([&] {
        return std::all_of(statuses.cbegin(), statuses.cend(), [](const auto &status) {
            return shows(*status, 0, 50, 0) && status->state() == JanitorState::Closed;
        });
    });
}

void tst_ContractStatus::anErrorOnlyListedIsNoFailure()
{
    const LogLines logLines;
    const Gate gate;
    const Log log;
    std::optional<Status> status;
    (void)tryEnter([&] {
        status.emplace(Client::current());
        record(*status, log);
        (void)tryEnter([gate] {
            spawnDaemon(u"late"_s, [gate] {
                gate.wait();
                throw 42;
            });
            spawnDaemon([] { throw 42; });
            blockUntil([] { return isStopRequested(); });
        });
        gate.open();
    });
    pumpUntil([&] { return shows(*status, 0, 1, 1); });
    QCOMPARE(log.events().filter(u"ailed"_s), QStringList(u"jobFailed late"_s));
}

QTEST_GUILESS_MAIN(tst_ContractStatus)

#include "tst_contract_status.moc"
