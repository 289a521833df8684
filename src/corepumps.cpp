// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that sees to it that its jobs are taken to threads.

#include "agentthread_p.h"
#include "corelane_p.h"
#include "pump_p.h"
#include "threadpool_p.h"

#include <QtCore/qthreadpool.h>

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

void Core::startPumpIfNeeded(Lane &lane)
{
    const auto isUrgent = [&lane] {
        return lane.kind == JobKind::CleanupJob &&
               lane.running.load(std::memory_order_acquire) == 0 &&
               !lane.urgent.load(std::memory_order_acquire);
    };
    const auto isNeeded = [&lane] {
        return !lane.starting.load(std::memory_order_acquire) &&
               lane.pumps.load(std::memory_order_acquire) <
                   lane.limit.load(std::memory_order_relaxed);
    };
    if (!isUrgent() && !isNeeded())
        return;
    auto pump = std::make_unique<Pump>(CorePointer(this), lane.kind, m_pool);
    bool urgent = false;
    {
        const std::lock_guard lock(m_mutex);
        urgent = isUrgent();
        if (!urgent && !isNeeded()) {
            pump->callOff();
            return;
        }
        (urgent ? lane.urgent : lane.starting).store(true, std::memory_order_release);
        lane.pumps.fetch_add(1, std::memory_order_acq_rel);
        if (!urgent)
            lane.startingPump = pump.get();
    }
    try {
        urgent ? pump->startNow() : pump->start();
    } catch (...) {
        pump->callOff();
        const std::lock_guard lock(m_mutex);
        pumpGoes(lane, false);
        throw;
    }
    (void)pump.release(); // it is the pool's
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

void Core::callOffPumps()
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        Lane *lane = slot.load(std::memory_order_acquire);
        std::unique_ptr<Pump> pump;
        if (!lane)
            continue;
        const std::lock_guard lock(m_mutex);
        if (hasJobs(*lane))
            continue; // it is done because it has handed them on
        // Under the lock: as long as it is named there, it exists.
        if (!lane->startingPump || !m_pool->tryTake(lane->startingPump))
            continue;
        pump.reset(std::exchange(lane->startingPump, nullptr));
        pump->callOff();
        pumpGoes(*lane, false);
    }
}

/// Whether there are jobs to take in \a lane. Under the lock.
bool Core::hasJobs(Lane &lane)
{
    const std::lock_guard takersLock(lane.takers);
    return lane.queue.hasNext() || lane.queue.hasLate();
}

/// Counts in a pump that has got a thread.
void Core::pumpRuns(Lane &lane)
{
    const int limit = std::max(1, m_pool->maxThreadCount());
    const std::lock_guard lock(m_mutex);
    lane.limit.store(limit, std::memory_order_relaxed);
    lane.running.fetch_add(1, std::memory_order_acq_rel);
    lane.urgent.store(false, std::memory_order_release);
}

/// Counts out a pump. Under the lock.
void Core::pumpGoes(Lane &lane, bool hasRun)
{
    lane.pumps.fetch_sub(1, std::memory_order_acq_rel);
    lane.starting.store(false, std::memory_order_release);
    lane.startingPump = nullptr;
    if (hasRun)
        lane.running.fetch_sub(1, std::memory_order_acq_rel);
    else
        lane.urgent.store(false, std::memory_order_release);
}

/// Notes that a pump has got to its first job. If there is more to do, the next one starts.
void Core::pumpHasJob(Lane &lane)
{
    bool more = false;
    {
        const std::lock_guard lock(m_mutex);
        lane.starting.store(false, std::memory_order_release);
        lane.startingPump = nullptr;
        more = hasJobs(lane);
    }
    if (more)
        ensurePump(lane);
}

void Core::pumpLost(JobKind kind)
{
    {
        Lane &lane = this->lane(kind);
        const std::lock_guard lock(m_mutex);
        pumpGoes(lane, false);
    }
    // Not right back into the pool: its clear(), which is running, would never end.
    if (!AgentThread::post({CorePointer(this), Ticket::Matter::LostPump}, true))
        restartPumps(ownThreadPool());
}

void Core::restartPumps(QThreadPool *pool)
{
    for (const std::atomic<Lane *> &slot : m_lanes) {
        Lane *lane = slot.load(std::memory_order_acquire);
        if (!lane)
            continue;
        if (pool == m_pool) {
            startPumpIfNeeded(*lane);
        } else {
            {
                const std::lock_guard lock(m_mutex);
                lane->pumps.fetch_add(1, std::memory_order_acq_rel);
            }
            (new Pump(CorePointer(this), lane->kind, pool))->start();
        }
    }
}

} // namespace QJanitor::Private
