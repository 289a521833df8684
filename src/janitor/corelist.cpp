// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that lists its live jobs.

#include "coro/cojob_p.h"
#include "janitor/corelane_p.h"
#include "jobs/job_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

QList<JobInfo> Core::jobs() const
{
    QList<JobInfo> jobs;
    std::vector<CorePointer> wards;
    {
        const std::lock_guard lock(m_mutex);
        list(jobs);
        wards = m_wards;
    }
    for (const CorePointer &ward : wards)
        jobs += ward->jobs();
    return jobs;
}

std::vector<LiveJob> Core::oldestJobs(qsizetype most) const
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

/// Adds the oldest live jobs of each sort, at most \a most, and those of the wards.
void Core::addOldestJobs(std::vector<LiveJob> &jobs, qsizetype most) const
{
    std::vector<CorePointer> wards;
    {
        const std::lock_guard lock(m_mutex);
        const std::int64_t now = coarseNow(); // only now: none of them is younger
        visitLive(
            [&](const void *key, JobInfo info) {
                jobs.push_back({now - info.age.count(), key, std::move(info)});
            },
            now, most);
        wards = m_wards;
    }
    for (const CorePointer &ward : wards)
        ward->addOldestJobs(jobs, most);
}

/// Lists the live jobs of this core's own. Under the lock.
void Core::list(QList<JobInfo> &jobs) const
{
    visitLive([&jobs](const void *, const JobInfo &info) { jobs.append(info); }, coarseNow(),
              std::numeric_limits<qsizetype>::max());
}

/// Calls \a visitor with the live jobs of this core's own: of each sort the oldest, at most \a most.
/// Under the lock.
template<class Visitor>
void Core::visitLive(Visitor visitor, std::int64_t now, qsizetype most) const
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        const Lane *lane = slot.load(std::memory_order_relaxed);
        if (!lane)
            continue;
        const auto visitSlot = [&](const Slot &live, JobInfo info) {
            info.kind = lane->kind;
            for (const HeldPromise &held : m_heldPromises) {
                if (held.slot == &live)
                    addProgress(info, held.future, held.progress);
            }
            visitor(&live, std::move(info));
        };
        lane->queue.visit(visitSlot, now, most);
    }
    qsizetype left = most;
    for (const WatchedJob *job = m_watchedJobs.first; job && left-- > 0; job = job->next)
        visitor(job, describe(job->facts, job->future, now));
    for (auto batch = m_newFutures.begin(); batch != m_newFutures.end() && left > 0; ++batch) {
        for (const QFuture<void> &future : batch->futures)
            visitor(&future, describe(batch->facts, future, now));
        left -= qsizetype(batch->futures.size());
    }
    for (const CoJobPointer &job : CoJob::oldest(*this, most))
        visitor(job.data(), job->describe(now));
}

} // namespace QJanitor::Private
