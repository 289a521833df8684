// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that watches the clock while it drains: hang warnings and the drain timeout.

#include "agentthread_p.h"
#include "core_p.h"
#include "texts_p.h"

#include <algorithm>

namespace QJanitor::Private {

/// Starts to count the time of draining. Under the lock.
void Core::startClock(Todo &todo)
{
    if (m_drainingSince)
        return;
    m_drainingSince = m_lastProgress = coarseNow();
    if (m_drainTimeout <= 0) {
        abandon(todo);
        return;
    }
    if (m_hangWarningAfter > 0)
        m_nextWarning = m_drainingSince + m_hangWarningAfter;
    lookAtProgress(m_drainingSince);
    planAlarm();
    todo.setAlarm = m_alarm.due < Alarm::never;
}

/// Says when draining has taken too long. Under the lock.
std::int64_t Core::deadline() const
{
    const std::int64_t timeout = m_drainTimeout;
    if (timeout == Alarm::never)
        return Alarm::never;
    if (m_drainTimeoutLimit <= 0)
        return m_drainingSince + timeout;
    return std::min(m_lastProgress + timeout, m_drainingSince + m_drainTimeoutLimit);
}

/// Looks which jobs have made progress, and plans the next look: some looks in the time that counts.
/// Under the lock.
void Core::lookAtProgress(std::int64_t now)
{
    bool some = m_endedAtLastLook != m_ledger.endedCount();
    m_endedAtLastLook = m_ledger.endedCount();
    for (HeldPromise &held : m_heldPromises)
        some |= held.progress.look(held.future, now);
    for (WatchedJob *job = m_watchedJobs.first; job; job = job->next)
        some |= job->progress.look(job->adoption.future, now);
    if (some)
        m_lastProgress = now;

    constexpr std::int64_t longest = 1000;
    const bool extends = m_drainTimeout < Alarm::never && m_drainTimeoutLimit > 0;
    const std::int64_t counted =
        std::min(extends ? m_drainTimeout.load() : Alarm::never,
                 m_hangWarningAfter > 0 ? m_hangWarningAfter : Alarm::never);
    m_nextLook = counted == Alarm::never ? Alarm::never
                                         : now + std::clamp<std::int64_t>(counted / 8, 1, longest);
}

/// Under the lock.
void Core::planAlarm()
{
    m_alarm.due = std::min({m_nextWarning, m_nextLook, deadline()});
}

/// Has the agent call onAlarm() when it is time.
void Core::setAlarm()
{
    AgentThread::setAlarm(m_alarm);
    // It may have closed before the alarm was set, and then nobody has cleared it.
    if (m_done.load(std::memory_order_seq_cst))
        AgentThread::clearAlarm(m_alarm);
}

void Core::onAlarm()
{
    Todo todo;
    bool hangs = false;
    {
        const std::lock_guard lock(m_mutex);
        const std::int64_t now = coarseNow();
        if (m_ledger.phase() == Ledger::Phase::Closed || now < m_alarm.due)
            return;
        lookAtProgress(now);
        if (now >= deadline()) {
            abandon(todo);
        } else {
            hangs = now >= m_nextWarning;
            if (hangs)
                m_nextWarning = now + m_hangWarningAfter;
            planAlarm();
            todo.setAlarm = true;
        }
    }
    if (hangs)
        warn();
    carryOut(todo);
}

/// Says who is still running, in the log and to the observers.
void Core::warn()
{
    const QList<JobInfo> live = jobs();
    const double seconds = double(coarseNow() - m_drainingSince) / 1000;
    QString text = QStringLiteral("%1 has been draining for %2 s and waits for %3 %4:")
                       .arg(describeName())
                       .arg(seconds, 0, 'f', 1)
                       .arg(live.size())
                       .arg(live.size() == 1 ? QStringLiteral("job") : QStringLiteral("jobs"));
    constexpr qsizetype most = 20;
    for (const JobInfo &job : live.first(std::min(live.size(), most)))
        text += QStringLiteral("\n  ") + describe(job);
    if (live.size() > most)
        text += QStringLiteral("\n  … and %1 more").arg(live.size() - most);
    qCWarning(lcJanitor).noquote() << text;
    {
        const std::lock_guard lock(m_mutex);
        for (Observer *observer : m_observers)
            observer->m_hanging = live;
    }
    if (m_watched.load(std::memory_order_relaxed))
        tell(true);
}

/// Gives up waiting: closes, with the pending jobs named and left alone. Under the lock.
void Core::abandon(Todo &todo)
{
    list(todo.unfinished);
    const qsizetype count = m_ledger.handOn().total();
    const QString message =
        QStringLiteral("%1 still running after %2 s: %3")
            .arg(count == 1 ? QStringLiteral("1 job is") : QStringLiteral("%1 jobs are").arg(count))
            .arg(double(coarseNow() - m_drainingSince) / 1000, 0, 'f', 1)
            .arg(namesOf(todo.unfinished));
    keep(ErrorParts::make(Error::Kind::DrainTimedOut, message), Ledger::Weight::Trips, todo);
    m_stop.store(true, std::memory_order_relaxed);
    m_draining.store(true, std::memory_order_relaxed);
    todo.toCancel = daemonFutures();
    close(todo, true);
}

void Core::stopWaiting()
{
    Todo todo;
    {
        const std::lock_guard lock(m_mutex);
        m_drainTimeout = 0;
        m_ledger.requestStop();
        advance(todo);
        if (m_ledger.phase() == Ledger::Phase::Draining)
            abandon(todo);
    }
    carryOut(todo);
    exitEventLoop();
}

void Core::limitDraining(std::int64_t milliseconds)
{
    const std::lock_guard lock(m_mutex);
    m_drainTimeout = milliseconds;
}

} // namespace QJanitor::Private
