// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that looks at new futures: some are settled, some watched, the others left.

#include "corelane_p.h"
#include "job_p.h"
#include "texts_p.h"

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace QJanitor::Private {

/// What sortNew() made of some new futures.
struct Core::Sorted
{
    /// For as many as one sortNew() may look at, so that it allocates nothing for those.
    Sorted() { succeeded.reserve(2 * FutureBatch::largest); }

    bool leavesOthers = false; ///< Than those that have succeeded.
    bool someFinished = false;
    std::size_t room = 0;     ///< For those that are to be watched.
    std::size_t lookedAt = 0; ///< By the last sortNew().
    std::vector<QFuture<void>> succeeded;
    std::list<FutureBatch> emptied;
    std::vector<WatchedJob *> finished;
    std::vector<WatchedJob *> unfinished;
    CorePointer core;
};

/// Sorts some of the oldest new futures into \a sorted. As many of those that have not finished as there
/// is room for are to be watched; the others stay, and come last. Under the lock, so that each job but
/// those that have succeeded is in some list at any time.
void Core::sortNew(Sorted &sorted)
{
    sorted.lookedAt = 0;
    for (std::size_t left = m_newFutures.size(); left > 0 && sorted.lookedAt < FutureBatch::largest;
         --left)
        sortOldestBatch(sorted);
    if (m_newFutures.empty())
        sorted.core = std::exchange(m_self, {});
}

void Core::sortOldestBatch(Sorted &sorted)
{
    FutureBatch &batch = m_newFutures.front();
    std::vector<QFuture<void>> &futures = batch.futures;
    sorted.lookedAt += futures.size();
    auto kept = futures.begin();
    for (QFuture<void> &future : futures) {
        const bool finished = future.isFinished();
        sorted.someFinished |= finished;
        if (finished && batch.facts.haveSucceeded(future)) {
            sorted.succeeded.push_back(std::move(future));
        } else if (finished ? sorted.leavesOthers : sorted.room == 0) {
            if (&*kept != &future)
                std::swap(*kept, future);
            ++kept;
        } else {
            std::unique_ptr<WatchedJob> watched( // allocates first, moves second
                new WatchedJob{batch.facts.taken(), std::move(future), CorePointer(this)});
            sorted.room -= finished ? 0 : 1;
            (finished ? sorted.finished : sorted.unfinished).push_back(watched.get());
            m_watchedJobs.add(watched.release());
        }
    }
    m_newFutureCount -= std::size_t(futures.end() - kept);
    futures.erase(kept, futures.end());
    std::list<FutureBatch> &next = futures.empty() ? sorted.emptied : m_newFutures;
    next.splice(next.end(), m_newFutures, m_newFutures.begin());
}

/// Counts the ends of the jobs in \a sorted that have ended.
void Core::settleSorted(Sorted &sorted)
{
    if (const auto count = std::int64_t(sorted.succeeded.size()); count > 0) {
        {
            // The results go before the jobs count as ended, as captures do, and as part of the jobs.
            const FrameSwap frame({CorePointer(this), Role::Daemon});
            sorted.succeeded.clear();
        }
        settleQuietly(count);
    }
    sorted.emptied.clear();
    for (WatchedJob *job : sorted.finished)
        endWatch(job);
    sorted.finished.clear();
}

/// Sorts some, and counts their ends; \a settlers is how many do so.
void Core::settleNew(Sorted &sorted, std::atomic<int> &settlers)
{
    settlers.fetch_add(1, std::memory_order_relaxed);
    const auto settled =
        qScopeGuard([&settlers] { settlers.fetch_sub(1, std::memory_order_release); });
    {
        const std::lock_guard lock(m_mutex);
        sortNew(sorted);
    }
    settleSorted(sorted);
}

/// For who lists many: to free old futures and take their memory for new ones costs less than to keep
/// them all until the end. No code of the users' runs here: the last QFuture of their type takes results
/// along, and continuations have run.
void Core::settleWhileListing()
{
    try {
        Sorted sorted;
        sorted.leavesOthers = true;
        settleNew(sorted, m_othersSettling);
    } catch (const std::bad_alloc &) {
        // The agent comes, too.
    }
}

std::vector<WatchedJob *> Core::takeNewFutures()
{
    Sorted sorted;
    std::size_t count = 0;
    bool hasLooked = false;
    {
        const std::lock_guard lock(m_mutex);
        constexpr std::size_t atOnce = 4096;
        count = std::min(m_newFutureCount, std::max(m_newFutureCount / 4, atOnce));
        sorted.room = m_watchLimit - std::min(m_watchLimit, m_watchedJobs.count);
    }
    // Two threads that free what a third has allocated only wait for each other: leave it to who waits.
    while (count > 0 && m_waitersSettling.load(std::memory_order_relaxed) == 0) {
        settleNew(sorted, m_othersSettling);
        count = sorted.lookedAt == 0 ? 0 : count - std::min(count, sorted.lookedAt);
        hasLooked = true;
    }
    if (hasLooked && !sorted.someFinished && sorted.room == 0) {
        const std::lock_guard lock(m_mutex);
        m_watchLimit *= 2;
    }
    return std::move(sorted.unfinished);
}

bool Core::needsAnotherLook()
{
    // Before the look: who comes later says so again.
    m_futuresPosted.store(false, std::memory_order_release);
    if (!hasNewFutures())
        return false;
    m_futuresPosted.store(true, std::memory_order_release); // nobody needs to say so
    return true;
}

bool Core::settleNewFutures()
{
    Sorted sorted;
    settleNew(sorted, m_waitersSettling);
    return sorted.someFinished;
}

/// Looks at each new future once, so that none that has finished is taken for one that is pending.
void Core::settleFinishedFutures()
{
    std::size_t count = 0;
    {
        const std::lock_guard lock(m_mutex);
        count = m_newFutureCount;
    }
    while (count > 0) {
        Sorted sorted;
        settleNew(sorted, m_waitersSettling);
        count = sorted.lookedAt == 0 ? 0 : count - std::min(count, sorted.lookedAt);
    }
    // Nor those that others are about to count, unless the destructor of a result blocks it.
    constexpr std::chrono::milliseconds moment(100);
    const QDeadlineTimer end(moment);
    while (m_othersSettling.load(std::memory_order_acquire) > 0 && !end.hasExpired())
        QThread::yieldCurrentThread();
}

/// Counts the end of a job whose future has finished, and deletes it.
void Core::endWatch(WatchedJob *job)
{
    const std::unique_ptr<WatchedJob> ended(job);
    const CorePointer self = job->core; // the job may be what keeps this
    Outcome outcome;
    Adoption adoption;
    {
        const std::lock_guard lock(m_mutex); // it is listed still
        std::swap(adoption.future, job->future);
        if (FutureDetails *details = job->facts.details.get()) {
            adoption.failureByValue = std::move(details->failureByValue);
            adoption.promised = details->promised;
        }
    }
    {
        // The result's own code runs here: as part of the job, whatever thread this is.
        const FrameSwap frame({self, roleOf(job->facts.kind)});
        outcome = outcomeOf(adoption, isStopRequested(roleOf(job->facts.kind)));
        // The results go before the job counts as ended, as captures do.
        adoption = Adoption();
    }
    if (outcome.error.isValid())
        outcome.error =
            ErrorParts::named(outcome.error, job->facts.name(), siteText(job->facts.site));
    settle(job->facts.kind, outcome.end, outcome.error, Ledger::Weight::Trips, {nullptr, job});
}

} // namespace QJanitor::Private
