// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "rules/held_p.h"

#include <qjanitor/error.h>
#include <qjanitor/report.h>

#include <QtCore/qpromise.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

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

/// A live job as lists show it that are looked at again and again.
struct LiveJob
{
    std::int64_t spawned; ///< On coarseNow()'s clock.
    const void *key;
    JobInfo info;
    /// Tells live jobs apart.
    std::pair<std::int64_t, const void *> identity() const { return {spawned, key}; }
};

/// What one observer has not yet seen: one of these, or nothing.
struct News
{
    std::optional<Error> error;
    std::optional<Error>
        cause; ///< The failure that tripped the policy; it comes right after its error.
    QList<JobInfo> hanging;
};

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

/// Someone who wants to hear of a janitor's news; see Janitor::observe().
class Observer
{
public:
    virtual ~Observer() = default;

protected:
    /// Says that there is news. On any thread, and under a lock.
    void nudge()
    {
        if (!m_nudged.exchange(true))
            post();
    }
    /// The same, though an earlier nudge may have been lost with an application.
    void nudgeAnew()
    {
        m_nudged.exchange(true);
        post();
    }
    /// Before the look at what is new: what comes later nudges again.
    void takeNudge() { m_nudged.exchange(false); }

private:
    friend class Janitor;
    /// Posts an event, on which the news are looked at. On any thread, and under a lock.
    virtual void post() = 0;
    void add(Held, const Error &error, bool isCause);
    std::atomic<bool> m_nudged{false};
    QList<Error> m_newErrors;    ///< Perhaps nobody ever fetches them: not all of very many.
    qsizetype m_causeIndex = -1; ///< In m_newErrors; then it is due itself.
    std::optional<Error> m_dueCause;
    QList<JobInfo> m_hanging;
};

} // namespace QJanitor::Private
