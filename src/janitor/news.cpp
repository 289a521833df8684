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
            m_promises.push_back(std::move(promise));
            m_watched.store(true, std::memory_order_relaxed);
            return future;
        }
    }
    promise.addResult(report());
    promise.finish();
    return future;
}

void Janitor::observe(Observer *observer)
{
    QList<Error> old; // destroyed without the lock: errors hold users' exceptions
    const JanitorLock lock(m_mutex);
    old = std::exchange(observer->m_newErrors, m_errors);
    observer->m_causeIndex = m_causeIndex;
    if (m_cause.isValid() && m_causeIndex < 0)
        observer->add(lock, m_cause, true); // it came when the list was full
    m_observers.push_back(observer);
    m_watched.store(true, std::memory_order_relaxed);
    observer->nudge();
}

void Janitor::unobserve(Observer *observer)
{
    const JanitorLock lock(m_mutex);
    std::erase(m_observers, observer);
    m_watched.store(!m_observers.empty() || !m_promises.empty() || !m_onStop.empty() ||
                        !m_onDraining.empty(),
                    std::memory_order_relaxed);
}

/// Keeps \a error until it is fetched, unless too many wait for that already; the cause in any case.
void Observer::add(Held, const Error &error, bool isCause)
{
    if (m_newErrors.size() >= ReportParts::maximumErrors && !isCause)
        return;
    const qsizetype index = m_newErrors.size();
    if (!ifThereIsMemory([&] { m_newErrors.append(error); }))
        return; // the report counts it
    if (isCause)
        m_causeIndex = index;
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
    if (!m_errors.isEmpty())
        snapshot.lastError = m_errors.last();
    return snapshot;
}

News Janitor::takeNews(Observer *observer) const
{
    const JanitorLock lock(m_mutex);
    News news;
    if (observer->m_dueCause) {
        news.cause = std::exchange(observer->m_dueCause, std::nullopt);
    } else if (!observer->m_newErrors.isEmpty()) {
        news.error = observer->m_newErrors.takeFirst();
        if (observer->m_causeIndex-- == 0)
            observer->m_dueCause = news.error;
    } else {
        news.hanging = std::exchange(observer->m_hanging, {});
    }
    return news;
}

void Janitor::tell(bool now)
{
    // One ticket under way is enough; a second one only if it has to be faster.
    if (m_told.exchange(true, std::memory_order_acq_rel) && !now)
        return;
    for (;;) {
        try {
            if (!AgentThread::post({JanitorPointer(this), Ticket::Matter::News}, now))
                publish();
            return;
        } catch (const std::bad_alloc &) {
            m_told.store(false, std::memory_order_release);
            if (!isDone())
                return;         // the next news tell of this as well
            QThread::msleep(1); // there are no next ones
        }
    }
}

void Janitor::nudgeObservers()
{
    const JanitorLock lock(m_mutex);
    for (Observer *observer : m_observers)
        observer->nudge();
}

void Janitor::publish()
{
    // Before the look: what happens after it posts a new ticket.
    m_told.exchange(false, std::memory_order_acq_rel);
    nudgeObservers();
    std::vector<QPromise<Report>> closed;
    std::vector<SharedPromise> happened;
    Report report;
    {
        const JanitorLock lock(m_mutex);
        const bool done = isDone();
        if (done || m_ledger.isStopRequested())
            std::move(m_onStop.begin(), m_onStop.end(), std::back_inserter(happened));
        if (done || m_ledger.isDraining())
            std::move(m_onDraining.begin(), m_onDraining.end(), std::back_inserter(happened));
        if (done) {
            closed.swap(m_promises);
            report = m_report;
        }
        std::erase(m_onStop, nullptr);
        std::erase(m_onDraining, nullptr);
    }
    for (const SharedPromise &promise : happened)
        promise->finish();
    for (QPromise<Report> &promise : closed) {
        promise.addResult(report);
        promise.finish();
    }
}

/// Returns a future that finishes when one of the janitors that \a role belongs to is in the state.
QFuture<void> Janitor::whenever(Role role, bool draining)
{
    const auto promise = std::make_shared<OncePromise>();
    promise->promise.start();
    QFuture<void> future = promise->promise.future();
    findConcerned(this, role, [&](Janitor &janitor, Role there) {
        if (!draining || there == Role::Daemon)
            janitor.finishWhen(promise, draining);
        return false;
    });
    return future;
}

void Janitor::finishWhen(const SharedPromise &promise, bool draining)
{
    bool due = false;
    std::vector<SharedPromise>
        useless; // destroyed without the lock: they hold users' continuations
    {
        const JanitorLock lock(m_mutex);
        due = isDone() || (draining ? m_ledger.isDraining() : m_ledger.isStopRequested());
        std::vector<SharedPromise> &promises = draining ? m_onDraining : m_onStop;
        if (promises.size() == promises.capacity()) {
            // Another janitor has finished these meanwhile, or their users have cancelled them.
            const auto end = std::partition(promises.begin(), promises.end(), [](const auto &p) {
                return !p->isFinished.test() && !p->promise.isCanceled();
            });
            std::move(end, promises.end(), std::back_inserter(useless));
            promises.erase(end, promises.end());
        }
        if (!due)
            promises.push_back(promise);
        m_watched.store(true, std::memory_order_relaxed);
    }
    if (due)
        promise->finish();
}

} // namespace QJanitor::Private
