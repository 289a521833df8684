// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "../../support/held.h"
#include "../../support/makejanitor.h"

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace QJanitor::Private;
using namespace Qt::StringLiterals;

static JobInfo job(const QString &name, const QString &site)
{
    JobInfo info;
    info.name = name;
    info.spawnSite = site;
    return info;
}

class tst_Handover : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aGiverKnowsItsTaker();
    void theLastEndIsTold_data();
    void theLastEndIsTold();
    void giversAreDroppedOneByOne_data();
    void giversAreDroppedOneByOne();
    void oneThatIsNoGiverIsNotDropped();
    void aGiverLivesAsLongAsItIsOne();
    void lateFailuresAreAddedOnce_data();
    void lateFailuresAreAddedOnce();
};

void tst_Handover::aGiverKnowsItsTaker()
{
    const JanitorPointer taker = makeJanitor();
    Handover handover;
    QCOMPARE(handover.taker(), nullptr);
    QVERIFY(!handover.takerPointer(held()));
    handover.giveTo(held(), taker);
    QCOMPARE(handover.taker(), taker.data());
    QCOMPARE(handover.takerPointer(held()).data(), taker.data());
    handover.lastTaker().reset();
    QCOMPARE(taker->ref.loadRelaxed(), 1);
}

void tst_Handover::theLastEndIsTold_data()
{
    QTest::addColumn<int>("all");
    QTest::newRow("one") << 1;
    QTest::newRow("several") << 5;
}

void tst_Handover::theLastEndIsTold()
{
    QFETCH(const int, all);
    Handover handover;
    for (int ended = 1; ended <= all; ++ended) {
        QVERIFY(!handover.areAllEnded(held(), all));
        QCOMPARE(handover.countEnd(held(), all), ended == all);
    }
    QVERIFY(handover.areAllEnded(held(), all));
}

void tst_Handover::giversAreDroppedOneByOne_data()
{
    QTest::addColumn<int>("which");
    for (const int which : {0, 1, 2})
        QTest::addRow("number %d", which) << which;
}

void tst_Handover::giversAreDroppedOneByOne()
{
    QFETCH(const int, which);
    std::vector<JanitorPointer> all{makeJanitor(), makeJanitor(), makeJanitor()};
    Handover handover;
    QVERIFY(!handover.hasGivers(held()));
    for (const JanitorPointer &giver : all) {
        handover.reserve(held());
        handover.take(held(), giver.data());
    }
    QCOMPARE(handover.givers(held()), all);
    const JanitorPointer dropped = handover.drop(held(), all[std::size_t(which)].data());
    QCOMPARE(dropped.data(), all[std::size_t(which)].data());
    all.erase(all.begin() + which);
    QCOMPARE(handover.givers(held()), all);
    QVERIFY(handover.hasGivers(held()));
}

void tst_Handover::oneThatIsNoGiverIsNotDropped()
{
    const JanitorPointer giver = makeJanitor();
    const JanitorPointer other = makeJanitor();
    Handover handover;
    handover.take(held(), giver.data());
    QVERIFY(!handover.drop(held(), other.data()));
    QVERIFY(handover.drop(held(), giver.data()));
    QVERIFY(!handover.drop(held(), giver.data())); // a second time
}

void tst_Handover::aGiverLivesAsLongAsItIsOne()
{
    Handover handover;
    Janitor *giver = nullptr;
    {
        const JanitorPointer mine = makeJanitor();
        giver = mine.data();
        handover.take(held(), giver);
    }
    QCOMPARE(giver->ref.loadRelaxed(), 1);
    const JanitorPointer dropped = handover.drop(held(), giver);
    QCOMPARE(dropped->ref.loadRelaxed(), 1);
}

void tst_Handover::lateFailuresAreAddedOnce_data()
{
    QTest::addColumn<QStringList>("listed"); // name@site
    QTest::addColumn<QStringList>("late");
    QTest::addColumn<QStringList>("expected");
    QTest::newRow("none") << QStringList{u"a@1"_s} << QStringList() << QStringList{u"a@1"_s};
    QTest::newRow("missed") << QStringList{u"a@1"_s} << QStringList{u"b@2"_s}
                            << QStringList{u"a@1"_s, u"b@2"_s};
    QTest::newRow("listed in time")
        << QStringList{u"a@1"_s} << QStringList{u"a@1"_s} << QStringList{u"a@1"_s};
    QTest::newRow("another one of that name")
        << QStringList{u"a@1"_s} << QStringList{u"a@2"_s} << QStringList{u"a@1"_s, u"a@2"_s};
}

void tst_Handover::lateFailuresAreAddedOnce()
{
    QFETCH(const QStringList, listed);
    QFETCH(const QStringList, late);
    const auto parse = [](const QString &text) {
        return job(text.section(u'@', 0, 0), text.section(u'@', 1));
    };
    QList<JobInfo> unfinished;
    for (const QString &text : listed)
        unfinished += parse(text);
    Handover handover;
    for (const QString &text : late)
        handover.addLate(held(), parse(text));
    handover.addLateTo(held(), unfinished);
    QStringList names;
    for (const JobInfo &info : std::as_const(unfinished))
        names += info.name + u'@' + info.spawnSite;
    QTEST(names, "expected");
}

QTEST_APPLESS_MAIN(tst_Handover)

#include "tst_handover.moc"
