// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient/ambient_p.h"
#include "rules/held_p.h"

#include <qjanitor/report.h>

#include <atomic>
#include <cstdint>
#include <vector>

namespace QJanitor::Private {

/*!
    Jobs that go from a janitor that does not wait for them, the giver, to one that does, the taker.

    It is both sides of that for one janitor: where its jobs went, and whose jobs have come. The
    jobs stay in the lists of their giver, which tells the taker of each end.
*/
class Handover
{
public:
    // ---- as the giver
    /// The taker, or null. Any thread, without the lock.
    Janitor *taker() const { return m_taker.load(std::memory_order_acquire); }
    const JanitorPointer &takerPointer(Held) const { return m_takerPointer; }
    void giveTo(Held, const JanitorPointer &taker);
    /// Counts a job of ours that has ended at the taker. Returns true for the last of \a all.
    bool countEnd(Held held, std::int64_t all);
    bool areAllEnded(Held, std::int64_t all) const { return m_ended == all; }
    /// For the destructor of the janitor: the taker goes after it.
    JanitorPointer &lastTaker() { return m_takerPointer; }

    // ---- as the taker
    bool hasGivers(Held) const { return !m_givers.empty(); }
    const std::vector<JanitorPointer> &givers(Held) const { return m_givers; }
    /// Makes room for one, so that take() does not throw.
    void reserve(Held) { m_givers.reserve(m_givers.size() + 1); }
    void take(Held, Janitor *giver);
    /// Returns it, since it may be the last owner: it is not to be destroyed under the lock.
    [[nodiscard]] JanitorPointer drop(Held, const Janitor *giver);
    /// Keeps a job of a giver that fails between closing and the report, which is about to list it
    /// and may miss it.
    void addLate(Held, const JobInfo &job) { m_late.append(job); }
    /// Adds those to \a unfinished that it does miss, as far as there is memory.
    void addLateTo(Held, QList<JobInfo> &unfinished) const;

private:
    std::atomic<Janitor *> m_taker{nullptr};
    JanitorPointer m_takerPointer;
    std::int64_t m_ended = 0;
    std::vector<JanitorPointer> m_givers; ///< No QList: it looks at its count of owners unordered.
    QList<JobInfo> m_late;
};

} // namespace QJanitor::Private
