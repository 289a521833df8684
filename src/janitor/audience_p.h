// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/journal_p.h"
#include "janitor/observer_p.h"

#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>

#include <atomic>
#include <memory>
#include <vector>

namespace QJanitor::Private {

/// A promise that several janitors may finish: the first one does.
struct OncePromise
{
    QPromise<void> promise;
    std::atomic_flag isFinished;
    void finish()
    {
        if (!isFinished.test_and_set())
            promise.finish();
    }
};
using SharedPromise = std::shared_ptr<OncePromise>;

/// Who is told of one janitor: observers, and promises that finish when it stops, drains or has
/// closed.
class Audience
{
public:
    enum class Moment { Stop, Draining };

    /// What is to be finished without the lock, because continuations of users hang on it.
    struct Due
    {
        std::vector<QPromise<Report>> reports;
        std::vector<SharedPromise> moments;
        Report report;
        void finish();
    };

    /// Any thread, without the lock: every job asks, and mostly nobody is there.
    bool isEmpty() const { return !m_isThere.load(std::memory_order_relaxed); }

    /// Returns what is to be destroyed without the lock.
    [[nodiscard]] QList<Error> add(Held held, Observer *observer, const Journal &journal);
    void remove(Held, const Observer *observer);
    /// Finishes \a promise with the report.
    void add(Held, QPromise<Report> &&promise);
    /// Finishes \a promise at that moment, or else when the janitor closes; unless that has been:
    /// then it is left to the caller. Returns what is of no use any more, to be destroyed without
    /// the lock.
    [[nodiscard]] std::vector<SharedPromise> add(Held, Moment moment, const SharedPromise &promise,
                                                 bool hasBeen);

    void hear(Held held, const Error &error, bool isCause);
    void hear(Held held, const QList<JobInfo> &hanging);
    void nudge(Held);
    /// Returns what is due by now.
    Due takeDue(Held held, const Ledger &ledger, const Journal &journal);

    /// Whether the agent is to get a ticket: one under way is enough, unless this is to be faster.
    bool wantsTicket(bool atOnce);
    /// There was no memory for the ticket.
    void ticketLost() { m_ticketPosted.store(false, std::memory_order_release); }
    /// Before the look: what happens after it posts a new ticket.
    void ticketRead() { m_ticketPosted.exchange(false, std::memory_order_acq_rel); }

private:
    std::vector<SharedPromise> &promisesOf(Moment moment);

    std::vector<Observer *> m_observers;
    std::vector<QPromise<Report>> m_reports;
    std::vector<SharedPromise> m_onStop;
    std::vector<SharedPromise> m_onDraining;
    std::atomic<bool> m_isThere{false};
    std::atomic<bool> m_ticketPosted{false};
};

} // namespace QJanitor::Private
