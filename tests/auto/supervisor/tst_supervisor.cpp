// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A janitor that an object owns: its signals, its futures, its thread.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

static_assert(std::is_base_of_v<QObject, Supervisor>);
static_assert(!std::is_copy_constructible_v<Supervisor>);
static_assert(!std::is_convertible_v<Options, Supervisor>);
static_assert(std::is_nothrow_destructible_v<Supervisor>);
static_assert(std::same_as<decltype(std::declval<Supervisor &>().terminate()), QFuture<Report>>);
static_assert(std::same_as<decltype(std::declval<const Supervisor &>().client()), Client>);

namespace {

/// Writes down what a supervisor emits, in order, with the thread if it is not the right one.
class Diary
{
public:
    explicit Diary(const Supervisor &supervisor)
    {
        const auto note = [&supervisor, log = log](const QString &text) {
            const bool home = QThread::currentThread() == supervisor.thread();
            log.add(home ? text : text + u" on another thread"_s);
        };
        QObject::connect(
            &supervisor, &Supervisor::jobFailed, &supervisor,
            [note](const Error &error) { note(u"jobFailed "_s + error.jobName()); },
            Qt::DirectConnection);
        QObject::connect(
            &supervisor, &Supervisor::failed, &supervisor,
            [note](const Error &error) { note(u"failed "_s + error.jobName()); },
            Qt::DirectConnection);
        QObject::connect(
            &supervisor, &Supervisor::terminated, &supervisor,
            [note](const Report &report) { note(report.ok() ? u"ok"_s : u"not ok"_s); },
            Qt::DirectConnection);
        QObject::connect(
            &supervisor, &Supervisor::stateChanged, &supervisor,
            [note](JanitorState state) {
                if (state == JanitorState::Closed)
                    note(u"closed"_s);
            },
            Qt::DirectConnection);
    }
    bool isComplete() const
    {
        return log.events().contains(u"ok"_s) || log.events().contains(u"not ok"_s);
    }

    const Log log;
};

void waitFor(const QFuture<Report> &future)
{
    pumpUntil([&] { return future.isFinished(); });
}

} // namespace

class tst_Supervisor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itIsOpenFromTheStart();
    void itIsAmbientInItsJobsOnly();
    void anIdleOneTerminatesAtOnce();
    void terminatingWaitsForTheJobs();
    void terminatedComesOnceAndLast();
    void aFailureIsToldWhileItRuns_data();
    void aFailureIsToldWhileItRuns();
    void eachErrorIsToldOnceInOrder();
    void errorsThatNobodyFetchesAreBounded();
    void theCauseIsToldHoweverManyErrorsCameBefore();
    void stopRequestsAreNoFailures();
    void statesFollowEachOther();
    void eachCallReturnsAFutureOfItsOwn();
    void futuresAskedForAfterTheEndAreFinished();
    void policiesAtTheEnd_data();
    void policiesAtTheEnd();
    void hangingComesAgainAndAgainWhileDraining();
    void hangingNeverComesBeforeDraining();
    void aDrainTimeoutEndsIt();
    void signalsComeOnTheThreadItWasMovedTo();
    void itTerminatesFromAnyThread();
    void withoutAnEventLoopItsFuturesFinish();
    void aClientOutlivesIt();
    void veryManyThatDrainDoNotKeepOthersWaiting();
};

void tst_Supervisor::itIsOpenFromTheStart()
{
    const Supervisor supervisor;
    QCOMPARE(supervisor.state(), JanitorState::Running);
    QVERIFY(supervisor.client().isActive());
    QVERIFY(!supervisor.future().isFinished());
}

void tst_Supervisor::itIsAmbientInItsJobsOnly()
{
    Supervisor supervisor;
    std::atomic<int> ran{0};
    QVERIFY(!hasActiveJanitor());
    supervisor.client().spawnDaemon([&] { spawnDaemon([&] { ran += hasActiveJanitor(); }); });
    QVERIFY(Client::current().isNull());
    const auto ended = supervisor.terminate();
    QVERIFY(!hasActiveJanitor());
    waitFor(ended);
    QCOMPARE(ran.load(), 1);
    QCOMPARE(ended.result().completedCount(), 2);
}

void tst_Supervisor::anIdleOneTerminatesAtOnce()
{
    Supervisor supervisor;
    const Diary diary(supervisor);
    const auto ended = supervisor.terminate();
    QCOMPARE(supervisor.state(), JanitorState::Closed);
    pumpUntil([&] { return diary.isComplete(); });
    QCOMPARE(diary.log.events(), QStringList({u"closed"_s, u"ok"_s}));
    waitFor(ended);
    QVERIFY(ended.result().ok());
    QCOMPARE(supervisor.client().trySpawnDaemon([] {}), SpawnError::ActiveJanitorTerminating);
}

void tst_Supervisor::terminatingWaitsForTheJobs()
{
    Supervisor supervisor;
    const Diary diary(supervisor);
    const LoopAliveChecker checker;
    const auto alive = checker.alive;
    std::atomic<int> ran{0};
    supervisor.client().spawnDaemon([&, alive] {
        alive.wait();
        spawnCleanupJob([&] { ++ran; }); // it is open as long as a job is left
    });
    const auto ended = supervisor.terminate();
    QVERIFY(!ended.isFinished());
    pumpUntil([&] { return diary.isComplete(); });
    QCOMPARE(ran.load(), 1);
    QCOMPARE(diary.log.events(), QStringList({u"closed"_s, u"ok"_s}));
}

void tst_Supervisor::terminatedComesOnceAndLast()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const Diary diary(supervisor);
    QSignalSpy spy(&supervisor, &Supervisor::terminated);
    supervisor.client().spawnDaemon(u"a"_s, [] { throw 42; });
    for (int i = 0; i < 3; ++i)
        (void)supervisor.terminate();
    pumpUntil([&] { return diary.isComplete(); });
    (void)supervisor.terminate();
    QCoreApplication::processEvents();
    QCOMPARE(spy.count(), 1);
    QCOMPARE(spy.at(0).at(0).value<Report>().errorCount(), 1);
    QCOMPARE(diary.log.events(),
             QStringList({u"jobFailed a"_s, u"failed a"_s, u"closed"_s, u"not ok"_s}));
}

static void addPolicies()
{
    QTest::addColumn<FailurePolicy>("policy");
    QTest::newRow("FailFast") << FailurePolicy::FailFast;
    QTest::newRow("CancelAndWait") << FailurePolicy::CancelAndWait;
    QTest::newRow("KeepGoing") << FailurePolicy::KeepGoing;
}

void tst_Supervisor::aFailureIsToldWhileItRuns_data()
{
    addPolicies();
}

void tst_Supervisor::aFailureIsToldWhileItRuns()
{
    QFETCH(const FailurePolicy, policy);
    Supervisor supervisor({.failurePolicy = policy});
    const Diary diary(supervisor);
    supervisor.client().spawnDaemon(u"a"_s, [] { return Error(u"no disk"_s); });
    pumpUntil([&] { return diary.log.events().size() == 2; });
    QCOMPARE(diary.log.events(), QStringList({u"jobFailed a"_s, u"failed a"_s}));
    QCOMPARE(supervisor.state(), JanitorState::Failed);
    const bool goesOn = policy == FailurePolicy::KeepGoing;
    QCOMPARE(supervisor.client().isActive(), goesOn);
    QCOMPARE(supervisor.client().trySpawnDaemon([] {}),
             goesOn ? SpawnError::NoError : SpawnError::ActiveJanitorTerminating);
    QVERIFY(!supervisor.future().isFinished()); // its owner is still there
}

void tst_Supervisor::eachErrorIsToldOnceInOrder()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const Diary diary(supervisor);
    QStringList expected;
    for (int i = 0; i < 50; ++i) {
        const QString name = QString::number(i);
        supervisor.client().spawnDaemon(name, [] { throw 42; });
        expected.append(u"jobFailed "_s + name);
        if (i == 0)
            expected.append(u"failed 0"_s);
        pumpUntil([&] { return diary.log.events().size() == expected.size(); });
    }
    QCOMPARE(diary.log.events(), expected);
}

void tst_Supervisor::errorsThatNobodyFetchesAreBounded()
{
    constexpr int count = 5000;
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const Client client = supervisor.client();
    QSignalSpy failed(&supervisor, &Supervisor::jobFailed);
    QSignalSpy cause(&supervisor, &Supervisor::failed);
    for (int i = 0; i < count; ++i)
        client.spawnDaemon(QString::number(i), [] { throw 42; });
    const QFuture<Report> ended = supervisor.terminate();
    blockUntil([&] { return ended.isFinished(); }); // no event loop turns
    pumpUntil([&] { return supervisor.state() == JanitorState::Closed && failed.size() > 0; });
    QCOMPARE(ended.result().errorCount(), count);
    QCOMPARE(failed.size(), 1000);
    QCOMPARE(cause.size(), 1);
}

void tst_Supervisor::theCauseIsToldHoweverManyErrorsCameBefore()
{
    const LogLines logLines;
    constexpr int count = 1010;
    Supervisor supervisor({.failurePolicy = FailurePolicy::KeepGoing});
    const Client client = supervisor.client();
    const Diary diary(supervisor);
    const Gate done;
    client.spawnDaemon([done] {
        // Daemons that others have handed on are listed when they fail, but are no cause.
        for (int i = 0; i < count; ++i) {
            const Gate begun, left;
            (void)tryEnter([begun, left] {
                spawnDaemon(u"late"_s, [begun, left] {
                    begun.open();
                    left.wait();
                    throw 42;
                });
                begun.wait();
                spawnDaemon([] { throw 42; });
                blockUntil([] { return isStopRequested(); });
            });
            left.open();
            blockUntil([i] { return LogLines::count(QtCriticalMsg, u"late"_s) > i; });
        }
        done.open();
    });
    done.wait(); // no event loop turns
    client.spawnDaemon(u"cause"_s, [] { throw 42; });
    const QFuture<Report> ended = supervisor.terminate();
    blockUntil([&] { return ended.isFinished(); });
    pumpUntil([&] { return diary.isComplete(); });
    QCOMPARE(ended.result().errorCount(), count + 1);
    QCOMPARE(ended.result().error().jobName(), u"cause"_s);
    const QStringList told = diary.log.events();
    QCOMPARE(told.count(u"jobFailed late"_s), 1000);
    QCOMPARE(told.mid(1000),
             QStringList({u"jobFailed cause"_s, u"failed cause"_s, u"closed"_s, u"not ok"_s}));

    const Status late(client); // made when all was over
    QSignalSpy failed(&late, &Status::jobFailed);
    QSignalSpy cause(&late, &Status::failed);
    pumpUntil([&] { return cause.size() == 1; });
    QCOMPARE(failed.size(), 1001);
    QCOMPARE(cause.at(0).at(0).value<Error>().jobName(), u"cause"_s);
}

void tst_Supervisor::stopRequestsAreNoFailures()
{
    Supervisor supervisor;
    const Diary diary(supervisor);
    supervisor.client().spawnDaemon([] { blockUntil([] { return isStopRequested(); }); });
    supervisor.client().requestStop();
    (void)supervisor.terminate();
    pumpUntil([&] { return diary.isComplete(); });
    QCOMPARE(diary.log.events(), QStringList({u"closed"_s, u"ok"_s}));
}

void tst_Supervisor::statesFollowEachOther()
{
    Supervisor supervisor({.failurePolicy = FailurePolicy::CancelAndWait});
    QList<JanitorState> states;
    connect(&supervisor, &Supervisor::stateChanged, this,
            [&](JanitorState state) { states.append(state); });
    const Gate draining, failed;
    supervisor.client().spawnCleanupJob([draining] {
        draining.wait();
        throw 42;
    });
    supervisor.client().spawnCleanupJob([failed] { failed.wait(); });
    (void)supervisor.terminate();
    pumpUntil([&] { return states.size() == 1; });
    draining.open();
    pumpUntil([&] { return states.size() == 2; });
    failed.open();
    pumpUntil([&] { return states.size() == 3; });
    QCOMPARE(states, QList<JanitorState>(
                         {JanitorState::Draining, JanitorState::Failed, JanitorState::Closed}));
    QCOMPARE(supervisor.state(), JanitorState::Closed);
}

void tst_Supervisor::eachCallReturnsAFutureOfItsOwn()
{
    Supervisor supervisor;
    const Gate gate;
    const Log log;
    supervisor.client().spawnDaemon([gate] { gate.wait(); });
    auto first = supervisor.terminate();
    auto second = supervisor.terminate();
    auto third = supervisor.future();
    auto fourth = supervisor.client().future();
    auto one = first.then([log](const Report &) { log.add(u"1"_s); });
    auto two = second.then([log](const Report &) { log.add(u"2"_s); });
    auto three = third.then([log](const Report &) { log.add(u"3"_s); });
    fourth.cancel();
    third = QFuture<Report>();
    gate.open();
    pumpUntil([&] { return one.isFinished() && two.isFinished() && three.isFinished(); });
    QCOMPARE(log.sorted(), QStringList({u"1"_s, u"2"_s, u"3"_s}));
    QVERIFY(first.result().ok());
}

void tst_Supervisor::futuresAskedForAfterTheEndAreFinished()
{
    Supervisor supervisor;
    supervisor.client().spawnDaemon([] {});
    waitFor(supervisor.terminate());
    QVERIFY(supervisor.terminate().isFinished());
    QVERIFY(supervisor.future().isFinished());
    QVERIFY(supervisor.client().future().isFinished());
    QCOMPARE(supervisor.future().result().completedCount(), 1);
}

void tst_Supervisor::policiesAtTheEnd_data()
{
    addPolicies();
}

void tst_Supervisor::policiesAtTheEnd()
{
    QFETCH(const FailurePolicy, policy);
    const LogLines logLines;
    Supervisor supervisor({.failurePolicy = policy});
    const Client client = supervisor.client();
    const Gate gate;
    client.spawnCleanupJob(u"cleanup"_s, [gate] { gate.wait(); });
    client.spawnDaemon([] { throw 42; });
    pumpUntil([&] { return supervisor.state() == JanitorState::Failed; });
    const auto ended = supervisor.terminate();
    if (policy == FailurePolicy::FailFast) {
        waitFor(ended); // without awaiting them
        QCOMPARE(namesOf(ended.result().unfinished()), QStringList(u"cleanup"_s));
    } else {
        QCOMPARE(client.trySpawnCleanupJob([] {}), SpawnError::NoError);
        QVERIFY(!ended.isFinished());
    }
    gate.open();
    waitFor(ended);
    QCOMPARE(ended.result().errorCount(), 1);
}

void tst_Supervisor::hangingComesAgainAndAgainWhileDraining()
{
    const LogLines logLines;
    Supervisor supervisor({.name = "slow one", .hangWarningAfter = std::chrono::milliseconds(5)});
    const Gate gate;
    QList<QStringList> seen;
    connect(&supervisor, &Supervisor::hanging, this, [&](const QList<JobInfo> &jobs) {
        QCOMPARE(QThread::currentThread(), supervisor.thread());
        seen.append(namesOf(jobs));
        if (seen.size() == 3)
            gate.open();
    });
    supervisor.client().spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
    waitFor(supervisor.terminate());
    QVERIFY(seen.size() >= 3);
    QCOMPARE(seen.first(3), QList<QStringList>(3, QStringList(u"slow"_s)));
    QVERIFY(LogLines::count(QtWarningMsg, u"slow one"_s) >= 3);
}

void tst_Supervisor::hangingNeverComesBeforeDraining()
{
    const LogLines logLines;
    Supervisor supervisor({.hangWarningAfter = std::chrono::milliseconds(1)});
    const QSignalSpy spy(&supervisor, &Supervisor::hanging);
    const Gate gate;
    supervisor.client().spawnDaemon([gate] { gate.wait(); });
    const LoopAliveChecker checker;
    pumpUntil([&] { return checker.alive.isOpen(); }); // some milliseconds
    QCOMPARE(spy.count(), 0);
    gate.open();
}

void tst_Supervisor::aDrainTimeoutEndsIt()
{
    const LogLines logLines;
    Supervisor supervisor({.drainTimeout = std::chrono::milliseconds(1)});
    const Gate gate;
    supervisor.client().spawnCleanupJob(u"slow"_s, [gate] { gate.wait(); });
    const auto ended = supervisor.terminate();
    waitFor(ended);
    QCOMPARE(ended.result().error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(ended.result().unfinished()), QStringList(u"slow"_s));
    gate.open();
}

void tst_Supervisor::signalsComeOnTheThreadItWasMovedTo()
{
    QThread thread;
    thread.start();
    auto supervisor =
        std::make_unique<Supervisor>(Options{.failurePolicy = FailurePolicy::KeepGoing});
    const Diary diary(*supervisor);
    supervisor->client().spawnDaemon(u"a"_s, [] { throw 42; });
    pumpUntil([&] { return diary.log.events().size() == 2; }); // here
    supervisor->moveToThread(&thread);
    supervisor->client().spawnDaemon(u"b"_s, [] { throw 42; });
    blockUntil([&] { return diary.log.events().size() == 3; }); // there
    (void)supervisor->terminate();
    blockUntil([&] { return diary.isComplete(); });
    QCOMPARE(diary.log.events(), QStringList({u"jobFailed a"_s, u"failed a"_s, u"jobFailed b"_s,
                                              u"closed"_s, u"not ok"_s}));
    QMetaObject::invokeMethod(
        supervisor.get(), [&] { supervisor.reset(); }, Qt::BlockingQueuedConnection);
    thread.quit();
    thread.wait();
}

void tst_Supervisor::itTerminatesFromAnyThread()
{
    for (int round = 0; round < 50; ++round) {
        Supervisor supervisor;
        const Diary diary(supervisor);
        supervisor.client().spawnDaemon([] {});
        std::thread one([&] { (void)supervisor.terminate(); });
        std::thread two([&] { (void)supervisor.terminate(); });
        pumpUntil([&] { return diary.isComplete(); });
        one.join();
        two.join();
        QCOMPARE(diary.log.events(), QStringList({u"closed"_s, u"ok"_s}));
    }
}

void tst_Supervisor::withoutAnEventLoopItsFuturesFinish()
{
    onStdThread([] {
        Supervisor supervisor;
        std::atomic<int> ran{0};
        supervisor.client().spawnDaemon([&] { ++ran; });
        const auto ended = supervisor.terminate();
        blockUntil([&] { return ended.isFinished(); });
        QCOMPARE(ran.load(), 1);
    });
}

void tst_Supervisor::aClientOutlivesIt()
{
    Client client;
    const Report report = tryEnter([&] {
                              client = Supervisor().client();
                              client.spawnCleanupJob([] {}); // goes to the enclosing janitor
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(!client.isNull());
    QVERIFY(!client.isActive());
    QCOMPARE(client.trySpawnDaemon([] {}), SpawnError::ActiveJanitorTerminating);
    QVERIFY_THROWS_EXCEPTION(SpawnException, client.spawnDaemon([] {}));
    QVERIFY(client.future().isFinished());
}

void tst_Supervisor::veryManyThatDrainDoNotKeepOthersWaiting()
{
    constexpr int count = 20'000;
    std::vector<QPromise<void>> pending(count);
    std::vector<std::unique_ptr<Supervisor>> draining;
    int ended = 0;
    for (QPromise<void> &promise : pending) {
        promise.start();
        draining.push_back(std::make_unique<Supervisor>(Options{.drainTimeout = 1h}));
        draining.back()->client().spawnDaemon(promise.future());
        connect(draining.back().get(), &Supervisor::terminated, this,
                [&](const Report &report) { ended += int(report.completedCount()); });
        draining.back()->terminate();
    }
    Supervisor other({.failurePolicy = FailurePolicy::KeepGoing});
    int told = 0;
    connect(&other, &Supervisor::jobFailed, this, [&] { ++told; });
    for (int i = 1; i <= 100; ++i) {
        QPromise<void> failing;
        failing.start();
        other.client().spawnDaemon(failing.future());
        failing.setException(std::make_exception_ptr(std::runtime_error("x")));
        failing.finish();
        pumpUntil([&] { return told == i; });
    }
    QCOMPARE(ended, 0);
    for (QPromise<void> &promise : pending)
        promise.finish();
    pumpUntil([&] { return ended == count; });
}

QTEST_GUILESS_MAIN(tst_Supervisor)

#include "tst_supervisor.moc"
