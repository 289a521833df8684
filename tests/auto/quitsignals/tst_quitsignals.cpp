// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Signals that ask a program to quit, sent to a program.

#include <QtCore/qprocess.h>
#include <QtTest/qtest.h>

#include <csignal>

using namespace Qt::StringLiterals;

/// How a program ended: with an exit code, or killed by a signal.
struct End
{
    QProcess::ExitStatus status;
    int number;
};
static constexpr End exited(int code)
{
    return {QProcess::NormalExit, code};
}
static constexpr End killedBy(int number)
{
    return {QProcess::CrashExit, number};
}
Q_DECLARE_METATYPE(End)

class tst_QuitSignals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void signalled_data();
    void signalled();
    void twinAfterExecDoesNotKill();
};

void tst_QuitSignals::signalled_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QList<int>>("numbers"); // each is sent when the program asks for it
    QTest::addColumn<QStringList>("events");
    QTest::addColumn<End>("end");
    QTest::addColumn<QString>("logged");
    const QStringList drained{u"ready"_s, u"drained"_s};
    const QString ready = u"ready"_s;
    const auto list = [](auto... numbers) { return QList<int>{numbers...}; };

    QTest::newRow("SIGINT once drains")
        << u"drains"_s << list(SIGINT) << drained << exited(0) << QString();
    QTest::newRow("SIGTERM once drains")
        << u"drains"_s << list(SIGTERM) << drained << exited(0) << QString();
    QTest::newRow("SIGHUP once drains")
        << u"drains"_s << list(SIGHUP) << drained << exited(0) << QString();
    QTest::newRow("twice ends the waiting and names the jobs")
        << u"stuck"_s << list(SIGTERM, SIGTERM) << QStringList({ready, ready}) << exited(1)
        << u"stuck"_s;
    QTest::newRow("two different ones are twice")
        << u"stuck"_s << list(SIGINT, SIGTERM) << QStringList({ready, ready}) << exited(1)
        << u"stuck"_s;
    QTest::newRow("twice within 500 ms is once")
        << u"pair"_s << QList<int>() << QStringList(u"drained"_s) << exited(0) << QString();
    QTest::newRow("three times ends a blocked program: SIGINT")
        << u"blocked"_s << list(SIGINT, SIGINT, SIGINT) << QStringList(3, ready)
        << exited(128 + SIGINT) << QString();
    QTest::newRow("three times ends a blocked program: the last one counts")
        << u"blocked"_s << list(SIGINT, SIGINT, SIGTERM) << QStringList(3, ready)
        << exited(128 + SIGTERM) << QString();
    QTest::newRow("before exec() it is remembered")
        << u"remembered"_s << list(SIGINT) << QStringList({ready, u"goes on"_s}) << exited(0)
        << QString();
    QTest::newRow("twice before exec() kills")
        << u"rememberedTwice"_s << list(SIGINT, SIGTERM) << QStringList({ready, ready})
        << killedBy(SIGTERM) << QString();
    QTest::newRow("before exec() it kills a program that has not asked")
        << u"notCaught"_s << list(SIGTERM) << QStringList(ready) << killedBy(SIGTERM) << QString();
    QTest::newRow("a handler of the program's own is left alone")
        << u"ownHandler"_s << list(SIGTERM, SIGINT)
        << QStringList({ready, u"own"_s, ready, u"drained"_s}) << exited(0) << u"itself"_s;
    QTest::newRow("what the program ignores stays ignored")
        << u"ignored"_s << list(SIGHUP, SIGHUP, SIGTERM)
        << QStringList({ready, ready, ready, u"drained"_s}) << exited(0) << QString();
    QTest::newRow("handleSignals = false leaves the default effect")
        << u"notHandled"_s << list(SIGTERM) << QStringList(ready) << killedBy(SIGTERM) << QString();
    QTest::newRow("after exec() they have their default effect again")
        << u"afterwards"_s << list(SIGINT) << QStringList(ready) << killedBy(SIGINT) << QString();
    QTest::newRow("three times ends a program that is blocked in its drain")
        << u"blockedDrain"_s << list(SIGTERM, SIGTERM, SIGINT)
        << QStringList({ready, u"blocked"_s, u"warned"_s, ready, ready}) << exited(128 + SIGINT)
        << QString();
    QTest::newRow("jobs that ignore everything end with the deadline")
        << u"deaf"_s << list(SIGTERM) << QStringList(ready) << exited(1) << u"deaf, too"_s;
    QTest::newRow("a deadline passes while a job's captures are destroyed")
        << u"stuckInDestructor"_s << list(SIGTERM) << QStringList(ready) << exited(1)
        << u"sticky"_s;
    QTest::newRow("a deadline passes while an object is destroyed")
        << u"lateCleanup"_s << list(SIGTERM) << QStringList({ready, u"cleaned up"_s}) << exited(1)
        << u"deaf"_s;
    QTest::newRow("exit(n) keeps its code, whatever comes in the drain")
        << u"exitCode"_s << list(SIGTERM) << drained << exited(3) << QString();
    QTest::newRow("exit(n) keeps its code when the waiting is ended")
        << u"exitStuck"_s << list(SIGTERM, SIGTERM) << QStringList({ready, ready}) << exited(3)
        << u"stuck"_s;
    QTest::newRow("once before exec() and once in it ends the waiting")
        << u"rememberedStuck"_s << list(SIGTERM, SIGTERM) << QStringList({ready, ready})
        << exited(1) << u"stuck"_s;
    QTest::newRow("a handler that comes later than ours stays")
        << u"laterHandler"_s << list(SIGTERM, SIGTERM)
        << QStringList({ready, u"drained"_s, ready, u"handled"_s}) << exited(0) << u"itself"_s;
    QTest::newRow("a forked child has nothing to do with it")
        << u"forked"_s << QList<int>() << QStringList(u"killed"_s) << exited(5) << QString();
    QTest::newRow("after an exec() that a signal has ended, too")
        << u"afterSignalled"_s << list(SIGINT) << QStringList(ready) << killedBy(SIGINT)
        << QString();
    QTest::newRow("a second exec() counts anew")
        << u"twoExecs"_s << list(SIGINT, SIGINT)
        << QStringList({ready, u"drained"_s, u"again"_s, ready, u"drained"_s}) << exited(0)
        << QString();
}

/// Reads what \a program prints until it says that it is ready; returns whether it did.
static bool becomesReady(QProcess &program, QStringList &events)
{
    for (;;) {
        while (program.canReadLine()) {
            events.append(QString::fromUtf8(program.readLine()).trimmed());
            if (events.last() == u"ready"_s)
                return true;
        }
        if (!program.waitForReadyRead(30'000))
            return false;
    }
}

void tst_QuitSignals::signalled()
{
    QFETCH(const QString, mode);
    QFETCH(const QList<int>, numbers);
    QFETCH(const QStringList, events);
    QFETCH(const End, end);
    QFETCH(const QString, logged);
    QProcess program;
    QStringList seen;
    program.start(QStringLiteral(PROGRAM), {mode});
    QVERIFY(program.waitForStarted());
    for (const int number : numbers) {
        QVERIFY2(becomesReady(program, seen), qPrintable(seen.join(u", ")));
        QCOMPARE(::kill(pid_t(program.processId()), number), 0);
        program.write("\n");
    }
    QVERIFY2(program.waitForFinished(), "hangs");
    while (program.canReadLine())
        seen.append(QString::fromUtf8(program.readLine()).trimmed());
    const QString log = QString::fromUtf8(program.readAllStandardError());
    QCOMPARE(seen, events);
    QCOMPARE(program.exitStatus(), end.status);
    QCOMPARE(program.exitCode(), end.number);
    QVERIFY2(log.contains(logged), qPrintable(log));
}

void tst_QuitSignals::twinAfterExecDoesNotKill()
{
    // Where the machine holds the program up for half a second, it is no twin any more.
    constexpr int attempts = 20;
    bool lives = false;
    for (int attempt = 0; attempt < attempts && !lives; ++attempt) {
        QProcess program;
        program.start(QStringLiteral(PROGRAM), {u"lateTwin"_s});
        QVERIFY(program.waitForFinished());
        lives = program.exitStatus() == QProcess::NormalExit && program.exitCode() == 0;
    }
    QVERIFY(lives);
}

QTEST_GUILESS_MAIN(tst_QuitSignals)

#include "tst_quitsignals.moc"
