// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Applications that come and go around janitors, each in a process of its own: no hang, no busy
// loop, and nothing lost.

#include <QtCore/qprocess.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;

class tst_ApplicationLife : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void applicationsComeAndGo_data();
    void applicationsComeAndGo();
};

void tst_ApplicationLife::applicationsComeAndGo_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QStringList>("events");
    QTest::addColumn<QStringList>("logged");
    const QStringList nothing;
    const QString exec = u"exec returned 0"_s;

    QTest::newRow("janitors before the application")
        << u"before"_s << QStringList({u"early"_s, u"daemon"_s, u"cleanup"_s, exec})
        << QStringList(u"early"_s);
    QTest::newRow("janitors after the application")
        << u"after"_s << QStringList({exec, u"late 1"_s, u"late 2"_s, u"late 3"_s, u"refused"_s})
        << QStringList(u"late 2"_s);
    QTest::newRow("two applications one after the other")
        << u"twoApplications"_s
        << QStringList({u"supervised"_s, u"cleanup"_s, exec, u"supervised"_s, u"cleanup"_s, exec})
        << nothing;
    QTest::newRow("an application on the heap")
        << u"onTheHeap"_s << QStringList({u"cleanup"_s, exec, u"root"_s, u"gone"_s})
        << QStringList(u"root"_s);
    QTest::newRow("an application that is never deleted")
        << u"neverDeleted"_s << QStringList({u"cleanup"_s, exec}) << nothing;
    QTest::newRow("an application on another thread than main's")
        << u"onAnotherThread"_s
        << QStringList({u"cleanup"_s, exec, u"root"_s, u"gone"_s, u"daemon"_s})
        << QStringList(u"root"_s);
    QTest::newRow("statics that spawn in their destructors")
        << u"statics"_s << QStringList({exec, u"static of main"_s, u"static"_s})
        << QStringList({u"static of main"_s, u"\"static\""_s});
    QTest::newRow("thread_locals that spawn in their destructors")
        << u"threadLocals"_s
        << QStringList({u"of std::thread"_s, u"of QThread"_s, exec, u"of main"_s})
        << QStringList(u"of main"_s);
    QTest::newRow("children of the application that spawn in their destructors")
        << u"children"_s << QStringList({exec, u"child"_s}) << QStringList(u"child"_s);
    QTest::newRow("children of the application that leave jobs")
        << u"childSupervisors"_s << QStringList({exec, u"left behind"_s, u"gone"_s})
        << QStringList(u"left behind"_s);
    QTest::newRow("an application that lives inside a callee")
        << u"insideACallee"_s
        << QStringList(
               {u"daemon"_s, u"cleanup"_s, exec, u"child"_s, u"after it"_s, u"3 completed"_s})
        << nothing;
    QTest::newRow("futures that are pending when the application goes")
        << u"goneWhileFuturesPend"_s << QStringList({u"finished"_s, u"left"_s, u"idle"_s})
        << nothing;
    QTest::newRow("futures of the root when the application goes")
        << u"goneWhileTheRootHasFutures"_s << QStringList({u"finished"_s, u"gone"_s})
        << QStringList(u"root"_s);
    QTest::newRow("a supervisor that lives around the application")
        << u"supervisorAroundTheApplication"_s
        << QStringList({u"before"_s, exec, u"inside"_s, u"2 completed"_s}) << nothing;
    QTest::newRow("a supervisor that is destroyed with jobs after the application")
        << u"supervisorDestroyedAfterIt"_s << QStringList({exec, u"gone"_s})
        << QStringList(u"left behind"_s);
    QTest::newRow("a job of the root that does not end")
        << u"aRootThatDoesNotEnd"_s << QStringList({exec, u"gone"_s}) << QStringList(u"stuck"_s);
    QTest::newRow("waiting without an application")
        << u"waitingWithoutAnApplication"_s << QStringList({u"idle"_s, u"idle"_s, u"idle"_s})
        << nothing;
    QTest::newRow("a status on a thread that lives through several applications")
        << u"observersBetweenApplications"_s << QStringList({exec, u"first"_s, u"second"_s})
        << nothing;
    QTest::newRow("a future that was adopted before there was an application")
        << u"futureFromBeforeTheApplication"_s << QStringList(u"failed inside"_s) << nothing;
    QTest::newRow("a future that an earlier application has watched")
        << u"futureFromAnEarlierApplication"_s << QStringList({u"adopted"_s, u"failed inside"_s})
        << nothing;
    QTest::newRow("a drain timeout that has begun before there was an application")
        << u"timeoutFromBeforeTheApplication"_s << QStringList(u"timed out"_s) << nothing;
}

void tst_ApplicationLife::applicationsComeAndGo()
{
    QFETCH(const QString, mode);
    QFETCH(QStringList, events);
    QFETCH(const QStringList, logged);
    QProcess program;
    program.start(QStringLiteral(PROGRAM), {mode});
    if (!program.waitForFinished(30'000)) {
        program.kill();
        program.waitForFinished();
        QFAIL(qPrintable(u"hangs after: "_s + QString::fromUtf8(program.readAllStandardOutput())));
    }
    const QString log = QString::fromUtf8(program.readAllStandardError());
    QStringList seen =
        QString::fromUtf8(program.readAllStandardOutput()).split(u'\n', Qt::SkipEmptyParts);
    QVERIFY2(program.exitStatus() == QProcess::NormalExit, qPrintable(seen.join(u", ") + log));
    QCOMPARE(program.exitCode(), 0);
    if (mode == u"supervisorAroundTheApplication"_s || mode == u"insideACallee"_s ||
        mode == u"observersBetweenApplications"_s) {
        events.sort(); // jobs that nobody holds up
        seen.sort();
    }
    QCOMPARE(seen, events);
    for (const QString &name : logged)
        QVERIFY2(log.contains(name), qPrintable(log));
    if (logged.isEmpty())
        QCOMPARE(log, QString());
}

QTEST_GUILESS_MAIN(tst_ApplicationLife)

#include "tst_applicationlife.moc"
