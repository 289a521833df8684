// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The safety net, and programs without an application: each test has an application of its own, or
// none.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

/// An application for the time of a test.
class Application
{
public:
    QCoreApplication *operator->() { return &m_application; }

private:
    int m_argc = 1;
    char m_name[5] = "test";
    char *m_argv[2] = {m_name, nullptr};
    QCoreApplication m_application{m_argc, m_argv};
};

} // namespace

class tst_ContractRoot : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutAnApplicationJanitorsWork();
    void withoutAnApplicationFailuresAreReported();
    void withoutAnApplicationFailFastWaits();
    void withoutAnApplicationACleanupJobRunsInline();
    void withoutAnApplicationAFailingCleanupJobIsLogged();
    void withoutAnApplicationFuturesFinish();
    void theApplicationWaitsForTheRootsJobs();
    void theApplicationWaitsForJobsThatWereHandedOn();
    void theApplicationsLastDrainProcessesEvents();
    void jobsOfTheRootFindIt();
    void theRootIsFoundByNobodyElse();
    void errorsOfTheRootsJobsAreLogged();
    void anErrorDoesNotCloseTheRoot();
    void theRootAsksItsServicesToEnd();
    void aSecondApplicationHasARootOfItsOwn();
    void destructorsInMainAfterExecAreServed();
    void afterTheApplicationACleanupJobRunsInline();
};

void tst_ContractRoot::withoutAnApplicationJanitorsWork()
{
    const Report report = tryEnter([] {
                              spawnDaemon([] { spawnCleanupJob([] {}); });
                              enter([] { spawnDaemon([] {}); });
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 2);
    QVERIFY(!hasActiveJanitor());
}

void tst_ContractRoot::withoutAnApplicationFailuresAreReported()
{
    QVERIFY_THROWS_EXCEPTION(Exception,
                             enter([] { spawnDaemon([] { return Error(u"broken"_s); }); }));
}

void tst_ContractRoot::withoutAnApplicationFailFastWaits()
{
    // There is nobody to hand the jobs to.
    const Gate gate;
    std::atomic<int> ended{0};
    const Report report = tryEnter([&] {
                              spawnCleanupJob([&, gate] {
                                  gate.wait();
                                  ++ended;
                              });
                              spawnDaemon([gate] {
                                  gate.open();
                                  throw 42;
                              });
                          }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(ended.load() + int(report.unfinished().size()), 1);
}

void tst_ContractRoot::withoutAnApplicationACleanupJobRunsInline()
{
    const LogLines logLines;
    std::thread::id ran;
    bool active = true;
    spawnCleanupJob(u"flush"_s, [&] {
        ran = std::this_thread::get_id();
        active = hasActiveJanitor();
    });
    QCOMPARE(ran, std::this_thread::get_id());
    QVERIFY(!active);
    QCOMPARE(LogLines::count(QtCriticalMsg, u"flush"_s), 1); // it is a likely mistake here as well
}

void tst_ContractRoot::withoutAnApplicationAFailingCleanupJobIsLogged()
{
    const LogLines logLines;
    spawnCleanupJob([] { throw std::runtime_error("no disk"); });
    spawnCleanupJob([] { return Error(u"no network"_s); });
    QVERIFY(LogLines::count(u"no disk"_s) > 0);
    QVERIFY(LogLines::count(u"no network"_s) > 0);
}

void tst_ContractRoot::withoutAnApplicationFuturesFinish()
{
    QFuture<Report> future;
    enter([&] {
        future = Client::current().future();
        spawnDaemon([] {});
    });
    blockUntil([&] { return future.isFinished(); });
    QCOMPARE(future.result().completedCount(), 1);
}

void tst_ContractRoot::theApplicationWaitsForTheRootsJobs()
{
    const LogLines logLines;
    const Log log;
    {
        Application application;
        const Gate going;
        QObject::connect(application.operator->(), &QObject::destroyed, application.operator->(),
                         [log] { log.add(u"application destroyed"_s); });
        spawnCleanupJob(u"flush"_s, [log, going] {
            going.wait();
            spawnCleanupJob([log] { log.add(u"second"_s); });
            log.add(u"first"_s);
        });
        // Delivered by the last drain only: nobody processes events before.
        QMetaObject::invokeMethod(
            application.operator->(), [going] { going.open(); }, Qt::QueuedConnection);
    }
    QStringList events = log.events();
    QCOMPARE(events.takeLast(), u"application destroyed"_s);
    events.sort();
    QCOMPARE(events, QStringList({u"first"_s, u"second"_s}));
}

void tst_ContractRoot::theApplicationWaitsForJobsThatWereHandedOn()
{
    const LogLines logLines;
    std::atomic<int> ended{0};
    const Gate gate;
    QThreadPool pool; // outlives the application, and with it all jobs
    pool.setMaxThreadCount(4);
    {
        const Application application;
        const Report report = tryEnter({.threadPool = &pool}, [&] {
                                  for (int i = 0; i < 3; ++i) {
                                      spawnCleanupJob(u"flush"_s, [&ended, gate] {
                                          gate.wait();
                                          ++ended;
                                      });
                                  }
                                  spawnDaemon([] { throw 42; });
                                  blockUntil([] { return isStopRequested(); });
                              }).janitorResult;
        QCOMPARE(report.unfinished().size(), 3);
        gate.open();
    }
    QCOMPARE(ended.load(), 3);
}

void tst_ContractRoot::theApplicationsLastDrainProcessesEvents()
{
    const LogLines logLines;
    bool ended = false;
    {
        const Application application;
        QTimer *timer = new QTimer(qApp);
        const Gate gate;
        QObject::connect(timer, &QTimer::timeout, timer, [gate] { gate.open(); });
        timer->start(1);
        spawnCleanupJob([&, gate] {
            gate.wait();
            ended = true;
        });
    }
    QVERIFY(ended);
}

void tst_ContractRoot::jobsOfTheRootFindIt()
{
    const LogLines logLines;
    SpawnError answer = SpawnError::NoActiveJanitor;
    std::atomic<int> ran{0};
    {
        const Application application;
        spawnCleanupJob([&] {
            answer = trySpawnDaemon([&] { ++ran; });
            spawnCleanupJob([&] { ++ran; });
        });
    }
    QCOMPARE(answer, SpawnError::NoError);
    QCOMPARE(ran.load(), 2);
}

void tst_ContractRoot::theRootIsFoundByNobodyElse()
{
    const LogLines logLines;
    const Application application;
    const Gate gate, running;
    spawnCleanupJob([=] {
        running.open();
        gate.wait();
    });
    running.wait();
    QVERIFY(!hasActiveJanitor());
    QVERIFY(Client::current().isNull());
    QCOMPARE(trySpawnCleanupJob([] {}), SpawnError::NoActiveJanitor);
    onStdThread([] { QVERIFY(!hasActiveJanitor()); });
    const auto opened = tryEnsure([] {});
    QVERIFY(opened.janitorResult);
    gate.open();
}

void tst_ContractRoot::errorsOfTheRootsJobsAreLogged()
{
    const LogLines logLines;
    {
        const Application application;
        spawnCleanupJob(u"flush"_s, [] { return Error(u"no disk"_s); });
    }
    QVERIFY(LogLines::count(u"no disk"_s) > 0);
}

void tst_ContractRoot::anErrorDoesNotCloseTheRoot()
{
    const LogLines logLines;
    std::atomic<int> ran{0};
    {
        const Application application;
        spawnCleanupJob([] { throw 42; });
        for (int i = 0; i < 10; ++i)
            spawnCleanupJob([&] { ++ran; });
        spawnCleanupJob([&] { ran += trySpawnDaemon([] {}) == SpawnError::NoError; });
    }
    QCOMPARE(ran.load(), 11);
}

void tst_ContractRoot::theRootAsksItsServicesToEnd()
{
    const LogLines logLines;
    bool ended = false;
    {
        const Application application;
        spawnCleanupJob([&] {
            spawnDaemon([&] {
                blockUntil([] { return isDraining(); });
                ended = true;
            });
        });
    }
    QVERIFY(ended);
}

void tst_ContractRoot::aSecondApplicationHasARootOfItsOwn()
{
    const LogLines logLines;
    for (int round = 0; round < 20; ++round) {
        std::atomic<int> ran{0};
        {
            const Application application;
            spawnCleanupJob([&] { ++ran; });
            enter([&] { spawnDaemon([&] { ++ran; }); });
            QTimer::singleShot(0, qApp, [&] {
                spawnCleanupJob([&] { ++ran; });
                QCoreApplication::quit();
            });
            QCOMPARE(QJanitor::exec(), 0);
        }
        QCOMPARE(ran.load(), 3);
    }
}

namespace {

/// Cleans up in its destructor.
struct Cleaner
{
    std::atomic<int> &cleaned;
    ~Cleaner()
    {
        spawnCleanupJob(u"flush"_s, [&cleaned = cleaned] { ++cleaned; });
    }
};

} // namespace

void tst_ContractRoot::destructorsInMainAfterExecAreServed()
{
    const LogLines logLines;
    std::atomic<int> cleaned{0};
    {
        const Application application;
        {
            const Cleaner cleaner{cleaned};
            QTimer::singleShot(0, qApp, [] { QCoreApplication::quit(); });
            QCOMPARE(QJanitor::exec(), 0);
        }
        QCOMPARE(LogLines::count(QtCriticalMsg, u"flush"_s), 1); // a likely mistake
    }
    QCOMPARE(cleaned.load(), 1);
}

void tst_ContractRoot::afterTheApplicationACleanupJobRunsInline()
{
    const LogLines logLines;
    Client client;
    {
        const Application application;
        client = enter([] { return Client::current(); });
    }
    std::thread::id ran;
    const auto job = [&] { ran = std::this_thread::get_id(); };
    client.spawnCleanupJob(job);
    QCOMPARE(ran, std::this_thread::get_id());
    ran = {};
    spawnCleanupJob(job);
    QCOMPARE(ran, std::this_thread::get_id());
}

QTEST_APPLESS_MAIN(tst_ContractRoot)

#include "tst_contract_root.moc"
