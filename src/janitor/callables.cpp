// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that jobs travel through: spawned, taken by a pump, run, settled.

#include "agent/agentthread_p.h"
#include "coro/spawnedcoroutine_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "rules/memory_p.h"
#include "scope/processend_p.h"
#include "run/pump_p.h"
#include "report/texts_p.h"
#include "run/threadpool_p.h"

#include <QtCore/qthreadpool.h>

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

namespace {

/// A pump goes back to the end of the pool's queue after this time, so that others get their turn.
constexpr std::int64_t timeSlice = 4; // ms

/// Stands for a job whose callable could not be moved in: does nothing.
constexpr JobType voidJob = {[](void *, JobContext &) { return true; }, [](void *) noexcept {}};

} // namespace

/// Returns the callables of \a kind, of which there may have been none.
inline Janitor::CallableList &Janitor::callables(Held held, JobKind kind)
{
    CallableList *callables = callablesIfAny(kind);
    return callables ? *callables : addCallableList(held, kind);
}

Janitor::CallableList &Janitor::addCallableList(Held held, JobKind kind)
{
    auto callables = std::make_unique<CallableList>(kind);
    ProcessEnd::add(held, *this);
    m_callables[std::size_t(kind)].store(callables.get(), std::memory_order_release);
    return *callables.release();
}

SpawnError Janitor::spawn(const Offer &offer)
{
    if (offer.adopt)
        return adopt(offer);
    if (offer.coroutine)
        return spawnCoroutine(offer);
    return enqueue(offer);
}

SpawnError Janitor::enqueue(const Offer &offer)
{
    Origin origin(offer.name, offer.site);
    CallableList *callables = nullptr;
    JobQueue::Place place;
    {
        const JanitorLock lock(m_mutex);
        if (!m_ledger.accepts(lock, ledgerKind(offer.kind)))
            return SpawnError::ActiveJanitorTerminating;
        callables = &this->callables(lock, offer.kind);
        place = callables->queue.reserve(lock, std::move(origin));
        m_ledger.admit(lock, ledgerKind(offer.kind));
    }
    build(*callables, place, offer);
    if (!m_audience.isEmpty())
        tell(false);
    return SpawnError::NoError;
}

/// Moves the accepted job in and shows it to the pumps. User code runs here, so no lock is held.
void Janitor::build(CallableList &callables, JobQueue::Place place, const Offer &offer)
{
    std::exception_ptr failure;
    const JobType *type = offer.type;
    try {
        offer.place(place.cell().storage.data(), offer.source);
    } catch (...) {
        type = &voidJob;
        failure = std::current_exception();
    }
    if (!JobQueue::publish(place, type))
        handInLate(callables, place);
    ensurePump(callables);
    if (failure)
        std::rethrow_exception(failure);
}

void Janitor::handInLate(CallableList &callables, JobQueue::Place place)
{
    try {
        const JanitorLock lock(m_mutex);
        callables.queue.late(lock, place);
    } catch (const std::bad_alloc &) {
        const FrameSwap frame({JanitorPointer(this), roleOf(callables.kind)});
        Worker worker(*this, callables);
        place.cell().setState(JobCell::Running);
        run(worker, place);
        leaveChunk(worker, nullptr);
    }
}

void Janitor::runJobs(const Pump &pump, bool wasTakenForLost)
{
    CallableList &callables = *callablesIfAny(pump.kind());
    const FrameSwap frame({JanitorPointer(this), roleOf(callables.kind)});
    const bool makesRoom = callables.kind == JobKind::Daemon;
    std::int64_t sliceEnd = coarseNow() + timeSlice;
    pumpRuns(callables, pump, wasTakenForLost);
    bool started = false;
    Worker worker(*this, callables, &pump);
    while (const JobQueue::Place place = next(worker)) {
        if (!std::exchange(started, true))
            pumpHasJob(callables, pump);
        run(worker, place);
        if (makesRoom && coarseNow() >= sliceEnd) {
            if (queueAgain(callables, pump))
                break;
            sliceEnd = coarseNow() + timeSlice; // it has nothing left to do, or there is no memory
        }
    }
    leaveChunk(worker, nullptr);
}

bool Janitor::runOneJob()
{
    for (const std::atomic<CallableList *> &entry : m_callables) {
        CallableList *callables = entry.load(std::memory_order_acquire);
        if (!callables)
            continue;
        Worker worker(*this, *callables);
        if (const JobQueue::Place place = next(worker)) {
            const FrameSwap frame({JanitorPointer(this), roleOf(callables->kind)});
            const SpawnedCoroutine::Unrelated unrelated;
            run(worker, place);
            leaveChunk(worker, nullptr);
            return true;
        }
    }
    const std::vector<JanitorPointer> handedOn = givers();
    return std::any_of(handedOn.begin(), handedOn.end(), [this](const JanitorPointer &giver) {
        return giver->m_pool == m_pool && giver->runOneJob();
    });
}

/// Takes the next job. When there is none, a pump is retired in the same step in which that is
/// seen.
JobQueue::Place Janitor::next(Worker &worker)
{
    CallableList &callables = worker.callables;
    JobQueue::Taken taken;
    {
        const std::lock_guard lock(callables.takers);
        taken = callables.queue.take();
    }
    while (!taken.place) {
        const JanitorLock lock(m_mutex);
        if (taken.through)
            callables.queue.recycle(lock, taken.through);
        if (const JobQueue::Place late = callables.queue.takeLate(lock))
            return late;
        const std::lock_guard takersLock(callables.takers);
        taken = callables.queue.take();
        if (taken.place || taken.through)
            continue;
        if (worker.pump)
            pumpGoes(lock, callables, worker.pump, true);
        break;
    }
    return taken.place;
}

/// Counts the jobs that \a worker has ended in its chunk, now that it goes on to another one. Until
/// then it need not: the chunk cannot be recycled before the worker's present job in it has ended.
void Janitor::leaveChunk(Worker &worker, JobQueue::Chunk *chunk)
{
    if (worker.chunk == chunk)
        return;
    if (worker.ended > 0 && JobQueue::countEnded(worker.chunk, worker.ended)) {
        const JanitorLock lock(m_mutex);
        worker.callables.queue.recycle(lock, worker.chunk);
    }
    worker.chunk = chunk;
    worker.ended = 0;
}

/// Runs a job, destroys its callable, and only then counts it as ended.
void Janitor::run(Worker &worker, JobQueue::Place place)
{
    leaveChunk(worker, place.chunk);
    JobCell &cell = place.cell();
    const JobType *type = cell.type();
    const JobKind kind = worker.callables.kind;
    JobContext &context = worker.context;
    context.cell = &cell;
    bool succeeded = false;
    try {
        succeeded = type->run(cell.storage.data(), context);
    } catch (...) {
        context.error = errorOfCurrentException();
    }
    type->destroy(cell.storage.data());
    ++worker.ended;
    Ledger::End end = succeeded ? Ledger::End::Succeeded : Ledger::End::Failed;
    if (context.continuation) {
        Adoption adoption = std::move(*std::exchange(context.continuation, nullptr));
        if (goOn(kind, cell, adoption))
            return forgetName(place);
        const Outcome outcome = waitHere(kind, adoption);
        context.error = outcome.error;
        end = outcome.end;
    }
    if (kind == JobKind::Daemon && end == Ledger::End::Succeeded) {
        forgetName(place);
        cell.setState(JobCell::Ended);
        settleQuietly();
        return;
    }
    const Error error = end == Ledger::End::Failed
                            ? cell.origin.sign(std::exchange(context.error, Error()))
                            : Error();
    settle(kind, end, error, Ledger::Weight::Trips, {.cell = &cell});
    forgetName(place);
}

void Janitor::forgetName(JobQueue::Place place)
{
    if (!place.cell().origin.isOnHeap())
        return;
    Origin taken; // destroyed without the lock
    const JanitorLock lock(m_mutex);
    taken = JobQueue::takeName(lock, place);
}

/// Counts the ends of \a count daemons that ended well: without a lock, if none is the last.
void Janitor::settleQuietly(std::int64_t count)
{
    switch (m_ledger.endQuietly(count)) {
    case Ledger::Quiet::Counted:
        break;
    case Ledger::Quiet::MaybeLast:
        change([this](Held held, Aftermath &) { return m_ledger.due(held); });
        break;
    case Ledger::Quiet::HandedOn:
        for (; count > 0; --count) {
            Ending ending;
            {
                const JanitorLock lock(m_mutex);
                passOn(lock, JobKind::Daemon, Ledger::End::Succeeded, Error(), ending);
            }
            carryOut(ending);
        }
        break;
    }
    if (!m_audience.isEmpty())
        tell(false);
}

/// Counts the end of any job, which is listed as live until then.
void Janitor::settle(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                     Listing listed)
{
    // Nobody else tells of it: not the janitor that it was spawned into, nor its policy.
    const auto isLogged = [&](const Janitor *by) {
        return !by || weight == Ledger::Weight::OnlyListed || by->m_level == Level::Root ||
               (by != this && kind == JobKind::Daemon);
    };
    const auto log = [&](const Janitor *by) {
        ifThereIsMemory([&] {
            const QString text = error.toString();
            qCCritical(lcJanitor).noquote()
                << (by ? text : QStringLiteral("Abandoned by its janitor: ") + text);
        });
    };
    // Before the end is counted: after it the program may end, too.
    bool isToLog = error.isValid();
    if (const Janitor *const by = isToLog ? waiter() : nullptr; isToLog && isLogged(by)) {
        log(by);
        isToLog = false;
    }
    Ending ending;
    count(kind, end, error, weight, listed, ending);
    if (isToLog && isLogged(ending.by.data()))
        log(ending.by.data()); // it has been handed on or given up since
    carryOut(ending);
    if (!m_audience.isEmpty())
        tell(false);
}

/// Counts an end, by whoever waits for the job, in one step with taking it from the list: else a
/// report that is made meanwhile would have it twice, or not at all.
void Janitor::count(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                    Listing listed, Ending &ending)
{
    const JanitorLock lock(m_mutex);
    const bool isGivers = !listed.cell && !listed.watched && !listed.coroutine;
    unlist(lock, listed);
    if (m_ledger.end(lock, ledgerKind(kind), end, weight)) {
        if (error.isValid() && isGivers &&
            !isDone()) // the report is about to list, and may miss it
            ifThereIsMemory([&] { m_handover.addLate(lock, describe(error, kind)); });
        passOn(lock, kind, end, error, ending);
        return;
    }
    if (error.isValid())
        keep(lock, error, weight, ending.after);
    advance(lock, m_ledger.due(lock), ending.after);
    ending.by = JanitorPointer(this);
}

/// Has the janitor that took this one's jobs over count the end of one of them.
void Janitor::passOn(Held held, JobKind kind, Ledger::End end, const Error &error, Ending &ending)
{
    // A daemon that was handed on has been asked to stop: that it fails then is no surprise.
    const JanitorPointer &taker = m_handover.takerPointer(held);
    if (taker)
        taker->count(kind, end, error,
                     kind == JobKind::Daemon ? Ledger::Weight::OnlyListed : Ledger::Weight::Trips,
                     {}, ending);
    const bool isLast = m_handover.countEnd(held, m_ledger.handedOnCount(held));
    ending.passed.append({JanitorPointer(this), taker, isLast});
    forgetByOuters(held);
}

void Janitor::carryOut(Ending &ending)
{
    if (ending.by)
        ending.by->carryOut(ending.after);
    for (const Ending::Passed &passed : std::as_const(ending.passed)) {
        if (!passed.taker)
            continue;
        if (passed.wasLast)
            passed.taker->dropGiver(passed.giver.data());
        if (!passed.taker->m_audience.isEmpty())
            passed.taker->tell(false);
    }
}

///
void Janitor::unlist(Held, Listing listed)
{
    if (listed.cell)
        listed.cell->setState(JobCell::Ended);
    if (listed.watched)
        m_watchedJobs.remove(listed.watched);
    if (listed.coroutine)
        listed.coroutine->unlist();
}

} // namespace QJanitor::Private
