// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that jobs travel through: spawned, taken by a pump, run, settled.

#include "agent/agentthread_p.h"
#include "coro/cojob_p.h"
#include "janitor/corelane_p.h"
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

Error nameError(const Slot &slot, Error error)
{
    const Origin &origin = slot.origin;
    if (slot.isLabelled())
        return ErrorParts::named(std::move(error), origin.label->name,
                                 siteText(origin.label->site));
    return ErrorParts::named(std::move(error), QString(), siteText(origin.site));
}

} // namespace

/// Returns the lane for \a kind. Under the lock, the first time.
inline Core::Lane &Core::lane(JobKind kind)
{
    if (Lane *lane = m_lanes[std::size_t(kind)].load(std::memory_order_acquire))
        return *lane;
    return addLane(kind);
}

Core::Lane &Core::addLane(JobKind kind)
{
    auto lane = std::make_unique<Lane>(kind);
    ProcessEnd::add(*this);
    m_lanes[std::size_t(kind)].store(lane.get(), std::memory_order_release);
    return *lane.release();
}

SpawnError Core::spawn(const Offer &offer)
{
    if (offer.adopt)
        return adopt(offer);
    if (offer.coroutine)
        return spawnCoroutine(offer);
    return enqueue(offer);
}

SpawnError Core::enqueue(const Offer &offer)
{
    std::unique_ptr<Label> label;
    if (offer.name && !offer.name->isEmpty())
        label.reset(new Label{*offer.name, offer.site});
    Lane *lane = nullptr;
    JobQueue::Place place;
    {
        const std::lock_guard lock(m_mutex);
        if (!m_ledger.accepts(ledgerKind(offer.kind)))
            return SpawnError::ActiveJanitorTerminating;
        lane = &this->lane(offer.kind);
        place = lane->queue.reserve(label ? Origin(label.get()) : Origin(offer.site), bool(label));
        label.release();
        m_ledger.admit(oneOf(offer.kind));
    }
    build(*lane, place, offer);
    if (m_watched.load(std::memory_order_relaxed))
        tell(false);
    return SpawnError::NoError;
}

/// Moves the accepted job in and shows it to the pumps. User code runs here, so no lock is held.
void Core::build(Lane &lane, JobQueue::Place place, const Offer &offer)
{
    std::exception_ptr failure;
    const JobType *type = offer.type;
    try {
        offer.place(place.slot().storage.data(), offer.source);
    } catch (...) {
        type = &voidJob;
        failure = std::current_exception();
    }
    if (!JobQueue::publish(place, type))
        handInLate(lane, place);
    ensurePump(lane);
    if (failure)
        std::rethrow_exception(failure);
}

void Core::handInLate(Lane &lane, JobQueue::Place place)
{
    try {
        const std::lock_guard lock(m_mutex);
        lane.queue.late(place);
    } catch (const std::bad_alloc &) {
        const FrameSwap frame({CorePointer(this), roleOf(lane.kind)});
        Worker worker(*this, lane);
        place.slot().setState(Slot::Running);
        run(worker, place);
        leaveChunk(worker, nullptr);
    }
}

void Core::runJobs(const Pump &pump, bool wasTakenForLost)
{
    Lane &lane = this->lane(pump.kind());
    const FrameSwap frame({CorePointer(this), roleOf(lane.kind)});
    const bool makesRoom = lane.kind == JobKind::Daemon;
    std::int64_t sliceEnd = coarseNow() + timeSlice;
    pumpRuns(lane, pump, wasTakenForLost);
    bool started = false;
    Worker worker(*this, lane, &pump);
    while (const JobQueue::Place place = next(worker)) {
        if (!std::exchange(started, true))
            pumpHasJob(lane, pump);
        run(worker, place);
        if (makesRoom && coarseNow() >= sliceEnd) {
            if (queueAgain(lane, pump))
                break;
            sliceEnd = coarseNow() + timeSlice; // it has nothing left to do, or there is no memory
        }
    }
    leaveChunk(worker, nullptr);
}

bool Core::runOneJob()
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        Lane *lane = slot.load(std::memory_order_acquire);
        if (!lane)
            continue;
        Worker worker(*this, *lane);
        if (const JobQueue::Place place = next(worker)) {
            const FrameSwap frame({CorePointer(this), roleOf(lane->kind)});
            const CoJob::Unrelated unrelated;
            run(worker, place);
            leaveChunk(worker, nullptr);
            return true;
        }
    }
    const std::vector<CorePointer> handedOn = wards();
    return std::any_of(handedOn.begin(), handedOn.end(), [this](const CorePointer &ward) {
        return ward->m_pool == m_pool && ward->runOneJob();
    });
}

/// Takes the next job. When there is none, a pump is retired in the same step in which that is
/// seen.
JobQueue::Place Core::next(Worker &worker)
{
    Lane &lane = worker.lane;
    JobQueue::Taken taken;
    {
        const std::lock_guard lock(lane.takers);
        taken = lane.queue.take();
    }
    while (!taken.place) {
        const std::lock_guard lock(m_mutex);
        if (taken.through)
            lane.queue.recycle(taken.through);
        if (const JobQueue::Place late = lane.queue.takeLate())
            return late;
        const std::lock_guard takersLock(lane.takers);
        taken = lane.queue.take();
        if (taken.place || taken.through)
            continue;
        if (worker.pump)
            pumpGoes(lane, worker.pump, true);
        break;
    }
    return taken.place;
}

/// Counts the jobs that \a worker has ended in its chunk, now that it goes on to another one. Until
/// then it need not: the chunk cannot be recycled before the worker's present job in it has ended.
void Core::leaveChunk(Worker &worker, JobQueue::Chunk *chunk)
{
    if (worker.chunk == chunk)
        return;
    if (worker.ended > 0 && JobQueue::countEnded(worker.chunk, worker.ended)) {
        const std::lock_guard lock(m_mutex);
        worker.lane.queue.recycle(worker.chunk);
    }
    worker.chunk = chunk;
    worker.ended = 0;
}

/// Runs a job, destroys its callable, and only then counts it as ended.
void Core::run(Worker &worker, JobQueue::Place place)
{
    leaveChunk(worker, place.chunk);
    Slot &slot = place.slot();
    const JobType *type = slot.type();
    const JobKind kind = worker.lane.kind;
    JobContext &context = worker.context;
    context.slot = &slot;
    bool succeeded = false;
    try {
        succeeded = type->run(slot.storage.data(), context);
    } catch (...) {
        context.error = errorOfCurrentException();
    }
    type->destroy(slot.storage.data());
    ++worker.ended;
    Ledger::End end = succeeded ? Ledger::End::Succeeded : Ledger::End::Failed;
    if (context.continuation) {
        Adoption adoption = std::move(*std::exchange(context.continuation, nullptr));
        if (goOn(kind, slot, adoption))
            return dropLabel(worker.lane, place);
        const Outcome outcome = waitHere(kind, adoption);
        context.error = outcome.error;
        end = outcome.end;
    }
    Error error;
    if (end == Ledger::End::Failed)
        error = nameError(slot, std::exchange(context.error, Error()));
    if (kind == JobKind::Daemon && end == Ledger::End::Succeeded) {
        dropLabel(worker.lane, place);
        slot.setState(Slot::Ended);
        settleQuietly();
    } else {
        settle(kind, end, error, Ledger::Weight::Trips, {.slot = &slot});
        dropLabel(worker.lane, place);
    }
}

void Core::dropLabel(Lane &lane, JobQueue::Place place)
{
    if (!place.slot().isLabelled())
        return;
    std::unique_ptr<Label> label;
    const std::lock_guard lock(m_mutex);
    label.reset(lane.queue.takeLabel(place));
}

/// Counts the ends of \a count daemons that ended well: without a lock, if none is the last.
void Core::settleQuietly(std::int64_t count)
{
    switch (m_ledger.endQuietly(count)) {
    case Ledger::Quiet::Counted:
        break;
    case Ledger::Quiet::MaybeLast: {
        Todo todo;
        {
            const std::lock_guard lock(m_mutex);
            advance(todo);
        }
        carryOut(todo);
        break;
    }
    case Ledger::Quiet::HandedOn:
        for (; count > 0; --count) {
            Ending ending;
            {
                const std::lock_guard lock(m_mutex);
                passOn(JobKind::Daemon, Ledger::End::Succeeded, Error(), ending);
            }
            carryOut(ending);
        }
        break;
    }
    if (m_watched.load(std::memory_order_relaxed))
        tell(false);
}

/// Counts the end of any job, which is listed as live until then.
void Core::settle(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                  Listed listed)
{
    // Nobody else tells of it: not the janitor that it was spawned into, nor its policy.
    const auto isLogged = [&](const Core *by) {
        return !by || weight == Ledger::Weight::OnlyListed || by->m_level == Level::Root ||
               (by != this && kind == JobKind::Daemon);
    };
    const auto log = [&](const Core *by) {
        ifThereIsMemory([&] {
            const QString text = error.toString();
            qCCritical(lcJanitor).noquote()
                << (by ? text : QStringLiteral("Abandoned by its janitor: ") + text);
        });
    };
    // Before the end is counted: after it the program may end, too.
    bool isToLog = error.isValid();
    if (const Core *const by = isToLog ? waiter() : nullptr; isToLog && isLogged(by)) {
        log(by);
        isToLog = false;
    }
    Ending ending;
    count(kind, end, error, weight, listed, ending);
    if (isToLog && isLogged(ending.by.data()))
        log(ending.by.data()); // it has been handed on or given up since
    carryOut(ending);
    if (m_watched.load(std::memory_order_relaxed))
        tell(false);
}

/// Counts an end, by whoever waits for the job, in one step with taking it from the list: else a
/// report that is made meanwhile would have it twice, or not at all.
void Core::count(JobKind kind, Ledger::End end, const Error &error, Ledger::Weight weight,
                 Listed listed, Ending &ending)
{
    const std::lock_guard lock(m_mutex);
    const bool isWards = !listed.slot && !listed.watched && !listed.coroutine;
    unlist(listed);
    if (m_ledger.end(ledgerKind(kind), end, weight)) {
        if (error.isValid() && isWards && !isDone()) // the report is about to list, and may miss it
            ifThereIsMemory([&] { m_lateJobs.append(describe(error, kind)); });
        passOn(kind, end, error, ending);
        return;
    }
    if (error.isValid())
        keep(error, weight, ending.todo);
    advance(ending.todo);
    ending.by = CorePointer(this);
}

/// Has the janitor that took this one's jobs over count the end of one of them. Under the lock.
void Core::passOn(JobKind kind, Ledger::End end, const Error &error, Ending &ending)
{
    // A daemon that was handed on has been asked to stop: that it fails then is no surprise.
    if (m_takerPointer)
        m_takerPointer->count(kind, end, error,
                              kind == JobKind::Daemon ? Ledger::Weight::OnlyListed
                                                      : Ledger::Weight::Trips,
                              {}, ending);
    ++m_forwarded;
    ending.passed.append({CorePointer(this), m_takerPointer, hasForwardedAll()});
    forgetByOuters();
}

void Core::carryOut(Ending &ending)
{
    if (ending.by)
        ending.by->carryOut(ending.todo);
    for (const Ending::Passed &passed : std::as_const(ending.passed)) {
        if (!passed.taker)
            continue;
        if (passed.wasLast)
            passed.taker->dropWard(passed.ward.data());
        if (passed.taker->m_watched.load(std::memory_order_relaxed))
            passed.taker->tell(false);
    }
}

/// Under the lock.
void Core::unlist(Listed listed)
{
    if (listed.slot)
        listed.slot->setState(Slot::Ended);
    if (listed.watched)
        m_watchedJobs.remove(listed.watched);
    if (listed.coroutine)
        listed.coroutine->unlist();
}

} // namespace QJanitor::Private
