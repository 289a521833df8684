// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that lists its live jobs.

#include "coro/spawnedcoroutine_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

QList<JobInfo> Janitor::jobs() const
{
    QList<JobInfo> jobs;
    std::vector<JanitorPointer> givers;
    {
        const JanitorLock lock(m_mutex);
        list(lock, jobs);
        givers = m_handover.givers(lock);
    }
    for (const JanitorPointer &giver : givers)
        jobs += giver->jobs();
    return jobs;
}

std::vector<LiveJob> Janitor::oldestJobs(qsizetype most) const
{
    std::vector<LiveJob> jobs;
    addOldestJobs(jobs, most);
    // Stable: within one tick of the clock they are in the order of their queues.
    std::stable_sort(jobs.begin(), jobs.end(),
                     [](const LiveJob &a, const LiveJob &b) { return a.spawned < b.spawned; });
    if (jobs.size() > std::size_t(most))
        jobs.resize(std::size_t(most));
    return jobs;
}

/// Adds the oldest live jobs of each sort, at most \a most, and those of the givers.
void Janitor::addOldestJobs(std::vector<LiveJob> &jobs, qsizetype most) const
{
    std::vector<JanitorPointer> givers;
    {
        const JanitorLock lock(m_mutex);
        const std::int64_t now = coarseNow(); // only now: none of them is younger
        visitLive(
            lock,
            [&](const void *key, JobInfo info) {
                jobs.push_back({now - info.age.count(), key, std::move(info)});
            },
            now, most);
        givers = m_handover.givers(lock);
    }
    for (const JanitorPointer &giver : givers)
        giver->addOldestJobs(jobs, most);
}

/// Lists the live jobs of this janitor's own.
void Janitor::list(Held held, QList<JobInfo> &jobs) const
{
    visitLive(
        held, [&jobs](const void *, const JobInfo &info) { jobs.append(info); }, coarseNow(),
        std::numeric_limits<qsizetype>::max());
}

/// Calls \a visitor with the live jobs of this janitor's own: of each sort the oldest, at most \a
/// most.
///
template<class Visitor>
void Janitor::visitLive(Held held, Visitor visitor, std::int64_t now, qsizetype most) const
{
    for (const std::atomic<CallableList *> &entry : m_callables) {
        const CallableList *callables = entry.load(std::memory_order_relaxed);
        if (!callables)
            continue;
        const auto visitCell = [&](const JobCell &live, JobInfo info) {
            info.kind = callables->kind;
            for (const HeldPromise &promise : m_heldPromises) {
                if (promise.cell == &live)
                    addProgress(info, promise.future, promise.progress);
            }
            visitor(&live, std::move(info));
        };
        callables->queue.visit(held, visitCell, now, most);
    }
    qsizetype left = most;
    for (const WatchedJob *job = m_watchedJobs.first; job && left-- > 0; job = job->next)
        visitor(job, describe(job->facts, job->future, now));
    for (auto batch = m_newFutures.begin(); batch != m_newFutures.end() && left > 0; ++batch) {
        for (const QFuture<void> &future : batch->futures)
            visitor(&future, describe(batch->facts, future, now));
        left -= qsizetype(batch->futures.size());
    }
    for (const SpawnedCoroutinePointer &job : SpawnedCoroutine::oldest(held, *this, most))
        visitor(job.data(), job->describe(now));
}

} // namespace QJanitor::Private
