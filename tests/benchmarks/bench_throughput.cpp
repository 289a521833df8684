// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Many jobs in one janitor.

#include "bench.h"

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qfuturesynchronizer.h>
#include <QtCore/qthreadpool.h>

#include <oneapi/tbb/task_group.h>

#include <chrono>

namespace Bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int manyJobs = 100'000;

void setOperations(benchmark::State &state, int count)
{
    state.counters[operations] = count;
}

double secondsSince(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

template<int count = manyJobs>
void janitor(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([] {
            for (int i = 0; i < count; ++i)
                QJanitor::spawnDaemon(trivialJob);
        });
    }
    setOperations(state, count);
}

void qtConcurrent(benchmark::State &state)
{
    for (auto _ : state) {
        QFutureSynchronizer<void> synchronizer;
        for (int i = 0; i < manyJobs; ++i)
            synchronizer.addFuture(QtConcurrent::run(trivialJob));
    }
    setOperations(state, manyJobs);
}

void barePool(benchmark::State &state)
{
    for (auto _ : state) {
        AtomicLatch latch(manyJobs);
        for (int i = 0; i < manyJobs; ++i) {
            QThreadPool::globalInstance()->start([&latch] {
                trivialJob();
                latch.countDown();
            });
        }
        latch.wait();
    }
    setOperations(state, manyJobs);
}

void tbbTaskGroup(benchmark::State &state)
{
    for (auto _ : state) {
        tbb::task_group group;
        for (int i = 0; i < manyJobs; ++i)
            group.run(trivialJob);
        group.wait();
    }
    setOperations(state, manyJobs);
}

void janitorAdopting(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([] {
            for (int i = 0; i < manyJobs; ++i)
                QJanitor::spawnDaemon(QtConcurrent::run(trivialJob));
        });
    }
    setOperations(state, manyJobs);
}

// ---- the caller's share: the jobs run meanwhile, but nobody is waited for

void janitorCallersShare(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([&state] {
            const Clock::time_point start = Clock::now();
            for (int i = 0; i < manyJobs; ++i)
                QJanitor::spawnDaemon(trivialJob);
            state.SetIterationTime(secondsSince(start));
        });
    }
    setOperations(state, manyJobs);
}

void qtConcurrentCallersShare(benchmark::State &state)
{
    for (auto _ : state) {
        QFutureSynchronizer<void> synchronizer;
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < manyJobs; ++i)
            synchronizer.addFuture(QtConcurrent::run(trivialJob));
        state.SetIterationTime(secondsSince(start));
    }
    setOperations(state, manyJobs);
}

// ---- two spawning threads

template<class F>
void onTwoThreads(F &&function)
{
    std::thread first(function);
    std::thread second(function);
    first.join();
    second.join();
}

void janitorTwoSpawners(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([] {
            onTwoThreads([client = QJanitor::Client::current()] {
                const QJanitor::AmbientGuard guard(client);
                for (int i = 0; i < manyJobs / 2; ++i)
                    QJanitor::spawnDaemon(trivialJob);
            });
        });
    }
    setOperations(state, manyJobs);
}

void qtConcurrentTwoSpawners(benchmark::State &state)
{
    for (auto _ : state) {
        onTwoThreads([] {
            QFutureSynchronizer<void> synchronizer;
            for (int i = 0; i < manyJobs / 2; ++i)
                synchronizer.addFuture(QtConcurrent::run(trivialJob));
        });
    }
    setOperations(state, manyJobs);
}

// ---- jobs that do something

constexpr int workingJobs = 10'000;

void janitorWorking(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([] {
            for (int i = 0; i < workingJobs; ++i)
                QJanitor::spawnDaemon(work);
        });
    }
    setOperations(state, workingJobs);
}

void serialWorking(benchmark::State &state)
{
    for (auto _ : state) {
        for (int i = 0; i < workingJobs; ++i)
            work();
    }
    setOperations(state, workingJobs);
}

} // namespace

void addThroughput()
{
    add("many/janitor", janitor, 1);
    add("many/QtConcurrent", qtConcurrent, 1);
    add("many/pool", barePool, 1);
    add("many/TBB", tbbTaskGroup, 1);
    add("many, worker/janitor", onWorker<janitor>, 1);
    add("many, worker/QtConcurrent", onWorker<qtConcurrent>, 1);
    add("many, worker/pool", onWorker<barePool>, 1);
    add("many, worker/TBB", onWorker<tbbTaskGroup>, 1);
    add("adopting/janitor", janitorAdopting, 1);
    addManual("share/janitor", janitorCallersShare, 1);
    addManual("share/QtConcurrent", qtConcurrentCallersShare, 1);
    add("two spawners/janitor", janitorTwoSpawners, 1);
    add("two spawners/QtConcurrent", qtConcurrentTwoSpawners, 1);
    add("5 us/janitor", janitorWorking, 1);
    add("5 us/serial", serialWorking, 1);
    add("growth/10,000", janitor<10'000>, 10);
    add("growth/10,000,000", janitor<10'000'000>, 1);
}

} // namespace Bench
