// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that tells others: observers, futures, and the agent.

#include "agent/agentthread_p.h"
#include "janitor/janitor_p.h"
#include "rules/memory_p.h"
#include "report/texts_p.h"

#include <QtCore/qthread.h>

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

QFuture<Report> Janitor::future()
{
    QPromise<Report> promise;
    QFuture<Report> future = promise.future();
    promise.start();
    {
        const JanitorLock lock(m_mutex);
        if (!isDone()) {
            m_audience.add(lock, std::move(promise));
            return future;
        }
    }
    promise.addResult(report());
    promise.finish();
    return future;
}

void Janitor::observe(Observer *observer)
{
    QList<Error> before;
    const JanitorLock lock(m_mutex);
    before = m_audience.add(lock, observer, m_journal);
}

void Janitor::unobserve(Observer *observer)
{
    const JanitorLock lock(m_mutex);
    m_audience.remove(lock, observer);
}

Snapshot Janitor::snapshot() const
{
    const JanitorLock lock(m_mutex);
    Snapshot snapshot;
    const Ledger::Phase phase = m_ledger.phase(lock);
    if (!isDone()) {
        snapshot.draining = phase != Ledger::Phase::Open;
        snapshot.state = m_ledger.hasFailed(lock) ? JanitorState::Failed
                         : snapshot.draining      ? JanitorState::Draining
                                                  : JanitorState::Running;
    }
    snapshot.ended = m_ledger.endedCount(lock);
    snapshot.pending = m_ledger.admittedCount(lock) - snapshot.ended;
    snapshot.failed = m_ledger.failedCount(lock);
    if (const QList<Error> &errors = m_journal.errors(lock); !errors.isEmpty())
        snapshot.lastError = errors.last();
    return snapshot;
}

News Janitor::takeNews(Observer *observer) const
{
    const JanitorLock lock(m_mutex);
    return observer->take(lock);
}

void Janitor::tell(bool now)
{
    if (!m_audience.wantsTicket(now))
        return;
    for (;;) {
        try {
            if (!AgentThread::post({JanitorPointer(this), Ticket::Matter::News}, now))
                publish();
            return;
        } catch (const std::bad_alloc &) {
            m_audience.ticketLost();
            if (!isDone())
                return;         // the next news tell of this as well
            QThread::msleep(1); // there are no next ones
        }
    }
}

void Janitor::nudgeObservers()
{
    const JanitorLock lock(m_mutex);
    m_audience.nudge(lock);
}

void Janitor::publish()
{
    m_audience.ticketRead();
    Audience::Due due;
    {
        const JanitorLock lock(m_mutex);
        m_audience.nudge(lock);
        due = m_audience.takeDue(lock, m_ledger, m_journal);
    }
    due.finish();
}

/// Returns a future that finishes when it is that moment for one of the janitors that \a role
/// belongs to.
QFuture<void> Janitor::whenever(Role role, Audience::Moment moment)
{
    const auto promise = std::make_shared<OncePromise>();
    promise->promise.start();
    QFuture<void> future = promise->promise.future();
    findConcerned(this, role, [&](Janitor &janitor, Role there) {
        if (moment == Audience::Moment::Stop || there == Role::Daemon)
            janitor.finishAt(moment, promise);
        return false;
    });
    return future;
}

void Janitor::finishAt(Audience::Moment moment, const SharedPromise &promise)
{
    std::vector<SharedPromise>
        useless; // destroyed without the lock: users' continuations hang on them
    bool hasBeen = false;
    {
        const JanitorLock lock(m_mutex);
        hasBeen = isDone() || (moment == Audience::Moment::Stop ? m_ledger.isStopRequested()
                                                                : m_ledger.isDraining());
        useless = m_audience.add(lock, moment, promise, hasBeen);
    }
    if (hasBeen)
        promise->finish();
}

} // namespace QJanitor::Private
