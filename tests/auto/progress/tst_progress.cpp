// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Progress: who makes some gets more time, and a hang warning tells when there was some last.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qelapsedtimer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class tst_Progress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void progressExtendsTheTimeout_data();
    void progressExtendsTheTimeout();
    void withoutALimitProgressExtendsNothing();
    void theTimeoutIsNeverExtendedBeyondItsLimit();
    void aLimitWithoutATimeoutMeansNothing();
    void withoutProgressTheTimeoutHolds();
    void aHangWarningTellsWhenThereWasProgress_data();
    void aHangWarningTellsWhenThereWasProgress();
    void whatWasReportedBeforeDrainingIsOld_data();
    void whatWasReportedBeforeDrainingIsOld();
    void progressOfOneOfManyFuturesIsItsOwn_data();
    void progressOfOneOfManyFuturesIsItsOwn();
    void ofAJobThatReportsNoneItIsItsAge();
};

enum class Means { PromiseValue, PromiseValueAndText, FutureValue, JobsThatEnd };
Q_DECLARE_METATYPE(Means)

/// Makes progress of one kind until \a goesOn says no.
template<class F>
static void makeProgress(Means means, F goesOn)
{
    const auto loop = [means, goesOn](QPromise<void> &promise) {
        promise.setProgressRange(0, 1'000'000);
        for (int i = 1; goesOn(); ++i) {
            if (means == Means::PromiseValueAndText)
                promise.setProgressValueAndText(i, QString::number(i));
            else
                promise.setProgressValue(i);
            std::this_thread::yield();
        }
    };
    switch (means) {
    case Means::PromiseValue:
    case Means::PromiseValueAndText:
        spawnDaemon(u"busy"_s, loop);
        break;
    case Means::FutureValue:
        spawnDaemon(u"busy"_s, [loop] {
            auto promise = std::make_shared<QPromise<void>>();
            promise->start();
            spawnDaemon(u"thread"_s, [promise, loop] {
                loop(*promise);
                promise->finish();
            });
            return promise->future();
        });
        break;
    case Means::JobsThatEnd:
        if (goesOn()) {
            spawnDaemon(u"busy"_s, [goesOn] {
                std::this_thread::yield();
                makeProgress(Means::JobsThatEnd, goesOn);
            });
        }
        break;
    }
}

void tst_Progress::progressExtendsTheTimeout_data()
{
    QTest::addColumn<Means>("means");
    QTest::newRow("a promise's value") << Means::PromiseValue;
    QTest::newRow("a promise's value and text") << Means::PromiseValueAndText;
    QTest::newRow("a future's value") << Means::FutureValue;
    QTest::newRow("jobs that end") << Means::JobsThatEnd;
}

void tst_Progress::progressExtendsTheTimeout()
{
    QFETCH(const Means, means);
    // Long beside what a loaded machine takes away from a thread, short beside the limit.
    static constexpr std::chrono::milliseconds timeout = 1s;
    const Report report =
        tryEnter({.drainTimeout = timeout, .drainTimeoutLimit = 10min}, [&] {
            QElapsedTimer timer;
            timer.start();
            makeProgress(means, [timer] { return timer.elapsed() * 1ms < timeout + 200ms; });
        }).janitorResult;
    QVERIFY2(report.ok(), qPrintable(report.toString()));
}

void tst_Progress::withoutALimitProgressExtendsNothing()
{
    const Report report = tryEnter({.drainTimeout = 50ms}, [&] {
                              makeProgress(Means::PromiseValue, [] { return !isStopRequested(); });
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"busy"_s));
}

void tst_Progress::theTimeoutIsNeverExtendedBeyondItsLimit()
{
    const Report report = tryEnter({.drainTimeout = 50ms, .drainTimeoutLimit = 200ms}, [&] {
                              makeProgress(Means::PromiseValue, [] { return !isStopRequested(); });
                          }).janitorResult;
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"busy"_s));
}

void tst_Progress::aLimitWithoutATimeoutMeansNothing()
{
    const LoopAliveChecker checker;
    const Report report = tryEnter({.drainTimeoutLimit = 1ms}, [&] {
                              spawnDaemon([alive = checker.alive] { alive.wait(); });
                          }).janitorResult;
    QVERIFY(report.ok());
}

void tst_Progress::withoutProgressTheTimeoutHolds()
{
    const Gate gate;
    const Report report = tryEnter({.drainTimeout = 20ms, .drainTimeoutLimit = 10min}, [&] {
                              spawnDaemon(u"stuck"_s, [gate](QPromise<void> &promise) {
                                  promise.setProgressValueAndText(1, u"waits for the disk"_s);
                                  gate.wait();
                              });
                          }).janitorResult;
    gate.open();
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(report.unfinished().first().progressText, u"waits for the disk"_s);
}

void tst_Progress::aHangWarningTellsWhenThereWasProgress_data()
{
    QTest::addColumn<bool>("isFuture");
    QTest::newRow("a promise") << false;
    QTest::newRow("a future") << true;
}

void tst_Progress::aHangWarningTellsWhenThereWasProgress()
{
    QFETCH(const bool, isFuture);
    const LogLines logLines;
    QStringList seen;
    std::unique_ptr<Status> status;
    const auto job = [](QPromise<void> &promise) {
        promise.setProgressRange(0, 4);
        blockUntil([] { return LogLines::count(u"last progress"_s) >= 1; });
        promise.setProgressValueAndText(1, u"block 1"_s);
        blockUntil([] { return LogLines::count(u"block 1, last progress"_s) >= 3; });
    };
    enter({.hangWarningAfter = 10ms}, [&] {
        status = std::make_unique<Status>(Client::current());
        connect(status.get(), &Status::hanging, this,
                [&](const QList<JobInfo> &jobs) { seen = namesOf(jobs); });
        if (!isFuture) {
            spawnDaemon(u"slow"_s, job);
            return;
        }
        auto promise = std::make_shared<QPromise<void>>();
        promise->start();
        spawnDaemon(u"slow"_s, promise->future());
        spawnDaemon(u"thread"_s, [promise, job] {
            job(*promise);
            promise->finish();
        });
    });
    QVERIFY(seen.contains(u"slow"_s));
    QVERIFY(LogLines::count(u"25 %, block 1, last progress "_s) >= 3);
}

void tst_Progress::whatWasReportedBeforeDrainingIsOld_data()
{
    QTest::addColumn<bool>("isFuture");
    QTest::newRow("by a promise") << false;
    QTest::newRow("by a future") << true;
}

void tst_Progress::whatWasReportedBeforeDrainingIsOld()
{
    QFETCH(const bool, isFuture);
    const Gate reported;
    const Gate gate;
    QPromise<void> promise;
    promise.start();
    const auto report = [](QPromise<void> &job) {
        job.setProgressRange(0, 4);
        job.setProgressValueAndText(1, u"block 1"_s);
    };
    const Report result = tryEnter({.hangWarningAfter = 0ms, .drainTimeout = 200ms}, [&] {
                              if (isFuture) {
                                  report(promise);
                                  spawnDaemon(u"stuck"_s, promise.future());
                                  return;
                              }
                              spawnDaemon(u"stuck"_s, [=](QPromise<void> &job) {
                                  report(job);
                                  reported.open();
                                  gate.wait();
                              });
                              reported.wait();
                          }).janitorResult;
    gate.open();
    promise.finish();
    const JobInfo job = result.unfinished().value(0);
    QCOMPARE(job.progressText, u"block 1"_s);
    QVERIFY2(job.sinceProgress >= 100ms, qPrintable(result.toString()));
}

void tst_Progress::progressOfOneOfManyFuturesIsItsOwn_data()
{
    const auto addRows = [](const char *which, const QList<int> &reporting) {
        QTest::addRow("%s, given up", which) << reporting << false;
        QTest::addRow("%s, waited for", which) << reporting << true;
    };
    QTest::addColumn<QList<int>>("reporting");
    QTest::addColumn<bool>("finishes");
    addRows("the first", {0});
    addRows("the last", {399});
    addRows("some of them", {98, 99, 300});
    QList<int> all(400);
    std::iota(all.begin(), all.end(), 0);
    addRows("all", all);
    all.removeAt(200);
    addRows("all but one", all);
}

void tst_Progress::progressOfOneOfManyFuturesIsItsOwn()
{
    QFETCH(const QList<int>, reporting);
    QFETCH(const bool, finishes);
    constexpr std::chrono::milliseconds timeout(100);
    // More than the agent watches, from one place.
    std::vector<QPromise<void>> promises(400);
    const auto finish = [&] {
        for (QPromise<void> &promise : promises)
            promise.finish();
    };
    const Report report =
        tryEnter({.drainTimeout = finishes ? 60s : timeout, .drainTimeoutLimit = 120s}, [&] {
            for (QPromise<void> &promise : promises) {
                promise.start();
                promise.setProgressRange(0, 1);
                spawnDaemon(promise.future());
            }
            for (const int i : reporting)
                promises[std::size_t(i)].setProgressValueAndText(1, u"reported"_s);
            // Until the first look at their progress they shall be older than it can become.
            blockUntil([&] {
                const QList<JobInfo> jobs = Client::current().jobs();
                return std::all_of(jobs.begin(), jobs.end(),
                                   [&](const JobInfo &job) { return job.age >= timeout; });
            });
            if (finishes)
                QTimer::singleShot(0, this, finish);
        }).janitorResult;
    if (finishes) {
        QVERIFY2(report.ok(), qPrintable(report.toString()));
        return;
    }
    QCOMPARE(report.unfinished().size(), qsizetype(promises.size()));
    qsizetype reported = 0;
    for (const JobInfo &job : report.unfinished()) {
        const bool has = job.progressText == u"reported"_s;
        reported += has ? 1 : 0;
        if (has)
            QVERIFY(job.sinceProgress <= job.age - timeout / 2);
        else
            QCOMPARE(job.sinceProgress, job.age);
    }
    QCOMPARE(reported, reporting.size());
    finish();
}

void tst_Progress::ofAJobThatReportsNoneItIsItsAge()
{
    const LogLines logLines;
    const Gate gate;
    const Report report = tryEnter({.drainTimeout = 30ms}, [&] {
                              spawnDaemon([gate] { gate.wait(); });
                          }).janitorResult;
    gate.open();
    const JobInfo job = report.unfinished().value(0);
    QCOMPARE(job.sinceProgress.count(), job.age.count());
    QVERIFY(job.age > 0ms);
    QVERIFY(!report.toString().contains(u"last progress"_s));
}

QTEST_GUILESS_MAIN(tst_Progress)

#include "tst_progress.moc"
