// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that has futures and promises cancelled when stop is requested, here or
// outside.

#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "rules/memory_p.h"

#include <vector>

namespace QJanitor::Private {

void Janitor::joinOuters()
{
    const JanitorLock lock(m_mutex);
    if (m_relay.hasJoined() || (isDone() && hasForwardedAll(lock)))
        return;
    m_relay.join(lock);
    forEachStopper([this](Janitor &outer) {
        const JanitorLock outerLock(outer.m_mutex);
        outer.m_relay.add(outerLock, this);
    });
}

/// Whether all jobs that were handed on have ended.
bool Janitor::hasForwardedAll(Held held) const
{
    return m_handover.areAllEnded(held, m_ledger.handedOnCount(held));
}

/// Once nothing is left that a stop outside could reach.
void Janitor::forgetByOuters(Held held)
{
    if (m_relay.hasJoined() && isDone() && hasForwardedAll(held))
        forEachStopper([this](Janitor &outer) { outer.forgetInner(this); });
}

void Janitor::forgetInner(Janitor *janitor)
{
    const JanitorLock lock(m_mutex);
    m_relay.remove(lock, janitor);
}

/// Calls \a visitor with the futures of the daemons that have not finished, until it returns true.
///
template<class Visitor>
void Janitor::visitDaemonFutures(Held, Visitor visitor)
{
    const auto isLast = [&](JobKind kind, const QFuture<void> &future) {
        return kind == JobKind::Daemon && !future.isFinished() && visitor(future);
    };
    for (const FutureBatch &batch : m_newFutures) {
        for (const QFuture<void> &future : batch.futures) {
            if (isLast(batch.facts.kind, future))
                return;
        }
    }
    for (const WatchedJob *job = m_watchedJobs.first; job; job = job->next) {
        if (isLast(job->facts.kind, job->future))
            return;
    }
    for (const HeldPromise &promise : m_heldPromises) {
        if (isLast(promise.kind, promise.future))
            return;
    }
}

/// Callee and daemons are asked to stop: notes the futures that are to be cancelled for it, here
/// and in the janitors inside.
void Janitor::stop(Held held, Aftermath &after)
{
    after.cancelOneByOne = !ifThereIsMemory([&] {
        after.toCancel = daemonFutures(held);
        const std::vector<Janitor *> &inner = m_relay.inner(held);
        after.toCancelInside.assign(inner.begin(), inner.end());
    });
}

void Janitor::cancelDaemons()
{
    std::vector<QFuture<void>> futures;
    try {
        const JanitorLock lock(m_mutex);
        futures = daemonFutures(lock);
    } catch (const std::bad_alloc &) {
        while (const std::optional<QFuture<void>> future = nextToCancel())
            cancelUnfinished(*future);
    }
    for (const QFuture<void> &future : futures)
        cancelUnfinished(future);
}

/// The same for this janitor and those inside it. Looks at all for each, but takes no memory.
void Janitor::cancelOneByOne()
{
    cancelDaemons();
    for (std::size_t i = 0;; ++i) {
        JanitorPointer inner;
        {
            const JanitorLock lock(m_mutex);
            if (i >= m_relay.inner(lock).size())
                return;
            inner = JanitorPointer(m_relay.inner(lock)[i]);
        }
        inner->cancelDaemons();
    }
}

/// Returns the future of a daemon that is to be cancelled and has not been.
std::optional<QFuture<void>> Janitor::nextToCancel()
{
    const JanitorLock lock(m_mutex);
    std::optional<QFuture<void>> found;
    visitDaemonFutures(lock, [&found](const QFuture<void> &future) {
        if (!future.isCanceled())
            found = future;
        return found.has_value();
    });
    return found;
}

void Janitor::addPromise(const JobCell *cell, JobKind kind, const QFuture<void> &future)
{
    followOuterStops();
    {
        const JanitorLock lock(m_mutex);
        m_heldPromises.push_back({cell, kind, future, {}});
    }
    if (isStopRequested(roleOf(kind)))
        cancelUnfinished(future);
}

void Janitor::removePromise(const JobCell *cell)
{
    const JanitorLock lock(m_mutex);
    std::erase_if(m_heldPromises,
                  [cell](const HeldPromise &promise) { return promise.cell == cell; });
}

/// Returns the futures of the daemons, to be cancelled without the lock.
std::vector<QFuture<void>> Janitor::daemonFutures(Held held)
{
    std::vector<QFuture<void>> futures;
    visitDaemonFutures(held, [&futures](const QFuture<void> &future) {
        futures.push_back(future);
        return false;
    });
    return futures;
}

} // namespace QJanitor::Private
