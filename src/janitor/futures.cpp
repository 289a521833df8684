// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor for jobs that are futures: adopted, listed, told to the agent.

#include "agent/agentthread_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "scope/processend_p.h"

#include <QtCore/qthread.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace QJanitor::Private {

/// Has the future that is offered built where it stays.
struct InPlace
{
    operator AnyFuture() const { return offer.adopt(offer.source); }
    const Offer &offer;
};

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

bool FutureFacts::lookForProgress(const QFuture<void> &future, std::int64_t now)
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

/// Returns where to put a new future of which \a facts are known, with room for it.
inline std::vector<AnyFuture> &Janitor::roomForNew(Held held, FutureFacts &&facts)
{
    if (!m_newFutures.empty() && m_newFutures.back().takes(facts))
        return m_newFutures.back().futures;
    return otherRoomForNew(held, std::move(facts));
}

std::vector<AnyFuture> &Janitor::otherRoomForNew(Held, FutureFacts &&facts)
{
    std::size_t room = FutureBatch::smallest;
    int left = 8; // Not only the last one: a few places may take turns.
    for (auto batch = m_newFutures.rbegin(); batch != m_newFutures.rend() && left > 0;
         ++batch, --left) {
        if (batch->takes(facts))
            return batch->futures;
        if (batch->facts.areOfSamePlace(facts)) {
            room =
                std::clamp(2 * batch->futures.size(), FutureBatch::smallest, FutureBatch::largest);
            break;
        }
    }
    std::list<FutureBatch> batch;
    batch.emplace_back(std::move(facts), room);
    m_newFutures.splice(m_newFutures.end(), batch);
    return m_newFutures.back().futures;
}

/// A future that has been listed, and what is left to do about it.
struct Janitor::NewFuture
{
    std::optional<QFuture<void>> toCancel;
    bool isTimeToSettle = false;
};

/// Call followListing() thereafter, without the lock.
template<class Source>
inline Janitor::NewFuture Janitor::listNew(Held held, FutureFacts &&facts, Source &&source)
{
    const JobKind kind = facts.kind;
    if (!m_self)
        ProcessEnd::add(held, *this);
    const QFuture<void> &future =
        roomForNew(held, std::move(facts)).emplace_back(std::forward<Source>(source));
    ++m_newFutureCount;
    if (!m_self) // not before: there may have been no memory for the future
        m_self = JanitorPointer(this);
    NewFuture listed;
    listed.isTimeToSettle = ++m_listedCount % FutureBatch::largest == 0;
    // If stop was requested before; a later request finds it listed.
    if (isStopRequested(roleOf(kind)) && !future.isFinished())
        listed.toCancel = future;
    return listed;
}

void Janitor::followListing(const NewFuture &future)
{
    if (future.toCancel)
        cancelUnfinished(*future.toCancel);
    postFutures();
    if (future.isTimeToSettle)
        settleWhileListing();
}

SpawnError Janitor::adopt(const Offer &offer)
{
    if (offer.isEmpty) {
        warnOfEmptyJob(offer);
        // Whatever comes, this janitor does not take it.
        return SpawnError::ActiveJanitorTerminating;
    }
    followOuterStops();
    FutureFacts facts{offer.kind, offer.site, coarseNow(), detailsOf(offer)};
    NewFuture listed;
    {
        const JanitorLock lock(m_mutex);
        if (!m_ledger.accepts(lock, ledgerKind(offer.kind)))
            return SpawnError::ActiveJanitorTerminating;
        // Only now: a future that is refused is not moved from.
        listed = listNew(lock, std::move(facts), InPlace{offer});
        m_ledger.admit(lock, ledgerKind(offer.kind));
    }
    followListing(listed);
    if (!m_audience.isEmpty())
        tell(false);
    return SpawnError::NoError;
}

/// Turns the job in \a cell, whose callable has returned, into one that ends with a future. Returns
/// false, and leaves \a adoption alone, if there is no memory for that.
bool Janitor::goOn(JobKind kind, JobCell &cell, Adoption &adoption)
{
    FutureFacts facts{kind, cell.origin.site(), coarseNow(), nullptr};
    NewFuture listed;
    try {
        if (cell.origin.hasName() || adoption.failureByValue || adoption.promised) {
            facts.details.reset(new FutureDetails{
                cell.origin.name(), std::move(adoption.failureByValue), adoption.promised});
        }
        followOuterStops();
        const JanitorLock lock(m_mutex);
        listed = listNew(lock, std::move(facts), std::move(adoption.future));
        cell.setState(JobCell::Ended); // it is listed once
    } catch (const std::bad_alloc &) {
        if (facts.details)
            adoption.failureByValue = std::move(facts.details->failureByValue);
        return false;
    }
    followListing(listed);
    return true;
}

/// Waits on this thread for the end of a job that goOn() could not list.
Outcome Janitor::waitHere(JobKind kind, const Adoption &adoption)
{
    waitForFuture(adoption.future, [&] {
        if (isStopRequested(roleOf(kind)))
            cancelUnfinished(adoption.future);
    });
    return outcomeOf(adoption, isStopRequested(roleOf(kind)));
}

void Janitor::forgetFuturesTicket()
{
    m_futuresPosted.store(false, std::memory_order_release);
    postFutures();
}

void Janitor::postFuturesTicket()
{
    const bool hurried = hasCalleeEnded();
    if (m_futuresPosted.exchange(true, std::memory_order_acq_rel) && !hurried)
        return;
    try {
        if (AgentThread::post({JanitorPointer(this), Ticket::Matter::Futures}, hurried))
            return;
    } catch (const std::bad_alloc &) {
        // As without an agent.
    }
    // Without an agent, whoever waits has to look.
    m_futuresPosted.store(false, std::memory_order_release);
    callWaiters();
    if (Janitor *taker = effective(); taker != this)
        taker->callWaiters();
}

/// Looks for progress of the jobs that are futures. Returns whether there is any.
bool Janitor::lookAtFutures(Held held, std::int64_t now)
{
    bool some = false;
    for (auto batch = m_newFutures.begin(); batch != m_newFutures.end(); ++batch)
        some |= lookAtBatch(held, batch, now);
    for (WatchedJob *job = m_watchedJobs.first; job; job = job->next)
        some |= job->facts.lookForProgress(job->future, now);
    return some;
}

/// The same for one batch. A future that has made progress leaves it, for something is known of it
/// alone.
bool Janitor::lookAtBatch(Held, std::list<FutureBatch>::iterator batch, std::int64_t now)
{
    std::vector<AnyFuture> &futures = batch->futures;
    bool some = false;
    auto place = batch;
    for (std::size_t i = futures.size(); i-- > 0 && futures.size() > 1;) {
        FutureFacts facts = batch->facts.taken();
        if (!facts.lookForProgress(futures[i], now))
            continue;
        some = true;
        if (!facts.details)
            continue;
        place = m_newFutures.emplace(place, std::move(facts), 1);
        place->futures.push_back(std::move(futures[i]));
        futures.erase(futures.begin() + std::ptrdiff_t(i));
    }
    if (futures.size() == 1)
        some |= batch->facts.lookForProgress(futures.front(), now);
    return some;
}

bool Janitor::hasNewFutures() const
{
    const JanitorLock lock(m_mutex);
    return !m_newFutures.empty();
}

void Janitor::giveUpWatch(WatchedJob *job)
{
    const std::unique_ptr<WatchedJob> unwatched(job);
    for (;;) {
        try {
            const JanitorLock lock(m_mutex);
            std::vector<AnyFuture> &futures = roomForNew(lock, std::move(job->facts));
            m_watchedJobs.remove(job);
            futures.push_back(std::move(job->future));
            ++m_newFutureCount;
            return;
        } catch (const std::bad_alloc &) {
            QThread::msleep(1); // nobody else looks at it, so it has to be listed
        }
    }
}

void Janitor::lookAfterFutures()
{
    for (const JanitorPointer &giver : givers())
        giver->lookAfterFutures();
    if (!hasNewFutures())
        return;
    if (AgentThread::isServing())
        return postFutures();
    for (WatchedJob *job : takeNewFutures())
        giveUpWatch(job);
}

} // namespace QJanitor::Private
