// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "rules/drainclock_p.h"

#include <QtTest/qtest.h>

using QJanitor::Private::DrainClock;
using namespace Qt::StringLiterals;

namespace {

constexpr std::int64_t begin = 1'000'000; // no time is 0

/*!
    Looks at a clock as a script says. Its words are a time in ms since the beginning and what has
    happened until then:

    E  a job has ended    P  one that has not has got on    S  the process was stopped until now
*/
QByteArray play(DrainClock &clock, const QByteArray &script)
{
    QByteArrayList verdicts;
    std::int64_t ended = 0;
    for (const QByteArray &word : script.simplified().split(' ')) {
        const QByteArray digits = word.left(word.size() - (word.back() > '9' ? 1 : 0));
        const char what = word.back();
        const std::int64_t now = begin + digits.toLongLong();
        if (what == 'S')
            clock.leaveOutStop(now, clock.next());
        ended += what == 'E';
        switch (clock.look(now, ended, what == 'P')) {
        case DrainClock::Verdict::Wait:
            verdicts += "-";
            break;
        case DrainClock::Verdict::Warn:
            verdicts += "warn";
            break;
        case DrainClock::Verdict::GiveUp:
            verdicts += "up";
            break;
        }
    }
    return verdicts.join(' ');
}

} // namespace

class tst_DrainClock : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verdicts_data();
    void verdicts();
    void nextLook_data();
    void nextLook();
    void itRestsUntilItIsStarted();
    void itStartsOnce();
    void aTimeoutThatIsSetLateCounts();
    void elapsedTimeIsWithoutStops();
};

static void addLimits()
{
    QTest::addColumn<qint64>("warning"); // after so many ms; 0 is never
    QTest::addColumn<qint64>("timeout"); // -1 is never
    QTest::addColumn<qint64>("limit");   // of the timeout, if progress extends it; 0 if it does not
}

static DrainClock::Limits limits()
{
    const qint64 warning = *static_cast<qint64 *>(QTest::qData("warning", qMetaTypeId<qint64>()));
    const qint64 timeout = *static_cast<qint64 *>(QTest::qData("timeout", qMetaTypeId<qint64>()));
    const qint64 limit = *static_cast<qint64 *>(QTest::qData("limit", qMetaTypeId<qint64>()));
    return {.hangWarningAfter = warning,
            .timeout = timeout < 0 ? DrainClock::never : timeout,
            .timeoutLimit = limit};
}

void tst_DrainClock::verdicts_data()
{
    addLimits();
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, qint64 warning, qint64 timeout, qint64 limit,
                        const QByteArray &script, const QByteArray &expected) {
        QTest::newRow(name) << warning << timeout << limit << script << expected;
    };
    row("without limits it waits", 0, -1, 0, "1 100000 99999999", "- - -");
    row("it warns once for each time", 100, -1, 0, "99 100 199 200 250 299 300",
        "- warn - warn - - warn");
    row("a warning that is late moves the next one", 100, -1, 0, "180 200 279 280",
        "warn - - warn");
    row("what ends does not put the warning off", 100, -1, 0, "50E 100E 150", "- warn -");
    row("it gives up at the timeout", 0, 100, 0, "99 100", "- up");
    row("it gives up rather than warn", 100, 100, 0, "99 100", "- up");
    row("it warns before it gives up", 50, 100, 0, "49 50 99 100", "- warn - up");
    row("progress does not extend a fixed timeout", 0, 100, 0, "50E 99P 100", "- - up");
    row("a job that ends extends the timeout", 0, 100, 1000, "90E 100 189 190", "- - - up");
    row("a job that gets on extends the timeout", 0, 100, 1000, "90P 100 189 190", "- - - up");
    row("without progress it is not extended", 0, 100, 1000, "99 100", "- up");
    row("progress is seen at the timeout itself", 0, 100, 1000, "100P 199 200", "- - up");
    row("it is not extended beyond its limit", 0, 100, 250, "90P 180P 249P 250P", "- - - up");
    row("it gives up at once", 0, 0, 0, "0", "up");
    row("a stop of the process is left out of the timeout", 0, 100, 0, "5012S 5095 5096", "- - up");
    row("a stop is left out of the warning", 100, -1, 0, "5016S 5099 5100", "- - warn");
    row("a busy machine is no stop", 0, 100, 0, "400S", "up");
}

void tst_DrainClock::verdicts()
{
    QFETCH(const QByteArray, script);
    QTEST(
        [&] {
            DrainClock clock(limits());
            clock.start(begin, 0);
            return play(clock, script);
        }(),
        "expected");
}

void tst_DrainClock::nextLook_data()
{
    addLimits();
    QTest::addColumn<qint64>("first"); // in so many ms; -1 is never
    QTest::addColumn<qint64>("second");
    QTest::newRow("never") << 0LL << -1LL << 0LL << -1LL << -1LL;
    QTest::newRow("a moment later, then a part of the timeout")
        << 0LL << 800LL << 0LL << 16LL << 116LL;
    QTest::newRow("a moment later, then a part of the warning")
        << 400LL << -1LL << 0LL << 16LL << 66LL;
    QTest::newRow("not later than the timeout") << 0LL << 5LL << 0LL << 5LL << 5LL;
    QTest::newRow("not later than the warning") << 5LL << -1LL << 0LL << 5LL << 6LL;
    QTest::newRow("a part of the timeout at once where progress counts")
        << 0LL << 800LL << 9000LL << 100LL << 200LL;
    QTest::newRow("once a second at least") << 0LL << 60'000LL << 0LL << 16LL << 1016LL;
}

void tst_DrainClock::nextLook()
{
    DrainClock clock(limits());
    clock.start(begin, 0);
    const auto ahead = [&clock] {
        return clock.next() == DrainClock::never ? -1 : qint64(clock.next() - begin);
    };
    QTEST(ahead(), "first");
    if (ahead() >= 0)
        clock.look(clock.next(), 0, false);
    QTEST(ahead(), "second");
}

void tst_DrainClock::itRestsUntilItIsStarted()
{
    DrainClock clock({.hangWarningAfter = 10, .timeout = 10});
    QVERIFY(!clock.isRunning());
    QVERIFY(!clock.isLate(begin));
    QCOMPARE(clock.next(), DrainClock::never);
    clock.leaveOutStop(begin, 1);
    QVERIFY(!clock.isRunning());
}

void tst_DrainClock::itStartsOnce()
{
    DrainClock clock({.timeout = 100});
    clock.start(begin, 0);
    clock.start(begin + 50, 0);
    QCOMPARE(clock.elapsed(begin + 100), 100);
    QVERIFY(clock.isLate(begin + 100));
}

/// As for a stop that waits no longer.
void tst_DrainClock::aTimeoutThatIsSetLateCounts()
{
    DrainClock clock({});
    clock.start(begin, 0);
    QVERIFY(!clock.isLate(begin + 99'999));
    clock.limit(0);
    QVERIFY(clock.isLate(begin));
    QCOMPARE(clock.timeout(), 0);
    QCOMPARE(clock.look(begin, 0, true), DrainClock::Verdict::GiveUp);
}

void tst_DrainClock::elapsedTimeIsWithoutStops()
{
    DrainClock clock({.timeout = 100'000});
    clock.start(begin, 0);
    clock.leaveOutStop(begin + 5000, begin + 16);
    QCOMPARE(clock.elapsed(begin + 5000), 16);
}

QTEST_APPLESS_MAIN(tst_DrainClock)

#include "tst_drainclock.moc"
