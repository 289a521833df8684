// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "rules/held_p.h"

#include <atomic>
#include <cstdint>

namespace QJanitor::Private {

/*!
    Counts the jobs of one janitor and knows what is due: open, draining, closed, reported. All that
    is asked about its way to the end is asked here; there are no other flags.

    It is two words. That of the spawners has the jobs that were admitted, and the flags; that of
    the finishers has the jobs that have ended, and two marks that tell whoever counts an end what
    else to do. A daemon that ended well is the common case, and is counted by one addition, without
    the lock.

    In both words the flags have the lowest 8 bits, the cleanup jobs 28, and the daemons the highest
    28. The counts run on and wrap: only the difference of the words as whole numbers is used, which
    is right as long as fewer than 2^28 jobs of a kind are pending.
*/
class Ledger
{
public:
    enum class Kind : std::uint8_t { Daemon, CleanupJob };
    /// Closed: no job is accepted or waited for. Reported: and the report is there.
    enum class Phase : std::uint8_t { Open, Draining, Closed, Reported };
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
    /// What the owner has to do now, as bits; each is due once in a ledger's life.
    enum Due : unsigned {
        Nothing = 0,
        Fail = 1,   ///< The first failure has come.
        Stop = 2,   ///< Ask callee and daemons to stop.
        Drain = 4,  ///< Tell the daemons that callee and clean-up are through.
        HandOn = 8, ///< Find a taker and call handOn(), or else waitForAll(); until then.
        Close = 16, ///< Release the threads that wait.
    };
    enum class Quiet : std::uint8_t {
        Counted,   ///< Nothing else to do.
        MaybeLast, ///< It may have been the last: ask due().
        HandedOn,  ///< It belongs to another janitor by now, which has to be told.
    };

    explicit Ledger(Policy policy)
        : m_policy(policy)
    {}

    // ---- asked and counted on any thread, without the lock
    bool isStopRequested() const { return has(Stopped); }
    bool isDraining() const { return has(Turned); }
    bool hasCalleeEnded() const { return has(CalleeEnded); }
    /// In one order with all that is stored by seq_cst.
    bool isReported() const { return m_spawners.load(std::memory_order_seq_cst) & ReportThere; }
    /// Counts the ends of \a count daemons that ended well.
    Quiet endQuietly(std::int64_t count = 1);

    // ---- a job comes and goes
    bool accepts(Held, Kind kind) const;
    /// Counts a job in that it accepts().
    void admit(Held, Kind kind);
    /// The same for many.
    void admit(Held, Pending pending);
    /// Counts the end of any job. Returns true if it belongs to another janitor by now.
    bool end(Held, Kind kind, End end, Weight weight = Weight::Trips);

    // ---- transitions, which tell what is due after them
    unsigned requestStop(Held held);
    unsigned endCallee(Held held);
    /// Ends the callee and hands on whatever is pending, unless waitForAll() follows.
    unsigned letGo(Held held);
    /// Waits after a failure whatever the policy says, since nobody takes the jobs.
    unsigned waitForAll(Held held);
    /// Makes the transitions that are due, and tells which.
    unsigned due(Held held);

    // ---- ends
    /// Marks all pending jobs as somebody else's, closes, and returns how many they are.
    Pending handOn(Held held);
    /// As handOn(), but to nobody: those that are left are asked to stop.
    Pending abandon(Held held);
    void setReported(Held);

    Phase phase(Held) const;
    bool isClosed(Held) const { return has(Ended); }
    bool hasFailed(Held) const { return m_tripped; }
    Pending pending(Held) const;
    std::int64_t admittedCount(Held) const { return m_admitted; }
    std::int64_t endedCount(Held held) const;
    std::int64_t failedCount(Held) const { return m_failed; }
    std::int64_t handedOnCount(Held) const { return m_handedOn; }
    std::int64_t canceledCount(Held) const { return m_canceled; }

private:
    using Word = std::uint64_t;
    /// In the spawners' word.
    enum Flag : Word {
        Stopped = 1,
        CalleeEnded = 2,
        Turned = 4, ///< Callee and clean-up are through: daemons that would run for ever may end.
        Ended = 8,  ///< Closed.
        ReportThere = 16,
        NoDaemons = 32, ///< Shifted by the kind, it is the one for that kind.
        NoCleanupJobs = 64,
    };
    /// In the finishers' word.
    enum Mark : Word { LastOneCloses = 1, NotOurs = 2 };
    static constexpr int flagBits = 8;
    static constexpr int countBits = 28;
    static constexpr Word countMask = (Word(1) << countBits) - 1;
    static constexpr Word oneCleanupJob = Word(1) << flagBits;
    static constexpr Word oneDaemon = oneCleanupJob << countBits;

    static constexpr Word one(Kind kind) { return oneDaemon >> (countBits * int(kind)); }
    static Pending difference(Word admitted, Word ended);
    Quiet endLate(Word endedBefore, Word ended) const;
    bool has(Word flag) const { return m_spawners.load(std::memory_order_relaxed) & flag; }
    void set(Word flags) { m_spawners.fetch_or(flags, std::memory_order_seq_cst); }
    void chooseWhatIsRefused();

    Policy m_policy;
    bool m_tripped = false;
    bool m_failTold = false;
    bool m_stopWanted = false;
    bool m_letGo = false;
    std::int64_t m_admitted = 0; ///< Ever, of both kinds.
    std::int64_t m_handedOn = 0;
    std::int64_t m_failed = 0;
    std::int64_t m_canceled = 0;
    std::atomic<Word> m_spawners{0};
    // On a cache line of its own: the workers write it, spawners use what lies around it.
    [[maybe_unused]] char m_gapBefore[64];
    std::atomic<Word> m_finishers{0};
    [[maybe_unused]] char m_gapAfter[64];
};

// Inline, because every job calls them.

inline bool Ledger::accepts(Held, Kind kind) const
{
    return !has(Word(NoDaemons) << int(kind));
}

inline void Ledger::admit(Held, Kind kind)
{
    // Relaxed: the job becomes visible to a worker only later, and what makes it visible orders
    // this.
    m_spawners.store(m_spawners.load(std::memory_order_relaxed) + one(kind),
                     std::memory_order_relaxed);
    ++m_admitted;
}

inline void Ledger::admit(Held, Pending pending)
{
    m_spawners.store(m_spawners.load(std::memory_order_relaxed) +
                         Word(pending.daemons) * oneDaemon +
                         Word(pending.cleanupJobs) * oneCleanupJob,
                     std::memory_order_relaxed);
    m_admitted += pending.total();
}

inline Ledger::Quiet Ledger::endQuietly(std::int64_t count)
{
    // Acquire and release: all ends form one chain, so the last one sees every admission. Either it
    // sees the mark as well, or endCallee(), which sets it in the same chain, sees this end.
    const Word ended = Word(count) * oneDaemon;
    const Word before = m_finishers.fetch_add(ended, std::memory_order_acq_rel);
    constexpr Word marks = Word(LastOneCloses) | Word(NotOurs);
    return before & marks ? endLate(before, ended) : Quiet::Counted;
}

} // namespace QJanitor::Private
