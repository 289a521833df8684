// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that sees to it that its jobs are taken to threads.
//
// The pool is touched under the lock only, and while a job waits in the lane: that job cannot be counted
// as ended meanwhile, so the owner of the pool still has to keep it.

#include "agent/agentthread_p.h"
#include "janitor/corelane_p.h"
#include "scope/processend_p.h"
#include "run/pump_p.h"
#include "report/texts_p.h"
#include "ambient/thisthread_p.h"
#include "run/threadpool_p.h"

#include <QtCore/qthreadpool.h>

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

static void warnOfLostThread()
{
    static std::atomic_flag isSaid;
    if (isSaid.test_and_set())
        return;
    qCCritical(
        lcJanitor,
        "A pool could not make a thread, and Qt does not say so: the jobs that it was for are "
        "given another one as soon as that can be had. Has the process reached a limit, as "
        "RLIMIT_NPROC or that of a pids cgroup? QThreadPool::waitForDone() of that pool, and so "
        "its destructor, may wait for ever now.");
}

void Core::startPumpIfNeeded(Lane &lane)
{
    const auto isUrgent = [&lane] {
        return lane.kind == JobKind::CleanupJob &&
               lane.running.load(std::memory_order_acquire) == 0 &&
               !lane.urgent.isUnderWay.load(std::memory_order_acquire);
    };
    const auto isNeeded = [&lane] {
        return !lane.starting.isUnderWay.load(std::memory_order_acquire) &&
               lane.pumps.load(std::memory_order_acquire) <
                   lane.limit.load(std::memory_order_relaxed);
    };
    if ((!isUrgent() && !isNeeded()) || ProcessEnd::isForked())
        return; // in a forked child the pool's threads are missing
    auto pump = std::make_unique<Pump>(CorePointer(this), lane.kind, m_pool);
    bool isSent = false;
    {
        const std::lock_guard lock(m_mutex);
        const bool urgent = isUrgent();
        isSent = (urgent || isNeeded()) && hasJobs(lane);
        if (isSent)
            sendPump(lane, pump, urgent ? lane.urgent : lane.starting);
    }
    if (isSent)
        watchPumps();
}

/// Gives \a pump to its pool. Under the lock.
void Core::sendPump(Lane &lane, std::unique_ptr<Pump> &pump, Beginning &beginning)
{
    lane.pumps.fetch_add(1, std::memory_order_acq_rel);
    beginning.isUnderWay.store(true, std::memory_order_release);
    beginning.pump = pump.get();
    beginning.since = coarseNow();
    beginning.isMissing = false;
    try {
        &beginning == &lane.urgent ? pump->startNow() : pump->start();
    } catch (...) {
        pumpGoes(lane, pump.get(), false);
        throw;
    }
    (void)pump.release(); // it is the pool's
}

/// Has the agent look whether what has been sent begins: a pool does not say if it gets no thread.
void Core::watchPumps() noexcept
{
    {
        const std::lock_guard lock(m_mutex);
        m_nextPumpLook = std::min(m_nextPumpLook, coarseNow() + usualPatience);
        if (m_nextPumpLook >= m_alarm.due)
            return;
        planAlarm();
    }
    setAlarm();
}

/// Has somebody run the jobs of \a lane: without memory for a pump, this thread.
void Core::ensurePump(Lane &lane) noexcept
{
    try {
        startPumpIfNeeded(lane);
    } catch (...) {
        while (lane.pumps.load(std::memory_order_acquire) == 0 && runOneJob()) {
        }
    }
}

/// Has \a pump, whose time slice is over, make room for others of the pool. Returns false if it is to go
/// on: there is nothing left to do, or no memory.
bool Core::queueAgain(Lane &lane, const Pump &pump) noexcept
{
    try {
        auto next = std::make_unique<Pump>(CorePointer(this), lane.kind, pump.pool());
        {
            const std::lock_guard lock(m_mutex);
            if (!hasJobs(lane))
                return false;
            if (!lane.starting.isUnderWay.load(std::memory_order_relaxed))
                sendPump(lane, next, lane.starting);
            pumpGoes(lane, &pump, true);
        }
        watchPumps();
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

void Core::callOffPumps()
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        Lane *lane = slot.load(std::memory_order_acquire);
        std::unique_ptr<Pump> pump;
        if (!lane)
            continue;
        const std::lock_guard lock(m_mutex);
        if (hasJobs(*lane))
            continue; // those that were handed on need it
        // As long as it is named there, it exists, and so does its pool.
        Pump *starting = lane->starting.pump;
        if (!starting || !starting->pool()->tryTake(starting))
            continue;
        pump.reset(starting);
        pump->callOff();
        pumpGoes(*lane, starting, false);
    }
}

bool Core::runsOnThisThread() const
{
    if (m_pool == ownThreadPool())
        return isThreadOf(*m_pool);
    const std::lock_guard lock(m_mutex);
    return std::any_of(m_lanes.begin(), m_lanes.end(), [this](const std::atomic<Lane *> &slot) {
        const Lane *lane = slot.load(std::memory_order_relaxed);
        return lane && lane->queue.hasLive() && isThreadOf(*m_pool);
    });
}

/// Whether there are jobs to take in \a lane. Under the lock.
bool Core::hasJobs(Lane &lane)
{
    const std::lock_guard takersLock(lane.takers);
    return lane.queue.hasNext() || lane.queue.hasLate();
}

/// Counts in a pump that has got a thread.
void Core::pumpRuns(Lane &lane, const Pump &pump, bool wasTakenForLost)
{
    const int limit = std::max(1, pump.pool()->maxThreadCount());
    const std::lock_guard lock(m_mutex);
    lane.limit.store(limit, std::memory_order_relaxed);
    lane.running.fetch_add(1, std::memory_order_acq_rel);
    if (wasTakenForLost)
        lane.pumps.fetch_add(1, std::memory_order_acq_rel);
    if (lane.urgent.pump == &pump)
        lane.urgent.end();
    setLacksThreads(pump.pool(), false);
}

/// Counts out a pump. Under the lock.
void Core::pumpGoes(Lane &lane, const Pump *pump, bool hasRun)
{
    lane.pumps.fetch_sub(1, std::memory_order_acq_rel);
    for (Beginning *beginning : {&lane.starting, &lane.urgent}) {
        if (beginning->pump == pump)
            beginning->end();
    }
    if (hasRun)
        lane.running.fetch_sub(1, std::memory_order_acq_rel);
    clearIdleAlarm();
}

/// Whether one has been given to its pool and has not begun. Under the lock.
bool Core::isPumpBeginning() const
{
    return std::any_of(m_lanes.begin(), m_lanes.end(), [](const std::atomic<Lane *> &slot) {
        const Lane *lane = slot.load(std::memory_order_relaxed);
        return lane && (lane->starting.pump || lane->urgent.pump);
    });
}

/// Notes that a pump has got to its first job. If there is more to do, the next one starts.
void Core::pumpHasJob(Lane &lane, const Pump &pump)
{
    bool more = false;
    {
        const std::lock_guard lock(m_mutex);
        if (lane.starting.pump == &pump)
            lane.starting.end();
        more = hasJobs(lane);
    }
    if (more)
        ensurePump(lane);
}

/// \a pump was destroyed before it ran: somebody has cleared the pool.
void Core::pumpCleared(const Pump &pump) noexcept
{
    Lane &lane = *m_lanes[std::size_t(pump.kind())].load(std::memory_order_acquire);
    {
        const std::lock_guard lock(m_mutex);
        pumpGoes(lane, &pump, false);
        if (!hasJobs(lane))
            return; // and the pool may go next
    }
    try {
        // Not right back into the pool: its clear(), which is running, would never end.
        if (AgentThread::post({CorePointer(this), Ticket::Matter::ClearedPump}, true))
            return;
        auto other = std::make_unique<Pump>(CorePointer(this), lane.kind, ownThreadPool());
        const std::lock_guard lock(m_mutex);
        if (hasJobs(lane) && !lane.starting.isUnderWay.load(std::memory_order_relaxed))
            sendPump(lane, other, lane.starting);
    } catch (const std::bad_alloc &) {
        watchPumps();
    }
}

void Core::restartPumps() noexcept
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        try {
            if (Lane *lane = slot.load(std::memory_order_acquire))
                startPumpIfNeeded(*lane);
        } catch (const std::bad_alloc &) {
            watchPumps();
        }
    }
}

/// Looks whether the pools have lost a pump, or there is none for jobs that wait.
void Core::lookAtPumps(std::int64_t now, std::int64_t patience)
{
    IdlePumps idle; // destroyed without the lock
    bool someLost = false;
    bool someLacking = false;
    {
        const std::lock_guard lock(m_mutex);
        if (now < m_nextPumpLook && patience == usualPatience)
            return;
        m_nextPumpLook = Alarm::never;
        for (const std::atomic<Lane *> &slot : m_lanes) {
            Lane *lane = slot.load(std::memory_order_acquire);
            if (!lane)
                continue;
            for (Beginning *beginning : {&lane->starting, &lane->urgent}) {
                someLost |= lookAtPump(*lane, *beginning, now, patience, idle);
                if (beginning->pump)
                    m_nextPumpLook = std::min(m_nextPumpLook, beginning->since + usualPatience);
            }
            someLacking |= lane->pumps.load(std::memory_order_relaxed) == 0 && hasJobs(*lane);
        }
        if (someLost) {
            m_helpWanted = true;
            wake();
        }
    }
    if (someLost)
        warnOfLostThread();
    if (someLost || someLacking)
        restartPumps();
}

/// The same for one. Returns whether it is lost. Under the lock.
bool Core::lookAtPump(Lane &lane, Beginning &beginning, std::int64_t now, std::int64_t patience,
                      IdlePumps &idle)
{
    Pump *pump = beginning.pump;
    if (!pump || now - beginning.since < patience)
        return false;
    beginning.since = now;
    if (pump->pool()->tryTake(pump)) {
        // The pool is busy. It has waited, so it goes to the head of the queue; a pool without jobs may
        // be about to go.
        std::unique_ptr<Pump> &taken = idle.emplace_back(pump);
        taken->callOff();
        taken->waitNoLonger();
        pumpGoes(lane, pump, false);
        try {
            if (hasJobs(lane))
                sendPump(lane, taken, beginning);
        } catch (const std::bad_alloc &) {
            // Another one is started for it.
        }
        return false;
    }
    const bool wasMissing = std::exchange(beginning.isMissing, true);
    if ((!wasMissing && patience == usualPatience) || !pump->takeForLost())
        return false;
    setLacksThreads(pump->pool(), true);
    pumpGoes(lane, pump, false);
    return true;
}

} // namespace QJanitor::Private
