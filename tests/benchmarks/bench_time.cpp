// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Runs all variants in rounds, in random order, and prints the medians and their ratios beside the
// goals. Options: --quick for fewer rounds without the largest case, --only=<regex>, --rounds=<n>.

#include "bench.h"

#include <QtCore/qcoreapplication.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace Bench {

void add(const char *name, void (*function)(benchmark::State &), int iterations)
{
    benchmark::RegisterBenchmark(name, function)->Iterations(iterations)->UseRealTime();
}

void addManual(const char *name, void (*function)(benchmark::State &), int iterations)
{
    benchmark::RegisterBenchmark(name, function)->Iterations(iterations)->UseManualTime();
}

namespace {

struct Comparison
{
    const char *what;
    const char *ours;
    const char *peer;
    double goal;
};

constexpr std::array comparisons = {
    Comparison{"100,000 trivial jobs / QtConcurrent::run", "many/janitor", "many/QtConcurrent",
               0.10},
    Comparison{"  the same / bare QThreadPool", "many/janitor", "many/pool", 0.50},
    Comparison{"  the same / oneTBB task_group", "many/janitor", "many/TBB", 1.0},
    Comparison{"100,000 on a worker / QtConcurrent::run", "many, worker/janitor",
               "many, worker/QtConcurrent", 0.10},
    Comparison{"  the same / bare QThreadPool", "many, worker/janitor", "many, worker/pool", 0.50},
    Comparison{"  the same / oneTBB task_group", "many, worker/janitor", "many, worker/TBB", 1.0},
    Comparison{"100,000 futures, adopted / synchronizer", "adopting/janitor", "many/QtConcurrent",
               1.0},
    Comparison{"the caller's share of a spawn", "share/janitor", "share/QtConcurrent", 0.06},
    Comparison{"two spawning threads", "two spawners/janitor", "two spawners/QtConcurrent", 0.10},
    Comparison{"jobs of 5 us / serially", "5 us/janitor", "5 us/serial", 0.60},
    Comparison{"one job, on a worker / QtConcurrent::run", "one job, worker/janitor",
               "one job, worker/QtConcurrent", 1.0},
    Comparison{"one job, application's thread", "one job/janitor", "one job/QtConcurrent", 0},
    Comparison{"no job / QFutureSynchronizer", "empty/janitor", "empty/synchronizer", 3.0},
    Comparison{"last job to return, worker / pool, latch", "tail, worker/janitor",
               "tail, worker/pool", 1.2},
    Comparison{"last job to return, application's thread", "tail/janitor", "tail/pool", 1.2},
#if defined(HAS_COROUTINES)
    Comparison{"a coroutine / QCoro, QtConcurrent", "coroutine/janitor",
               "coroutine/QCoro, QtConcurrent", 0.05},
#endif
    Comparison{"growth: 10,000,000 jobs / 10,000", "growth/10,000,000", "growth/10,000", 1.2},
};

/// Collects the rounds of each benchmark as nanoseconds per operation.
class Collector : public benchmark::BenchmarkReporter
{
public:
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs) {
            if (run.run_type != Run::RT_Iteration || run.error_occurred)
                continue;
            const auto counter = run.counters.find(operations);
            const double count = counter == run.counters.end() ? 1 : double(counter->second);
            m_rounds[run.run_name.function_name].push_back(run.real_accumulated_time /
                                                           double(run.iterations) / count * 1e9);
        }
    }
    double median(const char *name)
    {
        std::vector<double> &rounds = m_rounds[name];
        if (rounds.empty())
            return 0;
        const auto middle = rounds.begin() + std::ptrdiff_t(rounds.size() / 2);
        std::nth_element(rounds.begin(), middle, rounds.end());
        return *middle;
    }

private:
    std::map<std::string, std::vector<double>> m_rounds;
};

void printTable(Collector &collector)
{
    std::printf("%-44s %11s %11s %8s %8s\n", "medians in ns per operation", "janitor", "peer",
                "ratio", "goal");
    for (const Comparison &row : comparisons) {
        const double ours = collector.median(row.ours);
        const double peer = collector.median(row.peer);
        if (ours <= 0 || peer <= 0)
            continue;
        const double ratio = ours / peer;
        std::printf("%-44s %11.1f %11.1f %8.3f ", row.what, ours, peer, ratio);
        if (row.goal > 0)
            std::printf("%8.2f%s\n", row.goal, ratio > row.goal ? "  missed" : "");
        else
            std::printf("%8s\n", "-");
    }
}

} // namespace
} // namespace Bench

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    std::string rounds = "15";
    std::string filter = "all";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--quick") {
            rounds = "5";
            filter = "-growth";
        } else if (argument.starts_with("--only=")) {
            filter = argument.substr(7);
        } else if (argument.starts_with("--rounds=")) {
            rounds = argument.substr(9);
        }
    }
    std::string repetitions = "--benchmark_repetitions=" + rounds;
    std::string interleaving = "--benchmark_enable_random_interleaving=true";
    std::array arguments = {argv[0], repetitions.data(), interleaving.data()};
    int count = int(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    Bench::addThroughput();
    Bench::addLatency();
#if defined(HAS_COROUTINES)
    Bench::addCoroutines();
#endif
    Bench::Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector, filter);
    Bench::printTable(collector);
    return 0;
}
