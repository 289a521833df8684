// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

namespace Bench {

/// The benchmarks tell by this counter how many operations one iteration stands for.
inline constexpr auto operations = "operations";

/// The job that does nothing, the same for all peers.
inline auto trivialJob = [] { benchmark::ClobberMemory(); };

/// Some 5 microseconds of work that does not look at a clock.
inline void work()
{
    for (int i = 0; i < 16'000; ++i)
        benchmark::DoNotOptimize(i);
}

/// Counts down to zero and releases one waiter: what a user would write around a bare thread pool.
class AtomicLatch
{
public:
    explicit AtomicLatch(int count)
        : m_left(count)
    {
    }
    void countDown()
    {
        if (m_left.fetch_sub(1, std::memory_order_acq_rel) == 1)
            m_left.notify_one();
    }
    void wait() const
    {
        while (const int left = m_left.load(std::memory_order_acquire))
            m_left.wait(left, std::memory_order_acquire);
    }

private:
    std::atomic<int> m_left;
};

/// Runs a benchmark on a thread that has no event loop.
template<void (*benchmarkFunction)(benchmark::State &)>
void onWorker(benchmark::State &state)
{
    std::thread([&state] { benchmarkFunction(state); }).join();
}

/// Registers a benchmark that runs \a iterations times in each round.
void add(const char *name, void (*function)(benchmark::State &), int iterations);
void addManual(const char *name, void (*function)(benchmark::State &), int iterations);

void addThroughput();
void addLatency();
void addCoroutines(); ///< If QCoro is there.

} // namespace Bench
