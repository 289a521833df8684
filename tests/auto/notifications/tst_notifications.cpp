// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What a service manager is told about a program. It acts as one here, on a thread of its own.

#include "../contract/gate.h"
#include "../contract/record.h"
#include "../servicemanager/notifysocket.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qprocess.h>
#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

#include <csignal>
#include <thread>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static const QByteArray stopping = "STOPPING=1";
static const QByteArray moreTime = "EXTEND_TIMEOUT_USEC=30000000";
static const QByteArray allEnded = "STATUS=all jobs have ended"; // comes last, after exec() as well

static const QByteArray full = "FULL=1";

/// A manager, and the lines that it has received.
class Manager
{
public:
    explicit Manager(const QString &path)
        : m_socket(path)
    {}

    /// Waits until \a line has come once more than before.
    void waitFor(const QByteArray &line)
    {
        for (bool found = false; !found;) {
            const QByteArrayList news = m_socket.receive().trimmed().split('\n');
            found = news.contains(line);
            m_lines += news;
        }
    }
    /// Lets nothing more in until something is received.
    void fill() { QVERIFY(m_socket.fill() > 0); }
    /// Returns what has been received until now, \a without those lines.
    QByteArrayList lines(const QByteArray &without = {})
    {
        for (const QByteArray &message : m_socket.receiveAll())
            m_lines += message.trimmed().split('\n');
        QByteArrayList lines = m_lines;
        lines.removeAll(without);
        return lines;
    }

private:
    const NotifySocket m_socket;
    QByteArrayList m_lines;
};

class tst_Notifications : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup() { QFile::remove(m_path); }

    void nobodyIsTold(); // first: for the others there is a name in the environment
    void unreachableManagerIsLogged();
    void readyIsTold();
    void statusNamesWhatIsLeft();
    void progressAsksForMoreTime();
    void newJobsAreNoProgress();
    void blockedApplicationThreadIsTold();
    void whatWasGivenUpIsTold();
    void nothingToWaitFor_data();
    void nothingToWaitFor();
    void innerExecIsNotTold();
    void namesCannotForgeAssignments();
    void longNamesAreCut();
    void readyIsToldToABusyManagerLater();
    void readyThatIsLostLaterIsLogged();
    void busyManagerIsToldWhatRemains();
    void managerThatNeverReadsHoldsNobodyUp_data();
    void managerThatNeverReadsHoldsNobodyUp();
    void managerThatReadsAgainIsTold();
    void readyBeforeTheApplicationIsToldLater();
    void readyIsToldAtTheLatestWithTheEnd();
    void nextApplicationTellsNothingOfTheLast();

private:
    QTemporaryDir m_directory;
    const QString m_path = m_directory.filePath(u"notify"_s);
};

/// Calls \a function as soon as the event loop of exec() runs.
template<class F>
static void whenRunning(F function)
{
    QTimer::singleShot(0, QCoreApplication::instance(), function);
}

/// Runs exec() with what \a spawn spawns, which quits at once.
template<class F>
static int execWith(F spawn, const Options &options = {})
{
    whenRunning([spawn] {
        spawn();
        QCoreApplication::quit();
    });
    return QJanitor::exec(options);
}

/// Waits for \a line while exec() drains, and lets the job called \a name end then.
static void drainUntilTold(Manager &manager, const QString &name, const QByteArray &line)
{
    const Gate gate;
    std::thread thread([&] {
        manager.waitFor(line);
        gate.open();
    });
    execWith([=] { spawnCleanupJob(name, [gate] { gate.wait(); }); });
    thread.join();
    manager.waitFor(allEnded);
}

void tst_Notifications::initTestCase()
{
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        std::signal(number, SIG_DFL); // Qt Test handles them, and QJanitor would leave them to it
    qunsetenv("NOTIFY_SOCKET");
}

/// Sets the name once, for the agent thread looks at it.
void tst_Notifications::init()
{
    if (qstrcmp(QTest::currentTestFunction(), "nobodyIsTold") != 0 &&
        !qEnvironmentVariableIsSet("NOTIFY_SOCKET"))
        qputenv("NOTIFY_SOCKET", QFile::encodeName(m_path));
}

void tst_Notifications::nobodyIsTold()
{
    const LogLines logLines;
    notifyReady();
    QCOMPARE(execWith([] { spawnDaemon([] {}); }), 0);
    QCOMPARE(LogLines::count(QString()), 0);
}

void tst_Notifications::unreachableManagerIsLogged()
{
    const LogLines logLines;
    notifyReady();
    QCOMPARE(LogLines::count(QtWarningMsg, u"NOTIFY_SOCKET"_s), 1);
}

void tst_Notifications::readyIsTold()
{
    Manager manager(m_path);
    notifyReady();
    QCOMPARE(manager.lines(), QByteArrayList({"READY=1"}));
}

void tst_Notifications::statusNamesWhatIsLeft()
{
    Manager manager(m_path);
    const Gate first, second;
    std::thread thread([&] {
        manager.waitFor("STATUS=2 jobs left: flush a, flush b");
        first.open();
        manager.waitFor("STATUS=1 job left: flush b");
        second.open();
    });
    const int code = execWith([&] {
        spawnCleanupJob(u"flush a"_s, [first] { first.wait(); });
        spawnCleanupJob(u"flush b"_s, [second] { second.wait(); });
    });
    thread.join();
    manager.waitFor(allEnded);
    QCOMPARE(code, 0);
    QCOMPARE(manager.lines(moreTime),
             QByteArrayList({stopping, "STATUS=2 jobs left: flush a, flush b",
                             "STATUS=1 job left: flush b", allEnded}));
    QCOMPARE(manager.lines().count(moreTime), 2); // each end is progress
}

void tst_Notifications::progressAsksForMoreTime()
{
    Manager manager(m_path);
    const Gate ranged, first, second, last;
    QByteArrayList before;
    std::thread thread([&] {
        manager.waitFor("STATUS=1 job left: upload");
        before = manager.lines();
        first.open();
        manager.waitFor(moreTime);
        second.open();
        manager.waitFor(moreTime);
        last.open();
    });
    const int code = execWith([&] {
        spawnCleanupJob(u"upload"_s, [=](QPromise<void> &promise) {
            promise.setProgressRange(0, 10);
            ranged.open();
            first.wait();
            promise.setProgressValue(1);
            second.wait();
            promise.setProgressValueAndText(2, u"nearly"_s);
            last.wait();
        });
        ranged.wait();
    });
    thread.join();
    manager.waitFor(allEnded);
    QCOMPARE(code, 0);
    QCOMPARE(before, QByteArrayList({stopping, "STATUS=1 job left: upload"}));
    QCOMPARE(manager.lines(moreTime),
             QByteArrayList({stopping, "STATUS=1 job left: upload", allEnded}));
}

void tst_Notifications::newJobsAreNoProgress()
{
    Manager manager(m_path);
    const Gate more, last;
    QByteArrayList before;
    std::thread thread([&] {
        manager.waitFor("STATUS=1 job left: a");
        more.open();
        manager.waitFor("STATUS=2 jobs left: a, b");
        before = manager.lines();
        last.open();
    });
    execWith([&] {
        spawnCleanupJob(u"a"_s, [=] {
            more.wait();
            spawnCleanupJob(u"b"_s, [last] { last.wait(); });
            last.wait();
        });
    });
    thread.join();
    manager.waitFor(allEnded);
    QCOMPARE(before,
             QByteArrayList({stopping, "STATUS=1 job left: a", "STATUS=2 jobs left: a, b"}));
}

void tst_Notifications::blockedApplicationThreadIsTold()
{
    Manager manager(m_path);
    const QByteArray status = "STATUS=the event loop has not ended";
    whenRunning([&] {
        const Gate gate;
        spawnCleanupJob(u"flush"_s, [gate] { gate.wait(); });
        std::raise(SIGTERM);
        manager.waitFor(status + "; 1 job left: flush"); // here, where the loop does not turn
        gate.open();
        manager.waitFor(status);
    });
    QCOMPARE(QJanitor::exec(), 0);
    manager.waitFor(allEnded);
    QCOMPARE(manager.lines(moreTime),
             QByteArrayList({stopping, status + "; 1 job left: flush", status, allEnded}));
    QCOMPARE(manager.lines().count(moreTime), 1);
}

void tst_Notifications::whatWasGivenUpIsTold()
{
    const LogLines logLines;
    Manager manager(m_path);
    const Gate gate;
    const auto spawn = [gate] { spawnDaemon(u"deaf"_s, [gate] { gate.wait(); }); };
    QCOMPARE(execWith(spawn, {.drainTimeout = std::chrono::milliseconds(0)}), 1);
    manager.waitFor("STATUS=given up; 1 job left: deaf");
    gate.open();
    QCOMPARE(manager.lines(), QByteArrayList({stopping, "STATUS=given up; 1 job left: deaf"}));
}

void tst_Notifications::nothingToWaitFor_data()
{
    QTest::addColumn<bool>("bySignal");
    QTest::newRow("after a signal") << true;
    QTest::newRow("after quit()") << false;
}

void tst_Notifications::nothingToWaitFor()
{
    QFETCH(const bool, bySignal);
    Manager manager(m_path);
    for (int round = 0; round < 2; ++round) { // each exec() is told once
        whenRunning([bySignal] {
            if (bySignal)
                std::raise(SIGTERM);
            else
                QCoreApplication::quit();
        });
        QCOMPARE(QJanitor::exec(), 0);
        manager.waitFor(allEnded);
    }
    QCOMPARE(manager.lines(), QByteArrayList({stopping, allEnded, stopping, allEnded}));
}

void tst_Notifications::innerExecIsNotTold()
{
    Manager manager(m_path);
    const Gate gate;
    connect(qApp, &QCoreApplication::aboutToQuit, this, [this, gate] {
        qApp->disconnect(this);
        // In the drain, where exec() can be called once more.
        whenRunning([gate] {
            whenRunning([] { QCoreApplication::quit(); });
            QJanitor::exec();
            gate.open();
        });
    });
    QCOMPARE(execWith([gate] { spawnCleanupJob([gate] { gate.wait(); }); }), 0);
    manager.waitFor(allEnded);
    QCOMPARE(manager.lines().count(stopping), 1);
}

void tst_Notifications::namesCannotForgeAssignments()
{
    Manager manager(m_path);
    const QByteArray status = "STATUS=1 job left: a\\nMAINPID=1\\r\\tb";
    drainUntilTold(manager, u"a\nMAINPID=1\r\tb"_s, status);
    QCOMPARE(manager.lines(moreTime), QByteArrayList({stopping, status, allEnded}));
}

void tst_Notifications::longNamesAreCut()
{
    Manager manager(m_path);
    const QString text = u"1 job left: "_s + QString(200, u'ä') + u'…';
    const QByteArray status = "STATUS=" + text.toUtf8();
    drainUntilTold(manager, QString(100'000, u'ä'), status);
    QCOMPARE(manager.lines(moreTime), QByteArrayList({stopping, status, allEnded}));
}

void tst_Notifications::readyIsToldToABusyManagerLater()
{
    const TimeLimit limit;
    const LogLines logLines;
    Manager manager(m_path);
    manager.fill();
    notifyReady();
    notifyReady();
    manager.waitFor("READY=1");
    QCOMPARE(manager.lines(full), QByteArrayList({"READY=1"}));
    QCOMPARE(LogLines::count(QString()), 0);
}

void tst_Notifications::readyThatIsLostLaterIsLogged()
{
    const TimeLimit limit;
    const LogLines logLines;
    {
        Manager manager(m_path);
        manager.fill();
        notifyReady();
        QCOMPARE(LogLines::count(QString()), 0);
    }
    blockUntil([] { return LogLines::count(QString()) > 0; });
    QCOMPARE(LogLines::count(QtWarningMsg, u"NOTIFY_SOCKET"_s), 1);
}

void tst_Notifications::busyManagerIsToldWhatRemains()
{
    const TimeLimit limit;
    Manager manager(m_path);
    manager.fill();
    const int code = execWith([] { spawnCleanupJob(u"flush"_s, [] {}); });
    QCOMPARE(code, 0); // and nobody has read
    manager.waitFor(allEnded);
    QCOMPARE(manager.lines(full).first(), stopping);
    QCOMPARE(manager.lines().count(stopping), 1);
}

/// Runs the program as a service of a manager that listens at \a path.
static void start(QProcess &program, const QString &path, const QString &mode,
                  const QStringList &ready)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"NOTIFY_SOCKET"_s, path);
    program.setProcessEnvironment(environment);
    program.start(QStringLiteral(PROGRAM), QStringList(mode) + ready);
}

/// Reads what \a program prints until that is \a event; returns whether it was.
static bool waitForEvent(QProcess &program, const QByteArray &event)
{
    for (;;) {
        while (program.canReadLine()) {
            if (program.readLine().trimmed() == event)
                return true;
        }
        if (!program.waitForReadyRead(30'000))
            return false;
    }
}

void tst_Notifications::managerThatNeverReadsHoldsNobodyUp_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("tellsReady");
    QTest::addColumn<int>("signalCount");
    QTest::addColumn<int>("exitCode");
    QTest::addColumn<QString>("logged");
    QTest::newRow("notifyReady()") << u"quits"_s << u"inTime"_s << 0 << 0 << QString();
    QTest::newRow("notifyReady() before the application")
        << u"quits"_s << u"early"_s << 0 << 0 << QString();
    QTest::newRow("a drain") << u"quits"_s << u"never"_s << 0 << 0 << QString();
    QTest::newRow("a drain timeout") << u"deaf"_s << u"never"_s << 0 << 1 << u"deaf"_s;
    QTest::newRow("SIGTERM") << u"drains"_s << u"never"_s << 1 << 0 << QString();
    QTest::newRow("SIGTERM while the application's thread is blocked")
        << u"blocks"_s << u"never"_s << 1 << 0 << QString();
    QTest::newRow("SIGTERM twice") << u"stuck"_s << u"never"_s << 2 << 1 << u"stuck"_s;
    QTest::newRow("all of it") << u"stuck"_s << u"inTime"_s << 2 << 1 << u"stuck"_s;
}

void tst_Notifications::managerThatNeverReadsHoldsNobodyUp()
{
    QFETCH(const QString, mode);
    QFETCH(const QString, tellsReady);
    QFETCH(const int, signalCount);
    QFETCH(const int, exitCode);
    QFETCH(const QString, logged);
    Manager manager(m_path);
    manager.fill();
    QProcess program;
    start(program, m_path, mode, {tellsReady});
    for (int i = 0; i < signalCount; ++i) {
        QVERIFY2(waitForEvent(program, "ready"), "hangs");
        QCOMPARE(::kill(pid_t(program.processId()), SIGTERM), 0);
        program.write("\n");
    }
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY(program.waitForFinished());
    const QString log = QString::fromUtf8(program.readAllStandardError());
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), exitCode);
    QVERIFY2(logged.isEmpty() ? log.isEmpty() : log.contains(logged), qPrintable(log));
    QCOMPARE(manager.lines(full), QByteArrayList()); // what was left has been dropped
}

void tst_Notifications::managerThatReadsAgainIsTold()
{
    Manager manager(m_path);
    manager.fill();
    QProcess program;
    start(program, m_path, u"flushes"_s, {u"inTime"_s});
    program.write("\n");
    QVERIFY2(waitForEvent(program, "one job left"), "hangs");
    manager.waitFor("STATUS=1 job left: flush b");
    program.write("\n");
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY(program.waitForFinished());
    QCOMPARE(program.exitCode(), 0);
    QByteArrayList lines = manager.lines(full);
    // These come if they were the newest at some time, or if there was time.
    const QByteArrayList uncertain{moreTime, allEnded, "STATUS=2 jobs left: flush a, flush b"};
    lines.removeIf([&uncertain](const QByteArray &line) { return uncertain.contains(line); });
    QCOMPARE(lines, QByteArrayList({"READY=1", stopping, "STATUS=1 job left: flush b"}));
}

void tst_Notifications::readyBeforeTheApplicationIsToldLater()
{
    Manager manager(m_path);
    manager.fill();
    QProcess program;
    start(program, m_path, u"waits"_s, {u"early"_s});
    QVERIFY2(waitForEvent(program, "ready"), "hangs");
    manager.waitFor("READY=1");
    program.write("\n");
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY(program.waitForFinished());
    QCOMPARE(manager.lines(full), QByteArrayList({"READY=1"}));
}

void tst_Notifications::readyIsToldAtTheLatestWithTheEnd()
{
    Manager manager(m_path);
    manager.fill();
    QProcess program;
    start(program, m_path, u"waits"_s, {u"inTime"_s});
    QVERIFY2(waitForEvent(program, "ready"), "hangs");
    (void)manager.lines();
    program.write("\n"); // most likely it has not been told again until now
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY(program.waitForFinished());
    QCOMPARE(manager.lines(full), QByteArrayList({"READY=1"}));
}

void tst_Notifications::nextApplicationTellsNothingOfTheLast()
{
    Manager manager(m_path);
    manager.fill();
    QProcess program;
    start(program, m_path, u"waits"_s, {u"inTime"_s, u"never"_s});
    QVERIFY2(waitForEvent(program, "ready"), "hangs");
    program.write("\n");
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY2(waitForEvent(program, "ready"), "hangs");
    (void)manager.lines();
    program.write("\n");
    QVERIFY2(waitForEvent(program, "gone"), "hangs");
    QVERIFY(program.waitForFinished());
    QCOMPARE(manager.lines(full), QByteArrayList());
}

QTEST_GUILESS_MAIN(tst_Notifications)

#include "tst_notifications.moc"
