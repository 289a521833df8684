// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Pools that go as early as they may: once the last job that was spawned under them has ended, no
// janitor touches them any more.

#include "../contract/gate.h"
#include "../contract/heldagent.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// Where a thread stops at its next allocation: a spawner, that is, which has made its job known
/// and is about to see to a thread for it.
struct Stop
{
    const Gate reached;
    const Gate free;
};

/// Set for a thread that is to stop once.
thread_local const Stop *nextStop = nullptr;

void stopHere(const Stop &stop)
{
    stop.reached.open();
    // If all wait for this thread, as they may, then there is nothing to be seen.
    const QDeadlineTimer end(100ms);
    while (!stop.free.isOpen() && !end.hasExpired())
        std::this_thread::yield();
}

} // namespace

// Replaced as a pair, whatever allocates. Not inlined: where GCC sees only one half of the pair, it
// warns that memory of operator new is given to free().
[[gnu::noinline]] void *operator new(std::size_t size)
{
    if (const Stop *stop = std::exchange(nextStop, nullptr))
        stopHere(*stop);
    if (void *memory = std::malloc(size ? size : 1))
        return memory;
    throw std::bad_alloc();
}

[[gnu::noinline]] void operator delete(void *memory) noexcept
{
    std::free(memory);
}

[[gnu::noinline]] void operator delete(void *memory, std::size_t) noexcept
{
    std::free(memory);
}

namespace {

/// A pool that leaves nothing behind: who touches it later crashes.
class MortalPool
{
public:
    explicit MortalPool(int threads)
        : m_pool(new (m_memory.data()) QThreadPool)
    {
        m_pool->setMaxThreadCount(threads);
    }
    ~MortalPool() { destroy(); }
    Q_DISABLE_COPY_MOVE(MortalPool)

    QThreadPool *operator->() const { return m_pool; }
    QThreadPool *get() const { return m_pool; }
    void destroy()
    {
        if (QThreadPool *pool = std::exchange(m_pool, nullptr)) {
            std::destroy_at(pool);
            m_memory.fill(std::byte(0xaa));
        }
    }

private:
    alignas(QThreadPool) std::array<std::byte, sizeof(QThreadPool)> m_memory{};
    QThreadPool *m_pool;
};

/// Pools that went are kept, so that what has gone is not there again.
std::shared_ptr<MortalPool> makePool(int threads)
{
    static std::vector<std::shared_ptr<MortalPool>> pools;
    return pools.emplace_back(std::make_shared<MortalPool>(threads));
}

/// Keeps this thread busy until a pump's time slice is over.
void outlastATimeSlice()
{
    const QDeadlineTimer end(9ms);
    while (!end.hasExpired())
        std::this_thread::yield();
}

/// A callable that makes the thread which moves it into a janitor stop right after that.
class StoppingSpawner
{
public:
    StoppingSpawner(const Stop &stop, std::atomic<int> &ran)
        : m_stop(&stop)
        , m_ran(ran)
    {}
    StoppingSpawner(StoppingSpawner &&other) noexcept
        : m_ran(other.m_ran)
    {
        nextStop = std::exchange(other.m_stop, nullptr);
    }
    StoppingSpawner &operator=(StoppingSpawner &&) = delete;
    void operator()() const { ++m_ran; }

private:
    const Stop *m_stop = nullptr;
    std::atomic<int> &m_ran;
};

using Runner = std::function<void(const std::function<void()> &)>; // runs it and waits for it

} // namespace

Q_DECLARE_METATYPE(Runner)

class tst_PoolEnds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rightAfterTheJanitor_data();
    void rightAfterTheJanitor();
    void whileAPumpWaitsWithNothingToDo_data();
    void whileAPumpWaitsWithNothingToDo();
    void whileASpawnerIsOnItsWay_data();
    void whileASpawnerIsOnItsWay();
    void whileManySpawnersAreOnTheirWay();
    void whileItsJanitorWaitsForAFuture_data();
    void whileItsJanitorWaitsForAFuture();
    void whileAnotherJanitorsJobWaits_data();
    void whileAnotherJanitorsJobWaits();
};

static void addKinds()
{
    QTest::addColumn<JobKind>("kind");
    QTest::newRow("daemon") << JobKind::Daemon;
    QTest::newRow("cleanup job") << JobKind::CleanupJob;
}

template<class Job>
static void spawnAs(JobKind kind, Job job)
{
    if (kind == JobKind::Daemon)
        spawnDaemon(std::move(job));
    else
        spawnCleanupJob(std::move(job));
}

void tst_PoolEnds::rightAfterTheJanitor_data()
{
    QTest::addColumn<int>("threads");
    QTest::addColumn<int>("jobs");
    QTest::newRow("one job") << 1 << 1;
    QTest::newRow("a job for each thread") << 2 << 2;
    QTest::newRow("more jobs than threads") << 2 << 5;
}

void tst_PoolEnds::rightAfterTheJanitor()
{
    QFETCH(const int, threads);
    QFETCH(const int, jobs);
    constexpr int rounds = 40, owners = 8; // side by side, so that each is interrupted anywhere
    std::atomic<qsizetype> completed{0};
    std::array<std::thread, owners> all;
    for (std::thread &owner : all) {
        owner = std::thread([&] {
            for (int round = 0; round < rounds; ++round) {
                MortalPool pool(threads);
                completed += tryEnter({.threadPool = pool.get()}, [&] {
                                 for (int i = 0; i < jobs; ++i)
                                     spawnDaemon([] { outlastATimeSlice(); });
                             }).janitorResult.completedCount();
                pool->clear();
            }
        });
    }
    for (std::thread &owner : all)
        owner.join();
    HeldAgent::waitUntilItHasRead();
    QCOMPARE(completed.load(), rounds * owners * jobs);
}

void tst_PoolEnds::whileAPumpWaitsWithNothingToDo_data()
{
    QTest::addColumn<bool>("isHeld");
    QTest::newRow("and the agent is there") << false;
    QTest::newRow("and the agent comes late") << true;
}

void tst_PoolEnds::whileAPumpWaitsWithNothingToDo()
{
    QFETCH(const bool, isHeld);
    const auto pool = makePool(1);
    const Gate gate;
    const Report report = tryEnter({.threadPool = pool->get()}, [&] {
                              spawnDaemon([&] {
                                  // A pump that goes back to the queue comes behind this.
                                  (*pool)->start([gate] { gate.wait(); });
                                  outlastATimeSlice();
                              });
                          }).janitorResult;
    {
        std::unique_ptr<HeldAgent> agent;
        if (isHeld)
            agent = std::make_unique<HeldAgent>();
        (*pool)->clear();
        gate.open();
        pool->destroy();
    }
    HeldAgent::waitUntilItHasRead();
    QCOMPARE(report.completedCount(), 1);
}

void tst_PoolEnds::whileASpawnerIsOnItsWay_data()
{
    addKinds();
}

void tst_PoolEnds::whileASpawnerIsOnItsWay()
{
    QFETCH(const JobKind, kind);
    const auto pool = makePool(3);
    const Stop stop;
    std::atomic<int> ran{0};
    std::thread spawner;
    const Report report = tryEnter({.threadPool = pool->get()}, [&] {
                              const Gate begun;
                              spawnAs(kind, [=] {
                                  begun.open();
                                  stop.reached.wait();
                              });
                              begun.wait();
                              // One that has a thread takes both jobs; the spawner is late with
                              // another one.
                              spawner = std::thread(Client::current().bind([&] {
                                  spawnAs(kind, StoppingSpawner(stop, ran));
                                  if (std::exchange(nextStop, nullptr))
                                      stop.reached.open(); // it has had nothing to do
                              }));
                              stop.reached.wait();
                          }).janitorResult;
    pool->destroy();
    stop.free.open();
    spawner.join();
    QCOMPARE(ran.load(), 1);
    QCOMPARE(report.completedCount(), 2);
}

void tst_PoolEnds::whileManySpawnersAreOnTheirWay()
{
    constexpr int rounds = 300, spawners = 4;
    for (int round = 0; round < rounds; ++round) {
        const auto pool = makePool(2);
        std::array<std::thread, spawners> threads;
        std::atomic<int> ran{0}, accepted{0};
        std::atomic<int> ready{0};
        const Report report =
            tryEnter({.threadPool = pool->get()}, [&] {
                for (std::thread &thread : threads) {
                    thread = std::thread([&, client = Client::current()]() mutable {
                        ++ready;
                        while (client.trySpawnDaemon([&] { ++ran; }) == SpawnError::NoError) {
                            if (++accepted >= 200)
                                break;
                        }
                    });
                }
                blockUntil([&] { return ready == spawners && ran > 0; });
            }).janitorResult;
        pool->destroy();
        for (std::thread &thread : threads)
            thread.join();
        QCOMPARE(ran.load(), accepted.load());
        QCOMPARE(report.completedCount(), accepted.load());
    }
}

/// Runs \a callee in a janitor with \a options, which then waits for a future.
template<class F>
static Report enterAndWait(const Options &options, F callee)
{
    std::thread finisher;
    const Report report = tryEnter(options, [&] {
                              callee();
                              const Gate ends;
                              QPromise<void> promise;
                              promise.start();
                              spawnDaemon(promise.future());
                              finisher =
                                  std::thread([ends, promise = std::move(promise)]() mutable {
                                      ends.wait();
                                      outlastATimeSlice(); // likely it is being waited for
                                      promise.finish();
                                  });
                              ends.open();
                          }).janitorResult;
    finisher.join();
    return report;
}

void tst_PoolEnds::whileItsJanitorWaitsForAFuture_data()
{
    QTest::addColumn<JobKind>("kind");
    QTest::addColumn<Runner>("runner");
    const Runner runners[] = {
        [](const auto &function) { function(); },
        [](const auto &function) { onStdThread(function); },
        [](const auto &function) {
            QThreadPool pool;
            pool.start(function);
            pool.waitForDone();
        },
        [](const auto &function) { enter([&] { spawnDaemon(function); }); },
    };
    const char *const names[] = {"on the main thread", "on a thread", "on a thread of another pool",
                                 "in a job"};
    for (std::size_t i = 0; i < std::size(runners); ++i) {
        QTest::addRow("daemons, %s", names[i]) << JobKind::Daemon << runners[i];
        QTest::addRow("cleanup jobs, %s", names[i]) << JobKind::CleanupJob << runners[i];
    }
}

void tst_PoolEnds::whileItsJanitorWaitsForAFuture()
{
    QFETCH(const JobKind, kind);
    QFETCH(const Runner, runner);
    qsizetype completed = 0;
    runner([&] {
        const auto pool = makePool(1);
        completed = enterAndWait({.threadPool = pool->get()}, [&] {
                        for (int i = 0; i < 3; ++i)
                            spawnAs(kind, [] {});
                        blockUntil([] { return Client::current().jobs().isEmpty(); });
                        pool->destroy();
                    }).completedCount();
    });
    QCOMPARE(completed, 4);
}

void tst_PoolEnds::whileAnotherJanitorsJobWaits_data()
{
    QTest::addColumn<bool>("isGuarded");
    QTest::addColumn<bool>("isDeep");
    QTest::addColumn<JobKind>("kind");
    for (const bool isGuarded : {false, true}) {
        for (const bool isDeep : {false, true}) {
            for (const JobKind kind : {JobKind::Daemon, JobKind::CleanupJob}) {
                QTest::addRow("%s, made in a %s%s",
                              isGuarded ? "on a thread that guards it" : "in a job",
                              kind == JobKind::Daemon ? "daemon" : "cleanup job",
                              isDeep ? " of a janitor inside" : "")
                    << isGuarded << isDeep << kind;
            }
        }
    }
}

/// A janitor that was made in a job of one whose pool has gone since.
void tst_PoolEnds::whileAnotherJanitorsJobWaits()
{
    QFETCH(const bool, isGuarded);
    QFETCH(const bool, isDeep);
    QFETCH(const JobKind, kind);
    std::unique_ptr<Supervisor> supervisor;
    const auto pool = makePool(1);
    const auto inner = makePool(1);
    enter({.threadPool = pool->get()}, [&] {
        spawnAs(kind, [&] {
            const auto make = [&] {
                supervisor = std::make_unique<Supervisor>(
                    Options{.failurePolicy = FailurePolicy::KeepGoing});
                supervisor->moveToThread(qApp->thread());
            };
            if (isDeep)
                enter({.threadPool = inner->get()}, [&] { spawnAs(kind, make); });
            else
                make();
        });
    });
    pool->destroy();
    inner->destroy();
    std::atomic<qsizetype> completed{0};
    const auto waitInside = [&completed] { completed = enterAndWait({}, [] {}).completedCount(); };
    Client client = supervisor->client();
    if (isGuarded)
        onStdThread(client.bind(waitInside));
    else
        client.spawnDaemon(waitInside);
    const QFuture<Report> report = supervisor->terminate();
    blockUntil([&] { return report.isFinished(); });
    QCOMPARE(completed.load(), 1);
    QVERIFY(report.result().ok());
    QCOMPARE(report.result().completedCount(), isGuarded ? 0 : 1);
}

QTEST_GUILESS_MAIN(tst_PoolEnds)

#include "tst_poolends.moc"
