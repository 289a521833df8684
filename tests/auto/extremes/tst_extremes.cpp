// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What few programs do, each in a process of its own: none crashes, hangs or gives up too early.

#include "../../support/runprogram.h"

#include <QtTest/qtest.h>

#include <csignal>

using namespace Qt::StringLiterals;

class tst_Extremes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void programsComeToTheirEnd_data();
    void programsComeToTheirEnd();
    void aChainOfJanitorsIsFreedWithoutRecursion_data();
    void aChainOfJanitorsIsFreedWithoutRecursion();
    void theTimeOfAStoppedProcessDoesNotCount_data();
    void theTimeOfAStoppedProcessDoesNotCount();
    void aForkedChildDoesNotHangSilently_data();
    void aForkedChildDoesNotHangSilently();
};

void tst_Extremes::programsComeToTheirEnd_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QStringList>("events");
    const QStringList entered{u"daemon"_s, u"left"_s};
    const QStringList waited{u"ended"_s, u"left"_s};
    const QStringList free(u"did not block"_s);

    QTest::newRow("enter() in a thread_local's destructor on a QThread whose object has gone")
        << u"enterAtTheEndOfAQThread"_s << entered;
    QTest::newRow(
        "enter() once more in a thread_local's destructor on a QThread whose object has gone")
        << u"enterAgainAtTheEndOfAQThread"_s << entered;
    QTest::newRow("enter() in a thread_local's destructor on a QThread")
        << u"enterAtTheEndOfAQThreadThatStays"_s << entered;
    QTest::newRow("enter() once more in a thread_local's destructor on a QThread")
        << u"enterAgainAtTheEndOfAQThreadThatStays"_s << entered;
    QTest::newRow("enter() in a thread_local's destructor on a std::thread")
        << u"enterAtTheEndOfAStdThread"_s << entered;
    QTest::newRow("enter() once more in a thread_local's destructor on a std::thread")
        << u"enterAgainAtTheEndOfAStdThread"_s << entered;
    QTest::newRow("enter() in a thread_local's destructor on a thread of a pool that has gone")
        << u"enterAtTheEndOfAPoolThread"_s << entered;
    QTest::newRow(
        "enter() once more in a thread_local's destructor on a thread of a pool that has gone")
        << u"enterAgainAtTheEndOfAPoolThread"_s << entered;
    QTest::newRow("enter() in a thread_local's destructor on a QThread without an application")
        << u"enterAtTheEndOfAQThreadWithoutApplication"_s << entered;

    QTest::newRow("enter() with a drainTimeout below 0 waits")
        << u"enterWithANegativeTimeout"_s << waited;
    QTest::newRow("enter() with the least drainTimeout waits on a std::thread")
        << u"enterWithANegativeTimeoutOnAThread"_s << waited;
    QTest::newRow("exec() with a drainTimeout below 0 waits")
        << u"execWithANegativeTimeout"_s << QStringList({u"ended"_s, u"exec returned 0"_s});
    QTest::newRow("a supervisor with a drainTimeout below 0 waits")
        << u"supervisorWithANegativeTimeout"_s << waited;

    QTest::newRow("~Supervisor does not wait for the agent to count a future")
        << u"destroyWhileTheAgentCounts"_s << free;
    QTest::newRow("~Supervisor does not wait for a thread that lists futures to count some")
        << u"destroyWhileAThreadLists"_s << free;
    QTest::newRow("~Supervisor does not wait for the result of a future to be destroyed")
        << u"destroyWithAResult"_s << free;
}

void tst_Extremes::programsComeToTheirEnd()
{
    QFETCH(const QString, mode);
    QFETCH(const QStringList, events);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, events);
    // A supervisor that goes with a job pending warns of it, rightly.
    QCOMPARE(ended.log.filter(u"with jobs pending"_s), ended.log);
}

void tst_Extremes::aChainOfJanitorsIsFreedWithoutRecursion_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("length"); // the stack has but a few bytes for each

    QTest::newRow("closed janitors, by who has the last one")
        << u"chainOfClosedSupervisors"_s << u"200000"_s;
    QTest::newRow("open janitors, the outermost first")
        << u"chainOfOpenSupervisors"_s << u"20000"_s;
}

void tst_Extremes::aChainOfJanitorsIsFreedWithoutRecursion()
{
    QFETCH(const QString, mode);
    QFETCH(const QString, length);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode, length});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, QStringList({u"made"_s, u"freed"_s}));
}

void tst_Extremes::theTimeOfAStoppedProcessDoesNotCount_data()
{
    QTest::addColumn<QString>("mode");

    QTest::newRow("no drainTimeout passes") << u"stoppedWithADeadline"_s;
    QTest::newRow("no hang warning comes") << u"stoppedWithAHangWarning"_s;
}

void tst_Extremes::theTimeOfAStoppedProcessDoesNotCount()
{
    QFETCH(const QString, mode);
    QProcess program;
    startProgram(program, QStringLiteral(PROGRAM), {mode});
    QVERIFY(program.waitForReadyRead(programLimit));
    QCOMPARE(program.readLine(), QByteArrayLiteral("draining\n"));
    ::kill(pid_t(program.processId()), SIGSTOP);
    constexpr int longerThanTheLimit = 3'000; // ms: what is tested is that time passes
    QVERIFY(!program.waitForFinished(longerThanTheLimit));
    ::kill(pid_t(program.processId()), SIGCONT);
    program.write("\n");
    const Ended ended = endOf(program);
    QVERIFY2(!ended.hangs && ended.code == 0, qPrintable(ended.describe()));
    QCOMPARE(ended.events, QStringList(u"exec returned 0"_s));
    QCOMPARE(ended.log, QStringList());
}

void tst_Extremes::aForkedChildDoesNotHangSilently_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QStringList>("events");
    const QString left = u"the child has left with 7"_s;

    QTest::newRow("beside janitors that have closed") << u"enterInAChild"_s << QStringList(left);
    QTest::newRow("in a callee") << u"enterInAChildOfACallee"_s << QStringList(left);
    QTest::newRow("in exec()") << u"enterInAChildOfExec"_s
                               << QStringList({left, u"exec returned 0"_s});
    QTest::newRow("without an application")
        << u"enterInAChildWithoutApplication"_s << QStringList(left);
}

void tst_Extremes::aForkedChildDoesNotHangSilently()
{
    QFETCH(const QString, mode);
    QFETCH(const QStringList, events);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, events);
    QVERIFY2(ended.criticalCount(u"fork"_s) == 1, qPrintable(ended.describe()));
}

QTEST_GUILESS_MAIN(tst_Extremes)

#include "tst_extremes.moc"
