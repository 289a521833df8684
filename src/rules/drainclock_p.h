// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

namespace QJanitor::Private {

/*!
    Says when a drain has taken too long: hang warnings, the timeout, and what progress does to it.

    Pure: it has no clock, no lock and no thread of its own. Times are milliseconds on coarseNow()'s
    clock, which the owner reads, and durations are milliseconds.
*/
class DrainClock
{
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    struct Limits
    {
        std::int64_t hangWarningAfter = never;
        std::int64_t timeout = never;  ///< 0 gives up at once.
        std::int64_t timeoutLimit = 0; ///< 0: progress does not extend the timeout.
    };
    enum class Verdict { Wait, Warn, GiveUp };

    explicit DrainClock(Limits limits);

    /// Any thread, without the lock.
    std::int64_t timeout() const { return m_timeout.load(std::memory_order_relaxed); }
    void limit(std::int64_t timeout) { m_timeout.store(timeout, std::memory_order_relaxed); }

    /// Begins to count, once; \a ended jobs have ended so far.
    void start(std::int64_t now, std::int64_t ended);
    bool isRunning() const { return m_start != 0; }
    std::int64_t elapsed(std::int64_t now) const { return now - m_start; }
    /// Whether a job that makes progress is given more time.
    bool doesProgressCount() const;

    /// When to look next; never while it is not running.
    std::int64_t next() const;
    bool isLate(std::int64_t now) const { return isRunning() && now >= deadline(); }
    /// Leaves out the time in which the whole process was stopped, or its machine, since nobody
    /// could work in it: a look that was \a due then comes very late.
    void leaveOutStop(std::int64_t now, std::int64_t due);
    /// \a ended jobs have ended so far, and \a hasProgress says whether one that has not has got
    /// on.
    Verdict look(std::int64_t now, std::int64_t ended, bool hasProgress);

private:
    std::int64_t deadline() const;
    void planLook(std::int64_t now);

    const std::int64_t m_hangWarningAfter;
    std::atomic<std::int64_t> m_timeout;
    const std::int64_t m_timeoutLimit;
    std::int64_t m_start = 0;
    std::int64_t m_lastProgress = 0;
    std::int64_t m_endedAtLastLook = 0;
    std::int64_t m_nextWarning = never;
    std::int64_t m_nextLook = never;
};

} // namespace QJanitor::Private
