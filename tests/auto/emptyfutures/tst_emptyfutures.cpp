// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A QFuture that has been moved from is no job: it is refused with a sentence, and nothing is
// counted.

#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

/// What a verb made of a job: the refusal that it returned or threw.
using Verb = std::function<SpawnError()>;

template<class T>
QFuture<T> movedFrom()
{
    QFuture<T> future = QPromise<T>().future();
    const QFuture<T> taken = std::move(future);
    return future; // NOLINT: that is the point
}

template<class F>
SpawnError thrownBy(F spawn)
{
    try {
        spawn();
    } catch (const SpawnException &exception) {
        if (!QByteArray(exception.what()).contains("moved from"))
            qFatal("the sentence does not say it: %s", exception.what());
        return exception.error();
    }
    return SpawnError::NoError;
}

} // namespace

Q_DECLARE_METATYPE(Verb)

class tst_EmptyFutures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void areRefused_data();
    void areRefused();
    void areNoCleanupJobs_data();
    void areNoCleanupJobs();
    void areNoCleanupJobsWithoutAJanitor();
    void theJobThatReturnsOneFails_data();
    void theJobThatReturnsOneFails();
    void oneThatWasMovedToIsAJob();
};

/// Rows for futures of \a T, which are passed as they are and by move.
template<class T>
static void addRefusals(const char *type)
{
    const auto row = [type](const char *verb, Verb spawn) {
        QTest::addRow("QFuture<%s>, %s", type, verb) << spawn;
    };
    row("trySpawnDaemon()", [] { return trySpawnDaemon(movedFrom<T>()); });
    row("trySpawnDaemon(), by copy", [] {
        const QFuture<T> future = movedFrom<T>();
        return trySpawnDaemon(future);
    });
    row("trySpawnDaemon() with a name", [] { return trySpawnDaemon(u"job"_s, movedFrom<T>()); });
    row("trySpawnCleanupJob()", [] { return trySpawnCleanupJob(movedFrom<T>()); });
    row("trySpawnCleanupJob() with a name",
        [] { return trySpawnCleanupJob(u"job"_s, movedFrom<T>()); });
    row("spawnDaemon()", [] { return thrownBy([] { spawnDaemon(movedFrom<T>()); }); });
    row("spawnDaemon() with a name",
        [] { return thrownBy([] { spawnDaemon(u"job"_s, movedFrom<T>()); }); });
    if constexpr (std::is_void_v<T>) { // others are copied
        row("spawnDaemon(), twice", [] {
            QPromise<T> promise;
            promise.start();
            QFuture<T> future = promise.future();
            promise.finish();
            (void)tryEnter([&] { spawnDaemon(std::move(future)); });
            return thrownBy([&] { spawnDaemon(std::move(future)); }); // NOLINT
        });
    }
    row("Client::trySpawnDaemon()",
        [] { return Client::current().trySpawnDaemon(movedFrom<T>()); });
    row("Client::trySpawnCleanupJob()",
        [] { return Client::current().trySpawnCleanupJob(movedFrom<T>()); });
    row("Client::spawnDaemon()",
        [] { return thrownBy([] { Client::current().spawnDaemon(movedFrom<T>()); }); });
}

void tst_EmptyFutures::areRefused_data()
{
    QTest::addColumn<Verb>("verb");
    addRefusals<void>("void");
    addRefusals<int>("int");
    addRefusals<Error>("QJanitor::Error");
    addRefusals<std::unique_ptr<int>>("std::unique_ptr<int>");
}

void tst_EmptyFutures::areRefused()
{
    QFETCH(const Verb, verb);
    const LogLines logLines;
    SpawnError refusal = SpawnError::NoError;
    const Report report = tryEnter([&] {
                              refusal = verb();
                              spawnDaemon([] {}); // it goes on
                          }).janitorResult;
    QCOMPARE(int(refusal), int(SpawnError::ActiveJanitorTerminating));
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
    QCOMPARE(report.canceledCount(), 0);
}

using Cleanup = std::function<void()>;
Q_DECLARE_METATYPE(Cleanup)

template<class T>
static void addCleanups(const char *type)
{
    const auto row = [type](const char *verb, Cleanup spawn) {
        QTest::addRow("QFuture<%s>, %s", type, verb) << spawn;
    };
    row("spawnCleanupJob()", [] { spawnCleanupJob(movedFrom<T>()); });
    row("spawnCleanupJob() with a name", [] { spawnCleanupJob(u"job"_s, movedFrom<T>()); });
    row("Client::spawnCleanupJob()", [] { Client::current().spawnCleanupJob(movedFrom<T>()); });
}

void tst_EmptyFutures::areNoCleanupJobs_data()
{
    QTest::addColumn<Cleanup>("spawn");
    addCleanups<void>("void");
    addCleanups<int>("int");
    addCleanups<Error>("QJanitor::Error");
    addCleanups<std::unique_ptr<int>>("std::unique_ptr<int>");
}

void tst_EmptyFutures::areNoCleanupJobs()
{
    QFETCH(const Cleanup, spawn);
    const LogLines logLines;
    const Report report = tryEnter([&] {
                              spawn();
                              spawnCleanupJob([] {});
                          }).janitorResult;
    QCOMPARE(LogLines::count(QtCriticalMsg, u"moved from"_s), 1);
    QCOMPARE(LogLines::count(QtCriticalMsg, u"tst_emptyfutures.cpp:"_s), 1);
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
}

void tst_EmptyFutures::areNoCleanupJobsWithoutAJanitor()
{
    const LogLines logLines;
    spawnCleanupJob(movedFrom<void>());
    spawnCleanupJob(movedFrom<int>());
    QCOMPARE(LogLines::count(QtCriticalMsg, u"moved from"_s), 2);
    QCOMPARE(LogLines::count(QtCriticalMsg, u"tst_emptyfutures.cpp:"_s), 2);
}

void tst_EmptyFutures::theJobThatReturnsOneFails_data()
{
    QTest::addColumn<Cleanup>("spawn");
    QTest::newRow("QFuture<void>, daemon")
        << Cleanup([] { spawnDaemon(u"job"_s, [] { return movedFrom<void>(); }); });
    QTest::newRow("QFuture<int>, daemon")
        << Cleanup([] { spawnDaemon(u"job"_s, [] { return movedFrom<int>(); }); });
    QTest::newRow("QFuture<Error>, daemon")
        << Cleanup([] { spawnDaemon(u"job"_s, [] { return movedFrom<Error>(); }); });
    QTest::newRow("QFuture<void>, cleanup job")
        << Cleanup([] { spawnCleanupJob(u"job"_s, [] { return movedFrom<void>(); }); });
    QTest::newRow("QFuture<int>, cleanup job")
        << Cleanup([] { spawnCleanupJob(u"job"_s, [] { return movedFrom<int>(); }); });
}

void tst_EmptyFutures::theJobThatReturnsOneFails()
{
    QFETCH(const Cleanup, spawn);
    const Report report = tryEnter([&] { spawn(); }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 0);
    QCOMPARE(report.error().kind(), Error::Kind::JobReturnedError);
    QCOMPARE(report.error().jobName(), u"job"_s);
    QVERIFY2(report.error().message().contains(u"moved from"_s),
             qUtf8Printable(report.error().message()));
}

void tst_EmptyFutures::oneThatWasMovedToIsAJob()
{
    const Report report = tryEnter([] {
                              QPromise<int> promise;
                              promise.start();
                              QFuture<int> first = promise.future();
                              const QFuture<int> second = std::move(first);
                              promise.addResult(1);
                              promise.finish();
                              spawnDaemon(second);
                          }).janitorResult;
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
}

QTEST_GUILESS_MAIN(tst_EmptyFutures)

#include "tst_emptyfutures.moc"
