// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that looks at new futures: some are settled, some watched, the others
// left.

#include "agent/agentthread_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "rules/memory_p.h"
#include "report/texts_p.h"

#include <QtCore/qthread.h>
#include <QtCore/qvarlengtharray.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace QJanitor::Private {

namespace {

/// Counts a thread for as long as it does something.
class Counted
{
public:
    explicit Counted(std::atomic<int> &threads)
        : m_threads(threads)
    {
        m_threads.fetch_add(1, std::memory_order_relaxed);
    }
    ~Counted() { m_threads.fetch_sub(1, std::memory_order_release); }
    Q_DISABLE_COPY_MOVE(Counted)

private:
    std::atomic<int> &m_threads;
};

} // namespace

/// What sortNew() made of some new futures.
struct Janitor::Sorted
{
    /// Only the agent has room for some to watch. A lister leaves all but those that have
    /// succeeded. A lister and an owner that goes leave those with results, whose destructors may
    /// take their time.
    enum class By { Waiter, Agent, Lister, Owner };

    explicit Sorted(By who)
        : by(who)
    {}

    bool leavesResults() const { return by == By::Lister || by == By::Owner; }

    const By by;
    bool someFinished = false;
    std::size_t room = 0; ///< For those that are to be watched.
    /// Has room for as many as one sortNew() looks at, which allocates nothing for those.
    QVarLengthArray<AnyFuture, 2 * FutureBatch::largest> succeeded;
    std::list<FutureBatch> emptied;
    std::vector<WatchedJob *> finished;
    std::vector<WatchedJob *> unfinished;
    JanitorPointer janitor;
};

/// Sorts some of the oldest new futures into \a sorted, and returns how many. As many of those that
/// have not finished as there is room for are to be watched; the others stay, and come last. It is
/// one step: each job but those that have succeeded is in some list at any time.
std::size_t Janitor::sortNew(Held held, Sorted &sorted)
{
    std::size_t count = 0;
    for (std::size_t left = m_newFutures.size(); left > 0 && count < FutureBatch::largest; --left) {
        count += m_newFutures.front().futures.size();
        sortOldestBatch(held, sorted);
    }
    if (m_newFutures.empty() && m_self)
        sorted.janitor = std::exchange(m_self, {});
    return count;
}

/// Makes a new future one that is looked at by itself, and adds it to \a jobs. Returns false if
/// there is no memory for that: it stays where it is.
bool Janitor::takeOut(Held, FutureFacts &facts, AnyFuture &future, std::vector<WatchedJob *> &jobs)
{
    try {
        jobs.push_back(nullptr);
        // Allocates first, moves second.
        jobs.back() = new WatchedJob{facts.taken(), std::move(future), JanitorPointer(this)};
        m_watchedJobs.add(jobs.back());
        return true;
    } catch (const std::bad_alloc &) {
        if (!jobs.empty() && !jobs.back())
            jobs.pop_back();
        return false;
    }
}

void Janitor::sortOldestBatch(Held held, Sorted &sorted)
{
    FutureBatch &batch = m_newFutures.front();
    std::vector<AnyFuture> &futures = batch.futures;
    auto kept = futures.begin();
    for (AnyFuture &future : futures) {
        const bool finished = future.isFinished();
        sorted.someFinished |= finished;
        const bool mayGo = finished && !(future.isTyped() && sorted.leavesResults());
        if (mayGo && batch.facts.haveSucceeded(future)) {
            sorted.succeeded.push_back(std::move(future));
        } else if ((finished ? !mayGo || sorted.by == Sorted::By::Lister : sorted.room == 0) ||
                   !takeOut(held, batch.facts, future,
                            finished ? sorted.finished : sorted.unfinished)) {
            if (&*kept != &future)
                std::swap(*kept, future);
            ++kept;
        } else {
            sorted.room -= finished ? 0 : 1;
        }
    }
    m_newFutureCount -= std::size_t(futures.end() - kept);
    futures.erase(kept, futures.end());
    std::list<FutureBatch> &next = futures.empty() ? sorted.emptied : m_newFutures;
    next.splice(next.end(), m_newFutures, m_newFutures.begin());
}

/// Counts the ends of the jobs in \a sorted that have ended.
void Janitor::settleSorted(Sorted &sorted)
{
    if (const auto count = std::int64_t(sorted.succeeded.size()); count > 0) {
        {
            // The results go before the jobs count as ended, as captures do, and as part of the
            // jobs.
            const FrameSwap frame({JanitorPointer(this), Role::Daemon});
            sorted.succeeded.clear();
        }
        settleQuietly(count);
    }
    sorted.emptied.clear();
    settleTogether(sorted.finished);
}

/// Counts the ends of \a jobs, all of them before a failure has consequences.
void Janitor::settleTogether(std::vector<WatchedJob *> &jobs)
{
    if (jobs.empty())
        return;
    {
        const JanitorLock lock(m_mutex);
        ++m_batches;
    }
    for (WatchedJob *job : std::exchange(jobs, {})) {
        // Whatever throws there comes after its end was counted, and the others are to be.
        ifThereIsMemory([&] { endWatch(job); });
    }
    change([this](Held held, Aftermath &) {
        --m_batches;
        return m_ledger.due(held);
    });
}

/// Sorts at least \a atLeast if there are so many, counts their ends, and returns how many it has
/// sorted. Two threads that free what a third has allocated only wait for each other: while
/// somebody waits for them, others sort none.
std::size_t Janitor::settleNew(Sorted &sorted, std::size_t atLeast)
{
    std::size_t all = 0;
    for (std::size_t some = 1; some > 0 && all < atLeast; all += some) {
        const Counted settling(m_settling);
        {
            const JanitorLock lock(m_mutex);
            const bool keepsAway =
                sorted.by == Sorted::By::Agent || sorted.by == Sorted::By::Lister;
            if (keepsAway && m_awaiting.load(std::memory_order_relaxed) > 0)
                break;
            some = sortNew(lock, sorted);
        }
        settleSorted(sorted);
    }
    return all;
}

/// For who lists many: to free old futures and take their memory for new ones costs less than to
/// keep them all until the end. Of the users' code only what continuations have captured may be
/// destroyed.
void Janitor::settleWhileListing()
{
    try {
        Sorted sorted(Sorted::By::Lister);
        settleNew(sorted);
    } catch (const std::bad_alloc &) {
        // The new future has been accepted, whatever becomes of the old ones' news.
    }
}

std::vector<WatchedJob *> Janitor::takeNewFutures()
{
    Sorted sorted(Sorted::By::Agent);
    std::size_t count = 0;
    bool arePouring = false;
    {
        const JanitorLock lock(m_mutex);
        constexpr std::size_t fewest = 4'096;
        constexpr std::size_t most = 65'536;
        count = std::min(m_newFutureCount, std::clamp(m_newFutureCount / 4, fewest, most));
        const std::size_t before = std::exchange(m_listedAtLastLook, m_listedCount);
        arePouring = m_listedCount - before > FutureBatch::largest;
        if (!arePouring)
            sorted.room = m_watchLimit - std::min(m_watchLimit, m_watchedJobs.count);
    }
    const bool hasLooked = settleNew(sorted, count) > 0;
    if (hasLooked && !arePouring && !sorted.someFinished && sorted.room == 0) {
        const JanitorLock lock(m_mutex);
        m_watchLimit *= 2;
    }
    return std::move(sorted.unfinished);
}

bool Janitor::needsAnotherLook()
{
    // Before the look: who comes later says so again.
    m_futuresPosted.store(false, std::memory_order_release);
    if (!hasNewFutures())
        return false;
    m_futuresPosted.store(true, std::memory_order_release); // nobody needs to say so
    return true;
}

bool Janitor::settleNewFutures()
{
    Sorted sorted(Sorted::By::Waiter);
    const Counted awaiting(m_awaiting);
    settleNew(sorted);
    return sorted.someFinished;
}

/// Looks at each new future once, so that none that has finished is taken for one that is pending.
/// Waits until \a end for other threads that are about to count some.
void Janitor::settleFinishedFutures(QDeadlineTimer end)
{
    for (const JanitorPointer &giver : givers())
        giver->settleFinishedFutures(end);
    settleEachNew(Sorted(Sorted::By::Waiter));
    // Nor those that other threads are about to count, unless the destructor of a result blocks
    // them.
    constexpr std::chrono::microseconds pause(100); // they need the lock
    while (areBeingSettled() && !end.hasExpired())
        QThread::usleep(pause.count());
}

void Janitor::settleEachNew(Sorted &&sorted)
{
    const Counted awaiting(m_awaiting);
    std::size_t count = 0;
    {
        const JanitorLock lock(m_mutex);
        count = m_newFutureCount;
    }
    settleNew(sorted, count);
}

void Janitor::settleForOwner()
{
    for (const JanitorPointer &giver : givers())
        giver->settleForOwner();
    settleEachNew(Sorted(Sorted::By::Owner));
}

/// Whether other threads have futures that have finished, and have yet to count them.
bool Janitor::areBeingSettled() const
{
    if (m_settling.load(std::memory_order_acquire) > 0)
        return true;
    if (AgentThread::isCurrent())
        return false; // it hears of those that it watches only later
    const JanitorLock lock(m_mutex);
    const WatchedJob *job = m_watchedJobs.first;
    while (job && !job->future.isFinished())
        job = job->next;
    return job;
}

/// Counts the end of a job whose future has finished, and deletes it.
void Janitor::endWatch(WatchedJob *job)
{
    const std::unique_ptr<WatchedJob> ended(job);
    const JanitorPointer self = job->janitor; // the job may be what keeps this
    Outcome outcome;
    Adoption adoption = noAdoption();
    {
        const JanitorLock lock(m_mutex); // it is listed still
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
        adoption = noAdoption();
    }
    if (outcome.error.isValid())
        outcome.error =
            ErrorParts::named(outcome.error, job->facts.name(), siteText(job->facts.site));
    settle(job->facts.kind, outcome.end, outcome.error, Ledger::Weight::Trips, {.watched = job});
}

} // namespace QJanitor::Private
