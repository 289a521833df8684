// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

namespace QJanitor::Private {

static_assert(int(JobKind::Daemon) == int(Ledger::Kind::Daemon));
static_assert(int(JobKind::CleanupJob) == int(Ledger::Kind::CleanupJob));
inline Ledger::Kind ledgerKind(JobKind kind)
{
    return Ledger::Kind(kind);
}

inline Role roleOf(JobKind kind)
{
    return kind == JobKind::Daemon ? Role::Daemon : Role::CleanupJob;
}

/// A pump that has been given to the pool and has not got to its first job. Written under the
/// janitor's lock.
struct Janitor::Beginning
{
    void end()
    {
        pump = nullptr;
        isUnderWay.store(false, std::memory_order_release);
    }
    std::atomic<bool> isUnderWay{false};
    Pump *pump = nullptr; ///< As long as it is named here, it exists.
    std::int64_t since = 0;
    bool isMissing = false; ///< At the last look, it had not begun and was not in the pool's queue.
};

/*!
    The jobs of one kind, and the pumps that take them to threads.

    Each kind has pumps of its own, so that clean-up never queues behind services. One pump at a
    time is starting: once it has taken a job and sees more, it starts the next, up to the pool's
    limit.
*/
struct Janitor::CallableList
{
    explicit CallableList(JobKind kind_)
        : kind(kind_)
    {}

    // First what spawners read, last what takers write: the queue keeps them on lines apart.
    const JobKind kind;
    std::atomic<int> limit{1};   ///< The pool's maxThreadCount(), as last seen.
    std::atomic<int> pumps{0};   ///< Written under the janitor's lock.
    std::atomic<int> running{0}; ///< Pumps that have a thread. Written under the janitor's lock.
    Beginning starting;          ///< Waits for its turn in the pool.
    Beginning urgent;            ///< Gets a thread at once.
    JobQueue queue;
    std::mutex takers;
};

/// A thread that takes jobs from a callables: a pump, or one that helps while it waits.
struct Janitor::Worker
{
    Worker(Janitor &janitor, CallableList &callables_, const Pump *pump_ = nullptr)
        : callables(callables_)
        , pump(pump_)
    {
        context.janitor = &janitor;
        context.kind = callables.kind;
    }

    CallableList &callables;
    const Pump *const pump; ///< Null if it only helps.
    JobContext context;
    JobQueue::Chunk *chunk = nullptr;
    int ended = 0; ///< How many jobs in chunk it has ended, but not yet counted as ended there.
};

} // namespace QJanitor::Private
