// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Hands jobs over to the pool and futures to those who drain, for the thread sanitizer: without an
// application, for it reports what Qt's event queues do. The jobs leave their marks in plain
// variables, so that a missing order between a job, its janitor's end and the spawner is a race.

#include <qjanitor/qjanitor.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr int spawners = 3;

/// Each spawner spawns \a jobs jobs; each job counts in a plain variable of its own.
bool everyJobIsOrderedBeforeTheEnd(int jobs)
{
    std::vector<int> marks(std::size_t(spawners * jobs));
    QJanitor::enter({.failurePolicy = QJanitor::FailurePolicy::KeepGoing}, [&] {
        std::vector<std::thread> threads;
        for (int spawner = 0; spawner < spawners; ++spawner) {
            threads.emplace_back(QJanitor::Client::current().bind([&marks, spawner, jobs] {
                for (int job = 0; job < jobs; ++job) {
                    int &mark = marks[std::size_t(spawner * jobs + job)];
                    mark = 1; // ordered before the job
                    if (job % 8)
                        QJanitor::spawnDaemon([&mark] { ++mark; });
                    else
                        QJanitor::spawnCleanupJob([&mark] { ++mark; });
                }
            }));
        }
        for (std::thread &thread : threads)
            thread.join();
    });
    int sum = 0;
    for (const int mark : marks)
        sum += mark; // ordered after the jobs
    return sum == 2 * spawners * jobs;
}

/// Failures are handed on to the enclosing janitor while the jobs go on.
bool everyHandedOnJobIsOrderedBeforeTheEnd(int jobs)
{
    std::vector<int> marks(std::size_t(jobs + 1));
    QJanitor::enter({.failurePolicy = QJanitor::FailurePolicy::KeepGoing}, [&] {
        (void)QJanitor::tryEnter([&] {
            for (int job = 0; job < jobs; ++job)
                QJanitor::spawnCleanupJob([&mark = marks[std::size_t(job)]] { ++mark; });
            (void)QJanitor::trySpawnDaemon(
                [] { return QJanitor::Error(QStringLiteral("broken")); });
        });
    });
    int sum = 0;
    for (const int mark : marks)
        sum += mark;
    return sum == jobs;
}

/// Futures that other threads finish are adopted; nobody watches them but who drains.
bool everyAdoptedFutureIsAwaited(int futures)
{
    std::vector<std::thread> threads;
    const auto result = QJanitor::tryEnter([&] {
        for (int i = 0; i < futures; ++i) {
            QPromise<void> promise;
            promise.start();
            QJanitor::spawnDaemon(promise.future());
            threads.emplace_back([promise = std::move(promise)]() mutable { promise.finish(); });
        }
    });
    for (std::thread &thread : threads)
        thread.join();
    return result.janitorResult.completedCount() == futures;
}

/// Futures that finish while others are adopted are counted by those who adopt, side by side.
bool everyFutureIsCountedOnce(int dozens)
{
    const auto result = QJanitor::tryEnter([&] {
        std::vector<std::thread> threads;
        for (int spawner = 0; spawner < spawners; ++spawner) {
            threads.emplace_back(QJanitor::Client::current().bind([dozens] {
                for (int dozen = 0; dozen < dozens; ++dozen) {
                    std::array<QPromise<void>, 12> promises;
                    for (QPromise<void> &promise : promises) {
                        promise.start();
                        QJanitor::spawnDaemon(promise.future());
                    }
                    for (QPromise<void> &promise : promises)
                        promise.finish();
                }
            }));
        }
        for (std::thread &thread : threads)
            thread.join();
    });
    return result.janitorResult.completedCount() == 12 * dozens * spawners;
}

} // namespace

int main(int argc, char **argv)
{
    const std::string_view what = argc > 1 ? argv[1] : "";
    bool (*const race)(int) = what == "jobs"        ? everyJobIsOrderedBeforeTheEnd
                              : what == "handed-on" ? everyHandedOnJobIsOrderedBeforeTheEnd
                              : what == "futures"   ? everyAdoptedFutureIsAwaited
                              : what == "counted"   ? everyFutureIsCountedOnce
                                                    : nullptr;
    if (!race) {
        std::fprintf(stderr, "usage: stress_handover jobs|handed-on|futures|counted\n");
        return 2;
    }
    for (int round = 1; round <= 50; ++round) {
        if (!race(round)) {
            std::fprintf(stderr, "round %d: a job is missing\n", round);
            return 1;
        }
    }
    return 0;
}
