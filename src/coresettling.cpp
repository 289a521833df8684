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
    bool leavesSucceeded = false; ///< Those stay where they are; it is not the time to settle them.
    bool someFinished = false;
    std::size_t lookedAt = 0; ///< By the last sortNew().
    std::int64_t succeededCount = 0;
    std::list<FutureBatch> succeeded; ///< And what is left of others.
    std::vector<WatchedJob *> finished;
    std::vector<WatchedJob *> unfinished;
    CorePointer core;
};

/// Sorts some of the oldest new futures into \a sorted. As many of those that have not finished as there
/// is \a room for are to be watched; the others stay, and come last. Under the lock, so that each job but
/// those that have succeeded is in some list at any time.
void Core::sortNew(Sorted &sorted, std::size_t &room)
{
    sorted.lookedAt = 0;
    for (std::size_t left = m_newFutures.size(); left > 0 && sorted.lookedAt < FutureBatch::largest;
         --left)
        sortOldestBatch(sorted, room);
    if (m_newFutures.empty())
        sorted.core = std::exchange(m_self, {});
}

void Core::sortOldestBatch(Sorted &sorted, std::size_t &room)
{
    FutureBatch &batch = m_newFutures.front();
    std::vector<QFuture<void>> &futures = batch.futures;
    sorted.lookedAt += futures.size();
    auto kept = futures.begin();
    for (QFuture<void> &future : futures) {
        const bool finished = future.isFinished();
        const bool succeeded = finished && batch.facts.haveSucceeded(future);
        sorted.someFinished |= finished;
        if (succeeded ? sorted.leavesSucceeded : !finished && room == 0) {
            if (&*kept != &future)
                std::swap(*kept, future);
            ++kept;
        } else if (succeeded) {
            ++sorted.succeededCount;
        } else {
            std::unique_ptr<WatchedJob> watched( // allocates first, moves second
                new WatchedJob{batch.facts.taken(), std::move(future), CorePointer(this)});
            room -= finished ? 0 : 1;
            (finished ? sorted.finished : sorted.unfinished).push_back(watched.get());
            m_watchedJobs.add(watched.release());
        }
    }
    m_newFutureCount -= std::size_t(futures.end() - kept);
    if (kept == futures.begin()) {
        sorted.succeeded.splice(sorted.succeeded.end(), m_newFutures, m_newFutures.begin());
        return;
    }
    if (kept != futures.end()) {
        FutureBatch &gone = sorted.succeeded.emplace_back(batch.facts.taken(), 0);
        gone.futures.assign(std::make_move_iterator(kept), std::make_move_iterator(futures.end()));
        futures.erase(kept, futures.end());
    }
    m_newFutures.splice(m_newFutures.end(), m_newFutures, m_newFutures.begin());
}

/// Counts the ends of the jobs in \a sorted that have ended.
void Core::settleSorted(Sorted &sorted)
{
    if (!sorted.succeeded.empty()) {
        // The results go before the jobs count as ended, as captures do, and as part of the jobs.
        const FrameSwap frame({CorePointer(this), Role::Daemon});
        sorted.succeeded.clear();
    }
    if (sorted.succeededCount > 0)
        settleQuietly(std::exchange(sorted.succeededCount, 0));
    for (WatchedJob *job : sorted.finished)
        endWatch(job);
    sorted.finished.clear();
}

std::vector<WatchedJob *> Core::takeNewFutures()
{
    Sorted sorted;
    std::size_t count = 0;
    std::size_t room = 0;
    bool hasLooked = false;
    {
        const std::lock_guard lock(m_mutex);
        const std::size_t all = m_newFutureCount;
        // While they pour in, to look at them, and even more to free them, holds up who spawns them and
        // the pool that they come from.
        const std::size_t many = m_arePouring ? 2048 : 256; // in the pause since the last look
        constexpr std::size_t tooMany = 262'144;
        m_arePouring =
            all > m_newFuturesLeft + many && all <= tooMany && !hasCalleeEnded() && !m_watched;
        sorted.leavesSucceeded = m_arePouring;
        const std::size_t atOnce = m_arePouring ? 256 : 4096;
        count = std::min(all, std::max(all / (m_arePouring ? 32 : 4), atOnce));
        if (!m_arePouring)
            room = m_watchLimit - std::min(m_watchLimit, m_watchedJobs.count);
    }
    // Two threads that free what a third has allocated only wait for each other: leave it to who waits.
    while (count > 0 && !m_isWaiterSettling.load(std::memory_order_relaxed)) {
        {
            const std::lock_guard lock(m_mutex);
            m_isAgentSettling.store(true, std::memory_order_relaxed);
            sortNew(sorted, room);
        }
        count = sorted.lookedAt == 0 ? 0 : count - std::min(count, sorted.lookedAt);
        settleSorted(sorted);
        m_isAgentSettling.store(false, std::memory_order_release);
        hasLooked = true;
    }
    const std::lock_guard lock(m_mutex);
    m_newFuturesLeft = m_newFutureCount;
    if (hasLooked && !m_arePouring && !sorted.someFinished && room == 0)
        m_watchLimit *= 2;
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

int Core::pauseBeforeNextLook() const
{
    if (hasCalleeEnded())
        return 1; // somebody waits
    return m_arePouring ? 128 : 16;
}

bool Core::settleNewFutures()
{
    Sorted sorted;
    settleNew(sorted);
    return sorted.someFinished;
}

void Core::settleNew(Sorted &sorted)
{
    std::size_t room = 0;
    m_isWaiterSettling.store(true, std::memory_order_relaxed);
    const auto settled =
        qScopeGuard([this] { m_isWaiterSettling.store(false, std::memory_order_relaxed); });
    {
        const std::lock_guard lock(m_mutex);
        sortNew(sorted, room);
    }
    settleSorted(sorted);
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
        settleNew(sorted);
        count = sorted.lookedAt == 0 ? 0 : count - std::min(count, sorted.lookedAt);
    }
    // Nor those that the agent is about to count, unless the destructor of a result blocks it.
    constexpr std::chrono::milliseconds moment(100);
    const QDeadlineTimer end(moment);
    while (m_isAgentSettling.load(std::memory_order_acquire) && !end.hasExpired())
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
