// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace QJanitor::Private {

class Janitor;

/// When the agent is to call a janitor's onAlarm(). Linked under the mailbox's lock.
struct Alarm
{
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    Janitor *janitor = nullptr;
    std::atomic<std::int64_t> due{never}; ///< On coarseNow()'s clock. Written by the janitor.
    std::int64_t time = never;            ///< What due was when it was set.
    Alarm *child = nullptr;               ///< The first of those that it comes before.
    Alarm *previous = nullptr;            ///< Its neighbour, or of the first child the parent.
    Alarm *next = nullptr;
    std::atomic<bool> isSet{false};
};

/*!
    Alarms, the earliest first.

    A pairing heap whose links are in the alarms: it allocates nothing and so never throws, and any
    alarm can leave it. Very many janitors may drain at a time, each with an alarm that rings again
    and again, so no step may look at all of them: to leave costs logarithmic time on average, all
    else constant time. No recursion either, for a heap may be as deep as it has alarms.
*/
class AlarmHeap
{
public:
    /// Returns one that no other is earlier than; null if there is none.
    Alarm *first() const { return m_first; }
    /// Adds \a alarm, which is in no heap, at its time.
    void add(Alarm &alarm);
    void remove(Alarm &alarm);
    /// Returns the one after \a alarm, in no particular order; null after the last. Begin with
    /// first().
    static Alarm *after(Alarm *alarm);

private:
    static Alarm *join(Alarm *a, Alarm *b);
    static Alarm *joinAll(Alarm *first);
    void cutOut(Alarm &alarm);

    Alarm *m_first = nullptr;
};

} // namespace QJanitor::Private
