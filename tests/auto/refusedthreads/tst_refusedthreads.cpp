// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Threads that cannot be made (a limit on processes, for a moment or for good): no job is lost, no
// clock stops, and one line says so.

#include "../../support/runprogram.h"

#include <QtTest/qtest.h>

#include <csignal>

using namespace Qt::StringLiterals;

namespace {

/// Which threads are refused.
struct Refusal
{
    QString whose;
    int granted; ///< Before the first one that is refused.
    int refused; ///< -1: all that come.
};

/// How many critical lines are to say so.
struct Lines
{
    qsizetype fewest;
    qsizetype most;
};

} // namespace

Q_DECLARE_METATYPE(Refusal)
Q_DECLARE_METATYPE(Lines)

static Ended runRefused(const QString &mode, const QString &pool, const Refusal &refusal)
{
    return runProgram(QStringLiteral(PROGRAM),
                      {mode, pool, refusal.whose, QString::number(refusal.granted),
                       QString::number(refusal.refused)});
}

class tst_RefusedThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void noJobIsLost_data();
    void noJobIsLost();
    void aPoolThatNeverGetsAThreadEndsWithTheDeadline_data();
    void aPoolThatNeverGetsAThreadEndsWithTheDeadline();
    void theAgentIsMissedByNobody_data();
    void theAgentIsMissedByNobody();
    void aSignalQuitsWithoutAnAgentForEver();
    void anApplicationWaitsForAThreadThatStarts();
};

void tst_RefusedThreads::noJobIsLost_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<QString>("pool"); // a number: one of so many threads that is passed in
    QTest::addColumn<Refusal>("refusal");
    QTest::addColumn<QStringList>("events");
    QTest::addColumn<Lines>("lines");
    const Refusal once{u"pool"_s, 0, 1};
    const Refusal thrice{u"pool"_s, 0, 3};
    const Refusal second{u"pool"_s, 1, 1};
    const Refusal always{u"all"_s, 0, -1};
    const Lines one{1, 1};
    const Lines atMostOne{0, 1}; // the jobs may be through before anybody notices
    const Lines oneOrTwo{1, 2};  // for the pool's and for the agent's
    const QString exec = u"exec returned 0"_s;
    const QString six = u"6 ran"_s;
    const QString here = u"6 on the waiting thread"_s;

    struct Place
    {
        const char *name;
        QString mode;
        QStringList events;
        bool mayHelp; ///< The waiting thread runs jobs of the library's own pool anyway.
        bool isTriedMore = false;
    };
    const Place places[] = {
        {"in exec()", u"inExec"_s, {exec, six}, false, true},
        {"in enter() on the application's thread", u"inEnter"_s, {six}, false, true},
        {"in enter() without an application", u"inEnterWithoutApplication"_s, {six}, true},
        {"in enter() on a std::thread", u"inEnterOnAThread"_s, {six}, true},
        {"in enter() with a drainTimeout on a std::thread",
         u"inEnterWithATimeoutOnAThread"_s,
         {six},
         false},
        {"in a callee that waits on the application's thread",
         u"inACalleeThatWaits"_s,
         {six},
         false},
        {"in a callee that waits on a std::thread", u"inACalleeThatWaitsOnAThread"_s, {six}, false},
        {"while nobody waits", u"whileNobodyWaits"_s, {six}, false, true},
        {"while an event loop turns", u"whileAnEventLoopTurns"_s, {six}, false},
        {"in a supervisor that is destroyed", u"inADestroyedSupervisor"_s, {six}, false},
    };
    for (const auto &[name, mode, events, mayHelp, isTriedMore] : places) {
        QTest::addRow("the first thread is refused once %s", name)
            << mode << u"own"_s << once << events << (mayHelp ? atMostOne : one);
        QTest::addRow("the one thread of a pool that was passed in is refused once %s", name)
            << mode << u"1"_s << once << events << one;
        if (!isTriedMore)
            continue;
        QTest::addRow("the first threads are refused a few times %s", name)
            << mode << u"own"_s << thrice << events << one;
        QTest::addRow("a thread of a pool that was passed in is refused once %s", name)
            << mode << u"4"_s << once << events << one;
    }
    const QStringList two{exec, u"2 ran"_s};
    QTest::newRow("the second thread is refused once")
        << u"twoInExec"_s << u"own"_s << second << two << one;
    QTest::newRow("the second thread of a pool that was passed in is refused once")
        << u"twoInExec"_s << u"2"_s << second << two << one;
    QTest::newRow("the one thread was refused once for a janitor that ended without it")
        << u"inTheNextJanitor"_s << u"own"_s << once << QStringList(six) << one;

    QTest::newRow("all threads are refused for ever in exec()")
        << u"inExecWithoutThreads"_s << u"own"_s << always << QStringList({exec, six, here})
        << oneOrTwo;
    QTest::newRow("all threads are refused for ever in enter() on the application's thread")
        << u"inEnterWithoutThreads"_s << u"own"_s << always << QStringList({six, here}) << oneOrTwo;
    QTest::newRow("all threads are refused for ever in enter() on a std::thread")
        << u"inEnterOnAThreadWithoutThreads"_s << u"own"_s << always << QStringList({six, here})
        << Lines{0, 2};
    QTest::newRow("all threads are refused for ever in a supervisor that is destroyed")
        << u"inADestroyedSupervisor"_s << u"own"_s << always << QStringList(six) << oneOrTwo;
}

void tst_RefusedThreads::noJobIsLost()
{
    QFETCH(const QString, mode);
    QFETCH(const QString, pool);
    QFETCH(const Refusal, refusal);
    QFETCH(const QStringList, events);
    QFETCH(const Lines, lines);
    const Ended ended = runRefused(mode, pool, refusal);
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, events);
    const qsizetype said = ended.criticalCount(u"thread"_s);
    QVERIFY2(lines.fewest <= said && said <= lines.most, qPrintable(ended.describe()));
}

void tst_RefusedThreads::aPoolThatNeverGetsAThreadEndsWithTheDeadline_data()
{
    QTest::addColumn<QString>("pool");
    QTest::addColumn<QString>("whose");

    QTest::newRow("the pool is refused all, the agent is there") << u"4"_s << u"pool"_s;
    QTest::newRow("everybody is refused all") << u"4"_s << u"all"_s;
    QTest::newRow("a pool of one") << u"1"_s << u"all"_s;
}

/// Whether its jobs run elsewhere, or are given up and named, is not for this test.
void tst_RefusedThreads::aPoolThatNeverGetsAThreadEndsWithTheDeadline()
{
    QFETCH(const QString, pool);
    QFETCH(const QString, whose);
    const Ended ended = runRefused(u"inExecToTheDeadline"_s, pool, {whose, 0, -1});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit, qPrintable(ended.describe()));
    QCOMPARE(ended.events.size(), 1);
    QVERIFY2(ended.criticalCount(u"thread"_s) > 0, qPrintable(ended.describe()));
}

void tst_RefusedThreads::theAgentIsMissedByNobody_data()
{
    QTest::addColumn<QString>("mode");
    QTest::addColumn<int>("refused");
    QTest::addColumn<QStringList>("events");
    QTest::addColumn<QString>("logged");

    struct Service
    {
        const char *name;
        QString mode;
        QStringList events;
        QString logged;
    };
    const Service services[] = {
        {"a hang warning comes", u"hangWarning"_s, {u"exec returned 0"_s}, u"has been draining"_s},
        {"a supervisor warns of a hang",
         u"hangWarningOfASupervisor"_s,
         {u"warned and ended"_s},
         u"has been draining"_s},
        {"a drain timeout is kept", u"drainTimeout"_s, {u"exec returned 1"_s}, u"stuck"_s},
        {"a drain timeout is kept where nobody waits",
         u"drainTimeoutWhileNobodyWaits"_s,
         {u"timed out"_s},
         {}},
        {"the end of a future is noticed", u"adoptedFuture"_s, {u"noticed"_s}, {}},
        {"a failure is told", u"failedJob"_s, {u"noticed"_s}, {}},
        {"SIGTERM quits", u"sigterm"_s, {u"drained"_s, u"exec returned 0"_s}, {}},
    };
    for (const auto &[name, mode, events, logged] : services) {
        QTest::addRow("%s though the thread was refused once", name)
            << mode << 1 << events << logged;
        QTest::addRow("%s though the thread was refused a few times", name)
            << mode << 3 << events << logged;
    }
}

void tst_RefusedThreads::theAgentIsMissedByNobody()
{
    QFETCH(const QString, mode);
    QFETCH(const int, refused);
    QFETCH(const QStringList, events);
    QFETCH(const QString, logged);
    const Ended ended = runRefused(mode, u"own"_s, {u"agent"_s, 0, refused});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events, events);
    QVERIFY2(ended.log.join(u'\n').contains(logged), qPrintable(ended.describe()));
    QVERIFY2(ended.criticalCount(u"thread"_s) == 1, qPrintable(ended.describe()));
}

/// Either somebody else reads it, or it has its default effect; but it has one.
void tst_RefusedThreads::aSignalQuitsWithoutAnAgentForEver()
{
    const Ended ended = runRefused(u"sigterm"_s, u"own"_s, {u"agent"_s, 0, -1});
    QVERIFY2(!ended.hangs, qPrintable(ended.describe()));
    if (ended.status == QProcess::CrashExit)
        QCOMPARE(ended.code, SIGTERM);
    else
        QCOMPARE(ended.events, QStringList({u"drained"_s, u"exec returned 0"_s}));
    QVERIFY2(ended.criticalCount(u"thread"_s) == 1, qPrintable(ended.describe()));
}

/// It would look at the application while that is being destroyed.
void tst_RefusedThreads::anApplicationWaitsForAThreadThatStarts()
{
    const Ended ended = runRefused(u"aThreadThatIsLate"_s, u"own"_s, {u"pool"_s, 0, 0});
    QVERIFY2(!ended.hangs && ended.status == QProcess::NormalExit && ended.code == 0,
             qPrintable(ended.describe()));
    QCOMPARE(ended.events,
             QStringList({u"the thread begins"_s, u"the application is gone"_s, u"6 ran"_s}));
}

QTEST_GUILESS_MAIN(tst_RefusedThreads)

#include "tst_refusedthreads.moc"
