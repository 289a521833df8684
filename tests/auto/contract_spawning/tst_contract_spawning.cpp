// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Spawning is decided before anything starts: the table of states and verbs, to the letter.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

/// The rows of the table, and where a janitor that fails may stand then.
enum class State {
    Running,
    Draining,
    FailedKeepGoing,
    FailedKeepGoingDraining,
    FailedCancelAndWait,
    FailedCancelAndWaitDraining,
    FailedFailFast,
    HandedOn,
    Closed,
    None,
};
enum class Verb { TryDaemon, TryCleanup, Daemon, Cleanup };
enum class Answer { Accepted, NoActive, Terminating, ThrowsNoActive, ThrowsTerminating, Rescued };
enum class Enclosed { No, Yes };
Q_DECLARE_METATYPE(State)
Q_DECLARE_METATYPE(Verb)
Q_DECLARE_METATYPE(Answer)

namespace {

/// A job that can tell whether it was moved from, and whether it ran.
struct Probe
{
    std::unique_ptr<int> content = std::make_unique<int>(42);
    Gate ran;
    std::shared_ptr<std::atomic<int>> runs = std::make_shared<std::atomic<int>>(0);

    void operator()()
    {
        ++*runs;
        ran.open();
    }
};
static_assert(!std::is_copy_constructible_v<Probe>);

SpawnError useFree(Verb verb, Probe &probe)
{
    switch (verb) {
    case Verb::TryDaemon:
        return trySpawnDaemon(std::move(probe));
    case Verb::TryCleanup:
        return trySpawnCleanupJob(u"probe"_s, std::move(probe));
    case Verb::Daemon:
        spawnDaemon(u"probe"_s, std::move(probe));
        break;
    case Verb::Cleanup:
        spawnCleanupJob(std::move(probe));
        break;
    }
    return SpawnError::NoError;
}

SpawnError useClient(Client client, Verb verb, Probe &probe)
{
    switch (verb) {
    case Verb::TryDaemon:
        return client.trySpawnDaemon(u"probe"_s, std::move(probe));
    case Verb::TryCleanup:
        return client.trySpawnCleanupJob(std::move(probe));
    case Verb::Daemon:
        client.spawnDaemon(std::move(probe));
        break;
    case Verb::Cleanup:
        client.spawnCleanupJob(u"probe"_s, std::move(probe));
        break;
    }
    return SpawnError::NoError;
}

/// Uses \a verb on \a client and returns what came of it; "rescued" is not told from "accepted"
/// here.
Answer use(const Client &client, bool free, Verb verb, Probe &probe)
{
    try {
        const AmbientGuard guard(free ? client : Client());
        switch (free ? useFree(verb, probe) : useClient(client, verb, probe)) {
        case SpawnError::NoError:
            return Answer::Accepted;
        case SpawnError::NoActiveJanitor:
            return Answer::NoActive;
        case SpawnError::ActiveJanitorTerminating:
            return Answer::Terminating;
        }
    } catch (const SpawnException &exception) {
        return exception.error() == SpawnError::NoActiveJanitor ? Answer::ThrowsNoActive
                                                                : Answer::ThrowsTerminating;
    }
    Q_UNREACHABLE();
}

/// Inside a callee on the main thread: returns after the janitor has noticed the failure of a job.
void failHere()
{
    Status status(Client::current());
    bool failed = false;
    QObject::connect(&status, &Status::failed, &status, [&failed] { failed = true; });
    spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
    pumpUntil([&failed] { return failed; });
}

FailurePolicy policyOf(State state)
{
    switch (state) {
    case State::FailedKeepGoing:
    case State::FailedKeepGoingDraining:
        return FailurePolicy::KeepGoing;
    case State::FailedCancelAndWait:
    case State::FailedCancelAndWaitDraining:
        return FailurePolicy::CancelAndWait;
    default:
        return FailurePolicy::FailFast;
    }
}

/// Brings a janitor into \a state, calls \a test with its client, and returns how the janitor
/// ended.
template<class F>
Report bring(State state, F test)
{
    const bool fails =
        state != State::Running && state != State::Draining && state != State::Closed;
    const bool whileDraining = state == State::Draining ||
                               state == State::FailedKeepGoingDraining ||
                               state == State::FailedCancelAndWaitDraining;
    const bool after = state == State::HandedOn || state == State::Closed;
    const Gate gate;
    Client client;
    const Report report = tryEnter({.failurePolicy = policyOf(state)}, [&] {
                              client = Client::current();
                              if (whileDraining || state == State::HandedOn)
                                  spawnCleanupJob(u"last"_s, [gate] { gate.wait(); });
                              if (fails)
                                  failHere();
                              if (whileDraining) {
                                  QTimer::singleShot(0, QCoreApplication::instance(), [&, client] {
                                      test(client);
                                      gate.open();
                                  });
                              } else if (!after) {
                                  test(client);
                              }
                          }).janitorResult;
    if (after)
        test(client);
    gate.open();
    return report;
}

} // namespace

class tst_ContractSpawning : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theTable_data();
    void theTable();
    void hasActiveJanitorAgreesWithTheTable_data();
    void hasActiveJanitorAgreesWithTheTable();
    void aRefusedCleanupJobGoesToTheNearestThatAcceptsIt_data();
    void aRefusedCleanupJobGoesToTheNearestThatAcceptsIt();
    void aCleanupJobWithoutAJanitorIsLoggedWithTheLikelyMistake();
    void aJobSpawnedByTheLastJobIsAccepted();
    void spawnVerbsKnowNameAndPlace_data();
    void spawnVerbsKnowNameAndPlace();
};

void tst_ContractSpawning::theTable_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<bool>("free");
    QTest::addColumn<Verb>("verb");
    QTest::addColumn<Answer>("answer");

    using A = Answer;
    const struct
    {
        const char *name;
        State state;
        Answer answers[4]; // trySpawnDaemon, trySpawnCleanupJob, spawnDaemon, spawnCleanupJob
    } table[] = {
        {"running", State::Running, {A::Accepted, A::Accepted, A::Accepted, A::Accepted}},
        {"draining", State::Draining, {A::Accepted, A::Accepted, A::Accepted, A::Accepted}},
        {"failed, KeepGoing",
         State::FailedKeepGoing,
         {A::Accepted, A::Accepted, A::Accepted, A::Accepted}},
        {"failed, KeepGoing, draining",
         State::FailedKeepGoingDraining,
         {A::Accepted, A::Accepted, A::Accepted, A::Accepted}},
        {"failed, CancelAndWait",
         State::FailedCancelAndWait,
         {A::Terminating, A::Accepted, A::ThrowsTerminating, A::Accepted}},
        {"failed, CancelAndWait, draining",
         State::FailedCancelAndWaitDraining,
         {A::Terminating, A::Accepted, A::ThrowsTerminating, A::Accepted}},
        {"failed, FailFast",
         State::FailedFailFast,
         {A::Terminating, A::Terminating, A::ThrowsTerminating, A::Rescued}},
        {"failed, FailFast, handed on",
         State::HandedOn,
         {A::Terminating, A::Terminating, A::ThrowsTerminating, A::Rescued}},
        {"closed and gone",
         State::Closed,
         {A::Terminating, A::Terminating, A::ThrowsTerminating, A::Rescued}},
        {"none", State::None, {A::NoActive, A::NoActive, A::ThrowsNoActive, A::Rescued}},
    };
    const char *verbs[] = {"trySpawnDaemon", "trySpawnCleanupJob", "spawnDaemon",
                           "spawnCleanupJob"};
    for (const auto &row : table) {
        for (std::size_t i = 0; i < 4; ++i) {
            QTest::addRow("%s: %s", row.name, verbs[i])
                << row.state << true << Verb(i) << row.answers[i];
            QTest::addRow("%s: Client::%s", row.name, verbs[i])
                << row.state << false << Verb(i) << row.answers[i];
        }
    }
}

void tst_ContractSpawning::theTable()
{
    QFETCH(const State, state);
    QFETCH(const bool, free);
    QFETCH(const Verb, verb);
    QFETCH(const Answer, answer);
    const LogLines logLines;
    Probe probe;
    const Gate ran = probe.ran;
    const auto runs = probe.runs;
    std::optional<Answer> given;
    qsizetype others = 0;
    Report report;
    if (state == State::None) {
        given = use(Client(), free, verb, probe);
    } else {
        report =
            bring(state, [&](const Client &client) { given = use(client, free, verb, probe); });
        others = state == State::Draining || state == State::FailedKeepGoingDraining ||
                         state == State::FailedCancelAndWaitDraining
                     ? 1
                     : 0;
    }
    const bool taken = answer == Answer::Accepted || answer == Answer::Rescued;
    QVERIFY(given);
    QCOMPARE(*given, answer == Answer::Rescued ? Answer::Accepted : answer);
    QCOMPARE(probe.content == nullptr, taken); // a refused job is not moved from
    if (answer == Answer::Rescued)
        ran.wait();
    QCOMPARE(runs->load(), taken ? 1 : 0);
    QCOMPARE(report.completedCount(), others + (answer == Answer::Accepted ? 1 : 0));
}

void tst_ContractSpawning::hasActiveJanitorAgreesWithTheTable_data()
{
    QTest::addColumn<State>("state");
    QTest::addColumn<bool>("active");
    QTest::newRow("running") << State::Running << true;
    QTest::newRow("draining") << State::Draining << true;
    QTest::newRow("failed, KeepGoing") << State::FailedKeepGoing << true;
    QTest::newRow("failed, CancelAndWait") << State::FailedCancelAndWait << false;
    QTest::newRow("failed, FailFast") << State::FailedFailFast << false;
    QTest::newRow("failed, FailFast, handed on") << State::HandedOn << false;
    QTest::newRow("closed") << State::Closed << false;
}

void tst_ContractSpawning::hasActiveJanitorAgreesWithTheTable()
{
    QFETCH(const State, state);
    QFETCH(const bool, active);
    const LogLines logLines;
    (void)bring(state, [&](const Client &client) {
        QCOMPARE(client.isActive(), active);
        QVERIFY(!client.isNull());
        const AmbientGuard guard(client);
        QCOMPARE(hasActiveJanitor(), active);
    });
}

void tst_ContractSpawning::aRefusedCleanupJobGoesToTheNearestThatAcceptsIt_data()
{
    QTest::addColumn<bool>("middleFails");
    QTest::newRow("the enclosing one") << false;
    QTest::newRow("the one around that") << true;
}

void tst_ContractSpawning::aRefusedCleanupJobGoesToTheNearestThatAcceptsIt()
{
    QFETCH(const bool, middleFails);
    const LogLines logLines;
    Report middle;
    const Report outer =
        tryEnter([&] {
            middle = tryEnter([&] {
                         if (middleFails)
                             failHere();
                         const Report inner = tryEnter([] {
                                                  failHere();
                                                  spawnCleanupJob(u"flush"_s, [] {});
                                              }).janitorResult;
                         QCOMPARE(inner.completedCount(), 0);
                         QVERIFY(inner.unfinished().isEmpty()); // it was never the inner one's
                     }).janitorResult;
        }).janitorResult;
    QCOMPARE(middle.completedCount(), middleFails ? 0 : 1);
    QCOMPARE(outer.completedCount(), middleFails ? 1 : 0);
    QVERIFY(outer.ok());
}

void tst_ContractSpawning::aCleanupJobWithoutAJanitorIsLoggedWithTheLikelyMistake()
{
    const LogLines logLines;
    const Gate ran;
    spawnCleanupJob(u"flush"_s, [ran] { ran.open(); });
    ran.wait();
    QCOMPARE(LogLines::count(QtCriticalMsg, u"flush"_s), 1);
    QCOMPARE(LogLines::count(QtCriticalMsg, u"enter()"_s), 1);
}

void tst_ContractSpawning::aJobSpawnedByTheLastJobIsAccepted()
{
    // Over and over: the janitor must not close between the last job's spawn and its end.
    for (int round = 0; round < 500; ++round) {
        const Report report = tryEnter([] {
                                  spawnDaemon([] {
                                      spawnCleanupJob([] {
                                          if (trySpawnDaemon([] {}) != SpawnError::NoError)
                                              throw std::runtime_error("refused");
                                      });
                                  });
                              }).janitorResult;
        QVERIFY2(report.ok(), qPrintable(report.toString()));
        QCOMPARE(report.completedCount(), 3);
    }
}

static Error fail()
{
    return Error(u"broken"_s);
}

using SpawnFailing = int (*)(Client);
Q_DECLARE_METATYPE(SpawnFailing)

void tst_ContractSpawning::spawnVerbsKnowNameAndPlace_data()
{
    QTest::addColumn<SpawnFailing>("spawn"); // returns the line on which it spawns
    QTest::addColumn<QString>("name");
    const auto add = [](const char *row, SpawnFailing spawn, const QString &name = QString()) {
        QTest::newRow(row) << spawn << name;
    };
    const auto n = u"job"_s;
    // clang-format off
    add("spawnDaemon", [](Client) { spawnDaemon(fail); return __LINE__; });
    add("spawnDaemon, named", [](Client) { spawnDaemon(u"job"_s, fail); return __LINE__; }, n);
    add("spawnCleanupJob", [](Client) { spawnCleanupJob(fail); return __LINE__; });
    add("spawnCleanupJob, named", [](Client) { spawnCleanupJob(u"job"_s, fail); return __LINE__; }, n);
    add("trySpawnDaemon", [](Client) { (void)trySpawnDaemon(fail); return __LINE__; });
    add("trySpawnDaemon, named", [](Client) { (void)trySpawnDaemon(u"job"_s, fail); return __LINE__; }, n);
    add("trySpawnCleanupJob", [](Client) { (void)trySpawnCleanupJob(fail); return __LINE__; });
    add("trySpawnCleanupJob, named", [](Client) { (void)trySpawnCleanupJob(u"job"_s, fail); return __LINE__; }, n);
    add("Client::spawnDaemon", [](Client c) { c.spawnDaemon(fail); return __LINE__; });
    add("Client::spawnDaemon, named", [](Client c) { c.spawnDaemon(u"job"_s, fail); return __LINE__; }, n);
    add("Client::spawnCleanupJob", [](Client c) { c.spawnCleanupJob(fail); return __LINE__; });
    add("Client::spawnCleanupJob, named", [](Client c) { c.spawnCleanupJob(u"job"_s, fail); return __LINE__; }, n);
    add("Client::trySpawnDaemon", [](Client c) { (void)c.trySpawnDaemon(fail); return __LINE__; });
    add("Client::trySpawnDaemon, named", [](Client c) { (void)c.trySpawnDaemon(u"job"_s, fail); return __LINE__; }, n);
    add("Client::trySpawnCleanupJob", [](Client c) { (void)c.trySpawnCleanupJob(fail); return __LINE__; });
    add("Client::trySpawnCleanupJob, named", [](Client c) { (void)c.trySpawnCleanupJob(u"job"_s, fail); return __LINE__; }, n);
    // clang-format on
}

void tst_ContractSpawning::spawnVerbsKnowNameAndPlace()
{
    QFETCH(const SpawnFailing, spawn);
    QFETCH(const QString, name);
    int line = 0;
    const Report report = tryEnter([&] { line = spawn(Client::current()); }).janitorResult;
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.error().jobName(), name);
    // Empty where the compiler has no std::source_location.
    if (!report.error().spawnSite().isEmpty())
        QCOMPARE(report.error().spawnSite(), u"tst_contract_spawning.cpp:%1"_s.arg(line));
    else
        QSKIP("this compiler does not tell the place of a call");
}

QTEST_GUILESS_MAIN(tst_ContractSpawning)

#include "tst_contract_spawning.moc"
