// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Programs that end by exit(), wherever it is called: what was accepted is not lost. And drains
// that go on though a slot throws.

#include "../../support/runprogram.h"

#include <QtTest/qtest.h>

#include <csignal>

using namespace Qt::StringLiterals;

class tst_Exits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void exitRunsWhatWasAccepted_data();
    void exitRunsWhatWasAccepted();
    void exitNamesWhatDoesNotEnd_data();
    void exitNamesWhatDoesNotEnd();
    void aForkedChildLeavesTheJobsToItsParent();
    void aNormalEndSaysNothing();
    void abruptEndsStayAbrupt_data();
    void abruptEndsStayAbrupt();
    void aDrainGoesOnThoughASlotThrows_data();
    void aDrainGoesOnThoughASlotThrows();
};

static const QString cleanedUp = u"cleaned up"_s;
static const QString staticsDie = u"statics die"_s;

void tst_Exits::exitRunsWhatWasAccepted_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QStringList>("events"); // the order of jobs is their own affair
    QTest::addColumn<int>("code");
    const QStringList five(5, cleanedUp);
    const QStringList all = five + QStringList(staticsDie);

    QTest::newRow("exit() in a slot") << u"inASlot"_s << all << 3;
    QTest::newRow("exit() in a daemon, which is not waited for") << u"inADaemon"_s << all << 3;
    QTest::newRow("exit() in a cleanup job, which is not waited for")
        << u"inACleanupJob"_s << all << 3;
    QTest::newRow("exit() in a slot while exec() drains") << u"inTheDrain"_s << all << 3;
    QTest::newRow("exit() on a std::thread beside exec()") << u"onAThread"_s << all << 3;
    QTest::newRow("exit() in a callee") << u"inACallee"_s << all << 3;
    QTest::newRow("exit() in a callee without an application")
        << u"inACalleeWithoutApplication"_s << all << 3;
    QTest::newRow("exit() in a callee on a std::thread") << u"inACalleeOnAThread"_s << all << 3;
    QTest::newRow("exit() in a slot without a janitor, and the root has the jobs")
        << u"inASlotWithoutJanitor"_s << all << 3;
    QTest::newRow("exit() in a slot of a supervisor") << u"inASlotOfASupervisor"_s << all << 3;
    QTest::newRow("exit() in main() after the application, and a supervisor is leaked")
        << u"afterTheApplication"_s << all << 3;
    QTest::newRow("main() returns, and a supervisor is leaked")
        << u"returnAfterTheApplication"_s << all << 0;
    QTest::newRow("exit() in main() without an application, and a supervisor is destroyed")
        << u"afterADestroyedSupervisor"_s << all << 3;
    QTest::newRow("quick_exit() in a slot") << u"quickly"_s << five << 3;
    QTest::newRow("clean-up that spawns more")
        << u"withMoreFromCleanup"_s << QStringList({cleanedUp, u"cleaned up late"_s, staticsDie})
        << 3;
    QTest::newRow("a service ends, too")
        << u"withServices"_s << five + QStringList({u"service ended"_s, staticsDie}) << 3;
}

void tst_Exits::exitRunsWhatWasAccepted()
{
    QFETCH(const QString, mode);
    QFETCH(QStringList, events);
    QFETCH(const int, code);
    Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == code,
             qPrintable(ended.describe()));
    QVERIFY2(!ended.events.contains(staticsDie) || ended.events.last() == staticsDie,
             qPrintable(ended.describe()));
    ended.events.sort();
    events.sort();
    QCOMPARE(ended.events, events);
}

void tst_Exits::exitNamesWhatDoesNotEnd_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<int>("others");

    QTest::newRow("a cleanup job of exec()") << u"stuckCleanup"_s << 0;
    QTest::newRow("a daemon of exec()") << u"stuckDaemon"_s << 0;
    QTest::newRow("a cleanup job of a supervisor") << u"stuckSupervisor"_s << 0;
    QTest::newRow("one beside others") << u"stuckBesideOthers"_s << 5;
}

void tst_Exits::exitNamesWhatDoesNotEnd()
{
    QFETCH(const QString, mode);
    QFETCH(const int, others);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 3,
             qPrintable(ended.describe()));
    QVERIFY2(ended.criticalCount(u"stuck"_s) == 1, qPrintable(ended.describe()));
    QCOMPARE(ended.count(cleanedUp), others);
}

void tst_Exits::aForkedChildLeavesTheJobsToItsParent()
{
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {u"inAForkedChild"_s});
    QVERIFY2(!ended.hangs && ended.code == 0, qPrintable(ended.describe()));
    QCOMPARE(ended.events, QStringList(u"the child has left with 3"_s) + QStringList(5, cleanedUp) +
                               QStringList({u"exec returned 0"_s, staticsDie}));
}

void tst_Exits::aNormalEndSaysNothing()
{
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {u"normally"_s});
    QVERIFY2(!ended.hangs && ended.code == 0, qPrintable(ended.describe()));
    QCOMPARE(ended.events,
             QStringList(5, cleanedUp) + QStringList({u"exec returned 0"_s, staticsDie}));
    QCOMPARE(ended.log, QStringList());
}

void tst_Exits::abruptEndsStayAbrupt_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QProcess::ExitStatus>("status");
    QTest::addColumn<int>("code");

    QTest::newRow("_exit()") << u"atOnce"_s << QProcess::NormalExit << 3;
    QTest::newRow("abort()") << u"byAbort"_s << QProcess::CrashExit << SIGABRT;
}

void tst_Exits::abruptEndsStayAbrupt()
{
    QFETCH(const QString, mode);
    QFETCH(const QProcess::ExitStatus, status);
    QFETCH(const int, code);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == status && ended.code == code,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events + ended.log, QStringList());
}

void tst_Exits::aDrainGoesOnThoughASlotThrows_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("last");
    QTest::addColumn<QString>("logged");

    QTest::newRow("exec() drains, and then it throws") << u"thrownInExec"_s << u"thrown"_s << u""_s;
    QTest::newRow("enter() drains, and then it throws")
        << u"thrownInEnter"_s << u"thrown"_s << u""_s;
    QTest::newRow("exec() throws the first one, the second is logged")
        << u"thrownTwiceInExec"_s << u"first"_s << u"second"_s;
    QTest::newRow("enter() throws the first one, the second is logged")
        << u"thrownTwiceInEnter"_s << u"first"_s << u"second"_s;
    QTest::newRow("the end of the application logs it")
        << u"thrownInTheRoot"_s << u"gone"_s << u"thrown"_s;
}

void tst_Exits::aDrainGoesOnThoughASlotThrows()
{
    QFETCH(const QString, mode);
    QFETCH(const QString, last);
    QFETCH(const QString, logged);
    const Ended ended = runProgram(QStringLiteral(PROGRAM), {mode});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, QStringList(3, cleanedUp) + QStringList({last, staticsDie}));
    QVERIFY2(logged.isEmpty() || ended.criticalCount(logged) == 1, qPrintable(ended.describe()));
}

QTEST_GUILESS_MAIN(tst_Exits)

#include "tst_exits.moc"
