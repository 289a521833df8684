// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/audience_p.h"

#include "../../support/held.h"

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace QJanitor::Private;
using namespace Qt::StringLiterals;

namespace {

using Moment = Audience::Moment;

/// Counts how often it is nudged.
class Listener : public Observer
{
public:
    int posts = 0;
    using Observer::takeNudge;

    /// Takes all that is new: errors by their text, the cause with a "!", hangs by their number.
    QStringList takeAll()
    {
        QStringList texts;
        for (;;) {
            const News news = take(held());
            if (news.error)
                texts += news.error->message();
            else if (news.cause)
                texts += news.cause->message() + u'!';
            else if (!news.hanging.isEmpty())
                texts += QString::number(news.hanging.size());
            else
                return texts;
        }
    }

private:
    void post() override { ++posts; }
};

constexpr Ledger::Policy failFast{.stopOnFailure = true, .waitAfterFailure = false};

SharedPromise startedPromise()
{
    auto promise = std::make_shared<OncePromise>();
    promise->promise.start();
    return promise;
}

} // namespace

class tst_Audience : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itIsEmptyUntilSomebodyComes_data();
    void itIsEmptyUntilSomebodyComes();
    void promisesAreDueAtTheirMoment_data();
    void promisesAreDueAtTheirMoment();
    void aPromiseForAMomentThatHasBeenIsLeftToTheCaller();
    void promisesOfNoUseAreGivenBack_data();
    void promisesOfNoUseAreGivenBack();
    void aPromiseIsFinishedOnce();
    void reportsAreDueWithTheReport();
    void anObserverHearsWhatComesAndWhatWasThere();
    void anObserverIsNudgedOnceUntilItLooks();
    void theCauseIsHeardThoughTooManyWait();
    void oneTicketIsEnoughUnlessItHurries();
};

void tst_Audience::itIsEmptyUntilSomebodyComes_data()
{
    QTest::addColumn<QString>("who");
    for (const auto &who : {u"observer"_s, u"report"_s, u"stop"_s, u"draining"_s})
        QTest::newRow(qPrintable(who)) << who;
}

void tst_Audience::itIsEmptyUntilSomebodyComes()
{
    QFETCH(const QString, who);
    Audience audience;
    const Journal journal{QString()};
    Listener listener;
    QVERIFY(audience.isEmpty());
    if (who == u"observer") {
        QVERIFY(audience.add(held(), &listener, journal).isEmpty());
    } else if (who == u"report") {
        audience.add(held(), QPromise<Report>());
    } else {
        const Moment moment = who == u"stop" ? Moment::Stop : Moment::Draining;
        QVERIFY(audience.add(held(), moment, startedPromise(), false).empty());
    }
    QVERIFY(!audience.isEmpty());
    // The last one who may go does; promises stay until they are finished.
    audience.remove(held(), &listener);
    QCOMPARE(audience.isEmpty(), who == u"observer");
}

void tst_Audience::promisesAreDueAtTheirMoment_data()
{
    QTest::addColumn<QByteArray>("steps"); // r = request stop, c = the callee ends, d = reported
    QTest::addColumn<bool>("stop");
    QTest::addColumn<bool>("draining");
    QTest::newRow("open") << QByteArray() << false << false;
    QTest::newRow("stopped") << QByteArray("r") << true << false;
    QTest::newRow("draining") << QByteArray("c") << false << true;
    QTest::newRow("closed, without a report yet") << QByteArray("ce") << false << true;
    QTest::newRow("reported") << QByteArray("ced") << true << true;
}

void tst_Audience::promisesAreDueAtTheirMoment()
{
    QFETCH(const QByteArray, steps);
    Audience audience;
    const Journal journal{QString()};
    Ledger ledger(failFast);
    ledger.admit(held(), Ledger::Kind::Daemon);
    const SharedPromise stop = startedPromise();
    const SharedPromise draining = startedPromise();
    QVERIFY(audience.add(held(), Moment::Stop, stop, false).empty());
    QVERIFY(audience.add(held(), Moment::Draining, draining, false).empty());
    for (const char step : steps) {
        if (step == 'r')
            ledger.requestStop(held());
        else if (step == 'c')
            ledger.endCallee(held());
        else if (step == 'e')
            ledger.endQuietly();
        else
            ledger.setReported(held());
    }
    audience.takeDue(held(), ledger, journal).finish();
    QTEST(stop->promise.future().isFinished(), "stop");
    QTEST(draining->promise.future().isFinished(), "draining");
    QVERIFY(audience.takeDue(held(), ledger, journal).moments.empty());
}

void tst_Audience::aPromiseForAMomentThatHasBeenIsLeftToTheCaller()
{
    Audience audience;
    const Journal journal{QString()};
    Ledger ledger(failFast);
    ledger.requestStop(held());
    const SharedPromise promise = startedPromise();
    QVERIFY(audience.add(held(), Moment::Stop, promise, true).empty());
    QCOMPARE(promise.use_count(), 1);
    QVERIFY(audience.takeDue(held(), ledger, journal).moments.empty());
}

void tst_Audience::promisesOfNoUseAreGivenBack_data()
{
    QTest::addColumn<bool>("isCanceled");
    QTest::newRow("its user has cancelled it") << true;
    QTest::newRow("another janitor has finished it") << false;
}

/// However often code asks, what nobody waits for does not pile up.
void tst_Audience::promisesOfNoUseAreGivenBack()
{
    QFETCH(const bool, isCanceled);
    Audience audience;
    std::size_t givenBack = 0;
    constexpr std::size_t count = 1000;
    for (std::size_t i = 0; i < count; ++i) {
        const SharedPromise promise = startedPromise();
        const auto useless = audience.add(held(), Moment::Stop, promise, false);
        givenBack += useless.size();
        if (isCanceled)
            promise->promise.future().cancel();
        else
            promise->finish();
    }
    QVERIFY2(givenBack > count - 10, qPrintable(QString::number(givenBack)));
}

void tst_Audience::aPromiseIsFinishedOnce()
{
    const SharedPromise promise = startedPromise();
    int continued = 0;
    const auto continuation = promise->promise.future().then([&continued] { ++continued; });
    promise->finish();
    promise->finish();
    QCOMPARE(continued, 1);
}

void tst_Audience::reportsAreDueWithTheReport()
{
    Audience audience;
    Journal journal(u"name"_s);
    Ledger ledger(failFast);
    QPromise<Report> promise;
    promise.start();
    const QFuture<Report> future = promise.future();
    audience.add(held(), std::move(promise));
    ledger.endCallee(held());
    journal.keep(held(), Error(u"bad"_s), Ledger::Weight::Trips);
    journal.write(held(), ledger, {}, 0);
    audience.takeDue(held(), ledger, journal).finish();
    QVERIFY(!future.isFinished()); // it may be written anew yet
    ledger.setReported(held());
    audience.takeDue(held(), ledger, journal).finish();
    QVERIFY(future.isFinished());
    QCOMPARE(future.result().error().message(), u"bad"_s);
}

void tst_Audience::anObserverHearsWhatComesAndWhatWasThere()
{
    Audience audience;
    Journal journal{QString()};
    journal.keep(held(), Error(u"listed"_s), Ledger::Weight::OnlyListed);
    journal.keep(held(), Error(u"cause"_s), Ledger::Weight::Trips);
    Listener listener;
    QVERIFY(audience.add(held(), &listener, journal).isEmpty());
    QCOMPARE(listener.takeAll(), QStringList({u"listed"_s, u"cause"_s, u"cause!"_s}));
    const Error later(u"later"_s);
    audience.hear(held(), later, journal.keep(held(), later, Ledger::Weight::Trips));
    audience.hear(held(), QList<JobInfo>(3));
    QCOMPARE(listener.takeAll(), QStringList({u"later"_s, u"3"_s}));
    audience.remove(held(), &listener);
    audience.hear(held(), later, false);
    QCOMPARE(listener.takeAll(), QStringList());
}

void tst_Audience::anObserverIsNudgedOnceUntilItLooks()
{
    Audience audience;
    Listener listener;
    QVERIFY(audience.add(held(), &listener, Journal(QString())).isEmpty());
    QCOMPARE(listener.posts, 1); // there may be something already
    audience.nudge(held());
    QCOMPARE(listener.posts, 1);
    listener.takeNudge();
    audience.nudge(held());
    QCOMPARE(listener.posts, 2);
    listener.nudgeAnew();
    QCOMPARE(listener.posts, 3);
}

void tst_Audience::theCauseIsHeardThoughTooManyWait()
{
    Audience audience;
    Journal journal{QString()};
    Listener listener;
    QVERIFY(audience.add(held(), &listener, journal).isEmpty());
    for (qsizetype i = 0; i < Journal::mostErrors + 5; ++i)
        audience.hear(held(), Error(u"listed"_s), false);
    audience.hear(held(), Error(u"cause"_s), true);
    const QStringList all = listener.takeAll();
    QCOMPARE(all.size(), Journal::mostErrors + 2);
    QCOMPARE(all.last(), u"cause!"_s);
}

void tst_Audience::oneTicketIsEnoughUnlessItHurries()
{
    Audience audience;
    QVERIFY(audience.wantsTicket(false));
    QVERIFY(!audience.wantsTicket(false));
    QVERIFY(audience.wantsTicket(true));
    audience.ticketRead();
    QVERIFY(audience.wantsTicket(false));
    audience.ticketLost();
    QVERIFY(audience.wantsTicket(false));
}

QTEST_APPLESS_MAIN(tst_Audience)

#include "tst_audience.moc"
