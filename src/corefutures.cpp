// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core for jobs that are futures: adopted, watched, settled.

#include "agentthread_p.h"
#include "corelane_p.h"
#include "job_p.h"
#include "texts_p.h"

#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace QJanitor::Private {

/// What sortNew() made of some new futures.
struct Core::Batch
{
    bool leavesSucceeded = false; ///< Those stay where they are; it is not the time to settle them.
    bool someFinished = false;
    std::size_t lookedAt = 0; ///< By the last sortNew().
    std::int64_t succeededCount = 0;
    std::vector<FutureJob> succeeded; ///< And what is left of others.
    std::vector<WatchedJob *> finished;
    std::vector<WatchedJob *> unfinished;
    CorePointer core;
};

/// How many futures a batch has room for. Each has twice as many as the one before: many janitors have
/// few futures, and many small batches between what the futures allocate cost time.
constexpr std::size_t smallestBatch = 16;
constexpr std::size_t largestBatch = 256;

/// Before the lock and before the future is taken, for it allocates.
static std::unique_ptr<FutureDetails> detailsOf(const Offer &offer)
{
    if (!offer.failureOf && !(offer.name && !offer.name->isEmpty()))
        return nullptr;
    auto details = std::make_unique<FutureDetails>();
    if (offer.name)
        details->name = *offer.name;
    if (offer.failureOf)
        details->failureByValue = offer.failureOf(offer.source);
    return details;
}

bool FutureJob::lookForProgress(std::int64_t now)
{
    Progress progress = details ? details->progress : Progress();
    if (future.isFinished() || !progress.look(future, now))
        return false;
    try {
        if (!details)
            details = std::make_unique<FutureDetails>();
        details->progress = progress;
    } catch (const std::bad_alloc &) {
        // Then it counts again at the next look.
    }
    return true;
}

void WatchedJobs::add(WatchedJob *job)
{
    job->previous = last;
    job->next = nullptr;
    (last ? last->next : first) = job;
    last = job;
    ++count;
}

void WatchedJobs::remove(WatchedJob *job)
{
    (job->previous ? job->previous->next : first) = job->next;
    (job->next ? job->next->previous : last) = job->previous;
    --count;
}

SpawnError Core::adopt(const Offer &offer)
{
    followOuterStops();
    const std::int64_t now = coarseNow();
    std::unique_ptr<FutureDetails> details = detailsOf(offer);
    std::optional<QFuture<void>> toCancel;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_ledger.accepts(ledgerKind(offer.kind)))
            return SpawnError::ActiveJanitorTerminating;
        std::vector<FutureJob> &batch = batchForNew();
        // Only now: a future that is refused is not moved from.
        batch.emplace_back(offer, now, std::move(details));
        ++m_newFutureCount;
        m_ledger.admit(oneOf(offer.kind));
        if (shouldCancel(batch.back()))
            toCancel = batch.back().future;
    }
    if (toCancel)
        cancelUnfinished(*toCancel);
    postFutures();
    if (m_watched.load(std::memory_order_relaxed))
        tell(false);
    return SpawnError::NoError;
}

/// Turns the job in \a slot, whose callable has returned, into one that ends with a future.
void Core::goOn(JobKind kind, Slot &slot, Adoption adoption)
{
    std::optional<QFuture<void>> toCancel;
    const bool labelled = slot.isLabelled();
    std::unique_ptr<FutureDetails> details;
    if (labelled || adoption.failureByValue || adoption.promised) {
        details.reset(new FutureDetails{labelled ? slot.origin.label->name : QString(),
                                        std::move(adoption.failureByValue), adoption.promised});
    }
    followOuterStops();
    {
        const std::lock_guard lock(m_mutex);
        std::vector<FutureJob> &batch = batchForNew();
        batch.emplace_back(kind, coarseNow(), labelled ? slot.origin.label->site : slot.origin.site,
                           std::move(details), std::move(adoption.future));
        ++m_newFutureCount;
        slot.setState(Slot::Ended); // it is listed once
        if (shouldCancel(batch.back()))
            toCancel = batch.back().future;
    }
    if (toCancel)
        cancelUnfinished(*toCancel);
    postFutures();
}

/// Whether stop was requested before \a job was listed; a later request finds it there. Under the lock.
bool Core::shouldCancel(const FutureJob &job) const
{
    return isStopRequested(roleOf(job.kind())) && !job.future.isFinished();
}

/// Returns the batch of futures that nobody has looked at, with room for another one. Under the lock.
std::vector<FutureJob> &Core::batchForNew()
{
    if (m_newFutures.empty() || m_newFutures.back().size() == m_newFutures.back().capacity())
        addBatch();
    return m_newFutures.back();
}

void Core::addBatch()
{
    std::list<std::vector<FutureJob>> batch(1);
    const std::size_t previous = m_newFutures.empty() ? 0 : m_newFutures.back().capacity();
    batch.front().reserve(std::clamp(2 * previous, smallestBatch, largestBatch));
    m_newFutures.splice(m_newFutures.end(), batch);
    if (!m_self)
        m_self = CorePointer(this);
}

void Core::forgetFuturesTicket()
{
    m_futuresPosted.store(false, std::memory_order_release);
    postFutures();
}

void Core::postFuturesTicket()
{
    const bool hurried = hasCalleeEnded();
    if (m_futuresPosted.exchange(true, std::memory_order_acq_rel) && !hurried)
        return;
    try {
        if (AgentThread::post({CorePointer(this), Ticket::Matter::Futures}, hurried))
            return;
    } catch (const std::bad_alloc &) {
        // As without an agent.
    }
    // Without an agent, whoever waits has to look.
    m_futuresPosted.store(false, std::memory_order_release);
    lookAgain();
    if (Core *taker = effective(); taker != this)
        taker->lookAgain();
}

/// Sorts the oldest batch of new futures into \a batch. As many of those that have not finished as there
/// is \a room for are to be watched; the others stay, and come last. Under the lock, so that each job but
/// those that have succeeded is in some list at any time.
void Core::sortNew(Batch &batch, std::size_t &room)
{
    batch.lookedAt = 0;
    if (m_newFutures.empty())
        return;
    std::vector<FutureJob> &jobs = m_newFutures.front();
    batch.lookedAt = jobs.size();
    auto kept = jobs.begin();
    for (FutureJob &job : jobs) {
        const bool finished = job.future.isFinished();
        const bool succeeded = finished && job.hasSucceeded();
        batch.someFinished |= finished;
        if (succeeded ? batch.leavesSucceeded : !finished && room == 0) {
            if (&*kept != &job)
                std::swap(*kept, job);
            ++kept;
        } else if (succeeded) {
            ++batch.succeededCount;
        } else {
            std::unique_ptr<WatchedJob> watched(
                new WatchedJob{std::move(job), CorePointer(this)}); // allocates first, moves second
            room -= finished ? 0 : 1;
            (finished ? batch.finished : batch.unfinished).push_back(watched.get());
            m_watchedJobs.add(watched.release());
        }
    }
    const auto gone = std::size_t(jobs.end() - kept);
    if (kept != jobs.begin()) {
        batch.succeeded.assign(std::make_move_iterator(kept), std::make_move_iterator(jobs.end()));
        jobs.erase(kept, jobs.end());
        m_newFutures.splice(m_newFutures.end(), m_newFutures, m_newFutures.begin());
        m_newFutureCount -= gone;
        return;
    }
    batch.succeeded = std::move(jobs);
    m_newFutures.pop_front();
    m_newFutureCount -= gone;
    if (m_newFutures.empty())
        batch.core = std::exchange(m_self, {});
}

/// Counts the ends of the jobs in \a batch that have ended.
void Core::settleBatch(Batch &batch)
{
    if (!batch.succeeded.empty()) {
        // The results go before the jobs count as ended, as captures do, and as part of the jobs.
        const FrameSwap frame({CorePointer(this), Role::Daemon});
        batch.succeeded.clear();
    }
    if (batch.succeededCount > 0)
        settleQuietly(std::exchange(batch.succeededCount, 0));
    for (WatchedJob *job : batch.finished)
        endWatch(job);
    batch.finished.clear();
}

std::vector<WatchedJob *> Core::takeNewFutures()
{
    Batch batch;
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
        batch.leavesSucceeded = m_arePouring;
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
            sortNew(batch, room);
        }
        count = batch.lookedAt == 0 ? 0 : count - std::min(count, batch.lookedAt);
        settleBatch(batch);
        m_isAgentSettling.store(false, std::memory_order_release);
        hasLooked = true;
    }
    const std::lock_guard lock(m_mutex);
    m_newFuturesLeft = m_newFutureCount;
    if (hasLooked && !m_arePouring && !batch.someFinished && room == 0)
        m_watchLimit *= 2;
    return std::move(batch.unfinished);
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
    Batch batch;
    std::size_t room = 0;
    m_isWaiterSettling.store(true, std::memory_order_relaxed);
    const auto settled =
        qScopeGuard([this] { m_isWaiterSettling.store(false, std::memory_order_relaxed); });
    {
        const std::lock_guard lock(m_mutex);
        sortNew(batch, room);
    }
    settleBatch(batch);
    return batch.someFinished;
}

/// Looks at each new future once, so that none that has finished is taken for one that is pending.
void Core::settleFinishedFutures()
{
    std::size_t count = 0;
    {
        const std::lock_guard lock(m_mutex);
        count = m_newFutures.size();
    }
    for (; count > 0; --count)
        settleNewFutures();
    // Nor those that the agent is about to count, unless the destructor of a result blocks it.
    constexpr std::chrono::milliseconds moment(100);
    const QDeadlineTimer end(moment);
    while (m_isAgentSettling.load(std::memory_order_acquire) && !end.hasExpired())
        QThread::yieldCurrentThread();
}

bool Core::hasNewFutures() const
{
    const std::lock_guard lock(m_mutex);
    return !m_newFutures.empty();
}

void Core::giveUpWatch(WatchedJob *job)
{
    const std::unique_ptr<WatchedJob> unwatched(job);
    const std::lock_guard lock(m_mutex);
    m_watchedJobs.remove(job);
    batchForNew().push_back(std::move(*job));
    ++m_newFutureCount;
}

void Core::lookAfterFutures()
{
    std::vector<CorePointer> wards;
    {
        const std::lock_guard lock(m_mutex);
        wards = m_wards;
    }
    for (const CorePointer &ward : wards)
        ward->lookAfterFutures();
    if (!hasNewFutures())
        return;
    if (AgentThread::hasApplication())
        return postFutures();
    for (WatchedJob *job : takeNewFutures())
        giveUpWatch(job);
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
        if (FutureDetails *details = job->details.get()) {
            adoption.failureByValue = std::move(details->failureByValue);
            adoption.promised = details->promised;
        }
    }
    {
        // The result's own code runs here: as part of the job, whatever thread this is.
        const FrameSwap frame({self, roleOf(job->kind())});
        outcome = outcomeOf(adoption, isStopRequested(roleOf(job->kind())));
        // The results go before the job counts as ended, as captures do.
        adoption = Adoption();
    }
    if (outcome.error.isValid())
        outcome.error = ErrorParts::named(outcome.error, job->name(), siteText(job->site));
    settle(job->kind(), outcome.end, outcome.error, Ledger::Weight::Trips, {nullptr, job});
}

} // namespace QJanitor::Private
