// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that has futures and promises cancelled when stop is requested, here or outside.

#include "corelane_p.h"
#include "job_p.h"

#include <vector>

namespace QJanitor::Private {

void Core::joinOuters()
{
    const std::lock_guard lock(m_mutex);
    if (m_followsOuter.load(std::memory_order_relaxed) || (isDone() && hasForwardedAll()))
        return;
    // Who sees this early still waits for the lock before it adds a job.
    m_followsOuter.store(true, std::memory_order_release);
    forEachStopper([this](Core &outer) {
        const std::lock_guard outerLock(outer.m_mutex);
        outer.m_inner.push_back(this);
    });
}

/// Whether all jobs that were handed on have ended. Under the lock.
bool Core::hasForwardedAll() const
{
    return m_forwarded == m_ledger.handedOnCount();
}

/// Once nothing is left that a stop outside could reach. Under the lock.
void Core::forgetByOuters()
{
    if (m_followsOuter && isDone() && hasForwardedAll())
        forEachStopper([this](Core &outer) { outer.forgetInner(this); });
}

void Core::forgetInner(Core *core)
{
    const std::lock_guard lock(m_mutex);
    std::erase(m_inner, core);
}

void Core::cancelDaemons()
{
    std::vector<QFuture<void>> futures;
    {
        const std::lock_guard lock(m_mutex);
        futures = daemonFutures();
    }
    for (const QFuture<void> &future : futures)
        cancelUnfinished(future);
}

void Core::addPromise(const Slot *slot, JobKind kind, const QFuture<void> &future)
{
    followOuterStops();
    {
        const std::lock_guard lock(m_mutex);
        m_heldPromises.push_back({slot, kind, future, {}});
    }
    if (isStopRequested(roleOf(kind)))
        cancelUnfinished(future);
}

void Core::removePromise(const Slot *slot)
{
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_heldPromises, [slot](const HeldPromise &held) { return held.slot == slot; });
}

/// Returns the futures of the daemons, to be cancelled without the lock. Under the lock.
std::vector<QFuture<void>> Core::daemonFutures()
{
    std::vector<QFuture<void>> futures;
    const auto add = [&](const FutureFacts &facts, const QFuture<void> &future) {
        if (facts.kind == JobKind::Daemon && !future.isFinished())
            futures.push_back(future);
    };
    for (const FutureBatch &batch : m_newFutures) {
        for (const QFuture<void> &future : batch.futures)
            add(batch.facts, future);
    }
    for (const WatchedJob *job = m_watchedJobs.first; job; job = job->next)
        add(job->facts, job->future);
    for (const HeldPromise &held : m_heldPromises) {
        if (held.kind == JobKind::Daemon)
            futures.push_back(held.future);
    }
    return futures;
}

} // namespace QJanitor::Private
