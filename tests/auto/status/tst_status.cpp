// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Status: its list of live jobs, its requests, and how often it speaks.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qpointer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qregularexpression.h>
#include <QtTest/qabstractitemmodeltester.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <optional>

#if defined(Q_OS_LINUX)
#    include <sys/syscall.h>
#    include <ctime>
#    include <unistd.h>

/// The monotonic clock as this thread sees it: it can be stopped, and then goes on with a jump, as
/// it does for a thread that is held up between two looks at it.
struct Clock
{
    static constexpr qint64 millisecond = 1'000'000;

    void stop() { stoppedAt = last; }
    /// The next look finds that \a first has passed, that after it \a second, in milliseconds.
    void goOn(qint64 first, qint64 second)
    {
        next = stoppedAt + first * millisecond;
        ahead = stoppedAt + second * millisecond - real;
        stoppedAt = 0;
    }
    qint64 look()
    {
        if (stoppedAt)
            last = stoppedAt;
        else
            last = next ? std::exchange(next, 0) : std::max(last, real + ahead);
        return last;
    }
    // In nanoseconds.
    qint64 real = 0;
    qint64 last = 0;
    qint64 ahead = 0;
    qint64 stoppedAt = 0;
    qint64 next = 0;
};
static thread_local constinit Clock threadClock;

/// Instead of that of the C library, for all of this program, Qt included.
extern "C" int clock_gettime(clockid_t clock, timespec *time) noexcept
{
    constexpr qint64 second = 1'000'000'000;
    const auto result = int(syscall(SYS_clock_gettime, clock, time));
    if (clock == CLOCK_MONOTONIC) {
        threadClock.real = time->tv_sec * second + time->tv_nsec;
        const qint64 now = threadClock.look();
        time->tv_sec = now / second;
        time->tv_nsec = now % second;
    }
    return result;
}
#endif

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_Status : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anEmptyListOfNoJanitor();
    void theListNamesTheLiveJobs();
    void theListTellsWhatTheContractSays();
    void theListShowsNamesInOneLine();
    void theListTellsProgressThatNobodyAnnounces();
    void theListShowsFuturesAndJobsTakenOver();
    void theListIsBounded();
    void theListIsAModel();
    void theListIsEmptyOnceTheJanitorHasClosed();
    void theListComesAndGoesWithTheStatus();
    void oldestJobIsTheFirstThatLives();
    void oldestJobWithoutANameIsItsSite();
    void changedIsPaused();
    void numbersFollowThoughTheThreadIsHeldUp();
    void requestQuitEndsTheEventLoop();
    void requestQuitIsForExecOnly();
    void requestStopAsksTheDaemons();
    void stopWaitingGivesUp();
    void stopWaitingOfAnotherJanitorLeavesExecAlone();
    void requestsToNobodyDoNothing();
};

namespace {

constexpr Options keepGoing{.failurePolicy = FailurePolicy::KeepGoing, .handleSignals = false};

/// A janitor with jobs that wait for a gate.
struct Held
{
    Held() = default;
    ~Held()
    {
        gate.open();
        const QFuture<Report> ended = supervisor.terminate();
        pumpUntil([&] { return ended.isFinished(); });
    }
    Q_DISABLE_COPY_MOVE(Held)

    void spawn(const QString &name)
    {
        client.spawnDaemon(name, [gate = gate] { gate.wait(); });
    }
    const Gate gate;
    Supervisor supervisor{keepGoing};
    const Client client = supervisor.client();
};

QStringList namesIn(const Status &status)
{
    QStringList names;
    const QAbstractItemModel *jobs = status.jobs();
    for (int row = 0; row < jobs->rowCount(); ++row)
        names += jobs->index(row, 0).data(Status::NameRole).toString();
    return names;
}

QVariant tell(const Status &status, int row, int role)
{
    return status.jobs()->index(row, 0).data(role);
}

/// Runs exec() with \a function in its event loop.
template<class F>
Report reportOfExec(F function, const Options &options = keepGoing)
{
    QTimer::singleShot(0, QCoreApplication::instance(), function);
    return tryExec(options).janitorResult;
}

} // namespace

void tst_Status::anEmptyListOfNoJanitor()
{
    const Status status{Client()};
    QCOMPARE(status.jobs()->rowCount(), 0);
    QCOMPARE(status.jobs(), status.jobs());
    QCOMPARE(status.oldestJob(), QString());
    QVERIFY(!tell(status, 0, Status::NameRole).isValid());
    QCOMPARE(status.property("jobs").value<QAbstractItemModel *>(), status.jobs());
}

void tst_Status::theListNamesTheLiveJobs()
{
    const Gate second;
    Held held;
    held.spawn(u"first"_s);
    held.client.spawnDaemon(u"second"_s, [second] { second.wait(); });
    const Status status(held.client);
    QCOMPARE(namesIn(status), QStringList({u"first"_s, u"second"_s})); // at once
    held.spawn(u"third"_s);
    pumpUntil([&] { return status.jobs()->rowCount() == 3; });
    QCOMPARE(namesIn(status), QStringList({u"first"_s, u"second"_s, u"third"_s}));
    second.open();
    pumpUntil([&] { return status.jobs()->rowCount() == 2; });
    QCOMPARE(namesIn(status), QStringList({u"first"_s, u"third"_s}));
    QCOMPARE(status.pendingJobs(), 2);
}

void tst_Status::theListTellsWhatTheContractSays()
{
    Held held;
    held.client.spawnCleanupJob(u"named"_s, [gate = held.gate] { gate.wait(); });
    const Status status(held.client);
    pumpUntil([&] {
        return tell(status, 0, Status::StateRole).value<JobState>() == JobState::Running &&
               tell(status, 0, Status::AgeRole).toLongLong() > 0;
    });
    QCOMPARE(tell(status, 0, Qt::DisplayRole).toString(), u"named"_s);
    QCOMPARE(tell(status, 0, Status::KindRole).value<JobKind>(), JobKind::CleanupJob);
    QCOMPARE(tell(status, 0, Status::KindRole).toInt(), int(JobKind::CleanupJob)); // as in QML
    QVERIFY(tell(status, 0, Status::SpawnSiteRole).toString().startsWith(u"tst_status.cpp:"_s));
    QVERIFY(tell(status, 0, Status::ProgressRole).toDouble() < 0);
    QCOMPARE(tell(status, 0, Status::ProgressTextRole).toString(), QString());
    QVERIFY(!tell(status, 0, Qt::DecorationRole).isValid());
    QList<QByteArray> names = status.jobs()->roleNames().values();
    std::sort(names.begin(), names.end());
    QCOMPARE(names, QList<QByteArray>({"age", "display", "kind", "name", "progress", "progressText",
                                       "spawnSite", "state"}));
}

void tst_Status::theListShowsNamesInOneLine()
{
    Held held;
    const QString name = u"a\nb"_s + QString(1000, u'c');
    held.spawn(name);
    const Status status(held.client);
    QCOMPARE(tell(status, 0, Status::NameRole).toString(), name);
    QCOMPARE(tell(status, 0, Qt::DisplayRole).toString(), u"a\\nb"_s + QString(196, u'c') + u'…');
    QCOMPARE(status.oldestJob(), name);
}

void tst_Status::theListTellsProgressThatNobodyAnnounces()
{
    Held held;
    const Gate half;
    held.client.spawnDaemon([half, gate = held.gate](QPromise<void> &promise) {
        half.wait();
        promise.setProgressRange(0, 2);
        promise.setProgressValueAndText(1, u"half"_s);
        gate.wait();
    });
    const Status status(held.client);
    pumpUntil(
        [&] { return tell(status, 0, Status::StateRole).value<JobState>() == JobState::Running; });
    half.open();
    pumpUntil([&] { return tell(status, 0, Status::ProgressTextRole).toString() == u"half"_s; });
    QCOMPARE(tell(status, 0, Status::ProgressRole).toDouble(), 0.5);
}

void tst_Status::theListShowsFuturesAndJobsTakenOver()
{
    QPromise<void> promise;
    promise.start();
    const Gate gate;
    std::optional<Status> status;
    enter(keepGoing, [&] {
        status.emplace(Client::current());
        (void)tryEnter([gate] { // fails fast: hands its job on
            spawnDaemon(u"taken over"_s, [gate] { gate.wait(); });
            spawnDaemon([] { return Error(u"broken"_s); });
            blockUntil([] { return isStopRequested(); });
        });
        spawnDaemon(u"future"_s, promise.future());
        pumpUntil([&] { return status->jobs()->rowCount() == 2; });
        QStringList names = namesIn(*status);
        names.sort(); // spawned in one tick of the clock
        QCOMPARE(names, QStringList({u"future"_s, u"taken over"_s}));
        pumpUntil([&] { return status->pendingJobs() == 2; });
        gate.open();
        promise.finish();
    });
}

void tst_Status::theListIsBounded()
{
    Held held;
    for (int i = 0; i < 1100; ++i)
        held.spawn(QString::number(i));
    const Status status(held.client);
    QStringList oldest;
    for (int i = 0; i < 1000; ++i)
        oldest += QString::number(i);
    QCOMPARE(status.pendingJobs(), 1100);
    QCOMPARE(namesIn(status), oldest);
}

void tst_Status::theListIsAModel()
{
    // Jobs come and go in no particular order, and the tester looks at each signal.
    Supervisor supervisor(keepGoing);
    const Client client = supervisor.client();
    const Status status(client);
    const QAbstractItemModelTester tester(status.jobs(),
                                          QAbstractItemModelTester::FailureReportingMode::Fatal);
    QSignalSpy inserted(status.jobs(), &QAbstractItemModel::rowsInserted);
    QSignalSpy removed(status.jobs(), &QAbstractItemModel::rowsRemoved);
    for (int round = 0; round < 20; ++round) {
        QList<Gate> gates(6);
        for (int i = 0; i < 6; ++i)
            client.spawnDaemon(QString::number(i), [gate = gates[i]] { gate.wait(); });
        pumpUntil([&] { return status.jobs()->rowCount() == 6; });
        for (const int i : {round % 6, (round + 2) % 6, (round + 3) % 6})
            gates[i].open();
        pumpUntil([&] { return status.jobs()->rowCount() == 3; });
        for (const Gate &gate : gates)
            gate.open();
        pumpUntil([&] { return status.jobs()->rowCount() == 0; });
    }
    const auto rows = [](const QSignalSpy &spy) {
        int count = 0;
        for (const QVariantList &change : spy)
            count += change.at(2).toInt() - change.at(1).toInt() + 1;
        return count;
    };
    QCOMPARE(rows(inserted), rows(removed));
    QVERIFY(rows(inserted) >= 120);
}

void tst_Status::theListIsEmptyOnceTheJanitorHasClosed()
{
    const Gate gate;
    std::optional<Status> status;
    (void)tryEnter([&] { // fails fast: hands the job on, and closes
        status.emplace(Client::current());
        spawnDaemon(u"left"_s, [gate] { gate.wait(); });
        QCOMPARE(status->jobs()->rowCount(), 1);
        spawnDaemon([] { return Error(u"broken"_s); });
        blockUntil([] { return isStopRequested(); });
    });
    pumpUntil([&] { return status->state() == JanitorState::Closed; });
    QCOMPARE(status->jobs()->rowCount(), 0);
    QCOMPARE(status->oldestJob(), QString());
    gate.open();
}

void tst_Status::theListComesAndGoesWithTheStatus()
{
    Held held;
    held.spawn(u"job"_s);
    for (int i = 0; i < 10; ++i) {
        auto status = std::make_unique<Status>(held.client);
        const QPointer<QAbstractItemModel> jobs = status->jobs();
        held.spawn(u"more"_s);
        if (i % 2 == 0)
            pumpUntil([&] { return jobs->rowCount() == i + 2; });
        status.reset();
        QVERIFY(!jobs);
        QCoreApplication::processEvents();
    }
}

void tst_Status::oldestJobIsTheFirstThatLives()
{
    Held held;
    const Gate first;
    held.client.spawnDaemon(u"first"_s, [first] { first.wait(); });
    const Status status(held.client);
    QCOMPARE(status.oldestJob(), u"first"_s);
    held.spawn(u"second"_s);
    QCOMPARE(status.oldestJob(), u"first"_s);
    QSignalSpy changed(&status, &Status::changed);
    first.open();
    pumpUntil([&] { return status.oldestJob() == u"second"_s; });
    pumpUntil([&] { return changed.size() > 0; });
}

void tst_Status::oldestJobWithoutANameIsItsSite()
{
    Held held;
    held.client.spawnDaemon([gate = held.gate] { gate.wait(); });
    const Status status(held.client);
    QVERIFY(status.oldestJob().startsWith(u"tst_status.cpp:"_s));
    QCOMPARE(tell(status, 0, Qt::DisplayRole).toString(), status.oldestJob());
}

void tst_Status::changedIsPaused()
{
    Supervisor supervisor(keepGoing);
    const Client client = supervisor.client();
    const Status status(client);
    pumpUntil([&] { return status.state() == JanitorState::Running; });
    QSignalSpy changed(&status, &Status::changed);
    QSignalSpy failed(&status, &Status::jobFailed);
    QElapsedTimer time;
    time.start();
    // Each error is told at once, and with each of them the numbers change.
    for (int i = 1; i <= 200; ++i) {
        client.spawnDaemon([] { return Error(u"broken"_s); });
        pumpUntil([&] { return failed.size() == i; });
    }
    pumpUntil([&] { return status.failedJobs() == 200; });
    const qint64 most = time.elapsed() / 15 + 3; // one for the change of state
    QVERIFY2(changed.size() <= most, qPrintable(u"%1 > %2"_s.arg(changed.size()).arg(most)));
}

void tst_Status::numbersFollowThoughTheThreadIsHeldUp()
{
#if !defined(Q_OS_LINUX)
    QSKIP("the clock is only ours on Linux");
#else
    QTest::failOnWarning(QRegularExpression(u".*"_s));
    Held held;
    Status status(held.client);
    const auto fail = [&] { held.client.spawnDaemon([] { return Error(u"broken"_s); }); };
    fail(); // the first failure is a change of state
    pumpUntil([&] { return status.failedJobs() == 1; });
    connect(&status, &Status::changed, this, [] { threadClock.stop(); });
    held.spawn(u"shown"_s);
    pumpUntil([&] { return status.pendingJobs() == 1; });
    status.disconnect(this);
    // Now it is about to look at the clock: the pause of 16 ms is not over, and then it is.
    connect(&status, &Status::jobFailed, this, [] { threadClock.goOn(15, 30); });
    fail();
    pumpUntil([&] { return status.failedJobs() == 2; });
#endif
}

void tst_Status::requestQuitEndsTheEventLoop()
{
    const Gate gate;
    Status status;
    bool drained = false;
    connect(&status, &Status::changed, this, [&, gate] {
        if (!status.isDraining())
            return;
        drained = true;
        status.requestQuit(); // for the second time: nothing
        gate.open();
    });
    const Report report = reportOfExec([&, gate] {
        spawnDaemon([gate] { gate.wait(); });
        status.requestQuit();
    });
    QVERIFY(report.ok());
    QVERIFY(drained);
    QCOMPARE(report.completedCount(), 1);
}

void tst_Status::requestQuitIsForExecOnly()
{
    Supervisor supervisor;
    Status own(supervisor.client());
    bool wentOn = false;
    (void)reportOfExec([&] {
        own.requestQuit();
        QTimer::singleShot(0, this, [&] {
            QCoreApplication::processEvents();
            wentOn = true;
            QCoreApplication::quit();
        });
    });
    QVERIFY(wentOn);
    QCOMPARE(supervisor.state(), JanitorState::Running);
}

void tst_Status::requestStopAsksTheDaemons()
{
    Status status;
    const Report report = reportOfExec([&] {
        spawnDaemon([] { blockUntil([] { return isStopRequested(); }); });
        pumpUntil([&] { return status.pendingJobs() == 1; });
        status.requestStop();
        QCoreApplication::quit();
    });
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 1);
}

void tst_Status::stopWaitingGivesUp()
{
    const LogLines logLines;
    const Gate gate, ended;
    Status status;
    connect(&status, &Status::changed, this, [&] {
        if (status.isDraining())
            status.stopWaiting();
    });
    const Report report = reportOfExec([&, gate, ended] {
        spawnDaemon(u"endless"_s, [gate, ended] {
            gate.wait();
            ended.open();
        });
        QCoreApplication::quit();
    });
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"endless"_s));
    QCOMPARE(status.state(), JanitorState::Closed);
    QCOMPARE(status.lastError().kind(), Error::Kind::DrainTimedOut);
    gate.open();
    ended.wait();
}

void tst_Status::stopWaitingOfAnotherJanitorLeavesExecAlone()
{
    const LogLines logLines;
    const Gate gate;
    bool wentOn = false;
    Report own;
    const Report report = reportOfExec([&, gate] {
        own = tryEnter(keepGoing, [&, gate] {
                  Status status(Client::current());
                  spawnDaemon([gate] { gate.wait(); });
                  status.stopWaiting();
              }).janitorResult;
        QTimer::singleShot(0, this, [&] {
            QCoreApplication::processEvents();
            wentOn = true;
            QCoreApplication::quit();
        });
    });
    QVERIFY(report.ok());
    QVERIFY(wentOn);
    QCOMPARE(own.error().kind(), Error::Kind::DrainTimedOut);
    gate.open();
}

void tst_Status::requestsToNobodyDoNothing()
{
    Status status{Client()};
    status.requestQuit();
    status.requestStop();
    status.stopWaiting();
    QCoreApplication::processEvents();
    QCOMPARE(status.state(), JanitorState::Closed);
}

QTEST_GUILESS_MAIN(tst_Status)

#include "tst_status.moc"
