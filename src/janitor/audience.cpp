// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/audience_p.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace QJanitor::Private {

void Audience::Due::finish()
{
    for (const SharedPromise &promise : moments)
        promise->finish();
    for (QPromise<Report> &promise : reports) {
        promise.addResult(report);
        promise.finish();
    }
}

QList<Error> Audience::add(Held held, Observer *observer, const Journal &journal)
{
    QList<Error> before = observer->begin(held, journal);
    m_observers.push_back(observer);
    m_isThere.store(true, std::memory_order_relaxed);
    observer->nudge();
    return before;
}

void Audience::remove(Held, const Observer *observer)
{
    std::erase(m_observers, observer);
    m_isThere.store(!m_observers.empty() || !m_reports.empty() || !m_onStop.empty() ||
                        !m_onDraining.empty(),
                    std::memory_order_relaxed);
}

void Audience::add(Held, QPromise<Report> &&promise)
{
    m_reports.push_back(std::move(promise));
    m_isThere.store(true, std::memory_order_relaxed);
}

std::vector<SharedPromise> &Audience::promisesOf(Moment moment)
{
    return moment == Moment::Stop ? m_onStop : m_onDraining;
}

std::vector<SharedPromise> Audience::add(Held, Moment moment, const SharedPromise &promise,
                                         bool hasBeen)
{
    std::vector<SharedPromise> useless;
    std::vector<SharedPromise> &promises = promisesOf(moment);
    if (promises.size() == promises.capacity()) {
        // Another janitor has finished these meanwhile, or their users have cancelled them.
        const auto end = std::partition(promises.begin(), promises.end(), [](const auto &p) {
            return !p->isFinished.test() && !p->promise.isCanceled();
        });
        std::move(end, promises.end(), std::back_inserter(useless));
        promises.erase(end, promises.end());
    }
    if (!hasBeen)
        promises.push_back(promise);
    m_isThere.store(true, std::memory_order_relaxed);
    return useless;
}

void Audience::hear(Held held, const Error &error, bool isCause)
{
    for (Observer *observer : m_observers)
        observer->hear(held, error, isCause);
}

void Audience::hear(Held held, const QList<JobInfo> &hanging)
{
    for (Observer *observer : m_observers)
        observer->hear(held, hanging);
}

void Audience::nudge(Held)
{
    for (Observer *observer : m_observers)
        observer->nudge();
}

Audience::Due Audience::takeDue(Held held, const Ledger &ledger, const Journal &journal)
{
    Due due;
    const auto take = [&due](std::vector<SharedPromise> &promises) {
        std::move(promises.begin(), promises.end(), std::back_inserter(due.moments));
        std::erase(promises, nullptr);
    };
    if (ledger.isReported() || ledger.isStopRequested())
        take(m_onStop);
    if (ledger.isReported() || ledger.isDraining())
        take(m_onDraining);
    if (ledger.isReported()) {
        due.reports.swap(m_reports);
        due.report = journal.report(held);
    }
    return due;
}

bool Audience::wantsTicket(bool atOnce)
{
    return !m_ticketPosted.exchange(true, std::memory_order_acq_rel) || atOnce;
}

} // namespace QJanitor::Private
