// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that sees to it that its jobs are taken to threads.
//
// The pool is touched under the lock only, and while a job waits in the list: that job cannot be
// counted as ended meanwhile, so the owner of the pool still has to keep it.

#include "agent/agentthread_p.h"
#include "janitor/callablelist_p.h"
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

void Janitor::startPumpIfNeeded(CallableList &callables)
{
    const auto isUrgent = [&callables] {
        return callables.kind == JobKind::CleanupJob &&
               callables.running.load(std::memory_order_acquire) == 0 &&
               !callables.urgent.isUnderWay.load(std::memory_order_acquire);
    };
    const auto isNeeded = [&callables] {
        return !callables.starting.isUnderWay.load(std::memory_order_acquire) &&
               callables.pumps.load(std::memory_order_acquire) <
                   callables.limit.load(std::memory_order_relaxed);
    };
    if ((!isUrgent() && !isNeeded()) || ProcessEnd::isForked())
        return; // in a forked child the pool's threads are missing
    auto pump = std::make_unique<Pump>(JanitorPointer(this), callables.kind, m_pool);
    bool isSent = false;
    {
        const JanitorLock lock(m_mutex);
        const bool urgent = isUrgent();
        isSent = (urgent || isNeeded()) && hasJobs(lock, callables);
        if (isSent)
            sendPump(lock, callables, pump, urgent ? callables.urgent : callables.starting);
    }
    if (isSent)
        watchPumps();
}

/// Gives \a pump to its pool.
void Janitor::sendPump(Held held, CallableList &callables, std::unique_ptr<Pump> &pump,
                       Beginning &beginning)
{
    callables.pumps.fetch_add(1, std::memory_order_acq_rel);
    beginning.isUnderWay.store(true, std::memory_order_release);
    beginning.pump = pump.get();
    beginning.since = coarseNow();
    beginning.isMissing = false;
    try {
        &beginning == &callables.urgent ? pump->startNow() : pump->start();
    } catch (...) {
        pumpGoes(held, callables, pump.get(), false);
        throw;
    }
    (void)pump.release(); // it is the pool's
}

/// Has the agent look whether what has been sent begins: a pool does not say if it gets no thread.
void Janitor::watchPumps() noexcept
{
    {
        const JanitorLock lock(m_mutex);
        m_nextPumpLook = std::min(m_nextPumpLook, coarseNow() + usualPatience);
        if (m_nextPumpLook >= m_alarm.due)
            return;
        planAlarm(lock);
    }
    setAlarm();
}

/// Has somebody run the jobs of \a callables: without memory for a pump, this thread.
void Janitor::ensurePump(CallableList &callables) noexcept
{
    try {
        startPumpIfNeeded(callables);
    } catch (...) {
        while (callables.pumps.load(std::memory_order_acquire) == 0 && runOneJob()) {
        }
    }
}

/// Has \a pump, whose time slice is over, make room for others of the pool. Returns false if it is
/// to go on: there is nothing left to do, or no memory.
bool Janitor::queueAgain(CallableList &callables, const Pump &pump) noexcept
{
    try {
        auto next = std::make_unique<Pump>(JanitorPointer(this), callables.kind, pump.pool());
        {
            const JanitorLock lock(m_mutex);
            if (!hasJobs(lock, callables))
                return false;
            if (!callables.starting.isUnderWay.load(std::memory_order_relaxed))
                sendPump(lock, callables, next, callables.starting);
            pumpGoes(lock, callables, &pump, true);
        }
        watchPumps();
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

void Janitor::callOffPumps()
{
    for (const std::atomic<CallableList *> &entry : m_callables) {
        CallableList *callables = entry.load(std::memory_order_acquire);
        IdlePumps idle; // destroyed without the lock
        if (!callables)
            continue;
        const JanitorLock lock(m_mutex);
        if (hasJobs(lock, *callables))
            continue; // those that were handed on need it
        for (const Beginning *beginning : {&callables->starting, &callables->urgent}) {
            // As long as it is named there, it exists, and so does its pool.
            Pump *pump = beginning->pump;
            if (!pump || !pump->pool()->tryTake(pump))
                continue;
            idle.emplace_back(pump)->callOff();
            pumpGoes(lock, *callables, pump, false);
        }
    }
}

bool Janitor::hasThreadThatStarts()
{
    callOffPumps();
    const JanitorLock lock(m_mutex);
    return isPumpBeginning(lock);
}

bool Janitor::runsOnThisThread() const
{
    if (m_pool == ownThreadPool())
        return isThreadOf(*m_pool);
    const JanitorLock lock(m_mutex);
    return std::any_of(m_callables.begin(), m_callables.end(),
                       [this, &lock](const std::atomic<CallableList *> &entry) {
                           const CallableList *callables = entry.load(std::memory_order_relaxed);
                           return callables && callables->queue.hasLive(lock) &&
                                  isThreadOf(*m_pool);
                       });
}

/// Whether there are jobs to take in \a callables.
bool Janitor::hasJobs(Held held, CallableList &callables)
{
    const std::lock_guard takersLock(callables.takers);
    return callables.queue.hasNext() || callables.queue.hasLate(held);
}

/// Counts in a pump that has got a thread.
void Janitor::pumpRuns(CallableList &callables, const Pump &pump, bool wasTakenForLost)
{
    const int limit = std::max(1, pump.pool()->maxThreadCount());
    const JanitorLock lock(m_mutex);
    callables.limit.store(limit, std::memory_order_relaxed);
    callables.running.fetch_add(1, std::memory_order_acq_rel);
    if (wasTakenForLost)
        callables.pumps.fetch_add(1, std::memory_order_acq_rel);
    if (callables.urgent.pump == &pump)
        callables.urgent.end();
    setLacksThreads(pump.pool(), false);
}

/// Counts out a pump.
void Janitor::pumpGoes(Held held, CallableList &callables, const Pump *pump, bool hasRun)
{
    callables.pumps.fetch_sub(1, std::memory_order_acq_rel);
    for (Beginning *beginning : {&callables.starting, &callables.urgent}) {
        if (beginning->pump == pump)
            beginning->end();
    }
    if (hasRun)
        callables.running.fetch_sub(1, std::memory_order_acq_rel);
    clearIdleAlarm(held);
}

/// Whether one has been given to its pool and has not begun.
bool Janitor::isPumpBeginning(Held) const
{
    return std::any_of(m_callables.begin(), m_callables.end(),
                       [](const std::atomic<CallableList *> &entry) {
                           const CallableList *callables = entry.load(std::memory_order_relaxed);
                           return callables && (callables->starting.pump || callables->urgent.pump);
                       });
}

/// Notes that a pump has got to its first job. If there is more to do, the next one starts.
void Janitor::pumpHasJob(CallableList &callables, const Pump &pump)
{
    bool more = false;
    {
        const JanitorLock lock(m_mutex);
        if (callables.starting.pump == &pump)
            callables.starting.end();
        more = hasJobs(lock, callables);
    }
    if (more)
        ensurePump(callables);
}

/// \a pump was destroyed before it ran: somebody has cleared the pool.
void Janitor::pumpCleared(const Pump &pump) noexcept
{
    CallableList &callables = *callablesIfAny(pump.kind());
    {
        const JanitorLock lock(m_mutex);
        pumpGoes(lock, callables, &pump, false);
        if (!hasJobs(lock, callables))
            return; // and the pool may go next
    }
    try {
        // Not right back into the pool: its clear(), which is running, would never end.
        if (AgentThread::post({JanitorPointer(this), Ticket::Matter::ClearedPump}, true))
            return;
        auto other = std::make_unique<Pump>(JanitorPointer(this), callables.kind, ownThreadPool());
        const JanitorLock lock(m_mutex);
        if (hasJobs(lock, callables) &&
            !callables.starting.isUnderWay.load(std::memory_order_relaxed))
            sendPump(lock, callables, other, callables.starting);
    } catch (const std::bad_alloc &) {
        watchPumps();
    }
}

void Janitor::restartPumps() noexcept
{
    for (const std::atomic<CallableList *> &entry : m_callables) {
        try {
            if (CallableList *callables = entry.load(std::memory_order_acquire))
                startPumpIfNeeded(*callables);
        } catch (const std::bad_alloc &) {
            watchPumps();
        }
    }
}

/// Looks whether the pools have lost a pump, or there is none for jobs that wait.
void Janitor::lookAtPumps(std::int64_t now, std::int64_t patience)
{
    IdlePumps idle; // destroyed without the lock
    bool someLost = false;
    bool someLacking = false;
    {
        const JanitorLock lock(m_mutex);
        if (now < m_nextPumpLook && patience == usualPatience)
            return;
        m_nextPumpLook = Alarm::never;
        for (const std::atomic<CallableList *> &entry : m_callables) {
            CallableList *callables = entry.load(std::memory_order_acquire);
            if (!callables)
                continue;
            for (Beginning *beginning : {&callables->starting, &callables->urgent}) {
                someLost |= lookAtPump(lock, *callables, *beginning, now, patience, idle);
                if (beginning->pump)
                    m_nextPumpLook = std::min(m_nextPumpLook, beginning->since + usualPatience);
            }
            someLacking |=
                callables->pumps.load(std::memory_order_relaxed) == 0 && hasJobs(lock, *callables);
        }
        if (someLost)
            m_waiters.call(lock);
    }
    if (someLost)
        warnOfLostThread();
    if (someLost || someLacking)
        restartPumps();
}

/// The same for one. Returns whether it is lost.
bool Janitor::lookAtPump(Held held, CallableList &callables, Beginning &beginning, std::int64_t now,
                         std::int64_t patience, IdlePumps &idle)
{
    Pump *pump = beginning.pump;
    if (!pump || now - beginning.since < patience)
        return false;
    beginning.since = now;
    if (pump->pool()->tryTake(pump)) {
        // The pool is busy. It has waited, so it goes to the head of the queue; a pool without jobs
        // may be about to go.
        std::unique_ptr<Pump> &taken = idle.emplace_back(pump);
        taken->callOff();
        taken->waitNoLonger();
        pumpGoes(held, callables, pump, false);
        try {
            if (hasJobs(held, callables))
                sendPump(held, callables, taken, beginning);
        } catch (const std::bad_alloc &) {
            // Another one is started for it.
        }
        return false;
    }
    const bool wasMissing = std::exchange(beginning.isMissing, true);
    if ((!wasMissing && patience == usualPatience) || !pump->takeForLost())
        return false;
    setLacksThreads(pump->pool(), true);
    pumpGoes(held, callables, pump, false);
    return true;
}

} // namespace QJanitor::Private
