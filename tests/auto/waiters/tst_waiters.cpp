// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/waiters_p.h"

#include "../../support/held.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtTest/qtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

using namespace QJanitor::Private;

namespace {

/// Counts how often it is woken.
class Dispatcher : public QAbstractEventDispatcher
{
public:
    int wakeUps = 0;

    bool processEvents(QEventLoop::ProcessEventsFlags) override { return false; }
    void registerSocketNotifier(QSocketNotifier *) override {}
    void unregisterSocketNotifier(QSocketNotifier *) override {}
    void registerTimer(int, qint64, Qt::TimerType, QObject *) override {}
    bool unregisterTimer(int) override { return false; }
    bool unregisterTimers(QObject *) override { return false; }
    QList<TimerInfo> registeredTimers(QObject *) const override { return {}; }
    int remainingTime(int) override { return -1; }
    void wakeUp() override { ++wakeUps; }
    void interrupt() override {}
};

} // namespace

class tst_Waiters : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void allAreWoken();
    void oneThatHasLeftIsNotWoken_data();
    void oneThatHasLeftIsNotWoken();
    void aCallIsSeenUntilItIsAnswered();
    void aCallIsSeenByThoseThatComeLater();
    void eachAnswersForItself();
    void blockedThreadsAreWoken();
};

void tst_Waiters::allAreWoken()
{
    Waiters waiters;
    std::array<Dispatcher, 3> dispatchers;
    Waiter first(&dispatchers[0]);
    Waiter second(&dispatchers[1]);
    Waiter third(&dispatchers[2]);
    for (Waiter *waiter : {&first, &second, &third})
        waiters.add(held(), *waiter);
    waiters.wake(held());
    for (const Dispatcher &dispatcher : dispatchers)
        QCOMPARE(dispatcher.wakeUps, 1);
    QVERIFY(!waiters.isCalled(held(), first)); // to be woken is not to be called
    waiters.call(held());
    for (const Dispatcher &dispatcher : dispatchers)
        QCOMPARE(dispatcher.wakeUps, 2);
}

void tst_Waiters::oneThatHasLeftIsNotWoken_data()
{
    QTest::addColumn<int>("who");
    QTest::newRow("the first") << 0;
    QTest::newRow("one in the middle") << 1;
    QTest::newRow("the last") << 2;
}

void tst_Waiters::oneThatHasLeftIsNotWoken()
{
    QFETCH(const int, who);
    Waiters waiters;
    std::array<Dispatcher, 3> dispatchers;
    std::vector<std::unique_ptr<Waiter>> all;
    for (Dispatcher &dispatcher : dispatchers) {
        all.push_back(std::make_unique<Waiter>(&dispatcher));
        waiters.add(held(), *all.back());
    }
    waiters.remove(held(), *all[std::size_t(who)]);
    all[std::size_t(who)].reset();
    waiters.call(held());
    for (int i = 0; i < 3; ++i)
        QCOMPARE(dispatchers[std::size_t(i)].wakeUps, i == who ? 0 : 1);
}

void tst_Waiters::aCallIsSeenUntilItIsAnswered()
{
    Waiters waiters;
    Waiter waiter;
    waiters.add(held(), waiter);
    QVERIFY(!waiters.isCalled(held(), waiter));
    waiters.call(held());
    waiters.call(held());
    QVERIFY(waiters.isCalled(held(), waiter));
    waiters.answer(held(), waiter);
    QVERIFY(!waiters.isCalled(held(), waiter));
}

void tst_Waiters::aCallIsSeenByThoseThatComeLater()
{
    Waiters waiters;
    waiters.call(held());
    Waiter waiter;
    waiters.add(held(), waiter);
    QVERIFY(waiters.isCalled(held(), waiter));
}

void tst_Waiters::eachAnswersForItself()
{
    Waiters waiters;
    Waiter one;
    Waiter other;
    waiters.add(held(), one);
    waiters.add(held(), other);
    waiters.call(held());
    waiters.answer(held(), one);
    QVERIFY(!waiters.isCalled(held(), one));
    QVERIFY(waiters.isCalled(held(), other));
}

void tst_Waiters::blockedThreadsAreWoken()
{
    constexpr int count = 4;
    Waiters waiters;
    std::mutex mutex;
    int waiting = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i) {
        threads.emplace_back([&] {
            Waiter waiter;
            const JanitorLock lock(mutex);
            waiters.add(lock, waiter);
            ++waiting;
            lock.lend([&](std::unique_lock<std::mutex> &lent) {
                waiter.condition.wait(lent, [&] { return waiters.isCalled(lock, waiter); });
            });
            waiters.remove(lock, waiter);
            --waiting;
        });
    }
    for (bool allWait = false; !allWait; std::this_thread::yield()) {
        const JanitorLock lock(mutex);
        allWait = waiting == count;
        if (allWait)
            waiters.call(lock);
    }
    for (std::thread &thread : threads)
        thread.join();
    QCOMPARE(waiting, 0);
}

QTEST_APPLESS_MAIN(tst_Waiters)

#include "tst_waiters.moc"
