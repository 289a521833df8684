// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The application janitor: exec() and tryExec().

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_ContractExec : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theExitCode_data();
    void theExitCode();
    void tryExecReturnsBothResults();
    void execLogsWhatFailed();
    void itsJanitorIsAmbientOnTheMainThread();
    void itsJanitorIsTheFallbackOfOtherThreads();
    void aJanitorOfTheirOwnComesFirst();
    void theFallbackStaysWhileItDrains();
    void unrelatedEventsOfTheDrainFindTheFallback();
    void itsDrainWaits();
    void quitDoesNotCutItsDrainShort();
    void failFastQuitsAtTheFirstFailureAndWaits();
    void aFailedOneTakesCleanupJobsOnly();
    void theFirstFailureNeedNotQuit();
    void afterAnOrdinaryQuitAFailureIsWaitedForAsWell();
    void objectsDeletedLaterSpawnInTheirDestructors_data();
    void objectsDeletedLaterSpawnInTheirDestructors();
    void destructorsOnWorkerThreadsFindIt();
    void aSecondExecHasAJanitorOfItsOwn();
    void aClientOfItMayOutliveIt();
    void jobsHandedOnInsideAreAwaited();
    void insideAnotherJanitor();
};

/// Calls \a function as soon as the event loop of exec() runs.
template<class F>
static void whenRunning(F function)
{
    QTimer::singleShot(0, QCoreApplication::instance(), function);
}

void tst_ContractExec::theExitCode_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("fails");
    QTest::addColumn<int>("expected");
    QTest::newRow("success") << 0 << false << 0;
    QTest::newRow("the application's") << 3 << false << 3;
    QTest::newRow("1 after a failure") << 0 << true << 1;
    QTest::newRow("the application's after a failure") << 3 << true << 3;
}

void tst_ContractExec::theExitCode()
{
    QFETCH(const int, code);
    QFETCH(const bool, fails);
    QFETCH(const int, expected);
    const LogLines logLines;
    whenRunning([=] {
        if (fails) // while draining, so that it does not quit by itself
            spawnCleanupJob([] { QThread::yieldCurrentThread(); });
        const LoopAliveChecker *checker = new LoopAliveChecker;
        spawnCleanupJob([=] {
            checker->alive.wait();
            QMetaObject::invokeMethod(
                QCoreApplication::instance(), [=] { delete checker; }, Qt::QueuedConnection);
            return fails ? Error(u"broken"_s) : Error();
        });
        QCoreApplication::exit(code);
    });
    QCOMPARE(QJanitor::exec(), expected);
    QCoreApplication::processEvents();
}

void tst_ContractExec::tryExecReturnsBothResults()
{
    whenRunning([] {
        spawnDaemon(u"broken"_s, [] { return Error(u"no disk"_s); });
        spawnDaemon([] {});
    });
    const auto [report, code] = tryExec({.failurePolicy = FailurePolicy::KeepGoing});
    QCOMPARE(namesOf(report.errors()), QStringList(u"broken"_s));
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(code.hasValue());
}

void tst_ContractExec::execLogsWhatFailed()
{
    const LogLines logLines;
    whenRunning([] { spawnDaemon(u"reader"_s, [] { return Error(u"no disk"_s); }); });
    QCOMPARE(QJanitor::exec(), 1);
    QVERIFY(LogLines::count(QtCriticalMsg, u"no disk"_s) > 0);
    QVERIFY(LogLines::count(QtCriticalMsg, u"reader"_s) > 0);
}

void tst_ContractExec::itsJanitorIsAmbientOnTheMainThread()
{
    bool active = false;
    whenRunning([&] {
        active = hasActiveJanitor();
        spawnDaemon([] {});
        QCoreApplication::quit();
    });
    QCOMPARE(tryExec().janitorResult.completedCount(), 1);
    QVERIFY(active);
    QVERIFY(!hasActiveJanitor());
    QCOMPARE(trySpawnDaemon([] {}), SpawnError::NoActiveJanitor);
}

void tst_ContractExec::itsJanitorIsTheFallbackOfOtherThreads()
{
    SpawnError before = SpawnError::NoError, inside = SpawnError::NoActiveJanitor,
               after = SpawnError::NoError;
    const auto ask = [](SpawnError &answer) {
        onStdThread([&] { answer = trySpawnDaemon([] {}); });
    };
    ask(before);
    whenRunning([&] {
        ask(inside);
        QCoreApplication::quit();
    });
    QCOMPARE(tryExec().janitorResult.completedCount(), 1);
    ask(after);
    QCOMPARE(before, SpawnError::NoActiveJanitor);
    QCOMPARE(inside, SpawnError::NoError);
    QCOMPARE(after, SpawnError::NoActiveJanitor);
}

void tst_ContractExec::aJanitorOfTheirOwnComesFirst()
{
    qsizetype own = 0;
    whenRunning([&] {
        onStdThread([&] {
            own = tryEnter([] { spawnDaemon([] {}); }).janitorResult.completedCount();
            spawnDaemon([] {});
            spawnDaemon([] {});
        });
        QCoreApplication::quit();
    });
    QCOMPARE(tryExec().janitorResult.completedCount(), 2);
    QCOMPARE(own, 1);
}

void tst_ContractExec::theFallbackStaysWhileItDrains()
{
    SpawnError answer = SpawnError::NoActiveJanitor;
    std::thread worker;
    const Gate draining;
    whenRunning([&] {
        const Gate asked;
        spawnDaemon([asked] { asked.wait(); });
        worker = std::thread([&, asked] {
            draining.wait();
            answer = trySpawnDaemon([] {});
            asked.open();
        });
        QObject::connect(qApp, &QCoreApplication::aboutToQuit, this, [&] { draining.open(); });
        QCoreApplication::quit();
    });
    const Report report = tryExec().janitorResult;
    worker.join();
    qApp->disconnect(this);
    QCOMPARE(answer, SpawnError::NoError);
    QCOMPARE(report.completedCount(), 2);
}

void tst_ContractExec::unrelatedEventsOfTheDrainFindTheFallback()
{
    std::optional<LoopAliveChecker> checker;
    const Gate gate;
    SpawnError answer = SpawnError::NoActiveJanitor;
    bool stop = true;
    whenRunning([&] {
        spawnDaemon([gate] { gate.wait(); });
        QObject::connect(qApp, &QCoreApplication::aboutToQuit, this, [&] {
            // Comes when the loop has ended: posted from within its last moments.
            QMetaObject::invokeMethod(
                qApp,
                [&] {
                    answer = trySpawnDaemon([] {});
                    stop = isStopRequested();
                    gate.open();
                },
                Qt::QueuedConnection);
        });
        QCoreApplication::quit();
    });
    const Report report = tryExec().janitorResult;
    qApp->disconnect(this);
    QCOMPARE(answer, SpawnError::NoError);
    QVERIFY(!stop);
    QCOMPARE(report.completedCount(), 2);
}

void tst_ContractExec::itsDrainWaits()
{
    std::optional<LoopAliveChecker> checker;
    const Log log;
    whenRunning([&] {
        QCoreApplication::quit();
        checker.emplace();
        spawnCleanupJob([log, alive = checker->alive] {
            alive.wait();
            log.add(u"cleaned up"_s);
        });
    });
    QCOMPARE(QJanitor::exec(), 0);
    log.add(u"exec returned"_s);
    QCOMPARE(log.events(), QStringList({u"cleaned up"_s, u"exec returned"_s}));
}

void tst_ContractExec::quitDoesNotCutItsDrainShort()
{
    std::optional<LoopAliveChecker> checker;
    bool cleanedUp = false;
    whenRunning([&] {
        QCoreApplication::quit();
        checker.emplace();
        QTimer *timer = new QTimer(qApp);
        QObject::connect(timer, &QTimer::timeout, timer, [] { QCoreApplication::exit(9); });
        timer->start(0);
        spawnCleanupJob([&, timer, alive = checker->alive] {
            alive.wait();
            cleanedUp = true;
            timer->deleteLater();
        });
    });
    QCOMPARE(QJanitor::exec(), 0);
    QVERIFY(cleanedUp);
}

void tst_ContractExec::failFastQuitsAtTheFirstFailureAndWaits()
{
    const LogLines logLines;
    std::optional<LoopAliveChecker> checker;
    bool stopped = false, stoppedHere = false;
    std::atomic<int> ended{0};
    whenRunning([&] {
        spawnDaemon([&] {
            blockUntil([] { return isStopRequested(); });
            stopped = true;
            ++ended;
        });
        spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
        blockUntil([] { return isStopRequested(); });
        stoppedHere = true;
        checker.emplace();
        spawnCleanupJob([&, alive = checker->alive] {
            alive.wait();
            ++ended;
        });
    });
    const auto [report, code] = tryExec(); // nobody quits it
    QVERIFY(stopped);
    QVERIFY(stoppedHere);
    QCOMPARE(ended.load(), 2);
    QCOMPARE(code.value(), 0);
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 2);
    QVERIFY(report.unfinished().isEmpty());
}

void tst_ContractExec::aFailedOneTakesCleanupJobsOnly()
{
    SpawnError daemon = SpawnError::NoError, cleanup = SpawnError::NoActiveJanitor;
    whenRunning([&] {
        spawnDaemon([] { return Error(u"broken"_s); });
        blockUntil([] { return isStopRequested(); });
        daemon = trySpawnDaemon([] {});
        cleanup = trySpawnCleanupJob([] {});
    });
    QCOMPARE(tryExec().janitorResult.completedCount(), 1);
    QCOMPARE(daemon, SpawnError::ActiveJanitorTerminating);
    QCOMPARE(cleanup, SpawnError::NoError);
}

void tst_ContractExec::theFirstFailureNeedNotQuit()
{
    std::optional<Status> status;
    QMetaObject::Connection connection;
    int code = 0;
    whenRunning([&] {
        status.emplace();
        QObject::connect(&*status, &Status::failed, &*status, [&] {
            // The loop goes on: this event, posted after the failure, is delivered in it.
            QTimer::singleShot(0, qApp, [] { QCoreApplication::exit(3); });
        });
        spawnDaemon([] { return Error(u"broken"_s); });
    });
    auto result = tryExec({.quitOnFailure = false});
    code = result.calleeResult.value();
    QVERIFY(!result.janitorResult.ok());
    QCOMPARE(code, 3);
}

void tst_ContractExec::afterAnOrdinaryQuitAFailureIsWaitedForAsWell()
{
    std::optional<LoopAliveChecker> checker;
    std::atomic<int> ended{0};
    whenRunning([&] {
        checker.emplace();
        for (int i = 0; i < 3; ++i) {
            spawnCleanupJob([&, alive = checker->alive] {
                alive.wait();
                ++ended;
            });
        }
        spawnDaemon([] { return Error(u"broken"_s); });
        QCoreApplication::quit();
    });
    const Report report = tryExec().janitorResult;
    QCOMPARE(ended.load(), 3);
    QCOMPARE(report.completedCount(), 3);
    QVERIFY(report.unfinished().isEmpty());
}

namespace {

/// Cleans up in its destructor.
class Cleaner : public QObject
{
public:
    explicit Cleaner(std::atomic<int> &cleaned)
        : m_cleaned(cleaned)
    {
    }
    ~Cleaner() override
    {
        spawnCleanupJob([&cleaned = m_cleaned] { ++cleaned; });
    }

private:
    std::atomic<int> &m_cleaned;
};

} // namespace

void tst_ContractExec::objectsDeletedLaterSpawnInTheirDestructors_data()
{
    QTest::addColumn<QString>("when");
    QTest::newRow("before the loop") << u"before"_s;
    QTest::newRow("in the loop") << u"in"_s;
    QTest::newRow("when it is about to quit") << u"aboutToQuit"_s;
    QTest::newRow("in a slot of the drain") << u"drain"_s;
    QTest::newRow("by a job of the drain") << u"job"_s;
}

void tst_ContractExec::objectsDeletedLaterSpawnInTheirDestructors()
{
    QFETCH(const QString, when);
    const LogLines logLines;
    std::atomic<int> cleaned{0};
    auto *cleaner = new Cleaner(cleaned);
    std::optional<LoopAliveChecker> checker;
    if (when == u"before"_s)
        cleaner->deleteLater();
    if (when == u"aboutToQuit"_s)
        connect(qApp, &QCoreApplication::aboutToQuit, cleaner, &QObject::deleteLater);
    whenRunning([&] {
        QCoreApplication::quit();
        if (when == u"in"_s)
            cleaner->deleteLater();
        checker.emplace();
        if (when == u"drain"_s || when == u"job"_s) {
            const Gate gone; // it goes while a job still runs: after the last one is too late
            connect(cleaner, &QObject::destroyed, this, [gone] { gone.open(); });
            spawnDaemon([=, alive = checker->alive] {
                alive.wait();
                if (when == u"job"_s)
                    cleaner->deleteLater();
                else
                    QMetaObject::invokeMethod(cleaner, &QObject::deleteLater, Qt::QueuedConnection);
                gone.wait();
            });
        }
    });
    const Report report = tryExec().janitorResult;
    QCOMPARE(cleaned.load(), 1);
    QCOMPARE(report.completedCount(), when == u"drain"_s || when == u"job"_s ? 2 : 1);
    QCOMPARE(LogLines::count(QtCriticalMsg, QString()), 0);
}

void tst_ContractExec::destructorsOnWorkerThreadsFindIt()
{
    std::atomic<int> cleaned{0};
    QThread thread;
    auto *cleaner = new Cleaner(cleaned);
    cleaner->moveToThread(&thread);
    connect(&thread, &QThread::finished, cleaner, &QObject::deleteLater);
    whenRunning([&] {
        thread.start();
        thread.quit();
        thread.wait();
        QCoreApplication::quit();
    });
    const Report report = tryExec().janitorResult;
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(cleaned.load(), 1);
}

void tst_ContractExec::aSecondExecHasAJanitorOfItsOwn()
{
    whenRunning([] { spawnDaemon([] { return Error(u"broken"_s); }); });
    QVERIFY(!tryExec().janitorResult.ok());
    whenRunning([] {
        spawnDaemon([] {});
        QCoreApplication::quit();
    });
    const auto [report, code] = tryExec();
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(code.value(), 0);
}

void tst_ContractExec::aClientOfItMayOutliveIt()
{
    Client client;
    whenRunning([&] {
        client = Client::current();
        QCoreApplication::quit();
    });
    QCOMPARE(QJanitor::exec(), 0);
    QVERIFY(!client.isActive());
    QCOMPARE(client.trySpawnCleanupJob([] {}), SpawnError::ActiveJanitorTerminating);
}

void tst_ContractExec::jobsHandedOnInsideAreAwaited()
{
    const Gate gate;
    whenRunning([gate] {
        (void)tryEnter([gate] {
            spawnCleanupJob(u"flush"_s, [gate] { gate.wait(); });
            spawnDaemon([] { return Error(u"broken"_s); });
            blockUntil([] { return isStopRequested(); });
        });
        QCoreApplication::quit();
        QTimer::singleShot(0, qApp, [gate] { gate.open(); });
    });
    const Report report = tryExec().janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
}

void tst_ContractExec::insideAnotherJanitor()
{
    Report inner;
    const Report outer = tryEnter([&] {
                             whenRunning([] {
                                 spawnDaemon([] {});
                                 QCoreApplication::quit();
                             });
                             inner = tryExec().janitorResult;
                             spawnDaemon([] {});
                             spawnDaemon([] {});
                         }).janitorResult;
    QCOMPARE(inner.completedCount(), 1);
    QCOMPARE(outer.completedCount(), 2);
}

QTEST_GUILESS_MAIN(tst_ContractExec)

#include "tst_contract_exec.moc"
