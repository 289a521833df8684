// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "mail/alarmheap_p.h"

#include <QtTest/qtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <vector>

using QJanitor::Private::Alarm;
using QJanitor::Private::AlarmHeap;

static_assert(std::is_trivially_destructible_v<AlarmHeap>, "it owns no alarm");

class tst_AlarmHeap : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void firstIsTheEarliest_data();
    void firstIsTheEarliest();
    void itDoesAsASortedSet_data();
    void itDoesAsASortedSet();
    void veryManyLeaveInTheirOrder_data();
    void veryManyLeaveInTheirOrder();
    void veryManyRingAgainAndAgain();
};

/// Takes the alarms out, the first each time, and returns their times.
static std::vector<std::int64_t> drained(AlarmHeap &heap)
{
    std::vector<std::int64_t> times;
    while (Alarm *alarm = heap.first()) {
        times.push_back(alarm->time);
        heap.remove(*alarm);
    }
    return times;
}

static std::vector<const Alarm *> visited(const AlarmHeap &heap)
{
    std::vector<const Alarm *> alarms;
    for (Alarm *alarm = heap.first(); alarm; alarm = AlarmHeap::after(alarm))
        alarms.push_back(alarm);
    return alarms;
}

void tst_AlarmHeap::firstIsTheEarliest_data()
{
    // 1 to 9 add an alarm of that time and name, a to i remove the one of that name (a is 1), -
    // removes the first; then the times of those that are left in the order in which they come.
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("left");

    QTest::newRow("none") << QByteArray("") << QByteArray("");
    QTest::newRow("one") << QByteArray("5") << QByteArray("5");
    QTest::newRow("one that leaves") << QByteArray("5e") << QByteArray("");
    QTest::newRow("one that comes back") << QByteArray("5e5") << QByteArray("5");
    QTest::newRow("later and later") << QByteArray("12345") << QByteArray("12345");
    QTest::newRow("earlier and earlier") << QByteArray("54321") << QByteArray("12345");
    QTest::newRow("in no order") << QByteArray("385172946") << QByteArray("123456789");
    QTest::newRow("the first leaves") << QByteArray("385172946-") << QByteArray("23456789");
    QTest::newRow("the first leaves, later and later")
        << QByteArray("12345a") << QByteArray("2345");
    QTest::newRow("the last to come leaves") << QByteArray("12345e") << QByteArray("1234");
    QTest::newRow("a middle one leaves") << QByteArray("12345c") << QByteArray("1245");
    QTest::newRow("one with others below it leaves")
        << QByteArray("918273645-c") << QByteArray("2456789");
    QTest::newRow("each but one leaves") << QByteArray("54321-ce-") << QByteArray("4");
    QTest::newRow("all leave and one comes") << QByteArray("312---7") << QByteArray("7");
}

void tst_AlarmHeap::firstIsTheEarliest()
{
    QFETCH(const QByteArray, script);
    QFETCH(const QByteArray, left);
    std::array<Alarm, 10> alarms;
    AlarmHeap heap;
    for (const char step : script) {
        if (step == '-') {
            heap.remove(*heap.first());
        } else if (step >= 'a') {
            heap.remove(alarms[std::size_t(step - 'a' + 1)]);
        } else {
            Alarm &alarm = alarms[std::size_t(step - '0')];
            alarm.time = step - '0';
            heap.add(alarm);
        }
    }
    QCOMPARE(visited(heap).size(), std::size_t(left.size()));
    QByteArray order;
    for (const std::int64_t time : drained(heap))
        order += QByteArray::number(qlonglong(time));
    QCOMPARE(order, left);
    for (const Alarm &alarm : alarms)
        QVERIFY(!alarm.child && !alarm.previous && !alarm.next);
}

void tst_AlarmHeap::itDoesAsASortedSet_data()
{
    QTest::addColumn<int>("count");
    QTest::addColumn<int>("times");
    for (const int count : {1, 2, 3, 10, 100, 1000}) {
        QTest::addRow("%d alarms, most of the same time", count) << count << 2;
        QTest::addRow("%d alarms, some of the same time", count) << count << count;
        QTest::addRow("%d alarms, each of its own time", count) << count << 1'000'000'000;
    }
}

void tst_AlarmHeap::itDoesAsASortedSet()
{
    QFETCH(const int, count);
    QFETCH(const int, times);
    constexpr int steps = 20'000;
    std::mt19937 random(unsigned(count + times));
    std::vector<Alarm> alarms{std::size_t(count)};
    AlarmHeap heap;
    std::multiset<std::int64_t> expected;
    const auto remove = [&](Alarm &alarm) {
        heap.remove(alarm);
        expected.erase(expected.find(alarm.time));
        alarm.isSet = false;
    };
    for (int step = 0; step < steps; ++step) {
        Alarm &alarm = alarms[random() % alarms.size()];
        const auto choice = random() % 4;
        if (choice == 0 && heap.first()) {
            remove(*heap.first());
        } else if (choice == 1 && alarm.isSet) {
            remove(alarm);
        } else {
            if (alarm.isSet) // it is set anew, for an earlier or later time
                remove(alarm);
            alarm.time = std::int64_t(random() % unsigned(times));
            alarm.isSet = true;
            heap.add(alarm);
            expected.insert(alarm.time);
        }
        QCOMPARE(heap.first() != nullptr, !expected.empty());
        if (heap.first())
            QCOMPARE(heap.first()->time, *expected.begin());
        if (step % 100 == 0) {
            std::vector<const Alarm *> all = visited(heap);
            QCOMPARE(all.size(), expected.size());
            std::sort(all.begin(), all.end());
            QVERIFY(std::adjacent_find(all.begin(), all.end()) == all.end());
            QVERIFY(
                std::all_of(all.begin(), all.end(), [](auto *one) { return one->isSet.load(); }));
        }
    }
    QCOMPARE(drained(heap), std::vector<std::int64_t>(expected.begin(), expected.end()));
}

void tst_AlarmHeap::veryManyLeaveInTheirOrder_data()
{
    // So many that a step that looks at all, or that calls itself for each, shows.
    QTest::addColumn<QByteArray>("order");
    for (const char *order : {"rising", "falling", "equal", "shuffled"})
        QTest::newRow(order) << QByteArray(order);
}

void tst_AlarmHeap::veryManyLeaveInTheirOrder()
{
    QFETCH(const QByteArray, order);
    constexpr std::int64_t count = 300'000;
    std::vector<Alarm> alarms{std::size_t(count)};
    for (std::int64_t i = 0; i < count; ++i)
        alarms[std::size_t(i)].time = order == "equal" ? 7 : order == "falling" ? count - i : i;
    if (order == "shuffled") {
        std::mt19937 random(1);
        for (std::size_t i = alarms.size() - 1; i > 0; --i)
            std::swap(alarms[i].time, alarms[random() % (i + 1)].time);
    }
    AlarmHeap heap;
    for (Alarm &alarm : alarms)
        heap.add(alarm);
    QCOMPARE(visited(heap).size(), alarms.size());
    // Every third leaves from wherever it is.
    for (std::size_t i = 0; i < alarms.size(); i += 3)
        heap.remove(alarms[i]);
    const std::vector<std::int64_t> times = drained(heap);
    QCOMPARE(times.size(), alarms.size() - (alarms.size() + 2) / 3);
    QVERIFY(std::is_sorted(times.begin(), times.end()));
}

void tst_AlarmHeap::veryManyRingAgainAndAgain()
{
    constexpr std::int64_t count = 100'000;
    constexpr int rounds = 10;
    std::vector<Alarm> alarms{std::size_t(count)};
    AlarmHeap heap;
    for (std::int64_t i = 0; i < count; ++i) {
        alarms[std::size_t(i)].time = i;
        heap.add(alarms[std::size_t(i)]);
    }
    for (std::int64_t now = 0; now < rounds * count; ++now) {
        Alarm &alarm = *heap.first();
        QCOMPARE(alarm.time, now);
        heap.remove(alarm);
        alarm.time += count;
        heap.add(alarm);
    }
}

QTEST_APPLESS_MAIN(tst_AlarmHeap)
#include "tst_alarmheap.moc"
