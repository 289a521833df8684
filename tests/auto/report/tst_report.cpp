// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "report/texts_p.h"

#include <qjanitor/report.h>

#include <QtCore/qmetaobject.h>
#include <QtCore/qvariant.h>
#include <QtTest/qtest.h>

using QJanitor::Error;
using QJanitor::JobInfo;
using QJanitor::JobKind;
using QJanitor::JobState;
using QJanitor::Report;
using QJanitor::Private::ReportParts;
using namespace std::chrono_literals;

static_assert(std::is_nothrow_move_constructible_v<Report>);
static_assert(std::is_copy_constructible_v<Report>);
static_assert(std::is_aggregate_v<JobInfo>);
static_assert(JobKind() == JobKind::Daemon && JobState() == JobState::Queued);

class tst_Report : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void okMeansNoErrorAndNothingUnfinished_data();
    void okMeansNoErrorAndNothingUnfinished();
    void theFirstErrorIsTheCause();
    void textHasALineForEachErrorAndUnfinishedJob();
    void textOfAGoodEndIsOneLine_data();
    void textOfAGoodEndIsOneLine();
    void textTellsOfErrorsThatAreNotKept();
    void jobIsDescribedInOneLine_data();
    void jobIsDescribedInOneLine();
    void namesOfManyJobsAreCut_data();
    void namesOfManyJobsAreCut();
    void travelsInAVariant();
};

static JobInfo makeJob(const QString &name = {})
{
    JobInfo job;
    job.name = name;
    job.spawnSite = QStringLiteral("cache.cpp:42");
    return job;
}

void tst_Report::okMeansNoErrorAndNothingUnfinished_data()
{
    QTest::addColumn<int>("errors");
    QTest::addColumn<int>("unfinished");
    QTest::addColumn<int>("completed");
    QTest::addColumn<int>("canceled");
    QTest::addColumn<bool>("ok");
    QTest::newRow("nothing happened") << 0 << 0 << 0 << 0 << true;
    QTest::newRow("all completed") << 0 << 0 << 5 << 0 << true;
    QTest::newRow("cancelled on request is fine") << 0 << 0 << 5 << 2 << true;
    QTest::newRow("an error") << 1 << 0 << 5 << 0 << false;
    QTest::newRow("a job is left") << 0 << 1 << 5 << 0 << false;
    QTest::newRow("both") << 2 << 2 << 0 << 1 << false;
}

void tst_Report::okMeansNoErrorAndNothingUnfinished()
{
    QFETCH(int, errors);
    QFETCH(int, unfinished);
    QFETCH(int, completed);
    QFETCH(int, canceled);
    const QList<Error> errorList(errors, Error(QStringLiteral("broken")));
    const QList<JobInfo> jobList(unfinished, makeJob());
    const Report report = ReportParts::make({}, errorList, errors, jobList, completed, canceled);
    QTEST(report.ok(), "ok");
    QCOMPARE(report.errorCount(), errors);
    QCOMPARE(report.errors().size(), errors);
    QCOMPARE(report.unfinished().size(), unfinished);
    QCOMPARE(report.completedCount(), completed);
    QCOMPARE(report.canceledCount(), canceled);
    QCOMPARE(report.error().isValid(), errors > 0);
}

void tst_Report::theFirstErrorIsTheCause()
{
    const Report report = ReportParts::make(
        {}, {Error(QStringLiteral("first")), Error(QStringLiteral("second"))}, 2, {}, 0, 0);
    QCOMPARE(report.error().message(), QStringLiteral("first"));
    QCOMPARE(report.errors().at(1).message(), QStringLiteral("second"));
}

void tst_Report::textHasALineForEachErrorAndUnfinishedJob()
{
    const Report report = ReportParts::make(
        QStringLiteral("import"), {Error(QStringLiteral("first")), Error(QStringLiteral("second"))},
        2, {makeJob(QStringLiteral("flush"))}, 3, 1);
    const QStringList lines = report.toString().split(u'\n');
    QCOMPARE(lines.size(), 4);
    QVERIFY2(lines[0].contains(QStringLiteral("\"import\"")), qPrintable(lines[0]));
    QVERIFY2(lines[0].contains(QStringLiteral("3 jobs completed")), qPrintable(lines[0]));
    QVERIFY2(lines[0].contains(QStringLiteral("1 cancelled")), qPrintable(lines[0]));
    QVERIFY2(lines[0].contains(QStringLiteral("2 errors")), qPrintable(lines[0]));
    QVERIFY2(lines[0].contains(QStringLiteral("1 unfinished")), qPrintable(lines[0]));
    QVERIFY2(lines[1].contains(QStringLiteral("first")), qPrintable(lines[1]));
    QVERIFY2(lines[2].contains(QStringLiteral("second")), qPrintable(lines[2]));
    QVERIFY2(lines[3].contains(QStringLiteral("flush")), qPrintable(lines[3]));
    QVERIFY2(lines[3].contains(QStringLiteral("cache.cpp:42")), qPrintable(lines[3]));
}

void tst_Report::textOfAGoodEndIsOneLine_data()
{
    QTest::addColumn<int>("completed");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << 0 << QStringLiteral("janitor: 0 jobs completed");
    QTest::newRow("one") << 1 << QStringLiteral("janitor: 1 job completed");
    QTest::newRow("many") << 2 << QStringLiteral("janitor: 2 jobs completed");
}

void tst_Report::textOfAGoodEndIsOneLine()
{
    QFETCH(int, completed);
    QTEST(ReportParts::make({}, {}, 0, {}, completed, 0).toString(), "text");
}

void tst_Report::textTellsOfErrorsThatAreNotKept()
{
    const Report report = ReportParts::make({}, {Error(QStringLiteral("first"))}, 5000, {}, 0, 0);
    QCOMPARE(report.errorCount(), 5000);
    QCOMPARE(report.errors().size(), 1);
    QVERIFY2(report.toString().contains(QStringLiteral("4999 errors more")),
             qPrintable(report.toString()));
}

void tst_Report::jobIsDescribedInOneLine_data()
{
    QTest::addColumn<JobInfo>("job");
    QTest::addColumn<QString>("text");
    QTest::newRow("nothing known") << JobInfo() << QStringLiteral("daemon, queued for 0.0 s");
    QTest::newRow("all known")
        << JobInfo{QStringLiteral("flush"),
                   JobKind::CleanupJob,
                   JobState::Running,
                   QStringLiteral("cache.cpp:42"),
                   1500ms,
                   0.25,
                   QStringLiteral("page 3"),
                   400ms}
        << QStringLiteral("cleanup job \"flush\" spawned at cache.cpp:42, running for 1.5 s, 25 %, "
                          "page 3, last progress 0.4 s ago");
    QTest::newRow("suspended")
        << JobInfo{QStringLiteral("100%1"), JobKind::Daemon, JobState::Suspended, {}, 90s, -1, {}}
        << QStringLiteral("daemon \"100%1\", suspended for 90.0 s");
}

void tst_Report::jobIsDescribedInOneLine()
{
    QFETCH(JobInfo, job);
    QTEST(QJanitor::Private::describe(job), "text");
}

void tst_Report::namesOfManyJobsAreCut_data()
{
    QTest::addColumn<int>("count");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << 0 << QString();
    QTest::newRow("one") << 1 << QStringLiteral("job 1");
    QTest::newRow("five") << 5 << QStringLiteral("job 1, job 2, job 3, job 4, job 5");
    QTest::newRow("seven") << 7
                           << QStringLiteral(u"job 1, job 2, job 3, job 4, job 5, \u2026 2 more");
}

void tst_Report::namesOfManyJobsAreCut()
{
    QFETCH(int, count);
    QList<JobInfo> jobs;
    for (int i = 1; i <= count; ++i)
        jobs.append(makeJob(QStringLiteral("job %1").arg(i)));
    QTEST(QJanitor::Private::namesOf(jobs), "text");
    if (count == 1)
        QCOMPARE(QJanitor::Private::namesOf({makeJob()}), QStringLiteral("cache.cpp:42"));
}

void tst_Report::travelsInAVariant()
{
    const Report report = ReportParts::make({}, {}, 0, {makeJob()}, 7, 0);
    const QVariant variant = QVariant::fromValue(report);
    QCOMPARE(variant.typeName(), "QJanitor::Report");
    QCOMPARE(variant.value<Report>().completedCount(), 7);
    const QMetaObject &meta = Report::staticMetaObject;
    QCOMPARE(meta.property(meta.indexOfProperty("ok")).readOnGadget(&report), QVariant(false));
    QCOMPARE(QVariant::fromValue(makeJob()).typeName(), "QJanitor::JobInfo");
}

QTEST_APPLESS_MAIN(tst_Report)
#include "tst_report.moc"
