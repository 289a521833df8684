// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Every policy with every kind of job that fails at every moment: who is asked to stop, what is
// still accepted, who is awaited, and what the report says.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <memory>
#include <optional>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

enum class Form { Returns, Throws, Promise, Future };
/// When the job fails: while the callee runs, while the callee's objects are destroyed, or while
/// the janitor drains.
enum class Moment { Before, During, After };
Q_DECLARE_METATYPE(QJanitor::FailurePolicy)
Q_DECLARE_METATYPE(QJanitor::JobKind)
Q_DECLARE_METATYPE(Form)
Q_DECLARE_METATYPE(Moment)

class tst_ContractMatrix : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aFailure_data();
    void aFailure();
};

void tst_ContractMatrix::aFailure_data()
{
    using enum FailurePolicy;
    QTest::addColumn<FailurePolicy>("policy");
    QTest::addColumn<JobKind>("kind");
    QTest::addColumn<Form>("form");
    QTest::addColumn<Moment>("moment");
    const std::pair<const char *, FailurePolicy> policies[] = {
        {"FailFast", FailFast}, {"CancelAndWait", CancelAndWait}, {"KeepGoing", KeepGoing}};
    const std::pair<const char *, JobKind> kinds[] = {{"daemon", JobKind::Daemon},
                                                      {"cleanup job", JobKind::CleanupJob}};
    const std::pair<const char *, Form> forms[] = {{"returns an error", Form::Returns},
                                                   {"throws", Form::Throws},
                                                   {"drops its promise", Form::Promise},
                                                   {"is a cancelled future", Form::Future}};
    const std::pair<const char *, Moment> moments[] = {
        {"before", Moment::Before}, {"during", Moment::During}, {"after", Moment::After}};
    for (const auto &[policyName, policy] : policies) {
        for (const auto &[kindName, kind] : kinds) {
            for (const auto &[formName, form] : forms) {
                for (const auto &[momentName, moment] : moments) {
                    QTest::addRow("%s, a %s %s %s the callee's end", policyName, kindName, formName,
                                  momentName)
                        << policy << kind << form << moment;
                }
            }
        }
    }
}

/// Spawns the job that fails once \a now is open.
static void spawnFailing(JobKind kind, Form form, const Gate &now)
{
    const auto spawn = [kind](auto job) {
        if (kind == JobKind::Daemon)
            spawnDaemon(u"broken"_s, std::move(job));
        else
            spawnCleanupJob(u"broken"_s, std::move(job));
    };
    switch (form) {
    case Form::Returns:
        return spawn([now] {
            now.wait();
            return Error(u"broken"_s);
        });
    case Form::Throws:
        return spawn([now] {
            now.wait();
            throw std::runtime_error("broken");
        });
    case Form::Promise:
        return spawn([now](QPromise<void> &promise) {
            now.wait();
            const QPromise<void> dropped = std::move(promise);
        });
    case Form::Future: {
        auto promise = std::make_shared<QPromise<void>>();
        promise->start();
        spawn(promise->future());
        std::thread([now, promise] {
            now.wait();
            promise->future().cancel();
            promise->finish();
        }).detach();
    }
    }
}

static Error::Kind kindOf(Form form)
{
    switch (form) {
    case Form::Returns:
        return Error::Kind::JobReturnedError;
    case Form::Throws:
        return Error::Kind::JobThrew;
    case Form::Promise:
        return Error::Kind::JobAbandoned;
    case Form::Future:
        break;
    }
    return Error::Kind::JobCanceled;
}

/// What the others notice once the janitor has failed: each says "stop" or "go on", and what is
/// accepted.
static void spawnWitnesses(const Log &log, const Gate &failed, const Gate &go)
{
    const auto witness = [log, go](const QString &name) {
        return [=] {
            go.wait();
            log.add(name + (isStopRequested() ? u": stop"_s : u": go on"_s));
        };
    };
    spawnDaemon(u"daemon"_s, witness(u"daemon"_s));
    spawnCleanupJob(u"cleanup"_s, witness(u"cleanup"_s));
    // Asks by a client: as a job that was handed on it would ask its taker.
    spawnCleanupJob(u"witness"_s, [log, failed, go, client = Client::current()] {
        failed.wait();
        const auto word = [](SpawnError error) {
            return error == SpawnError::NoError ? u"accepted"_s : u"refused"_s;
        };
        log.add(u"a daemon is "_s + word(client.trySpawnDaemon([] {})));
        log.add(u"clean-up is "_s + word(client.trySpawnCleanupJob([] {})));
        go.open();
    });
}

/// Opens \a failed once \a client's janitor shows its failure.
static void tellOfFailure(const Client &client, const Gate &failed)
{
    // Whatever the policy, the state is known at once, also to whoever looks from outside.
    pumpUntil([status = std::make_shared<Status>(client)] { return status->failedJobs() > 0; });
    failed.open();
}

void tst_ContractMatrix::aFailure()
{
    QFETCH(const FailurePolicy, policy);
    QFETCH(const JobKind, kind);
    QFETCH(const Form, form);
    QFETCH(const Moment, moment);
    const bool failsFast = policy == FailurePolicy::FailFast;
    const Log log;
    const Gate now, failed, go;
    std::optional<Report> inner;
    struct AtTheEnd
    {
        ~AtTheEnd() { function(); }
        std::function<void()> function;
    };
    const LogLines logLines;
    const Report outer = tryEnter([&] {
                             const auto result = tryEnter({.failurePolicy = policy}, [&] {
                                 const Client client = Client::current();
                                 const auto fail = [=] {
                                     now.open();
                                     tellOfFailure(client, failed);
                                 };
                                 spawnFailing(kind, form, now);
                                 spawnWitnesses(log, failed, go);
                                 switch (moment) {
                                 case Moment::Before:
                                     fail();
                                     break;
                                 case Moment::During: {
                                     const AtTheEnd atTheEnd{fail};
                                     break;
                                 }
                                 case Moment::After: // the janitor drains, with events
                                     QTimer::singleShot(0, qApp, fail);
                                     break;
                                 }
                             });
                             log.add(u"inner closed"_s);
                             inner = result.janitorResult;
                         }).janitorResult;

    const QString stop = policy == FailurePolicy::KeepGoing ? u"go on"_s : u"stop"_s;
    QStringList expected{policy == FailurePolicy::KeepGoing ? u"a daemon is accepted"_s
                                                            : u"a daemon is refused"_s,
                         failsFast ? u"clean-up is refused"_s : u"clean-up is accepted"_s,
                         u"cleanup: go on"_s, u"daemon: "_s + stop, u"inner closed"_s};
    QCOMPARE(log.sorted(), expected);
    if (!failsFast)
        QCOMPARE(log.events().last(), u"inner closed"_s); // it waited for all

    QVERIFY(!inner->ok());
    QCOMPARE(inner->errorCount(), 1);
    QCOMPARE(inner->error().kind(), kindOf(form));
    QCOMPARE(inner->error().jobName(), u"broken"_s);
    QCOMPARE(inner->canceledCount(), 0);
    if (!failsFast) {
        const int accepted = policy == FailurePolicy::KeepGoing ? 2 : 1;
        QVERIFY(inner->unfinished().isEmpty());
        QCOMPARE(inner->completedCount(), 3 + accepted);
        QVERIFY(outer.ok());
        return;
    }
    // Each of the others is counted once: by the janitor that failed, or by its taker.
    for (const JobInfo &job : inner->unfinished())
        QVERIFY(QStringList({u"daemon"_s, u"cleanup"_s, u"witness"_s}).contains(job.name));
    QCOMPARE(inner->completedCount() + outer.completedCount(), 3);
    QVERIFY(outer.ok());
}

QTEST_GUILESS_MAIN(tst_ContractMatrix)

#include "tst_contract_matrix.moc"
