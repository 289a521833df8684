// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What is kept for a service manager that is busy, and in which order it is told then.

#include "exit/notices_p.h"

#include <QtTest/qtest.h>

using QJanitor::Private::Notices;
using Answer = QJanitor::Private::ServiceManager::Answer;

static_assert(std::is_nothrow_destructible_v<Notices>);
static_assert(std::is_nothrow_move_assignable_v<Notices>);

class tst_Notices : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void busyManager_data();
    void busyManager();
    void longTimeKeepsOneOfEachKey();
};

/// A manager, and what it answers: t = taken, b = busy, f = failed; after that it takes everything.
class Manager
{
public:
    explicit Manager(const QByteArray &answers)
        : m_answers(answers)
    {}

    Answer operator()(const QByteArray &message)
    {
        const char answer = m_next < m_answers.size() ? m_answers.at(m_next++) : 't';
        if (answer == 't')
            taken.append(message.trimmed());
        return answer == 't' ? Answer::Taken : answer == 'b' ? Answer::Busy : Answer::Failed;
    }

    QByteArrayList taken;

private:
    const QByteArray m_answers;
    qsizetype m_next = 0;
};

void tst_Notices::busyManager_data()
{
    QTest::addColumn<QByteArrayList>("messages"); // each is added, and sent with what is left
    QTest::addColumn<QByteArray>("answers");
    QTest::addColumn<QByteArrayList>("taken");
    QTest::addColumn<QByteArrayList>("failed");
    QTest::addColumn<bool>("isLeft");
    const QByteArray ready = "READY=1", stopping = "STOPPING=1", more = "EXTEND_TIMEOUT_USEC=1\n";
    const QByteArray one = "STATUS=1", two = "STATUS=2", three = "STATUS=3";
    const auto list = [](auto... messages) { return QByteArrayList{messages...}; };
    const QByteArrayList none;

    QTest::newRow("each is sent at once") << list(ready, stopping, one) << QByteArray()
                                          << list(ready, stopping, one) << none << false;
    QTest::newRow("what is busy is kept") << list(ready) << QByteArray("b") << none << none << true;
    QTest::newRow("and told with the next, before it")
        << list(ready, stopping) << QByteArray("b") << list(ready, stopping) << none << false;
    QTest::newRow("nothing overtakes what is busy")
        << list(ready, stopping, one) << QByteArray("bb") << list(ready, stopping, one) << none
        << false;
    QTest::newRow("steps are no one message")
        << list(ready + '\n' + stopping) << QByteArray() << list(ready, stopping) << none << false;
    QTest::newRow("each step is told once")
        << list(ready, ready, stopping, stopping) << QByteArray("bbb") << list(ready, stopping)
        << none << false;
    QTest::newRow("the newest step comes last") << list(ready, stopping, ready) << QByteArray("bb")
                                                << list(stopping, ready) << none << false;
    QTest::newRow("only the newest status counts")
        << list(one, two, three) << QByteArray("bb") << list(three) << none << false;
    QTest::newRow("a request for time is kept with another status")
        << list(more + one, two) << QByteArray("b") << list(more + two) << none << false;
    QTest::newRow("steps go before what is older than they are")
        << list(one, stopping) << QByteArray("b") << list(stopping, one) << none << false;
    QTest::newRow("what fails is forgotten")
        << list(ready, one) << QByteArray("f") << list(one) << list(ready) << false;
    QTest::newRow("what was busy and fails then is forgotten, too")
        << list(ready, one) << QByteArray("bff") << none << list(ready, one) << false;
    QTest::newRow("busy in the middle keeps the rest")
        << list(ready, stopping, one) << QByteArray("bbtb") << list(ready) << none << true;
}

void tst_Notices::busyManager()
{
    QFETCH(const QByteArrayList, messages);
    QFETCH(const QByteArray, answers);
    QFETCH(const QByteArrayList, taken);
    QFETCH(const QByteArrayList, failed);
    QFETCH(const bool, isLeft);
    Notices notices;
    QVERIFY(notices.isEmpty());
    Manager manager(answers);
    QByteArrayList lost;
    for (const QByteArray &message : messages) {
        notices.add(message);
        QVERIFY(!notices.isEmpty());
        for (const QByteArray &failure : notices.send(std::ref(manager)))
            lost.append(failure.trimmed());
    }
    QCOMPARE(manager.taken, taken);
    QCOMPARE(lost, failed);
    QCOMPARE(!notices.isEmpty(), isLeft);
}

void tst_Notices::longTimeKeepsOneOfEachKey()
{
    Notices notices;
    for (int i = 0; i < 10'000; ++i) {
        notices.add("READY=1");
        notices.add("STOPPING=1");
        notices.add("EXTEND_TIMEOUT_USEC=1\nSTATUS=" + QByteArray::number(i));
        notices.send([](const QByteArray &) { return Answer::Busy; });
    }
    Manager manager({});
    QCOMPARE(notices.send(std::ref(manager)), QByteArrayList());
    QCOMPARE(manager.taken,
             QByteArrayList({"READY=1", "STOPPING=1", "EXTEND_TIMEOUT_USEC=1\nSTATUS=9999"}));
}

QTEST_APPLESS_MAIN(tst_Notices)

#include "tst_notices.moc"
