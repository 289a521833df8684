// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Janitors with one job or none.

#include "bench.h"

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qfuturesynchronizer.h>
#include <QtCore/qthreadpool.h>

#include <chrono>

namespace Bench {

namespace {

using Clock = std::chrono::steady_clock;

void janitorOneJob(benchmark::State &state)
{
    for (auto _ : state)
        QJanitor::enter([] { QJanitor::spawnDaemon(trivialJob); });
}

void qtConcurrentOneJob(benchmark::State &state)
{
    for (auto _ : state) {
        QFutureSynchronizer<void> synchronizer;
        synchronizer.addFuture(QtConcurrent::run(trivialJob));
    }
}

void janitorEmpty(benchmark::State &state)
{
    for (auto _ : state)
        QJanitor::enter(trivialJob);
}

/// Of one finished future: without any, the compiler sees that there is nothing to do.
void synchronizerEmpty(benchmark::State &state)
{
    for (auto _ : state) {
        QFutureSynchronizer<void> synchronizer{QFuture<void>()};
        trivialJob();
    }
}

// ---- from the end of the last job to the return of the wait, when the waiter sleeps

/// A job that lets its spawner fall asleep, and then notes when it ends.
class LastJob
{
public:
    void operator()()
    {
        m_started.store(true, std::memory_order_release);
        const Clock::time_point end = Clock::now() + std::chrono::microseconds(300);
        while (Clock::now() < end) {
        }
        m_end = Clock::now();
    }
    /// Makes sure that the job runs on a thread of the pool, not on that of the waiter.
    void waitForStart() const
    {
        while (!m_started.load(std::memory_order_acquire))
            std::this_thread::yield();
    }
    double secondsSinceEnd() const
    {
        return std::chrono::duration<double>(Clock::now() - m_end).count();
    }

private:
    std::atomic<bool> m_started{false};
    Clock::time_point m_end;
};

void janitorTail(benchmark::State &state)
{
    for (auto _ : state) {
        LastJob job;
        QJanitor::enter([&job] {
            QJanitor::spawnDaemon(std::ref(job));
            job.waitForStart();
        });
        state.SetIterationTime(job.secondsSinceEnd());
    }
}

void poolTail(benchmark::State &state)
{
    for (auto _ : state) {
        LastJob job;
        AtomicLatch latch(1);
        QThreadPool::globalInstance()->start([&job, &latch] {
            job();
            latch.countDown();
        });
        job.waitForStart();
        latch.wait();
        state.SetIterationTime(job.secondsSinceEnd());
    }
}

} // namespace

void addLatency()
{
    add("one job, worker/janitor", onWorker<janitorOneJob>, 5'000);
    add("one job, worker/QtConcurrent", onWorker<qtConcurrentOneJob>, 5'000);
    add("one job/janitor", janitorOneJob, 2'000);
    add("one job/QtConcurrent", qtConcurrentOneJob, 2'000);
    add("empty/janitor", janitorEmpty, 100'000);
    add("empty/synchronizer", synchronizerEmpty, 100'000);
    addManual("tail, worker/janitor", onWorker<janitorTail>, 200);
    addManual("tail, worker/pool", onWorker<poolTail>, 200);
    addManual("tail/janitor", janitorTail, 200);
    addManual("tail/pool", poolTail, 200);
}

} // namespace Bench
