// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/journal_p.h"

#include "../../support/held.h"

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace QJanitor::Private;
using namespace Qt::StringLiterals;

class tst_Journal : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itSaysWhoseItIs();
    void theFirstThatTripsIsTheCause();
    void errorsBeyondTheMostAreCounted();
    void theReportSaysWhatTheLedgerCounts();
    void theReportMayBeWrittenAnew();
};

void tst_Journal::itSaysWhoseItIs()
{
    QCOMPARE(Journal(u"gallery"_s).describeName(), u"Janitor \"gallery\""_s);
    QCOMPARE(Journal(QString()).describeName(), u"A janitor"_s);
}

void tst_Journal::theFirstThatTripsIsTheCause()
{
    Journal journal{QString()};
    QVERIFY(!journal.keep(held(), Error(u"listed"_s), Ledger::Weight::OnlyListed));
    QCOMPARE(journal.causeIndex(held()), -1);
    QVERIFY(journal.keep(held(), Error(u"cause"_s), Ledger::Weight::Trips));
    QVERIFY(!journal.keep(held(), Error(u"later"_s), Ledger::Weight::Trips));
    QCOMPARE(journal.causeIndex(held()), 1);
    QCOMPARE(journal.cause(held()).message(), u"cause"_s);
    QCOMPARE(journal.errors(held()).size(), 3);
}

void tst_Journal::errorsBeyondTheMostAreCounted()
{
    Journal journal{QString()};
    for (qsizetype i = 0; i < Journal::mostErrors; ++i)
        journal.keep(held(), Error(u"listed"_s), Ledger::Weight::OnlyListed);
    QVERIFY(journal.keep(held(), Error(u"cause"_s), Ledger::Weight::Trips));
    QCOMPARE(journal.errors(held()).size(), Journal::mostErrors);
    QCOMPARE(journal.causeIndex(held()), -1);
    journal.write(held(), Ledger({}), {}, 0);
    QCOMPARE(journal.report(held()).errorCount(), Journal::mostErrors + 1);
    QCOMPARE(journal.report(held()).error().message(), u"cause"_s);
}

void tst_Journal::theReportSaysWhatTheLedgerCounts()
{
    Ledger ledger({.stopOnFailure = false, .waitAfterFailure = true});
    ledger.admit(held(), Ledger::Pending{4, 2});
    ledger.endQuietly(2);
    ledger.end(held(), Ledger::Kind::CleanupJob, Ledger::End::Succeeded);
    ledger.end(held(), Ledger::Kind::CleanupJob, Ledger::End::Failed);
    ledger.end(held(), Ledger::Kind::Daemon, Ledger::End::Canceled);
    Journal journal{QString()};
    journal.write(held(), ledger, {}, 0);
    QCOMPARE(journal.report(held()).completedCount(), 3);
    QCOMPARE(journal.report(held()).canceledCount(), 1);
    journal.write(held(), ledger, {}, 1); // the last daemon is about to be counted
    QCOMPARE(journal.report(held()).completedCount(), 4);
}

void tst_Journal::theReportMayBeWrittenAnew()
{
    Ledger ledger({});
    ledger.admit(held(), Ledger::Kind::Daemon);
    ledger.endQuietly();
    Journal journal{QString()};
    journal.write(held(), ledger, {}, 0);
    QVERIFY(journal.report(held()).unfinished().isEmpty());
    journal.rewrite(held(), QList<JobInfo>(2));
    QCOMPARE(journal.report(held()).unfinished().size(), 2);
    QCOMPARE(journal.report(held()).completedCount(), 1);
}

QTEST_APPLESS_MAIN(tst_Journal)

#include "tst_journal.moc"
