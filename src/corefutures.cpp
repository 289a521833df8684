// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core for jobs that are futures: adopted, watched, settled.

#include "agentthread_p.h"
#include "corelane_p.h"
#include "job_p.h"
#include "texts_p.h"

#include <array>
#include <optional>

namespace QJanitor::Private {

void FutureList::add(FutureJob *job)
{
    job->next = nullptr;
    job->previous = last;
    (last ? last->next : first) = job;
    last = job;
}

void FutureList::remove(FutureJob *job)
{
    (job->next ? job->next->previous : last) = job->previous;
    (job->previous ? job->previous->next : first) = job->next;
}

SpawnError Core::adopt(const Offer &offer)
{
    return endIn(std::unique_ptr<FutureJob>(new FutureJob{
                     CorePointer(this), offer.kind, offer.name ? *offer.name : QString(),
                     offer.site, coarseNow(), offer.adopt(offer.source)}),
                 Admission::Asked);
}

/// Turns the job in \a slot, whose callable has returned, into one that ends with a future.
void Core::goOn(JobKind kind, const Slot &slot, Adoption adoption)
{
    const bool labelled = slot.isLabelled();
    endIn(std::unique_ptr<FutureJob>(
              new FutureJob{CorePointer(this), kind, labelled ? slot.origin.label->name : QString(),
                            labelled ? slot.origin.label->site : slot.origin.site, coarseNow(),
                            std::move(adoption)}),
          Admission::Given);
}

/// Has \a job end with its future, if it is admitted.
SpawnError Core::endIn(std::unique_ptr<FutureJob> job, Admission admission)
{
    followOuterStops();
    const bool hasFinished = job->adoption.future.isFinished();
    std::optional<QFuture<void>> toCancel;
    std::array<FutureJob *, 2> toSettle{};
    {
        const std::lock_guard lock(m_mutex);
        if (admission == Admission::Asked) {
            if (!m_ledger.accepts(ledgerKind(job->kind)))
                return SpawnError::ActiveJanitorTerminating;
            m_ledger.admit(oneOf(job->kind));
        }
        if (hasFinished) {
            toSettle[0] = job.release();
        } else {
            // A later request to stop finds it in the list; an earlier one is seen here.
            if (isStopRequested(roleOf(job->kind)))
                toCancel = job->adoption.future;
            m_newFutures.add(job.release());
            toSettle = takeFinished();
        }
    }
    if (toCancel)
        cancelUnfinished(*toCancel);
    if (!hasFinished)
        postFutures();
    for (FutureJob *old : toSettle) {
        if (old)
            settleFuture(old);
    }
    if (admission == Admission::Asked && m_watched.load(std::memory_order_relaxed))
        tell(false);
    return SpawnError::NoError;
}

/// Takes some of the oldest new futures that have finished. Who brings many takes some away: what it
/// frees is then near at hand, and the agent idle. Under the lock.
std::array<FutureJob *, 2> Core::takeFinished()
{
    std::array<FutureJob *, 2> finished{};
    for (FutureJob *&job : finished) {
        if (!m_newFutures.first || !m_newFutures.first->adoption.future.isFinished())
            break;
        job = m_newFutures.first;
        m_newFutures.remove(job);
    }
    return finished;
}

void Core::forgetFuturesTicket()
{
    m_futuresPosted.store(false, std::memory_order_release);
    lookAgain();
}

/// Has the agent look at the new futures. One ticket is enough for many, but draining is urgent.
void Core::postFutures()
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
    forgetFuturesTicket(); // without an agent, whoever waits has to look
}

std::vector<FutureJob *> Core::takeNewFutures()
{
    m_futuresPosted.exchange(false, std::memory_order_acq_rel); // before the look
    std::vector<FutureJob *> finished;
    std::vector<FutureJob *> unfinished;
    {
        const std::lock_guard lock(m_mutex);
        while (FutureJob *job = m_newFutures.first) {
            m_newFutures.remove(job);
            if (job->adoption.future.isFinished()) {
                finished.push_back(job);
            } else {
                m_watchedFutures.add(job);
                unfinished.push_back(job);
            }
        }
    }
    for (FutureJob *job : finished)
        settleFuture(job);
    return unfinished;
}

void Core::endWatch(FutureJob *job)
{
    {
        const std::lock_guard lock(m_mutex);
        m_watchedFutures.remove(job);
    }
    settleFuture(job);
}

void Core::giveUpWatch(FutureJob *job)
{
    const std::lock_guard lock(m_mutex);
    m_watchedFutures.remove(job);
    m_newFutures.add(job);
    wake();
}

void Core::lookAfterFutures()
{
    if (!AgentThread::hasApplication()) {
        for (FutureJob *job : takeNewFutures())
            giveUpWatch(job);
        return;
    }
    bool some = false;
    {
        const std::lock_guard lock(m_mutex);
        some = m_newFutures.first;
    }
    if (some)
        postFutures();
}

/// Counts the end of \a job, whose future has finished and which is in no list, and deletes it.
void Core::settleFuture(FutureJob *job)
{
    const std::unique_ptr<FutureJob> ended(job);
    const CorePointer self = job->core; // the job may be what keeps this
    Outcome outcome;
    {
        // The result's own code runs here: as part of the job, whatever thread this is.
        const FrameSwap frame({self, roleOf(job->kind)});
        outcome = outcomeOf(job->adoption, isStopRequested(roleOf(job->kind)));
        // The results go before the job counts as ended, as captures do.
        job->adoption = Adoption();
    }
    if (outcome.error.isValid())
        outcome.error = ErrorParts::named(outcome.error, job->name, siteText(job->site));
    if (job->kind == JobKind::Daemon && outcome.end == Ledger::End::Succeeded)
        settleQuietly();
    else
        settle(job->kind, outcome.end, outcome.error, Ledger::Weight::Trips);
}

/// Has the enclosing cores cancel the futures of this one's daemons when they stop, until it is done.
void Core::followOuterStops()
{
    if (!m_outer.core || m_followsOuter.load(std::memory_order_acquire))
        return;
    const std::lock_guard lock(m_mutex);
    if (m_followsOuter.load(std::memory_order_relaxed) || isDone())
        return;
    // Who sees this early still waits for the lock before it adds a job.
    m_followsOuter.store(true, std::memory_order_release);
    forEachStopper([this](Core &outer) {
        const std::lock_guard outerLock(outer.m_mutex);
        outer.m_inner.push_back(this);
    });
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
        m_heldPromises.push_back({slot, kind, future});
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
std::vector<QFuture<void>> Core::daemonFutures() const
{
    std::vector<QFuture<void>> futures;
    for (const FutureList *list : {&m_newFutures, &m_watchedFutures}) {
        for (const FutureJob *job = list->first; job; job = job->next) {
            if (job->kind == JobKind::Daemon)
                futures.push_back(job->adoption.future);
        }
    }
    for (const HeldPromise &held : m_heldPromises) {
        if (held.kind == JobKind::Daemon)
            futures.push_back(held.future);
    }
    return futures;
}

} // namespace QJanitor::Private
