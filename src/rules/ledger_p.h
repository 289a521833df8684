// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "rules/held_p.h"

#include <atomic>
#include <cstdint>

namespace QJanitor::Private {

/*!
    Counts the jobs of one janitor and knows what is due: open, draining, closed. Nothing else does.

    No lock of its own. A daemon that ended well is
    the common case and is counted without a lock, in one word: the number of ended daemons, and
    above it two marks that tell the one who counts what else to do.
*/
class Ledger
{
public:
    enum class Kind : std::uint8_t { Daemon, CleanupJob };
    enum class Phase : std::uint8_t { Open, Draining, Closed };
    enum class End : std::uint8_t { Succeeded, Failed, Canceled };
    /// Which failures trip the policy: all, but those of daemons that another janitor handed on.
    enum class Weight : std::uint8_t { Trips, OnlyListed };

    struct Policy
    {
        bool stopOnFailure = true;
        bool waitAfterFailure = false;
    };
    struct Pending
    {
        std::int64_t daemons = 0;
        std::int64_t cleanupJobs = 0;
        std::int64_t total() const { return daemons + cleanupJobs; }
    };
    /// What the owner has to do now; each is due once in a ledger's life.
    struct Due
    {
        bool fail = false;   ///< The first failure has come.
        bool stop = false;   ///< Ask callee and daemons to stop.
        bool drain = false;  ///< Tell the daemons that callee and clean-up are through.
        bool handOn = false; ///< Find a taker and call handOn(), or else waitForAll(); until then.
        bool close = false;  ///< Release whoever waits.
    };
    enum class Quiet : std::uint8_t {
        Counted,   ///< Nothing else to do.
        MaybeLast, ///< It may have been the last: ask due().
        HandedOn,  ///< It belongs to another janitor by now, who has to be told.
    };

    explicit Ledger(Policy policy)
        : m_policy(policy)
    {}

    bool accepts(Held, Kind kind) const;
    /// Counts \a pending jobs in, which it accepts().
    void admit(Held, Pending pending);

    /// Counts the ends of \a count daemons that ended well. Any thread, without the lock.
    Quiet endQuietly(std::int64_t count = 1);
    /// Counts the end of any job. Returns true if it belongs to another janitor by now.
    bool end(Held, Kind kind, End end, Weight weight = Weight::Trips);
    void requestStop(Held) { m_stopWanted = true; }
    void endCallee(Held);
    /// Ends the callee and hands on whatever is pending, unless waitForAll() follows.
    void letGo(Held);

    /// Makes the transitions that are due, and tells which.
    Due due(Held);
    /// Marks all pending jobs as somebody else's, closes, and returns how many they are.
    Pending handOn(Held);
    /// Waits after a failure whatever the policy says, since nobody takes the jobs.
    void waitForAll(Held);

    Phase phase(Held) const { return m_phase; }
    bool hasFailed(Held) const { return m_tripped; }
    Pending pending(Held) const;
    std::int64_t admittedCount(Held) const;
    std::int64_t endedCount(Held) const;
    std::int64_t failedCount(Held) const { return m_failed; }
    std::int64_t handedOnCount(Held) const { return m_handedOn; }
    std::int64_t canceledCount(Held) const { return m_canceled; }

private:
    static constexpr std::uint64_t drainingMark = std::uint64_t(1) << 62;
    static constexpr std::uint64_t handedOnMark = std::uint64_t(1) << 63;
    static constexpr std::uint64_t countMask = drainingMark - 1;

    Policy m_policy;
    Phase m_phase = Phase::Open;
    bool m_tripped = false;
    bool m_letGo = false;
    bool m_stopWanted = false;
    bool m_stopTold = false;
    bool m_drainTold = false;
    bool m_failTold = false;
    std::int64_t m_cleanupAdmitted = 0;
    std::int64_t m_cleanupEnded = 0;
    std::int64_t m_handedOn = 0;
    std::int64_t m_failed = 0;
    std::int64_t m_canceled = 0;
    std::atomic<std::uint64_t> m_daemonsAdmitted{0};
    // On a cache line of its own: the workers write it, spawners use what lies around it.
    [[maybe_unused]] char m_gapBefore[64];
    std::atomic<std::uint64_t> m_daemonsEnded{0};
    [[maybe_unused]] char m_gapAfter[64];
};

// Inline, for every spawn asks the one and calls the other.

inline bool Ledger::accepts(Held, Kind kind) const
{
    if (m_phase == Phase::Closed)
        return false;
    if (!m_tripped)
        return true;
    return m_policy.waitAfterFailure && (kind == Kind::CleanupJob || !m_policy.stopOnFailure);
}

inline void Ledger::admit(Held, Pending pending)
{
    // Relaxed: the job becomes visible to a worker only later, and what makes it visible orders
    // this.
    m_daemonsAdmitted.store(m_daemonsAdmitted.load(std::memory_order_relaxed) +
                                std::uint64_t(pending.daemons),
                            std::memory_order_relaxed);
    m_cleanupAdmitted += pending.cleanupJobs;
}

} // namespace QJanitor::Private
