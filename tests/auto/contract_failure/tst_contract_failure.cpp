// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Failure under the default policy: fail fast, hand on, lose nothing.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(Options().failurePolicy == FailurePolicy::FailFast);

class tst_ContractFailure : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFirstFailureIsKnownWhileTheCalleeRuns();
    void theCalleeAlwaysRunsToItsEnd();
    void cleanupJobsAreNeverAskedToStop();
    void everyErrorIsKeptAndTheFirstIsTheCause();
    void errorsAreBoundedAndCounted();
    void theRestIsHandedToTheEnclosingJanitor();
    void theRestIsHandedToTheRootJanitor();
    void unfinishedTellsWhatIsKnownOfTheJobs();
    void queuedJobsAreHandedOnAsWell();
    void aHandedOnDaemonStaysStopRequestedAndSeesItsTaker();
    void aHandedOnDaemonsErrorIsListedButDoesNotTrip();
    void aHandedOnCleanupJobsErrorTrips();
    void aHandedOnJobsSuccessIsNoNews();
    void theTakerIsTheNearestThatAccepts();
    void theTakerHandsOnInTurn();
    void aHandedOnJobThatFailsItsTakerIsNotNamedAsUnfinished();
    void aDrainingJanitorTakesOver();
    void aTakerStaysOpenForItsWards();
    void theCalleesExceptionDoesNotKeepItFromWaiting();
    void aFailureDuringTheDrainHandsOnAtOnce();
};

/// Inside a callee: returns after the ambient janitor has noticed the failure of a job.
static void failHere()
{
    spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
    blockUntil([] { return isStopRequested(); });
}

void tst_ContractFailure::theFirstFailureIsKnownWhileTheCalleeRuns()
{
    const Gate started, stopped;
    const Report report = tryEnter([=] {
                              spawnDaemon([=] {
                                  started.open();
                                  blockUntil([] { return isStopRequested(); });
                                  stopped.open();
                              });
                              started.wait();
                              QVERIFY(!isStopRequested());
                              failHere(); // returns once it is known here
                              stopped.wait();
                          }).janitorResult;
    QCOMPARE(namesOf(report.errors()), QStringList(u"broken"_s));
}

void tst_ContractFailure::theCalleeAlwaysRunsToItsEnd()
{
    const auto [report, callee] = tryEnter([] {
        failHere();
        return 42;
    });
    QVERIFY(!report.ok());
    QCOMPARE(callee.value(), 42);
}

void tst_ContractFailure::cleanupJobsAreNeverAskedToStop()
{
    const LogLines logLines;
    const Gate failed, asked;
    bool stop = true;
    (void)tryEnter([&] {
        spawnCleanupJob([&, failed, asked] {
            failed.wait();
            stop = isStopRequested();
            asked.open();
        });
        failHere();
        failed.open();
        asked.wait();
    });
    QVERIFY(!stop);
}

void tst_ContractFailure::everyErrorIsKeptAndTheFirstIsTheCause()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate all, last;
    const Report report = tryEnter({.threadPool = &pool}, [=] {
                              spawnDaemon(u"blocker"_s, [=] { all.wait(); });
                              for (const QString &name : {u"a"_s, u"b"_s, u"c"_s})
                                  spawnDaemon(name, [] { return Error(u"broken"_s); });
                              spawnDaemon([=] { last.open(); });
                              all.open();
                              last.wait();
                          }).janitorResult;
    QCOMPARE(namesOf(report.errors()), QStringList({u"a"_s, u"b"_s, u"c"_s}));
    QCOMPARE(report.error().jobName(), u"a"_s);
    QCOMPARE(report.errorCount(), 3);
}

void tst_ContractFailure::errorsAreBoundedAndCounted()
{
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [] {
                              for (int i = 0; i < 5000; ++i)
                                  spawnDaemon([] { return Error(u"broken"_s); });
                          }).janitorResult;
    QCOMPARE(report.errorCount(), 5000);
    QCOMPARE(report.errors().size(), 1000);
    QVERIFY(report.toString().contains(u"4000"_s));
}

void tst_ContractFailure::theRestIsHandedToTheEnclosingJanitor()
{
    const Gate gate;
    const Report outer =
        tryEnter([=] {
            const Report inner = tryEnter([=] {
                                     spawnDaemon(u"slow"_s, [=] { gate.wait(); });
                                     spawnCleanupJob(u"flush"_s, [=] { gate.wait(); });
                                     failHere();
                                 }).janitorResult; // not awaited: the gate is still closed
            QVERIFY(!inner.ok());
            QCOMPARE(namesOf(inner.errors()), QStringList(u"broken"_s));
            QCOMPARE(namesOf(inner.unfinished()), QStringList({u"flush"_s, u"slow"_s}));
            QCOMPARE(inner.completedCount(), 0);
            QVERIFY(inner.toString().contains(u"flush"_s));
            gate.open();
        }).janitorResult;
    QVERIFY2(outer.ok(), qPrintable(outer.toString()));
    QCOMPARE(outer.completedCount(), 2);
}

void tst_ContractFailure::theRestIsHandedToTheRootJanitor()
{
    const LogLines logLines;
    const Gate gate, ended;
    const Report report = tryEnter([=] {
                              spawnCleanupJob(u"flush"_s, [=] {
                                  gate.wait();
                                  // The root janitor is found from inside its jobs, and only there.
                                  spawnDaemon([=] { ended.open(); });
                              });
                              failHere();
                          }).janitorResult;
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"flush"_s));
    QVERIFY(LogLines::count(u"flush"_s) > 0);
    QVERIFY(!hasActiveJanitor());
    gate.open();
    ended.wait();
}

void tst_ContractFailure::unfinishedTellsWhatIsKnownOfTheJobs()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate gate, spawned, started;
    enter([&] {
        const Report inner = tryEnter({.threadPool = &pool}, [&] {
                                 spawnDaemon(u"broken"_s, [=] {
                                     spawned.wait();
                                     return Error(u"broken"_s);
                                 });
                                 spawnDaemon(u"running"_s, [=] {
                                     started.open();
                                     gate.wait();
                                 });
                                 spawnDaemon(u"queued"_s, [] {});
                                 spawned.open();
                                 started.wait();
                             }).janitorResult;
        QList<JobInfo> jobs = inner.unfinished();
        QCOMPARE(jobs.size(), 2);
        if (jobs.at(0).name == u"queued"_s)
            jobs.swapItemsAt(0, 1);
        QCOMPARE(jobs.at(0).name, u"running"_s);
        QCOMPARE(jobs.at(0).state, JobState::Running);
        QCOMPARE(jobs.at(1).state, JobState::Queued);
        QCOMPARE(jobs.at(0).kind, JobKind::Daemon);
        QVERIFY(jobs.at(0).age >= std::chrono::milliseconds(0) && jobs.at(0).age < patience);
        QVERIFY(jobs.at(0).spawnSite.isEmpty() ||
                jobs.at(0).spawnSite.startsWith(u"tst_contract_failure.cpp:"_s));
        QVERIFY(jobs.at(0).progress < 0);
        gate.open();
    });
}

void tst_ContractFailure::queuedJobsAreHandedOnAsWell()
{
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Gate gate, spawned, started;
    const Log log;
    const Report outer = tryEnter([&] {
                             const Report inner =
                                 tryEnter({.threadPool = &pool}, [&] {
                                     spawnDaemon([=] {
                                         spawned.wait();
                                         return Error(u"broken"_s);
                                     });
                                     spawnDaemon(u"running"_s, [=] {
                                         started.open();
                                         gate.wait();
                                     });
                                     for (int i = 0; i < 3; ++i)
                                         spawnDaemon(u"queued"_s, [=] {
                                             log.add(isStopRequested() ? u"stop"_s : u"go"_s);
                                         });
                                     spawned.open();
                                     started.wait();
                                 }).janitorResult;
                             QCOMPARE(inner.unfinished().size(), 4);
                             gate.open();
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 4);
    QCOMPARE(log.events(), QStringList({u"stop"_s, u"stop"_s, u"stop"_s}));
}

void tst_ContractFailure::aHandedOnDaemonStaysStopRequestedAndSeesItsTaker()
{
    const Gate handedOn, asked;
    bool stopped = false, stoppedInTaker = true, fresh = true;
    const Report outer = tryEnter([&] {
                             const Report inner = tryEnter([&] {
                                                      spawnDaemon([&, handedOn, asked] {
                                                          handedOn.wait();
                                                          stopped = isStopRequested();
                                                          spawnDaemon([&, asked] {
                                                              fresh = isStopRequested();
                                                              asked.open();
                                                          });
                                                          spawnCleanupJob([] {});
                                                      });
                                                      failHere();
                                                  }).janitorResult;
                             QCOMPARE(inner.unfinished().size(), 1);
                             handedOn.open();
                             asked.wait();
                             stoppedInTaker = isStopRequested();
                         }).janitorResult;
    QVERIFY(stopped);
    QVERIFY(!stoppedInTaker);
    QVERIFY(!fresh); // the taker's own job, not one that was handed on
    QCOMPARE(outer.completedCount(), 3);
}

/// Hands a job that will fail on to the ambient janitor, lets it fail, and returns once that is
/// known.
static void handOnOneThatFails(JobKind kind, const Gate &gate)
{
    (void)tryEnter([&] {
        const auto job = [gate] {
            gate.wait();
            return Error(u"late"_s);
        };
        if (kind == JobKind::Daemon)
            spawnDaemon(u"late"_s, job);
        else
            spawnCleanupJob(u"late"_s, job);
        failHere();
    });
}

void tst_ContractFailure::aHandedOnDaemonsErrorIsListedButDoesNotTrip()
{
    const LogLines logLines;
    const Gate gate;
    const Report outer = tryEnter([&] {
                             const Status status(Client::current());
                             handOnOneThatFails(JobKind::Daemon, gate);
                             gate.open();
                             pumpUntil([&] { return status.lastError().isValid(); });
                             QCOMPARE(status.state(), JanitorState::Running);
                             QVERIFY(!isStopRequested());
                             QCOMPARE(trySpawnDaemon([] {}), SpawnError::NoError);
                         }).janitorResult;
    QCOMPARE(namesOf(outer.errors()), QStringList(u"late"_s));
    QCOMPARE(outer.completedCount(), 1);
    QVERIFY(LogLines::count(u"late"_s) > 0);
}

void tst_ContractFailure::aHandedOnCleanupJobsErrorTrips()
{
    const LogLines logLines;
    const Gate gate;
    const Report outer = tryEnter([&] {
                             handOnOneThatFails(JobKind::CleanupJob, gate);
                             QVERIFY(!isStopRequested());
                             gate.open();
                             blockUntil([] { return isStopRequested(); });
                             QCOMPARE(trySpawnDaemon([] {}), SpawnError::ActiveJanitorTerminating);
                         }).janitorResult;
    QCOMPARE(namesOf(outer.errors()), QStringList(u"late"_s));
}

void tst_ContractFailure::aHandedOnJobsSuccessIsNoNews()
{
    const Gate gate;
    enter([&] {
        (void)tryEnter([&] {
            spawnDaemon([gate] { gate.wait(); });
            failHere();
        });
        gate.open();
    });
}

void tst_ContractFailure::theTakerIsTheNearestThatAccepts()
{
    const Gate gate;
    const Report outer =
        tryEnter([&] {
            const Report middle =
                tryEnter([&] {
                    failHere();
                    const Report inner =
                        tryEnter([&] {
                            spawnCleanupJob(u"flush"_s, [gate] { gate.wait(); });
                            spawnDaemon(u"broken too"_s, [] { return Error(u"broken"_s); });
                            Client client = Client::current();
                            blockUntil([client] { return !client.isActive(); });
                        }).janitorResult;
                    QCOMPARE(namesOf(inner.unfinished()), QStringList(u"flush"_s));
                }).janitorResult;
            QVERIFY(middle.unfinished().isEmpty()); // it has never taken it
            gate.open();
        }).janitorResult;
    QCOMPARE(outer.completedCount(), 1);
    QVERIFY(outer.ok());
}

void tst_ContractFailure::theTakerHandsOnInTurn()
{
    const Gate gate;
    const Report outer =
        tryEnter([&] {
            const Report middle = tryEnter([&] {
                                      const Report inner =
                                          tryEnter([&] {
                                              spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
                                              spawnCleanupJob(u"flush"_s, [gate] { gate.wait(); });
                                              failHere();
                                          }).janitorResult;
                                      QCOMPARE(inner.unfinished().size(), 2);
                                      failHere();
                                  }).janitorResult;
            QCOMPARE(namesOf(middle.unfinished()), QStringList({u"flush"_s, u"slow"_s}));
            QCOMPARE(namesOf(middle.errors()), QStringList(u"broken"_s));
            gate.open();
        }).janitorResult;
    QCOMPARE(outer.completedCount(), 2);
    QVERIFY2(outer.ok(), qPrintable(outer.toString()));
}

void tst_ContractFailure::aHandedOnJobThatFailsItsTakerIsNotNamedAsUnfinished()
{
    const Gate failing;
    const Gate others;
    enter({.failurePolicy = FailurePolicy::CancelAndWait}, [&] {
        const Report taker = tryEnter([&] {
                                 (void)tryEnter([&] {
                                     spawnCleanupJob(u"failing"_s, [failing] {
                                         failing.wait();
                                         return Error(u"failed late"_s);
                                     });
                                     spawnCleanupJob(u"other"_s, [others] { others.wait(); });
                                     failHere();
                                 });
                                 failing.open();
                             }).janitorResult;
        others.open();
        QCOMPARE(taker.errors().size(), 1);
        QCOMPARE(taker.error().jobName(), u"failing"_s);
        QCOMPARE(namesOf(taker.unfinished()), QStringList(u"other"_s));
    });
}

void tst_ContractFailure::aDrainingJanitorTakesOver()
{
    const Gate draining, gate;
    const Report outer =
        tryEnter([=] {
            spawnDaemon([=] {
                draining.wait();
                const Report inner = tryEnter([=] {
                                         spawnCleanupJob(u"flush"_s, [=] { gate.wait(); });
                                         failHere();
                                     }).janitorResult;
                gate.open();
                return inner.unfinished().size() == 1 ? Error() : Error(u"was not handed on"_s);
            });
            QTimer::singleShot(0, QCoreApplication::instance(), [=] { draining.open(); });
        }).janitorResult;
    QVERIFY2(outer.ok(), qPrintable(outer.toString()));
    QCOMPARE(outer.completedCount(), 2);
}

void tst_ContractFailure::aTakerStaysOpenForItsWards()
{
    // The outer callee ends at once: only the job that was handed on keeps its janitor open.
    const Log log;
    const Gate gate;
    enter([&] {
        (void)tryEnter([&] {
            spawnCleanupJob([gate, log] {
                gate.wait();
                spawnCleanupJob([log] { log.add(u"flushed"_s); });
            });
            failHere();
        });
        QTimer::singleShot(0, QCoreApplication::instance(), [gate] { gate.open(); });
    });
    log.add(u"closed"_s);
    QCOMPARE(log.events(), QStringList({u"flushed"_s, u"closed"_s}));
}

void tst_ContractFailure::theCalleesExceptionDoesNotKeepItFromWaiting()
{
    const LoopAliveChecker checker;
    const auto [report, callee] = tryEnter([gate = checker.alive] {
        spawnDaemon([gate] { gate.wait(); });
        spawnCleanupJob([gate] { gate.wait(); });
        throw 42;
    });
    QVERIFY(!callee.hasValue());
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 2);
}

void tst_ContractFailure::aFailureDuringTheDrainHandsOnAtOnce()
{
    const LoopAliveChecker checker;
    const Gate gate;
    const Report outer = tryEnter([&] {
                             const Report inner =
                                 tryEnter([&] {
                                     spawnDaemon(u"slow"_s, [gate] { gate.wait(); });
                                     spawnDaemon(u"broken"_s, [alive = checker.alive] {
                                         alive.wait(); // opens while the janitor drains
                                         return Error(u"broken"_s);
                                     });
                                 }).janitorResult;
                             QCOMPARE(namesOf(inner.unfinished()), QStringList(u"slow"_s));
                             gate.open();
                         }).janitorResult;
    QCOMPARE(outer.completedCount(), 1);
}

QTEST_GUILESS_MAIN(tst_ContractFailure)

#include "tst_contract_failure.moc"
