// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What several threads do to one job queue at a time. For tst_jobqueue, and for a program that runs
// under the thread sanitizer. Each returns what went wrong; nothing if all is well.

#pragma once

#include "jobs/jobqueue_p.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace JobQueueRaces {

using QJanitor::JobInfo;
using QJanitor::Private::JanitorLock;
using QJanitor::Private::JobCell;
using QJanitor::Private::JobQueue;
using QJanitor::Private::JobType;
using QJanitor::Private::Origin;
using QJanitor::Private::SourceLocation;

/// Nobody runs the jobs here: a number stands for the callable.
inline constexpr JobType numberType{};

inline void build(JobQueue::Place place, int number)
{
    ::new (place.cell().storage.data()) int(number);
}

inline int numberIn(JobQueue::Place place)
{
    return *std::launder(reinterpret_cast<int *>(place.cell().storage.data()));
}

/// A queue with the locks that its owner and its takers have for it.
class Owned
{
public:
    JobQueue::Place reserve(const char *name = nullptr)
    {
        const auto site = SourceLocation::current();
        const JanitorLock lock(m_owner);
        const QString text = QString::fromLatin1(name);
        return m_queue.reserve(lock, Origin(&text, site));
    }
    /// Returns false if a taker has passed the job over; it is handed in late then.
    bool publish(JobQueue::Place place)
    {
        if (JobQueue::publish(place, &numberType))
            return true;
        const JanitorLock lock(m_owner);
        m_queue.late(lock, place);
        return false;
    }
    JobQueue::Place spawn(int number, const char *name = nullptr)
    {
        const JobQueue::Place place = reserve(name);
        build(place, number);
        publish(place);
        return place;
    }
    JobQueue::Place take()
    {
        for (;;) {
            JobQueue::Taken taken;
            {
                const std::lock_guard lock(m_takers);
                taken = m_queue.take();
            }
            if (taken.place)
                return taken.place;
            const JanitorLock lock(m_owner);
            if (!taken.through)
                return m_queue.takeLate(lock);
            m_queue.recycle(lock, taken.through);
        }
    }
    void end(JobQueue::Place place)
    {
        Origin taken;
        if (place.cell().origin.isOnHeap()) {
            const JanitorLock lock(m_owner);
            taken = JobQueue::takeName(lock, place);
        }
        place.cell().setState(JobCell::Ended);
        if (JobQueue::countEnded(place.chunk, 1)) {
            const JanitorLock lock(m_owner);
            m_queue.recycle(lock, place.chunk);
        }
    }
    std::vector<JobInfo> list() const
    {
        std::vector<JobInfo> jobs;
        const JanitorLock lock(m_owner);
        m_queue.visit(lock, [&jobs](const JobCell &, const JobInfo &job) { jobs.push_back(job); });
        return jobs;
    }
    bool hasLate() const
    {
        const JanitorLock lock(m_owner);
        return m_queue.hasLate(lock);
    }

private:
    mutable std::mutex m_owner;
    std::mutex m_takers;
    JobQueue m_queue;
};

/// Spawners, takers and one who lists the jobs, all at once: each job is taken once, and is intact.
inline std::string everyJobIsTakenOnce(int spawnerCount, int takerCount, int jobsPerSpawner)
{
    Owned queue;
    const int jobCount = spawnerCount * jobsPerSpawner;
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(jobCount));
    std::atomic<int> left{jobCount};
    std::atomic<bool> badName{false};
    std::vector<std::thread> threads;
    for (int spawner = 0; spawner < spawnerCount; ++spawner) {
        threads.emplace_back([&queue, spawner, jobsPerSpawner] {
            for (int job = 0; job < jobsPerSpawner; ++job)
                queue.spawn(spawner * jobsPerSpawner + job, job % 4 ? nullptr : "named");
        });
    }
    for (int taker = 0; taker < takerCount; ++taker) {
        threads.emplace_back([&queue, &seen, &left] {
            while (left.load() > 0) {
                const JobQueue::Place place = queue.take();
                if (!place) {
                    std::this_thread::yield();
                    continue;
                }
                ++seen[static_cast<std::size_t>(numberIn(place))];
                queue.end(place);
                --left;
            }
        });
    }
    threads.emplace_back([&queue, &left, &badName] {
        while (left.load() > 0) {
            for (const JobInfo &job : queue.list()) {
                if (!job.name.isEmpty() && job.name != QLatin1String("named"))
                    badName = true;
            }
            std::this_thread::yield();
        }
    });
    for (std::thread &thread : threads)
        thread.join();
    for (std::size_t job = 0; job < seen.size(); ++job) {
        if (seen[job] != 1)
            return "job " + std::to_string(job) + " taken " + std::to_string(seen[job]) + " times";
    }
    return badName ? "a name was garbled" : !queue.list().empty() ? "a job is left" : std::string();
}

} // namespace JobQueueRaces
