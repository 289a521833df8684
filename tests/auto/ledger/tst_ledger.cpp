// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "rules/ledger_p.h"

#include "../../support/held.h"
#include "ledgerraces.h"

#include <QtTest/qtest.h>

#include <memory>

using QJanitor::Private::Ledger;

static_assert(std::is_nothrow_destructible_v<Ledger>);
static_assert(!std::is_copy_constructible_v<Ledger>);

namespace {

constexpr Ledger::Policy failFast{.stopOnFailure = true, .waitAfterFailure = false};
constexpr Ledger::Policy cancelAndWait{.stopOnFailure = true, .waitAfterFailure = true};
constexpr Ledger::Policy keepGoing{.stopOnFailure = false, .waitAfterFailure = true};

/*!
    Does to a ledger what a script says, and keeps what was due.

    Small letters are about daemons, capital ones about cleanup jobs.
    a A  admit, a star stands for a refusal     q    end quietly: "=" counted, "?" maybe last, ">"
   handed on s S  succeed   f F  fail   x X  cancelled   l L  fail, to be listed only c    the
   callee ends    r  request stop     h    hand on: the number of jobs    w  wait for all
    g    let go: hand on whatever is pending
*/
class Play
{
public:
    explicit Play(Ledger::Policy policy)
        : ledger(policy)
    {}

    QByteArray run(const QByteArray &script)
    {
        QByteArray log;
        for (const char step : script) {
            log += this->step(step);
            log += textOf(takeDue());
        }
        return log;
    }

    QByteArray step(char step)
    {
        using Kind = Ledger::Kind;
        const bool capital = step >= 'A' && step <= 'Z';
        const Kind kind = capital ? Kind::CleanupJob : Kind::Daemon;
        switch (step | 0x20) {
        case 'a':
            if (!ledger.accepts(held(), kind))
                return "*";
            ledger.admit(held(), kind);
            return {};
        case 's':
            return ended(ledger.end(held(), kind, Ledger::End::Succeeded));
        case 'f':
            return ended(ledger.end(held(), kind, Ledger::End::Failed));
        case 'x':
            return ended(ledger.end(held(), kind, Ledger::End::Canceled));
        case 'l':
            return ended(ledger.end(held(), kind, Ledger::End::Failed, Ledger::Weight::OnlyListed));
        case 'q':
            return quietly(ledger.endQuietly());
        case 'c':
            m_due = ledger.endCallee(held());
            return {};
        case 'r':
            m_due = ledger.requestStop(held());
            return {};
        case 'h':
            return QByteArray::number(ledger.handOn(held()).total());
        case 'w':
            m_due = ledger.waitForAll(held());
            return {};
        case 'g':
            m_due = ledger.letGo(held());
            return {};
        }
        qFatal("no such step: %c", step);
    }

    /// Returns what the last step has told to be due, and what is due now.
    unsigned takeDue() { return std::exchange(m_due, 0U) | ledger.due(held()); }

    Ledger ledger;

private:
    unsigned m_due = 0;

    static QByteArray ended(bool handedOn) { return handedOn ? ">" : ""; }
    static QByteArray quietly(Ledger::Quiet answer)
    {
        switch (answer) {
        case Ledger::Quiet::Counted:
            return "=";
        case Ledger::Quiet::MaybeLast:
            return "?";
        case Ledger::Quiet::HandedOn:
            return ">";
        }
        return "unknown";
    }
    static QByteArray textOf(unsigned due)
    {
        QByteArrayList texts;
        if (due & Ledger::Fail)
            texts += "fail";
        if (due & Ledger::Stop)
            texts += "stop";
        if (due & Ledger::Drain)
            texts += "drain";
        if (due & Ledger::HandOn)
            texts += "handOn";
        if (due & Ledger::Close)
            texts += "close";
        return "[" + texts.join('+') + "]";
    }
};

} // namespace

class tst_Ledger : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void admission_data();
    void admission();
    void whatIsDue_data();
    void whatIsDue();
    void endingQuietly_data();
    void endingQuietly();
    void counts_data();
    void counts();
    void everyStoryEndsOnce_data();
    void everyStoryEndsOnce();
    void jobsThatAreLeftAreAbandoned_data();
    void jobsThatAreLeftAreAbandoned();
    void reportedComesAfterClosed();
    void moreJobsThanAWordCountsAreCounted();
    void jobsComeAndGoWhileTheCalleeEnds();
    void daemonsEndWhileTheyAreHandedOn();
};

void tst_Ledger::admission_data()
{
    QTest::addColumn<QByteArray>("before");   // the script that leads there
    QTest::addColumn<QByteArray>("policies"); // f = FailFast, c = CancelAndWait, k = KeepGoing
    QTest::addColumn<bool>("daemon");
    QTest::addColumn<bool>("cleanupJob");

    QTest::newRow("running") << QByteArray() << QByteArray("fck") << true << true;
    QTest::newRow("running, asked to stop") << QByteArray("r") << QByteArray("fck") << true << true;
    QTest::newRow("running after a good job")
        << QByteArray("as") << QByteArray("fck") << true << true;
    QTest::newRow("draining with a daemon left")
        << QByteArray("ac") << QByteArray("fck") << true << true;
    QTest::newRow("draining with a cleanup job left")
        << QByteArray("Ac") << QByteArray("fck") << true << true;
    QTest::newRow("after a cancelled job") << QByteArray("ax") << QByteArray("fck") << true << true;
    QTest::newRow("after a failure that is only listed")
        << QByteArray("al") << QByteArray("fck") << true << true;
    QTest::newRow("failed, to go on") << QByteArray("aaf") << QByteArray("k") << true << true;
    QTest::newRow("failed, to go on, draining")
        << QByteArray("aafc") << QByteArray("k") << true << true;
    QTest::newRow("failed, to wait") << QByteArray("aaf") << QByteArray("c") << false << true;
    QTest::newRow("failed, to wait, draining")
        << QByteArray("aafc") << QByteArray("c") << false << true;
    QTest::newRow("failed fast while the callee runs")
        << QByteArray("aaf") << QByteArray("f") << false << false;
    QTest::newRow("failed fast by a cleanup job")
        << QByteArray("aAF") << QByteArray("f") << false << false;
    QTest::newRow("failed fast, nobody takes the jobs")
        << QByteArray("aafcw") << QByteArray("f") << false << true;
    QTest::newRow("let go, not yet handed on")
        << QByteArray("aag") << QByteArray("fck") << true << true;
    QTest::newRow("let go") << QByteArray("aagh") << QByteArray("fck") << false << false;
    QTest::newRow("handed on") << QByteArray("aafch") << QByteArray("f") << false << false;
    QTest::newRow("closed without jobs") << QByteArray("c") << QByteArray("fck") << false << false;
    QTest::newRow("closed by the last daemon")
        << QByteArray("acs") << QByteArray("fck") << false << false;
    QTest::newRow("closed by the last cleanup job")
        << QByteArray("AcS") << QByteArray("fck") << false << false;
    QTest::newRow("closed after a failure")
        << QByteArray("afc") << QByteArray("fck") << false << false;
}

void tst_Ledger::admission()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, policies);
    QFETCH(bool, daemon);
    QFETCH(bool, cleanupJob);
    for (const char policy : std::as_const(policies)) {
        Play play(policy == 'f' ? failFast : policy == 'c' ? cancelAndWait : keepGoing);
        play.run(before);
        QCOMPARE(play.ledger.accepts(held(), Ledger::Kind::Daemon), daemon);
        QCOMPARE(play.ledger.accepts(held(), Ledger::Kind::CleanupJob), cleanupJob);
    }
}

void tst_Ledger::whatIsDue_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("underFailFast");
    QTest::addColumn<QByteArray>("underCancelAndWait");
    QTest::addColumn<QByteArray>("underKeepGoing");

    const auto same = [](const char *name, const char *script, const QByteArray &log) {
        QTest::newRow(name) << QByteArray(script) << log << log << log;
    };
    same("a janitor without jobs closes with its callee", "c", "[drain+close]");
    same("the callee ends once", "cc", "[drain+close][]");
    same("the last daemon closes", "acs", "[][drain][close]");
    same("the last cleanup job drains and closes", "AcS", "[][][drain+close]");
    same("daemons hear of draining once no cleanup job is left", "aAcSs", "[][][][drain][close]");
    same("a daemon may end before the clean-up", "aAcsS", "[][][][][drain+close]");
    same("draining is told once, new clean-up or not", "acASs", "[][drain][][][close]");
    same("a drained janitor stays open for more jobs", "acassA", "[][drain][][][close]*[]");
    same("nothing is due while the callee runs", "aAsSaA", "[][][][][][]");
    same("a request to stop is passed on once", "arr", "[][stop][]");
    same("a request to stop is no failure", "arxc", "[][stop][][drain+close]");
    same("stopping while draining", "acrs", "[][drain][stop][close]");
    same("closed is closed", "crr", "[drain+close][][]");
    same("a failure that is only listed trips nothing", "aalcs", "[][][][drain][close]");
    same("letting go ends the callee", "g", "[drain+close]");
    same("letting go hands on", "aAgh", "[][][handOn]2[]");
    same("letting go while draining", "aAcgh", "[][][][handOn]2[]");
    same("nobody takes what is let go", "aAgwSs", "[][][handOn][][drain][close]");
    same("let go, but all end before they are handed on", "aAgsS",
         "[][][handOn][handOn][drain+close]");
    same("letting go after the end", "cg", "[drain+close][]");
    same("a cancelled job trips nothing", "axc", "[][][drain+close]");

    QTest::newRow("a failure is told while the callee runs")
        << QByteArray("aaf") << QByteArray("[][][fail+stop]") << QByteArray("[][][fail+stop]")
        << QByteArray("[][][fail]");
    QTest::newRow("a failing cleanup job counts as much")
        << QByteArray("aAF") << QByteArray("[][][fail+stop]") << QByteArray("[][][fail+stop]")
        << QByteArray("[][][fail]");
    QTest::newRow("only the first failure is told")
        << QByteArray("aaaff") << QByteArray("[][][][fail+stop][]")
        << QByteArray("[][][][fail+stop][]") << QByteArray("[][][][fail][]");
    QTest::newRow("a failure after a request to stop")
        << QByteArray("aarf") << QByteArray("[][][stop][fail]") << QByteArray("[][][stop][fail]")
        << QByteArray("[][][stop][fail]");
    QTest::newRow("a request to stop after a failure")
        << QByteArray("aafr") << QByteArray("[][][fail+stop][]") << QByteArray("[][][fail+stop][]")
        << QByteArray("[][][fail][stop]");
    QTest::newRow("who waits after a failure and who hands on")
        << QByteArray("aafc") << QByteArray("[][][fail+stop][handOn]")
        << QByteArray("[][][fail+stop][drain]") << QByteArray("[][][fail][drain]");
    QTest::newRow("failing while draining")
        << QByteArray("aacf") << QByteArray("[][][drain][fail+stop+handOn]")
        << QByteArray("[][][drain][fail+stop]") << QByteArray("[][][drain][fail]");
    QTest::newRow("the last job fails")
        << QByteArray("acf") << QByteArray("[][drain][fail+stop+close]")
        << QByteArray("[][drain][fail+stop+close]") << QByteArray("[][drain][fail+close]");
    QTest::newRow("nothing is left to hand on when the callee ends")
        << QByteArray("afc") << QByteArray("[][fail+stop][drain+close]")
        << QByteArray("[][fail+stop][drain+close]") << QByteArray("[][fail][drain+close]");
    QTest::newRow("the order at the end is the same after a failure")
        << QByteArray("aaAfcSs") << QByteArray() << QByteArray("[][][][fail+stop][][drain][close]")
        << QByteArray("[][][][fail][][drain][close]");

    const QByteArray none;
    QTest::newRow("handing on is due until somebody takes the jobs")
        << QByteArray("aaafcrh") << QByteArray("[][][][fail+stop][handOn][handOn]2[]") << none
        << none;
    QTest::newRow("what was handed on ends elsewhere")
        << QByteArray("aaAfchsS") << QByteArray("[][][][fail+stop][handOn]2[]>[]>[]") << none
        << none;
    QTest::newRow("handed on, then a failure: not this janitor's any more")
        << QByteArray("aaAfchfF") << QByteArray("[][][][fail+stop][handOn]2[]>[]>[]") << none
        << none;
    QTest::newRow("nobody takes the jobs, so it waits")
        << QByteArray("aafcws") << QByteArray("[][][fail+stop][handOn][drain][close]") << none
        << none;
    QTest::newRow("nobody takes the clean-up, so it waits for it first")
        << QByteArray("aAafcwSs") << QByteArray("[][][][fail+stop][handOn][][drain][close]") << none
        << none;
}

void tst_Ledger::whatIsDue()
{
    QFETCH(QByteArray, script);
    QFETCH(QByteArray, underFailFast);
    QFETCH(QByteArray, underCancelAndWait);
    QFETCH(QByteArray, underKeepGoing);
    if (!underFailFast.isEmpty())
        QCOMPARE(Play(failFast).run(script), underFailFast);
    if (!underCancelAndWait.isEmpty())
        QCOMPARE(Play(cancelAndWait).run(script), underCancelAndWait);
    if (!underKeepGoing.isEmpty())
        QCOMPARE(Play(keepGoing).run(script), underKeepGoing);
}

void tst_Ledger::endingQuietly_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("log");

    QTest::newRow("while the callee runs it is just counted, last or not")
        << QByteArray("aaqq") << QByteArray("[][]=[]=[]");
    QTest::newRow("while draining, not the last")
        << QByteArray("aacq") << QByteArray("[][][drain]=[]");
    QTest::newRow("while draining, the last one")
        << QByteArray("aacqq") << QByteArray("[][][drain]=[]?[close]");
    QTest::newRow("the last daemon, but clean-up is left")
        << QByteArray("aAcqS") << QByteArray("[][][]?[][drain+close]");
    QTest::newRow("the last, beside one that failed loudly")
        << QByteArray("aacfhq") << QByteArray("[][][drain][fail+stop+handOn]1[]>[]");
    QTest::newRow("ended before the others were handed on")
        << QByteArray("aaaqfch") << QByteArray("[][][]=[][fail+stop][handOn]1[]");
    QTest::newRow("all ended quietly before the callee")
        << QByteArray("aqc") << QByteArray("[]=[][drain+close]");
}

void tst_Ledger::endingQuietly()
{
    QFETCH(QByteArray, script);
    QFETCH(QByteArray, log);
    QCOMPARE(Play(failFast).run(script), log);
}

void tst_Ledger::counts_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<int>("admitted");
    QTest::addColumn<int>("ended");
    QTest::addColumn<int>("failed");
    QTest::addColumn<int>("canceled");
    QTest::addColumn<int>("daemonsLeft");
    QTest::addColumn<int>("cleanupLeft");

    QTest::newRow("nothing") << QByteArray("c") << 0 << 0 << 0 << 0 << 0 << 0;
    QTest::newRow("of each kind one is left") << QByteArray("aaAAsS") << 4 << 2 << 0 << 0 << 1 << 1;
    QTest::newRow("all ways to end") << QByteArray("aaaaAAAsfxqSFX") << 7 << 7 << 2 << 2 << 0 << 0;
    QTest::newRow("a listed failure is a failure")
        << QByteArray("al") << 1 << 1 << 1 << 0 << 0 << 0;
    QTest::newRow("what is handed on has not ended here")
        << QByteArray("aaaAfch") << 4 << 1 << 1 << 0 << 2 << 1;
    QTest::newRow("what was handed on ends elsewhere, and fails there")
        << QByteArray("aaaAfchfF") << 4 << 1 << 1 << 0 << 1 << 0;
    QTest::newRow("what was handed on is cancelled elsewhere")
        << QByteArray("aaaAfchxX") << 4 << 1 << 1 << 0 << 1 << 0;
    QTest::newRow("what was handed on ends quietly elsewhere")
        << QByteArray("aaaAfchqq") << 4 << 1 << 1 << 0 << 0 << 1;
}

void tst_Ledger::counts()
{
    QFETCH(QByteArray, script);
    Play play(failFast);
    play.run(script);
    const Ledger &ledger = play.ledger;
    QTEST(int(ledger.admittedCount(held())), "admitted");
    QTEST(int(ledger.endedCount(held())), "ended");
    QTEST(int(ledger.failedCount(held())), "failed");
    QTEST(int(ledger.canceledCount(held())), "canceled");
    QTEST(int(ledger.pending(held()).daemons), "daemonsLeft");
    QTEST(int(ledger.pending(held()).cleanupJobs), "cleanupLeft");
}

namespace {

/// Tells a story step by step and checks what must hold after each.
class Story
{
public:
    explicit Story(Ledger::Policy policy)
        : m_policy(policy)
        , m_play(policy)
    {}

    /// Returns the steps that can come now.
    QByteArray choices() const
    {
        QByteArray steps = m_calleeEnded ? "r" : "crg";
        if (m_play.ledger.accepts(held(), Ledger::Kind::Daemon))
            steps += 'a';
        if (m_play.ledger.accepts(held(), Ledger::Kind::CleanupJob))
            steps += 'A';
        if (m_daemons > 0)
            steps += "qfx";
        if (m_cleanupJobs > 0)
            steps += "SF";
        if (m_handOnDue)
            steps += "hw";
        return steps;
    }

    /// Returns what is wrong then; null if nothing is.
    const char *tell(char step)
    {
        const bool wasClosed = isClosed();
        const bool elsewhere = m_play.step(step) == ">";
        m_daemons += (step == 'a') - (step == 'q' || step == 'f' || step == 'x');
        m_cleanupJobs += (step == 'A') - (step == 'S' || step == 'F');
        m_calleeEnded |= step == 'c' || step == 'g';
        m_letGo |= step == 'g';
        m_waitsForAll |= step == 'w';
        m_handedOn |= step == 'h';
        m_failed |= (step == 'f' || step == 'F') && !elsewhere;
        m_stopWanted |= step == 'r' && !wasClosed;
        return check(m_play.takeDue());
    }

private:
    bool isClosed() const { return m_play.ledger.isClosed(held()); }

    static int isSet(unsigned due, Ledger::Due bit) { return (due & bit) ? 1 : 0; }

    const char *check(unsigned due)
    {
        m_failTold += isSet(due, Ledger::Fail);
        m_stopTold += isSet(due, Ledger::Stop);
        m_drainTold += isSet(due, Ledger::Drain);
        m_closeTold += isSet(due, Ledger::Close);
        m_handOnDue = isSet(due, Ledger::HandOn);
        const int left = m_daemons + m_cleanupJobs;
        const bool waits = m_waitsForAll || (!m_letGo && (!m_failed || m_policy.waitAfterFailure));
        if (m_play.ledger.pending(held()).daemons != m_daemons ||
            m_play.ledger.pending(held()).cleanupJobs != m_cleanupJobs)
            return "a job was lost or invented";
        if (m_failTold > 1 || m_stopTold > 1 || m_drainTold > 1 || m_closeTold > 1)
            return "told twice";
        if (m_failTold != m_failed)
            return "a failure that is not told, or told without one";
        if (!m_handedOn && m_stopTold != (m_stopWanted || (m_failed && m_policy.stopOnFailure)))
            return "stop is not told, or told without a reason";
        if (due & Ledger::Drain && (!m_calleeEnded || m_cleanupJobs > 0))
            return "drains before the callee and the clean-up are through";
        if (due & Ledger::HandOn && (left == 0 || waits || !m_calleeEnded))
            return "hands on without need";
        if (isClosed() != (m_handedOn || (m_closeTold == 1)))
            return "closed, but it has not said so";
        if (!m_handedOn && isClosed() && m_drainTold == 0)
            return "closed without draining";
        if (m_closeTold && left > 0)
            return "closed with jobs left";
        if (m_calleeEnded && left == 0 && !isClosed())
            return "does not close";
        if (m_calleeEnded && left > 0 && !isClosed() && m_handOnDue == waits)
            return "neither waits nor hands on";
        if (isClosed() && (m_play.ledger.accepts(held(), Ledger::Kind::Daemon) ||
                           m_play.ledger.accepts(held(), Ledger::Kind::CleanupJob)))
            return "accepts a job after closing";
        if (m_play.ledger.isStopRequested() != (m_stopTold == 1) ||
            m_play.ledger.hasCalleeEnded() != m_calleeEnded ||
            m_play.ledger.isDraining() != (m_drainTold == 1 || m_handedOn))
            return "answers without the lock otherwise than with it";
        return nullptr;
    }

    const Ledger::Policy m_policy;
    Play m_play;
    int m_daemons = 0;
    int m_cleanupJobs = 0;
    bool m_calleeEnded = false;
    bool m_letGo = false;
    bool m_waitsForAll = false;
    bool m_handedOn = false;
    bool m_failed = false;
    bool m_stopWanted = false;
    bool m_handOnDue = false;
    int m_failTold = 0;
    int m_stopTold = 0;
    int m_drainTold = 0;
    int m_closeTold = 0;
};

/// Tells all stories that begin with \a script and have at most \a length steps.
bool tellAll(Ledger::Policy policy, const QByteArray &script, int length, int &count)
{
    Story story(policy);
    const char *complaint = nullptr;
    for (const char step : script)
        complaint = story.tell(step);
    ++count;
    if (complaint) {
        qWarning("%s: %s", script.constData(), complaint);
        return false;
    }
    if (script.size() == length)
        return true;
    const QByteArray choices = story.choices();
    return std::all_of(choices.begin(), choices.end(),
                       [&](char step) { return tellAll(policy, script + step, length, count); });
}

} // namespace

void tst_Ledger::everyStoryEndsOnce_data()
{
    QTest::addColumn<bool>("stopOnFailure");
    QTest::addColumn<bool>("waitAfterFailure");
    QTest::newRow("FailFast") << true << false;
    QTest::newRow("CancelAndWait") << true << true;
    QTest::newRow("KeepGoing") << false << true;
}

void tst_Ledger::everyStoryEndsOnce()
{
    QFETCH(bool, stopOnFailure);
    QFETCH(bool, waitAfterFailure);
    int count = 0;
    QVERIFY(tellAll({stopOnFailure, waitAfterFailure}, {}, 8, count));
    QVERIFY(count > 10'000);
}

void tst_Ledger::jobsThatAreLeftAreAbandoned_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<int>("left");
    QTest::newRow("none") << QByteArray("aqcr") << 0;
    QTest::newRow("a daemon") << QByteArray("aaqc") << 1;
    QTest::newRow("daemons and cleanup jobs") << QByteArray("aaAAAFc") << 4;
}

void tst_Ledger::jobsThatAreLeftAreAbandoned()
{
    QFETCH(const QByteArray, script);
    QFETCH(const int, left);
    Play play(keepGoing);
    play.run(script);
    const bool wasStopped = play.ledger.isStopRequested();
    QCOMPARE(int(play.ledger.abandon(held()).total()), left);
    QVERIFY(play.ledger.isClosed(held()));
    QVERIFY(play.ledger.isDraining());
    QCOMPARE(play.ledger.isStopRequested(), wasStopped || left > 0);
    QVERIFY(!play.ledger.accepts(held(), Ledger::Kind::CleanupJob));
}

/// Whoever sees that it is reported may take the report.
void tst_Ledger::reportedComesAfterClosed()
{
    Play play(failFast);
    play.run("aqc");
    QCOMPARE(play.ledger.phase(held()), Ledger::Phase::Closed);
    QVERIFY(!play.ledger.isReported());
    play.ledger.setReported(held());
    QCOMPARE(play.ledger.phase(held()), Ledger::Phase::Reported);
    QVERIFY(play.ledger.isReported());
    QVERIFY(play.ledger.isClosed(held()));
}

/// The counts in the words wrap, those that are told do not.
void tst_Ledger::moreJobsThanAWordCountsAreCounted()
{
    constexpr std::int64_t many = (1 << 28) - 1;
    Play play(failFast);
    for (int round = 1; round <= 5; ++round) {
        play.ledger.admit(held(), Ledger::Pending{many, 1});
        QCOMPARE(play.ledger.pending(held()).daemons, many);
        QCOMPARE(play.ledger.endQuietly(many), Ledger::Quiet::Counted);
        QCOMPARE(play.ledger.pending(held()).total(), 1);
        play.run("S");
        QCOMPARE(play.ledger.pending(held()).total(), 0);
        QCOMPARE(play.ledger.admittedCount(held()), round * (many + 1));
        QCOMPARE(play.ledger.endedCount(held()), round * (many + 1));
    }
    QCOMPARE(play.run("acq"), QByteArray("[][drain]?[close]"));
}

void tst_Ledger::jobsComeAndGoWhileTheCalleeEnds()
{
    for (int round = 0; round < 500; ++round)
        QCOMPARE(LedgerRaces::jobsComeAndGoWhileTheCalleeEnds(2, round % 40), std::string());
    QCOMPARE(LedgerRaces::jobsComeAndGoWhileTheCalleeEnds(4, 20'000), std::string());
}

void tst_Ledger::daemonsEndWhileTheyAreHandedOn()
{
    for (int round = 0; round < 500; ++round)
        QCOMPARE(LedgerRaces::daemonsEndWhileTheyAreHandedOn(2, round % 200), std::string());
    QCOMPARE(LedgerRaces::daemonsEndWhileTheyAreHandedOn(4, 20'000), std::string());
}

QTEST_APPLESS_MAIN(tst_Ledger)
#include "tst_ledger.moc"
