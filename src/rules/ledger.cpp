// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "rules/ledger_p.h"

namespace QJanitor::Private {

Ledger::Pending Ledger::difference(Word admitted, Word ended)
{
    constexpr Word flags = (Word(1) << flagBits) - 1;
    const Word left = ((admitted & ~flags) - (ended & ~flags)) >> flagBits;
    return {std::int64_t(left >> countBits), std::int64_t(left & countMask)};
}

/// Some daemons have ended well, and the word of the finishers was marked.
Ledger::Quiet Ledger::endLate(Word endedBefore, Word ended) const
{
    if (endedBefore & NotOurs)
        return Quiet::HandedOn;
    const Word admitted = m_spawners.load(std::memory_order_relaxed);
    const bool isLast = difference(admitted, endedBefore + ended).daemons == 0;
    return isLast ? Quiet::MaybeLast : Quiet::Counted;
}

bool Ledger::end(Held, Kind kind, End end, Weight weight)
{
    if (m_finishers.fetch_add(one(kind), std::memory_order_acq_rel) & NotOurs)
        return true; // it counts where it was handed to
    m_failed += end == End::Failed;
    m_canceled += end == End::Canceled;
    if (end == End::Failed && weight == Weight::Trips && !m_tripped) {
        m_tripped = true;
        chooseWhatIsRefused();
    }
    return false;
}

/// Decides what a failure means for the jobs that come after it.
void Ledger::chooseWhatIsRefused()
{
    const bool takesCleanupJobs = m_policy.waitAfterFailure;
    const bool takesDaemons = takesCleanupJobs && !m_policy.stopOnFailure;
    const Word refused = (takesDaemons ? Word(0) : Word(NoDaemons)) |
                         (takesCleanupJobs ? Word(0) : Word(NoCleanupJobs));
    constexpr Word both = Word(NoDaemons) | Word(NoCleanupJobs);
    m_spawners.store((m_spawners.load(std::memory_order_relaxed) & ~both) | refused,
                     std::memory_order_relaxed);
}

unsigned Ledger::requestStop(Held held)
{
    m_stopWanted = true;
    return due(held);
}

unsigned Ledger::endCallee(Held held)
{
    if (phase(held) == Phase::Open) {
        set(CalleeEnded);
        m_finishers.fetch_or(LastOneCloses, std::memory_order_acq_rel);
    }
    return due(held);
}

unsigned Ledger::letGo(Held held)
{
    m_letGo = true;
    return endCallee(held);
}

unsigned Ledger::waitForAll(Held held)
{
    m_letGo = false;
    m_policy.waitAfterFailure = true;
    if (m_tripped)
        chooseWhatIsRefused();
    return due(held);
}

unsigned Ledger::due(Held held)
{
    unsigned due = Nothing;
    if (has(Ended))
        return due;
    if (m_tripped && !m_failTold) {
        m_failTold = true;
        due |= Fail;
    }
    if (!isStopRequested() && (m_stopWanted || (m_tripped && m_policy.stopOnFailure))) {
        set(Stopped);
        due |= Stop;
    }
    if (!hasCalleeEnded())
        return due;
    const Pending left = pending(held);
    if (left.total() > 0 && (m_letGo || (m_tripped && !m_policy.waitAfterFailure)))
        return due | HandOn;
    if (left.cleanupJobs == 0 && !isDraining()) {
        set(Turned);
        due |= Drain;
    }
    if (left.total() == 0) {
        set(Word(Ended) | Word(NoDaemons) | Word(NoCleanupJobs));
        due |= Close;
    }
    return due;
}

Ledger::Pending Ledger::handOn(Held)
{
    const Word ended = m_finishers.fetch_or(NotOurs, std::memory_order_acq_rel);
    const Pending left = difference(m_spawners.load(std::memory_order_relaxed), ended);
    m_handedOn = left.total();
    set(Word(Turned) | Word(Ended) | Word(NoDaemons) | Word(NoCleanupJobs));
    return left;
}

Ledger::Pending Ledger::abandon(Held held)
{
    const Pending left = handOn(held);
    if (left.total() > 0)
        set(Stopped);
    return left;
}

void Ledger::setReported(Held)
{
    set(ReportThere);
}

Ledger::Phase Ledger::phase(Held) const
{
    const Word flags = m_spawners.load(std::memory_order_relaxed);
    return flags & ReportThere   ? Phase::Reported
           : flags & Ended       ? Phase::Closed
           : flags & CalleeEnded ? Phase::Draining
                                 : Phase::Open;
}

Ledger::Pending Ledger::pending(Held) const
{
    const Word ended = m_finishers.load(std::memory_order_acquire);
    return difference(m_spawners.load(std::memory_order_relaxed), ended);
}

std::int64_t Ledger::endedCount(Held held) const
{
    return m_admitted - (has(Ended) ? m_handedOn : pending(held).total());
}

} // namespace QJanitor::Private
