// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that watches the clock while it drains: hang warnings and the drain
// timeout.

#include "agent/agentthread_p.h"
#include "janitor/janitor_p.h"
#include "rules/memory_p.h"
#include "report/texts_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

/// Starts to count the time of draining.
void Janitor::startClock(Held held, Aftermath &after)
{
    if (m_clock.isRunning())
        return;
    const std::int64_t now = coarseNow();
    m_clock.start(now, m_ledger.endedCount(held));
    if (m_clock.timeout() <= 0)
        return; // it is given up at once
    // What they have reported up to now is old. There may be very many futures: where it does not
    // count, they are looked at a moment later.
    m_clock.doesProgressCount() ? lookAtJobs(held, now) : lookAtPromises(held, now);
    planAlarm(held);
    after.setAlarm = m_alarm.due < Alarm::never;
}

/// Returns whether one of the promises has made progress since the last look.
bool Janitor::lookAtPromises(Held, std::int64_t now)
{
    bool some = false;
    for (HeldPromise &promise : m_heldPromises)
        some |= promise.progress.look(promise.future, now);
    return some;
}

/// The same for all of this janitor's own jobs.
bool Janitor::lookAtJobs(Held held, std::int64_t now)
{
    const bool some = lookAtPromises(held, now);
    return lookAtFutures(held, now) || some;
}

/// The same for the jobs that others have handed on. Without the lock, since theirs come first.
bool Janitor::lookAtGivers(std::int64_t now)
{
    bool some = false;
    for (const JanitorPointer &giver : givers()) {
        giver->lookAtPumps(now);
        some |= giver->lookAtGivers(now);
        const JanitorLock lock(giver->m_mutex);
        some |= giver->lookAtJobs(lock, now);
    }
    return some;
}

/// Plans the next call of onAlarm(); after closing, for the pumps alone.
void Janitor::planAlarm(Held held)
{
    const std::int64_t ofClock = m_ledger.isClosed(held) ? Alarm::never : m_clock.next();
    m_alarm.due = std::min(ofClock, m_nextPumpLook);
}

/// Has the agent call onAlarm() when it is time.
void Janitor::setAlarm()
{
    // Without memory: threads that wait look by themselves.
    ifThereIsMemory([this] { AgentThread::setAlarm(m_alarm); });
    // It may have closed before the alarm was set, and then nobody has cleared it.
    if (!isDone())
        return;
    const JanitorLock lock(m_mutex);
    clearIdleAlarm(lock);
}

/// Clears the alarm of a closed janitor, unless a pump has not begun yet: if the pool gets no
/// thread for it, the pool has lost a place, and nobody but the agent gives that back.
void Janitor::clearIdleAlarm(Held held)
{
    if (isDone() && m_alarm.isSet.load(std::memory_order_seq_cst) && !isPumpBeginning(held))
        AgentThread::clearAlarm(m_alarm);
}

void Janitor::onAlarm()
{
    const std::int64_t now = coarseNow();
    lookAtPumps(now);
    if (lookAtClock(now))
        return;
    {
        const JanitorLock lock(m_mutex);
        planAlarm(lock);
        if (m_alarm.due == Alarm::never)
            return;
    }
    setAlarm();
}

/// Does what is due in an open janitor, and sets the next alarm. Returns false if it is closed.
bool Janitor::lookAtClock(std::int64_t now)
{
    Aftermath after;
    bool isLate = false;
    {
        const JanitorLock lock(m_mutex);
        if (m_ledger.isClosed(lock))
            return false;
        if (now < m_alarm.due)
            return true;
        m_clock.leaveOutStop(now, m_alarm.due);
        isLate = m_clock.isLate(now);
        if (!m_clock.isRunning()) {
            planAlarm(lock);
            after.setAlarm = m_alarm.due < Alarm::never;
        }
    }
    if (isLate)
        settleFinishedFutures(); // their end may be what they are given more time for
    const bool someOfGivers = lookAtGivers(now);
    DrainClock::Verdict verdict = DrainClock::Verdict::Wait;
    {
        const JanitorLock lock(m_mutex);
        if (m_ledger.isClosed(lock))
            return false;
        if (m_clock.isRunning()) {
            const bool hasProgress = lookAtJobs(lock, now) || someOfGivers;
            verdict = m_clock.look(now, m_ledger.endedCount(lock), hasProgress);
            planAlarm(lock);
            after.setAlarm = verdict != DrainClock::Verdict::GiveUp;
        }
    }
    if (verdict == DrainClock::Verdict::Warn)
        ifThereIsMemory([this] { warn(); });
    carryOut(after);
    if (verdict == DrainClock::Verdict::GiveUp)
        giveUp();
    return true;
}

/// Says who is still running, in the log and to the observers: the oldest, for to list all of very
/// many would hold up who spawns and who runs them.
void Janitor::warn()
{
    constexpr qsizetype most = 1000;
    constexpr qsizetype mostInLog = 20;
    QList<JobInfo> live;
    for (LiveJob &job : oldestJobs(most))
        live.append(std::move(job.info));
    qsizetype count = 0;
    {
        const JanitorLock lock(m_mutex);
        count = std::max(live.size(), qsizetype(m_ledger.pending(lock).total()));
        m_audience.hear(lock, live);
    }
    const double seconds = double(m_clock.elapsed(coarseNow())) / 1000;
    QString text = m_journal.describeName() +
                   QStringLiteral(" has been draining for %1 s and waits for %2 %3:")
                       .arg(seconds, 0, 'f', 1)
                       .arg(count)
                       .arg(count == 1 ? QStringLiteral("job") : QStringLiteral("jobs"));
    const qsizetype named = std::min(live.size(), mostInLog);
    for (qsizetype i = 0; i < named; ++i) // QList::first() is a crash where there is no memory
        text += QStringLiteral("\n  ") + describe(live.at(i));
    if (count > named)
        text += QStringLiteral("\n  … and %1 more").arg(count - named);
    qCWarning(lcJanitor).noquote() << text;
    if (!m_audience.isEmpty())
        tell(true);
}

/// Gives up waiting, if it is draining: closes, with the pending jobs named and left alone.
void Janitor::giveUp()
{
    constexpr std::int64_t patience = 50; // ms
    lookAtPumps(coarseNow(), patience);   // it may be what the jobs wait for in vain
    Aftermath after;
    for (bool isDecided = false; !isDecided;) {
        const std::vector<JanitorPointer> givers = this->givers();
        QList<JobInfo> ofGivers; // they can only be listed without this lock
        for (const JanitorPointer &giver : givers)
            ofGivers += giver->jobs();
        const JanitorLock lock(m_mutex);
        isDecided = true;
        advance(lock, m_ledger.due(lock), after);
        if (m_ledger.phase(lock) != Ledger::Phase::Draining)
            break;
        if (m_handover.givers(lock) != givers) {
            isDecided = false; // others have handed on or have ended meanwhile
        } else if (!abandon(lock, ofGivers, after)) {
            constexpr std::int64_t moment = 2;
            m_alarm.due = coarseNow() + moment;
            after.setAlarm = true;
        }
    }
    carryOut(after);
}

/// Closes with the jobs that are listed here and \a ofGivers left alone. Returns false if there are
/// none: all have ended, and are about to be counted.
bool Janitor::abandon(Held held, const QList<JobInfo> &ofGivers, Aftermath &after)
{
    constexpr std::int64_t patience = 100; // ms
    const auto listThem = [&] {
        after.unfinished = ofGivers;
        list(held, after.unfinished);
        return !after.unfinished.isEmpty();
    };
    const std::int64_t now = coarseNow();
    const bool someAreListed = listThem();
    m_lastMoment = std::min(m_lastMoment, now + patience);
    if (!someAreListed && now < m_lastMoment)
        return false;
    // Daemons that end well are counted without the lock. From here on they find it.
    const qsizetype count = m_ledger.abandon(held).total();
    if (count == 0)
        after.unfinished.clear();
    else if (const QList<JobInfo> before = after.unfinished; !someAreListed)
        // The destructor of a result holds up who counts them.
        ifThereIsMemory([&] { after.unfinished.resize(count); });
    else if (!ifThereIsMemory(listThem))
        after.unfinished = before; // it has to close now
    if (!after.unfinished.isEmpty()) {
        keep(held, timeoutError(held, after.unfinished), Ledger::Weight::Trips, after);
        stop(held, after);
    }
    m_justEnded = std::max<qsizetype>(0, count - after.unfinished.size());
    close(held, after, false);
    return true;
}

Error Janitor::timeoutError(Held, const QList<JobInfo> &jobs) const
try {
    const qsizetype count = jobs.size();
    return ErrorParts::make(
        Error::Kind::DrainTimedOut,
        QStringLiteral("%1 still running after %2 s: %3")
            .arg(count == 1 ? QStringLiteral("1 job is") : QStringLiteral("%1 jobs are").arg(count),
                 QString::number(double(m_clock.elapsed(coarseNow())) / 1000, 'f', 1),
                 namesOf(jobs)));
} catch (const std::bad_alloc &) {
    return ErrorParts::make(Error::Kind::DrainTimedOut, QString());
}

void Janitor::stopWaiting()
{
    change([this](Held held, Aftermath &) {
        m_clock.limit(0);
        return m_ledger.requestStop(held);
    });
    giveUp();
    exitEventLoop();
}

void Janitor::limitDraining(std::int64_t milliseconds)
{
    const JanitorLock lock(m_mutex);
    m_clock.limit(milliseconds);
}

} // namespace QJanitor::Private
