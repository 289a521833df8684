// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Coroutines that are under way when the program ends. Each test has an application of its own.

#include "../contract/cogate.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroTimer>

#include <QtCore/qcoreapplication.h>
#include <QtTest/qtest.h>

#include <memory>
#include <optional>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

struct Application
{
    int argc = 1;
    char name[8] = "coexit";
    char *argv[2] = {name, nullptr};
    QCoreApplication application{argc, argv};
};

QCoro::Task<> sleepABit()
{
    QTimer timer;
    timer.start(1);
    co_await timer;
}

Report run()
{
    return tryExec({.handleSignals = false}).janitorResult;
}

} // namespace

class tst_CoExit : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void coroutinesUnderWayAtQuitFinish_data();
    void coroutinesUnderWayAtQuitFinish();
    void whoQuitsTheProgramIsAwaitedByOthers();
    void oneThatIsNeverResumedIsNamed();
    void theRootJanitorResumesThem();
    void whenTheApplicationGoesTheyAreAbandoned();
    void queuedForAnApplicationThatGoesTheyAreAbandoned();
    void withoutAnApplicationACleanupCoroutineRunsAtOnce();
    void withoutAnApplicationASuspendedOneIsReported();
};

void tst_CoExit::coroutinesUnderWayAtQuitFinish_data()
{
    QTest::addColumn<bool>("plain");
    QTest::newRow("tasks") << false;
    QTest::newRow("of QCoro") << true;
}

/// https://github.com/qcoro/qcoro/issues/152: a coroutine that nobody awaits, started again and
/// again by a timer. Those that are suspended when the program ends lose their frames, and what is
/// in them.
void tst_CoExit::coroutinesUnderWayAtQuitFinish()
{
    QFETCH(const bool, plain);
    const Application application;
    const Log log;
    int begun = 0;
    const auto job = [log]() -> Task<> {
        const std::vector<int> memory(100'000);
        const Witness witness(log, u"coroutine"_s);
        co_await sleepABit();
    };
    const auto plainJob = [log]() -> QCoro::Task<> {
        const std::vector<int> memory(100'000);
        const Witness witness(log, u"coroutine"_s);
        co_await sleepABit();
    };
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, [&] {
        plain ? spawnDaemon(plainJob) : spawnDaemon(job);
        if (++begun < 5)
            return;
        timer.stop();
        QCoreApplication::quit();
    });
    timer.start(0);
    const Report report = run();
    QVERIFY(report.ok());
    QVERIFY(begun >= 5);
    QCOMPARE(report.completedCount(), begun);
    QCOMPARE(log.events(), QStringList(begun, u"coroutine ends"_s));
}

/// https://github.com/qcoro/qcoro/issues/255: a coroutine of an object quits the program, and the
/// ones that await it are never resumed; what they own is never destroyed.
void tst_CoExit::whoQuitsTheProgramIsAwaitedByOthers()
{
    const Application application;
    const Log log;
    struct Dialog
    {
        explicit Dialog(const Log &log_)
            : witness(log_, u"dialog"_s)
        {}
        QCoro::Task<> doSomething()
        {
            const Witness local(witness.log, u"doSomething"_s);
            co_await sleepABit();
            QCoreApplication::quit();
            co_await sleepABit();
        }
        Witness witness;
    };
    QMetaObject::invokeMethod(
        qApp,
        [log] {
            spawnDaemon([log]() -> QCoro::Task<> {
                Dialog dialog(log);
                co_await dialog.doSomething();
                log.add(u"went on"_s);
            });
        },
        Qt::QueuedConnection);
    QVERIFY(run().ok());
    QCOMPARE(log.events(), QStringList({u"doSomething ends"_s, u"went on"_s, u"dialog ends"_s}));
}

void tst_CoExit::oneThatIsNeverResumedIsNamed()
{
    const Application application;
    const LogLines lines;
    const CoGate gate;
    QTimer opener;
    QObject::connect(&opener, &QTimer::timeout, [&] {
        if (LogLines::count(QtWarningMsg, u"waits for the end of the world"_s) > 0)
            gate.open();
    });
    opener.start(1);
    QMetaObject::invokeMethod(
        qApp,
        [gate] {
            spawnDaemon(u"waits for the end of the world"_s, [gate]() -> Task<> { co_await gate; });
            QCoreApplication::quit();
        },
        Qt::QueuedConnection);
    const auto result =
        tryExec({.hangWarningAfter = std::chrono::milliseconds(1), .handleSignals = false});
    QVERIFY(result.janitorResult.ok());
    QVERIFY(LogLines::count(QtWarningMsg, u"waits for the end of the world"_s) > 0);
}

void tst_CoExit::theRootJanitorResumesThem()
{
    const LogLines lines;
    const Log log;
    {
        const Application application;
        spawnCleanupJob(u"late"_s, [log]() -> Task<> {
            co_await sleepABit();
            log.add(u"cleaned up"_s);
        });
    }
    QCOMPARE(log.events(), QStringList({u"cleaned up"_s}));
    QCOMPARE(LogLines::count(QtCriticalMsg, u"no janitor is ambient"_s), 1);
}

void tst_CoExit::whenTheApplicationGoesTheyAreAbandoned()
{
    const CoGate gate;
    const auto result = tryEnter([&] {
        const Application application;
        spawnDaemon(u"lost"_s, [gate]() -> Task<> { co_await gate; });
    });
    QCOMPARE(result.janitorResult.error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(result.janitorResult.error().jobName(), u"lost"_s);
    gate.open();
}

void tst_CoExit::queuedForAnApplicationThatGoesTheyAreAbandoned()
{
    bool hasBegun = false;
    const auto result = tryEnter([&] {
        const Application application;
        const Client client = Client::current();
        onStdThread([&] {
            client.spawnDaemon(u"queued"_s, [&hasBegun]() -> Task<> {
                hasBegun = true;
                co_return;
            });
        });
    });
    QVERIFY(!hasBegun);
    QCOMPARE(result.janitorResult.error().kind(), Error::Kind::JobAbandoned);
    QCOMPARE(result.janitorResult.error().jobName(), u"queued"_s);
}

void tst_CoExit::withoutAnApplicationACleanupCoroutineRunsAtOnce()
{
    const LogLines lines;
    bool ran = false;
    spawnCleanupJob([&ran]() -> Task<> {
        ran = true;
        co_return;
    });
    QVERIFY(ran);
    spawnCleanupJob(u"failing"_s, []() -> Task<Error> { co_return Error(u"bad"_s); });
    QCOMPARE(LogLines::count(QtCriticalMsg, u"bad"_s), 1);
}

void tst_CoExit::withoutAnApplicationASuspendedOneIsReported()
{
    const LogLines lines;
    const CoGate gate;
    const Log log;
    spawnCleanupJob([gate, witness = Witness(log, u"it"_s)]() -> Task<> { co_await gate; });
    QCOMPARE(LogLines::count(QtCriticalMsg, u"nobody waits for its end"_s), 1);
    QCOMPARE(log.events(), QStringList());
    gate.open();
    QCOMPARE(log.events(), QStringList({u"it ends"_s}));
}

QTEST_APPLESS_MAIN(tst_CoExit)
#include "tst_coexit.moc"
