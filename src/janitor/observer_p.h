// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/journal_p.h"

#include <qjanitor/error.h>
#include <qjanitor/report.h>

#include <atomic>
#include <optional>

namespace QJanitor::Private {

/// The numbers of a janitor at one moment.
struct Snapshot
{
    JanitorState state = JanitorState::Closed;
    qsizetype pending = 0;
    qsizetype ended = 0;
    qsizetype failed = 0;
    bool draining = false;
    Error lastError;
};

/// What one observer has not yet seen: one of these, or nothing.
struct News
{
    std::optional<Error> error;
    std::optional<Error> cause; ///< The failure that tripped the policy; right after its error.
    QList<JobInfo> hanging;
};

/// Someone who wants to hear of a janitor. The janitor fills it; on its own thread it takes one by
/// one.
class Observer
{
public:
    virtual ~Observer() = default;

    /// Begins with what is in \a journal already. Returns what it had before, to be destroyed
    /// without the lock: errors hold exceptions of users.
    [[nodiscard]] QList<Error> begin(Held held, const Journal &journal);
    /// Keeps \a error until it is taken, unless too many wait for that already; the cause in any
    /// case.
    void hear(Held, const Error &error, bool isCause);
    void hear(Held, const QList<JobInfo> &hanging) { m_hanging = hanging; }
    News take(Held);

    /// Says that there is news. On any thread, and under a lock.
    void nudge();
    /// The same, though an earlier nudge may have been lost with an application.
    void nudgeAnew();

protected:
    /// Before the look at what is new: what comes later nudges again.
    void takeNudge() { m_nudged.exchange(false); }

private:
    /// Posts an event, on which the news are looked at. On any thread, and under a lock.
    virtual void post() = 0;

    std::atomic<bool> m_nudged{false};
    QList<Error> m_errors;       ///< Perhaps nobody ever takes them: not all of very many.
    qsizetype m_causeIndex = -1; ///< In m_errors; then it is due itself.
    std::optional<Error> m_dueCause;
    QList<JobInfo> m_hanging;
};

} // namespace QJanitor::Private
