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

/// Notes the futures that a stop is to cancel, here and in the janitors inside. Under the lock.
void Core::collectToCancel(Todo &todo)
{
    try {
        todo.toCancel = daemonFutures();
        todo.toCancelInside.assign(m_inner.begin(), m_inner.end());
    } catch (const std::bad_alloc &) {
        todo.cancelOneByOne = true;
    }
}

void Core::cancelDaemons()
{
    std::vector<QFuture<void>> futures;
    try {
        const std::lock_guard lock(m_mutex);
        futures = daemonFutures();
    } catch (const std::bad_alloc &) {
        while (const std::optional<QFuture<void>> future = nextToCancel())
            cancelUnfinished(*future);
    }
    for (const QFuture<void> &future : futures)
        cancelUnfinished(future);
}

/// The same for this core and those inside it. Looks at all for each, but takes no memory.
void Core::cancelOneByOne()
{
    cancelDaemons();
    for (std::size_t i = 0;; ++i) {
        CorePointer inner;
        {
            const std::lock_guard lock(m_mutex);
            if (i >= m_inner.size())
                return;
            inner = CorePointer(m_inner[i]);
        }
        inner->cancelDaemons();
    }
}

/// Returns the future of a daemon that is to be cancelled and has not been.
std::optional<QFuture<void>> Core::nextToCancel()
{
    const std::lock_guard lock(m_mutex);
    const auto isToCancel = [](const QFuture<void> &future) {
        return !future.isFinished() && !future.isCanceled();
    };
    for (const FutureBatch &batch : m_newFutures) {
        for (const QFuture<void> &future : batch.futures) {
            if (batch.facts.kind == JobKind::Daemon && isToCancel(future))
                return future;
        }
    }
    for (const WatchedJob *job = m_watchedJobs.first; job; job = job->next) {
        if (job->facts.kind == JobKind::Daemon && isToCancel(job->future))
            return job->future;
    }
    for (const HeldPromise &held : m_heldPromises) {
        if (held.kind == JobKind::Daemon && isToCancel(held.future))
            return held.future;
    }
    return std::nullopt;
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
