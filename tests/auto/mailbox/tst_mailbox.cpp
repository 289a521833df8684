// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "mail/mailbox_p.h"

#include "mailboxraces.h"

#include <QtTest/qtest.h>

#include <array>

using QJanitor::Private::Alarm;
using QJanitor::Private::JanitorPointer;
using QJanitor::Private::Mailbox;
using QJanitor::Private::Ticket;

static_assert(std::is_nothrow_move_constructible_v<Ticket>);
static_assert(!std::is_copy_constructible_v<Mailbox>);

class tst_Mailbox : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answers_data();
    void answers();
    void refusedTicketStaysWithItsPoster();
    void ticketsKeepTheirOrder();
    void closedMailboxStillGivesOutWhatItHas();
    void alarms_data();
    void alarms();
    void dueAlarmsNameTheirJanitors();
    void alarmThatIsSetAgainHasItsNewTime_data();
    void alarmThatIsSetAgainHasItsNewTime();
    void ofManyThatAreDueTheEarliestComeFirst();
    void noAlarmPaysForTheOthers();
    void openingTellsWhetherThereIsSomething_data();
    void openingTellsWhetherThereIsSomething();
    void newsOfFuturesIsKeptWhileItIsClosed();
    void newsOfFuturesOfManyIsKeptOnceInItsOrder();
    void janitorsThatAreDoneAreNotKept_data();
    void janitorsThatAreDoneAreNotKept();
    void everyTicketIsRead();
    void closingLosesNothing();
};

void tst_Mailbox::answers_data()
{
    // o open, c close, p post, h post in a hurry, t take all: the number of tickets.
    // Answers: T tell the agent, . taken, x closed
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("answers");

    QTest::newRow("closed before it is opened") << QByteArray("ph") << QByteArray("xx");
    QTest::newRow("the first ticket is announced, the next ones are not")
        << QByteArray("oppp") << QByteArray("T..");
    QTest::newRow("the first hurried one is announced again")
        << QByteArray("opphhp") << QByteArray("T.T..");
    QTest::newRow("a hurried one that is the first is announced once")
        << QByteArray("ohph") << QByteArray("T..");
    QTest::newRow("taking all empties it") << QByteArray("opptt") << QByteArray("T.20");
    QTest::newRow("while the reader finds something it comes back unasked")
        << QByteArray("optp") << QByteArray("T1.");
    QTest::newRow("once the reader has found nothing it has to be told again")
        << QByteArray("opttpp") << QByteArray("T10T.");
    QTest::newRow("a hurried one is announced also while the reader comes back")
        << QByteArray("opthhp") << QByteArray("T1T..");
    QTest::newRow("the reader comes for nothing") << QByteArray("otp") << QByteArray("0T");
    QTest::newRow("closed, it refuses") << QByteArray("opcph") << QByteArray("Txx");
    QTest::newRow("closed, it gives out what it has") << QByteArray("oppct") << QByteArray("T.2");
    QTest::newRow("opened again it starts afresh")
        << QByteArray("ophctophp") << QByteArray("TT2TT.");
    QTest::newRow("opened again with tickets inside, it announces them with the next")
        << QByteArray("opcopt") << QByteArray("TT2");
}

void tst_Mailbox::answers()
{
    QFETCH(QByteArray, script);
    QFETCH(QByteArray, answers);
    Mailbox mailbox;
    QByteArray log;
    for (const char step : std::as_const(script)) {
        Ticket ticket;
        switch (step) {
        case 'o':
            mailbox.open();
            break;
        case 'c':
            mailbox.close();
            break;
        case 't':
            log += QByteArray::number(qulonglong(mailbox.takeAll().size()));
            break;
        default:
            switch (mailbox.post(ticket, step == 'h')) {
            case Mailbox::Answer::Closed:
                log += 'x';
                break;
            case Mailbox::Answer::Taken:
                log += '.';
                break;
            case Mailbox::Answer::Tell:
                log += 'T';
                break;
            }
        }
    }
    QCOMPARE(log, answers);
}

void tst_Mailbox::refusedTicketStaysWithItsPoster()
{
    Mailbox mailbox;
    const JanitorPointer janitor = makeJanitor();
    Ticket ticket{janitor, Ticket::Matter::News};
    QCOMPARE(mailbox.post(ticket, false), Mailbox::Answer::Closed);
    QCOMPARE(ticket.janitor.data(), janitor.data());
    mailbox.open();
    QCOMPARE(mailbox.post(ticket, false), Mailbox::Answer::Tell);
    QCOMPARE(ticket.janitor.data(), nullptr);
}

void tst_Mailbox::ticketsKeepTheirOrder()
{
    Mailbox mailbox;
    mailbox.open();
    std::vector<JanitorPointer> janitors;
    for (int i = 0; i < 5; ++i) {
        janitors.push_back(makeJanitor());
        Ticket ticket{janitors.back(), i % 2 ? Ticket::Matter::ClearedPump : Ticket::Matter::News};
        mailbox.post(ticket, i == 2);
    }
    const std::vector<Ticket> tickets = mailbox.takeAll();
    QCOMPARE(tickets.size(), janitors.size());
    for (std::size_t i = 0; i < janitors.size(); ++i) {
        QCOMPARE(tickets[i].janitor.data(), janitors[i].data());
        QCOMPARE(tickets[i].matter, i % 2 ? Ticket::Matter::ClearedPump : Ticket::Matter::News);
    }
}

void tst_Mailbox::closedMailboxStillGivesOutWhatItHas()
{
    Mailbox mailbox;
    mailbox.open();
    Ticket ticket{makeJanitor(), Ticket::Matter::News};
    const QJanitor::Private::Janitor *janitor = ticket.janitor.data();
    mailbox.post(ticket, false);
    mailbox.close();
    QCOMPARE(mailbox.takeAll().at(0).janitor.data(), janitor);
    QVERIFY(mailbox.takeAll().empty());
}

void tst_Mailbox::alarms_data()
{
    // o open, ! close; A to C set an alarm at that many times 10; a to c clear it;
    // 1 to 9 take what is due at that many times 10: the number of alarms; n the next one, - none.
    // Answers: T tell the agent, . taken, x closed
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<QByteArray>("answers");

    QTest::newRow("closed before it is opened") << QByteArray("A9n") << QByteArray("x1-");
    QTest::newRow("one that was set while it was closed rings later")
        << QByteArray("B!Ao2n") << QByteArray("xx2-");
    QTest::newRow("no alarm") << QByteArray("o9n") << QByteArray("0-");
    QTest::newRow("the first alarm is announced") << QByteArray("oBn") << QByteArray("T2");
    QTest::newRow("a later one is not") << QByteArray("oBCn") << QByteArray("T.2");
    QTest::newRow("an earlier one is announced") << QByteArray("oCBAn") << QByteArray("TTT1");
    QTest::newRow("nothing rings early, nothing rings twice")
        << QByteArray("oB1223n") << QByteArray("T0100-");
    QTest::newRow("all that are due ring together")
        << QByteArray("oABC2n3n") << QByteArray("T..231-");
    QTest::newRow("a cleared one does not ring") << QByteArray("oABa1n2") << QByteArray("T.021");
    QTest::newRow("cleared twice, or never set") << QByteArray("oAaab9n") << QByteArray("T0-");
    QTest::newRow("cleared in the middle") << QByteArray("oABCb9n") << QByteArray("T..2-");
    QTest::newRow("set twice it rings once") << QByteArray("oBB2n") << QByteArray("T.1-");
    QTest::newRow("set again after it rang") << QByteArray("oA1nA1n") << QByteArray("T1-T1-");
    QTest::newRow("one that was set before closing still rings")
        << QByteArray("oA!B9n") << QByteArray("Tx2-");
    QTest::newRow("opened again, the first alarm is announced")
        << QByteArray("oAa!oB2") << QByteArray("TT1");
}

void tst_Mailbox::alarms()
{
    QFETCH(QByteArray, script);
    QFETCH(QByteArray, answers);
    Mailbox mailbox;
    const JanitorPointer janitor = makeJanitor();
    std::array<Alarm, 3> alarms;
    QByteArray log;
    for (const char step : std::as_const(script)) {
        if (step == 'o') {
            mailbox.open();
        } else if (step == 'n') {
            const std::int64_t next = mailbox.nextAlarm();
            log +=
                next == Alarm::never ? QByteArray("-") : QByteArray::number(qlonglong(next / 10));
        } else if (step >= '1' && step <= '9') {
            log += QByteArray::number(qulonglong(mailbox.takeDue((step - '0') * 10, 9).size()));
        } else if (step >= 'A' && step <= 'C') {
            Alarm &alarm = alarms[std::size_t(step - 'A')];
            alarm.janitor = janitor.data();
            alarm.due = (step - 'A' + 1) * 10;
            const Mailbox::Answer answer = mailbox.setAlarm(alarm);
            log += answer == Mailbox::Answer::Tell    ? 'T'
                   : answer == Mailbox::Answer::Taken ? '.'
                                                      : 'x';
        } else if (step == '!') {
            mailbox.close();
        } else {
            mailbox.clearAlarm(alarms[std::size_t(step - 'a')]);
        }
    }
    QCOMPARE(log, answers);
}

void tst_Mailbox::openingTellsWhetherThereIsSomething_data()
{
    using Matter = QJanitor::Private::Ticket::Matter;
    QTest::addColumn<QList<Matter>>("posted");
    QTest::addColumn<bool>("hasAlarm");
    QTest::addColumn<bool>("expected");
    QTest::newRow("nothing") << QList<Matter>() << false << false;
    QTest::newRow("refused tickets")
        << QList<Matter>{Matter::News, Matter::Stopping} << false << false;
    QTest::newRow("futures") << QList<Matter>{Matter::Futures} << false << true;
    QTest::newRow("an alarm") << QList<Matter>() << true << true;
}

void tst_Mailbox::openingTellsWhetherThereIsSomething()
{
    QFETCH(const QList<QJanitor::Private::Ticket::Matter>, posted);
    QFETCH(const bool, hasAlarm);
    Mailbox mailbox;
    const JanitorPointer janitor = makeJanitor();
    for (const auto matter : posted) {
        Ticket ticket{janitor, matter};
        QCOMPARE(mailbox.post(ticket, false), Mailbox::Answer::Closed);
    }
    Alarm alarm;
    alarm.janitor = janitor.data();
    alarm.due = 10;
    if (hasAlarm)
        QCOMPARE(mailbox.setAlarm(alarm), Mailbox::Answer::Closed);
    QTEST(mailbox.open(), "expected");
}

void tst_Mailbox::newsOfFuturesIsKeptWhileItIsClosed()
{
    Mailbox mailbox;
    const JanitorPointer janitor = makeJanitor();
    for (int i = 0; i < 3; ++i) {
        Ticket ticket{janitor, Ticket::Matter::Futures};
        QCOMPARE(mailbox.post(ticket, true), Mailbox::Answer::Closed);
        QCOMPARE(ticket.janitor.data(), janitor.data());
    }
    QVERIFY(mailbox.takeAll().empty());
    QVERIFY(mailbox.open());
    const std::vector<Ticket> tickets = mailbox.takeAll();
    QCOMPARE(tickets.size(), std::size_t(1));
    QCOMPARE(tickets.front().janitor.data(), janitor.data());
    QCOMPARE(tickets.front().matter, Ticket::Matter::Futures);
}

void tst_Mailbox::dueAlarmsNameTheirJanitors()
{
    Mailbox mailbox;
    mailbox.open();
    const JanitorPointer early = makeJanitor();
    const JanitorPointer late = makeJanitor();
    Alarm earlyAlarm;
    earlyAlarm.janitor = early.data();
    earlyAlarm.due = 10;
    Alarm lateAlarm;
    lateAlarm.janitor = late.data();
    lateAlarm.due = 20;
    mailbox.setAlarm(lateAlarm);
    mailbox.setAlarm(earlyAlarm);
    const std::vector<JanitorPointer> first = mailbox.takeDue(15, 9);
    QCOMPARE(first.size(), std::size_t(1));
    QCOMPARE(first[0].data(), early.data());
    QVERIFY(!earlyAlarm.isSet && lateAlarm.isSet);
    const std::vector<JanitorPointer> second = mailbox.takeDue(20, 9);
    QCOMPARE(second.size(), std::size_t(1));
    QCOMPARE(second[0].data(), late.data());
}

void tst_Mailbox::alarmThatIsSetAgainHasItsNewTime_data()
{
    QTest::addColumn<int>("time");
    QTest::addColumn<int>("next");
    QTest::newRow("earlier") << 5 << 5;
    QTest::newRow("the same") << 20 << 10;
    QTest::newRow("later") << 40 << 10;
}

void tst_Mailbox::alarmThatIsSetAgainHasItsNewTime()
{
    QFETCH(const int, time);
    QFETCH(const int, next);
    Mailbox mailbox;
    mailbox.open();
    const JanitorPointer janitor = makeJanitor();
    std::array<Alarm, 3> alarms;
    for (std::size_t i = 0; i < alarms.size(); ++i) {
        alarms[i].janitor = janitor.data();
        alarms[i].due = std::int64_t(i + 1) * 10;
        mailbox.setAlarm(alarms[i]);
    }
    alarms[1].due = time;
    mailbox.setAlarm(alarms[1]);
    QCOMPARE(mailbox.nextAlarm(), next);
    mailbox.takeDue(time - 1, 9);
    QVERIFY(alarms[1].isSet);
    mailbox.takeDue(time, 9);
    QVERIFY(!alarms[1].isSet);
}

void tst_Mailbox::ofManyThatAreDueTheEarliestComeFirst()
{
    Mailbox mailbox;
    mailbox.open();
    const JanitorPointer janitor = makeJanitor();
    std::array<Alarm, 10> alarms;
    for (std::size_t i = 0; i < alarms.size(); ++i) {
        alarms[i].janitor = janitor.data();
        alarms[i].due = std::int64_t((i * 7) % 10);
        mailbox.setAlarm(alarms[i]);
    }
    for (const int taken : {4, 4, 2}) {
        QCOMPARE(mailbox.takeDue(100, 4).size(), std::size_t(taken));
        const std::int64_t next = mailbox.nextAlarm();
        for (const Alarm &alarm : alarms)
            QCOMPARE(alarm.isSet.load(), alarm.time >= next);
    }
    QCOMPARE(mailbox.nextAlarm(), Alarm::never);
}

/// So many that to look at all of them for each takes longer than a test may.
void tst_Mailbox::noAlarmPaysForTheOthers()
{
    constexpr int count = 400'000;
    Mailbox mailbox;
    mailbox.open();
    const JanitorPointer janitor = makeJanitor();
    std::vector<Alarm> alarms{std::size_t(count)};
    for (int i = 0; i < count; ++i) {
        alarms[std::size_t(i)].janitor = janitor.data();
        alarms[std::size_t(i)].due = i;
        mailbox.setAlarm(alarms[std::size_t(i)]);
    }
    for (int now = 0; now < count; ++now) {
        QCOMPARE(mailbox.takeDue(now, 9).size(), std::size_t(1));
        Alarm &rung = alarms[std::size_t(now)];
        QVERIFY(!rung.isSet);
        rung.due = now + count;
        mailbox.setAlarm(rung);
        QCOMPARE(mailbox.nextAlarm(), now + 1);
    }
    QCOMPARE(mailbox.janitorsWithAlarm().size(), std::size_t(count));
}

/// So many that to look at all of them for each takes longer than a test may.
void tst_Mailbox::newsOfFuturesOfManyIsKeptOnceInItsOrder()
{
    constexpr int count = 100'000;
    constexpr int rounds = 4;
    Mailbox mailbox;
    std::vector<JanitorPointer> janitors;
    for (int i = 0; i < count; ++i)
        janitors.push_back(makeJanitor());
    for (int round = 0; round < rounds; ++round) {
        for (const JanitorPointer &janitor : janitors) {
            Ticket ticket{janitor, Ticket::Matter::Futures};
            QCOMPARE(mailbox.post(ticket, true), Mailbox::Answer::Closed);
        }
    }
    QVERIFY(mailbox.open());
    const std::vector<Ticket> tickets = mailbox.takeAll();
    QCOMPARE(tickets.size(), janitors.size());
    for (std::size_t i = 0; i < janitors.size(); ++i)
        QCOMPARE(tickets[i].janitor.data(), janitors[i].data());
    // They are kept again for the application after the next.
    mailbox.close();
    Ticket ticket{janitors.front(), Ticket::Matter::Futures};
    QCOMPARE(mailbox.post(ticket, true), Mailbox::Answer::Closed);
    mailbox.open();
    QCOMPARE(mailbox.takeAll().size(), std::size_t(1));
}

void tst_Mailbox::janitorsThatAreDoneAreNotKept_data()
{
    QTest::addColumn<int>("alive");
    for (const int alive : {0, 1, 2, 100})
        QTest::addRow("%d are not done", alive) << alive;
}

void tst_Mailbox::janitorsThatAreDoneAreNotKept()
{
    QFETCH(const int, alive);
    Mailbox mailbox;
    std::vector<JanitorPointer> janitors;
    const auto post = [&mailbox](const JanitorPointer &janitor) {
        Ticket ticket{janitor, Ticket::Matter::Futures};
        mailbox.post(ticket, true);
    };
    for (int i = 0; i < alive; ++i) {
        janitors.push_back(makeJanitor());
        post(janitors.back());
    }
    for (int i = 0; i < 1000; ++i) {
        const JanitorPointer shortLived = makeJanitor();
        post(shortLived);
        shortLived->endCallee();
        QVERIFY(shortLived->isDone());
    }
    mailbox.open();
    const std::vector<Ticket> tickets = mailbox.takeAll();
    for (std::size_t i = 0; i < janitors.size(); ++i)
        QCOMPARE(tickets.at(i).janitor.data(), janitors[i].data());
    QVERIFY(tickets.size() <= 2 * janitors.size() + 1);
}

void tst_Mailbox::everyTicketIsRead()
{
    for (int round = 0; round < 100; ++round)
        QCOMPARE(MailboxRaces::everyTicketIsRead(2, round), std::string());
    QCOMPARE(MailboxRaces::everyTicketIsRead(4, 20'000), std::string());
}

void tst_Mailbox::closingLosesNothing()
{
    for (int round = 0; round < 200; ++round)
        QCOMPARE(MailboxRaces::closingLosesNothing(2, round), std::string());
}

QTEST_APPLESS_MAIN(tst_Mailbox)
#include "tst_mailbox.moc"
