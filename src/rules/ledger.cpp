// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "rules/ledger_p.h"

namespace QJanitor::Private {

Ledger::Quiet Ledger::endQuietly(std::int64_t count)
{
    // Acquire and release: all ends form one chain, so the last one sees every admission. Either it
    // sees the mark as well, or endCallee(), which sets it in the same chain, sees this end.
    const auto ended = std::uint64_t(count);
    const std::uint64_t before = m_daemonsEnded.fetch_add(ended, std::memory_order_acq_rel);
    if (before & handedOnMark)
        return Quiet::HandedOn;
    if (!(before & drainingMark))
        return Quiet::Counted;
    const bool last =
        (before & countMask) + ended == m_daemonsAdmitted.load(std::memory_order_relaxed);
    return last ? Quiet::MaybeLast : Quiet::Counted;
}

bool Ledger::end(Held, Kind kind, End end, Weight weight)
{
    bool handedOn = false;
    if (kind == Kind::Daemon) {
        handedOn = m_daemonsEnded.fetch_add(1, std::memory_order_acq_rel) & handedOnMark;
    } else {
        handedOn = m_daemonsEnded.load(std::memory_order_relaxed) & handedOnMark;
        ++m_cleanupEnded;
    }
    if (handedOn)
        return true; // it counts where it was handed to
    m_failed += end == End::Failed;
    m_canceled += end == End::Canceled;
    if (end == End::Failed && weight == Weight::Trips)
        m_tripped = true;
    return false;
}

void Ledger::endCallee(Held)
{
    if (m_phase != Phase::Open)
        return;
    m_phase = Phase::Draining;
    m_daemonsEnded.fetch_or(drainingMark, std::memory_order_acq_rel);
}

void Ledger::letGo(Held held)
{
    endCallee(held);
    m_letGo = true;
}

void Ledger::waitForAll(Held)
{
    m_letGo = false;
    m_policy.waitAfterFailure = true;
}

Ledger::Due Ledger::due(Held held)
{
    Due due;
    if (m_phase == Phase::Closed)
        return due;
    if (m_tripped && !m_failTold)
        due.fail = m_failTold = true;
    if (!m_stopTold && (m_stopWanted || (m_tripped && m_policy.stopOnFailure)))
        due.stop = m_stopTold = true;
    if (m_phase == Phase::Open)
        return due;
    const Pending left = pending(held);
    if (left.total() > 0 && (m_letGo || (m_tripped && !m_policy.waitAfterFailure))) {
        due.handOn = true;
        return due;
    }
    if (left.cleanupJobs == 0 && !m_drainTold)
        due.drain = m_drainTold = true;
    if (left.total() == 0) {
        due.close = true;
        m_phase = Phase::Closed;
    }
    return due;
}

Ledger::Pending Ledger::handOn(Held)
{
    const std::uint64_t ended = m_daemonsEnded.fetch_or(handedOnMark, std::memory_order_acq_rel);
    const std::uint64_t admitted = m_daemonsAdmitted.load(std::memory_order_relaxed);
    const Pending left{std::int64_t(admitted - (ended & countMask)),
                       m_cleanupAdmitted - m_cleanupEnded};
    m_handedOn = left.total();
    m_phase = Phase::Closed;
    return left;
}

Ledger::Pending Ledger::pending(Held) const
{
    const std::uint64_t ended = m_daemonsEnded.load(std::memory_order_acquire) & countMask;
    const std::uint64_t admitted = m_daemonsAdmitted.load(std::memory_order_relaxed);
    return {std::int64_t(admitted - ended), m_cleanupAdmitted - m_cleanupEnded};
}

std::int64_t Ledger::admittedCount(Held) const
{
    return std::int64_t(m_daemonsAdmitted.load(std::memory_order_relaxed)) + m_cleanupAdmitted;
}

std::int64_t Ledger::endedCount(Held held) const
{
    return admittedCount(held) - (m_phase == Phase::Closed ? m_handedOn : pending(held).total());
}

} // namespace QJanitor::Private
