// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Random nesting and spawning from several threads, with every accepted job counted. The seed is
// printed; QJANITOR_TEST_SEED and QJANITOR_TEST_ROUNDS replay and vary it.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qrandom.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

#include <array>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

class tst_ContractStress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void everyAcceptedJobRuns_data();
    void everyAcceptedJobRuns();

private:
    quint32 m_seed = 20260725;
    int m_rounds = 2000;
};

namespace {

/// What one round has done; jobs share it, for they may outlive their janitors.
struct Counts
{
    std::atomic<qint64> accepted{0};
    std::atomic<qint64> refused{0};
    std::atomic<qint64> started{0};
    std::atomic<qint64> ended{0};
    std::atomic<qint64> destroyed{0};
    std::atomic<qint64> wrong{0}; ///< What must never be seen.
};
using CountsPointer = std::shared_ptr<Counts>;

/// Lives in each job, and counts when it goes without having been moved from.
class Token
{
public:
    explicit Token(CountsPointer counts)
        : m_counts(std::move(counts))
    {
    }
    Token(Token &&) noexcept = default;
    ~Token()
    {
        if (m_counts && accepted)
            ++m_counts->destroyed;
    }
    bool accepted = false;

private:
    CountsPointer m_counts;
};

struct Plan
{
    QRandomGenerator random;
    int depth = 0;
    bool fails = false;
    QThreadPool *pool = nullptr;
};

void runCallee(const CountsPointer &counts, Plan plan);

class RandomJob
{
public:
    RandomJob(CountsPointer counts, const Plan &plan)
        : m_counts(std::move(counts))
        , m_plan(plan)
        , m_token(m_counts)
    {
        m_token.accepted = true;
    }
    Error operator()()
    {
        ++m_counts->started;
        if (!hasActiveJanitor() && Client::current().isNull())
            ++m_counts->wrong; // each job has a janitor
        const bool fails = m_plan.fails && m_plan.random.bounded(8) == 0;
        const bool throws = m_plan.random.bounded(2) == 0;
        runCallee(m_counts, m_plan);
        ++m_counts->ended;
        if (fails && throws)
            throw 42;
        return fails ? Error(u"random"_s) : Error();
    }
    /// A refused job stays with its offerer.
    void giveBack() { m_token.accepted = false; }

private:
    CountsPointer m_counts;
    Plan m_plan;
    Token m_token;
};

void spawnOne(const CountsPointer &counts, Plan &plan)
{
    Plan below = plan;
    below.random.seed(plan.random.generate());
    --below.depth;
    RandomJob job(counts, below);
    const quint32 verb = plan.random.bounded(4u);
    // Counted before: it may run at once.
    ++counts->accepted;
    bool accepted = true;
    if (verb == 0) {
        spawnCleanupJob(u"cleanup"_s, std::move(job));
    } else if (verb == 1) {
        try {
            spawnDaemon(std::move(job));
        } catch (const SpawnException &) {
            accepted = false;
        }
    } else if (verb == 2) {
        accepted = trySpawnDaemon(std::move(job)) == SpawnError::NoError;
    } else {
        accepted = trySpawnCleanupJob(std::move(job)) == SpawnError::NoError;
    }
    if (!accepted) {
        --counts->accepted;
        ++counts->refused;
        job.giveBack();
    }
}

Options randomOptions(Plan &plan)
{
    static constexpr std::array policies{FailurePolicy::FailFast, FailurePolicy::CancelAndWait,
                                         FailurePolicy::KeepGoing};
    return {.failurePolicy = policies[plan.random.bounded(3u)],
            .threadPool = plan.random.bounded(2) ? plan.pool : nullptr};
}

/// Spawns at random, and opens janitors inside this one.
void runCallee(const CountsPointer &counts, Plan plan)
{
    if (plan.depth <= 0)
        return;
    for (quint32 steps = plan.random.bounded(4u); steps > 0; --steps) {
        if (plan.random.bounded(4) != 0) {
            spawnOne(counts, plan);
            continue;
        }
        Plan inside = plan;
        inside.random.seed(plan.random.generate());
        --inside.depth;
        const Options options = randomOptions(plan);
        const auto result = tryEnter(options, [&] { runCallee(counts, inside); });
        const Report &report = result.janitorResult;
        if (options.failurePolicy != FailurePolicy::FailFast && !report.unfinished().isEmpty())
            ++counts->wrong;
        if (!plan.fails && !report.ok())
            ++counts->wrong;
    }
}

/// One round: several threads in one janitor each, inside the one of this thread.
void runRound(const CountsPointer &counts, Plan plan, int threads)
{
    (void)tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [&] {
        std::vector<std::thread> workers;
        for (int i = 0; i < threads; ++i) {
            Plan own = plan;
            own.random.seed(plan.random.generate());
            workers.emplace_back(Client::current().bind([counts, own] { runCallee(counts, own); }));
        }
        runCallee(counts, plan);
        for (std::thread &worker : workers)
            worker.join();
    });
}

} // namespace

void tst_ContractStress::initTestCase()
{
    if (qEnvironmentVariableIsSet("QJANITOR_TEST_SEED"))
        m_seed = quint32(qEnvironmentVariableIntValue("QJANITOR_TEST_SEED"));
    if (qEnvironmentVariableIsSet("QJANITOR_TEST_ROUNDS"))
        m_rounds = qEnvironmentVariableIntValue("QJANITOR_TEST_ROUNDS");
    qInfo("seed: QJANITOR_TEST_SEED=%u, rounds: QJANITOR_TEST_ROUNDS=%d", m_seed, m_rounds);
}

void tst_ContractStress::everyAcceptedJobRuns_data()
{
    QTest::addColumn<bool>("fails");
    QTest::addColumn<int>("poolThreads");
    QTest::newRow("without failures") << false << 4;
    QTest::newRow("with failures") << true << 4;
    QTest::newRow("with failures and a one-thread pool") << true << 1;
}

void tst_ContractStress::everyAcceptedJobRuns()
{
    QFETCH(const bool, fails);
    QFETCH(const int, poolThreads);
    const LogLines logLines;
    QRandomGenerator random(m_seed);
    QThreadPool pool;
    pool.setMaxThreadCount(poolThreads);
    qint64 jobs = 0;
    for (int round = 0; round < m_rounds; ++round) {
        const auto counts = std::make_shared<Counts>();
        const quint32 seed = random.generate();
        const Plan plan{QRandomGenerator(seed), 4, fails, &pool};
        runRound(counts, plan, int(seed % 3));
        // All were awaited by the outermost one, which waits whatever fails.
        if (counts->wrong > 0 || counts->started != counts->accepted ||
            counts->ended != counts->accepted || counts->destroyed != counts->accepted)
            qWarning("round %d, seed %u", round, seed);
        QCOMPARE(counts->wrong.load(), 0);
        QCOMPARE(counts->started.load(), counts->accepted.load());
        QCOMPARE(counts->ended.load(), counts->accepted.load());
        QCOMPARE(counts->destroyed.load(), counts->accepted.load());
        QVERIFY(fails || counts->refused == 0);
        jobs += counts->accepted;
    }
    QVERIFY(jobs > m_rounds / 10);
    qInfo("%lld jobs", static_cast<long long>(jobs));
}

QTEST_GUILESS_MAIN(tst_ContractStress)

#include "tst_contract_stress.moc"
