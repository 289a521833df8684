// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "rules/drainclock_p.h"

#include <algorithm>

namespace QJanitor::Private {

DrainClock::DrainClock(Limits limits)
    : m_hangWarningAfter(limits.hangWarningAfter > 0 ? limits.hangWarningAfter : never)
    , m_timeout(limits.timeout)
    , m_timeoutLimit(limits.timeoutLimit)
{}

void DrainClock::start(std::int64_t now, std::int64_t ended)
{
    if (isRunning())
        return;
    m_start = m_lastProgress = now;
    m_endedAtLastLook = ended;
    if (timeout() <= 0)
        return; // it is given up at once
    if (m_hangWarningAfter < never)
        m_nextWarning = now + m_hangWarningAfter;
    planLook(now);
    // Most drains are short: where progress does not count, jobs are looked at a moment later.
    constexpr std::int64_t moment = 16;
    if (!doesProgressCount() && std::min(m_nextWarning, deadline()) < never)
        m_nextLook = now + moment;
}

bool DrainClock::doesProgressCount() const
{
    return timeout() < never && m_timeoutLimit > 0;
}

std::int64_t DrainClock::deadline() const
{
    if (timeout() == never)
        return never;
    if (m_timeoutLimit <= 0)
        return m_start + timeout();
    return std::min(m_lastProgress + timeout(), m_start + m_timeoutLimit);
}

/// Some looks in the time that counts, and one each second at least: also to see whether it is time
/// in which the process runs.
void DrainClock::planLook(std::int64_t now)
{
    constexpr std::int64_t longest = 1000;
    const std::int64_t counted = std::min(timeout(), m_hangWarningAfter);
    m_nextLook = counted == never ? never : now + std::clamp<std::int64_t>(counted / 8, 1, longest);
}

std::int64_t DrainClock::next() const
{
    return isRunning() ? std::min({m_nextWarning, m_nextLook, deadline()}) : never;
}

void DrainClock::leaveOutStop(std::int64_t now, std::int64_t due)
{
    constexpr std::int64_t usual = 500; // a busy machine is as late as that
    const std::int64_t late = now - due;
    if (!isRunning() || late < usual)
        return;
    m_start += late;
    m_lastProgress += late;
    if (m_nextWarning < never)
        m_nextWarning += late;
}

DrainClock::Verdict DrainClock::look(std::int64_t now, std::int64_t ended, bool hasProgress)
{
    if (hasProgress || ended != m_endedAtLastLook)
        m_lastProgress = now;
    m_endedAtLastLook = ended;
    planLook(now);
    if (isLate(now))
        return Verdict::GiveUp;
    if (now < m_nextWarning)
        return Verdict::Wait;
    m_nextWarning = now + m_hangWarningAfter;
    return Verdict::Warn;
}

} // namespace QJanitor::Private
