// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient_p.h"

#include <qjanitor/job.h>

#include <QtCore/qfuture.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace QJanitor::Private {

/// When a job that has a future last made progress, as far as somebody has looked.
struct Progress
{
    /// Returns whether \a future has made progress since the last look.
    bool look(const QFuture<void> &future, std::int64_t now);
    std::int64_t time = 0; ///< On coarseNow()'s clock; 0 is never.
    std::size_t seen = 0;  ///< A digest of value and text.
};

/// What few of the jobs have that are futures.
struct FutureDetails
{
    QString name;
    std::unique_ptr<FailureByValue> failureByValue;
    bool promised = false;
    Progress progress{};
};

/*!
    A job that is a future, or that goes on in one after its callable has returned.

    Small, for there may be very many: more memory for each lets the heap grow, and that costs more
    than all else that is done for them here.
*/
struct FutureJob
{
    FutureJob(JobKind kind, std::int64_t now, SourceLocation where,
              std::unique_ptr<FutureDetails> further, QFuture<void> &&job)
        : future(std::move(job))
        , details(std::move(further))
        , site(where)
        , stamp(now * 2 + std::int64_t(kind))
    {}
    /// Takes the future out of the caller's hands, into its place.
    FutureJob(const Offer &offer, std::int64_t now, std::unique_ptr<FutureDetails> further)
        : future(offer.adopt(offer.source))
        , details(std::move(further))
        , site(offer.site)
        , stamp(now * 2 + std::int64_t(offer.kind))
    {}

    JobKind kind() const { return JobKind(stamp & 1); }
    std::int64_t spawned() const { return stamp >> 1; } ///< On coarseNow()'s clock.
    QString name() const { return details ? details->name : QString(); }
    /// Returns whether it has made progress since the last look. Its end is seen by its being counted.
    bool lookForProgress(std::int64_t now);
    /// Whether its future, which has finished, can only be counted: it is a daemon and cannot have failed.
    bool hasSucceeded() const
    {
        return kind() == JobKind::Daemon && !(details && details->failureByValue) &&
               !future.isCanceled();
    }

    QFuture<void> future;
    std::unique_ptr<FutureDetails> details; ///< May be null.
    SourceLocation site;
    std::int64_t stamp; ///< When it was spawned, and its kind.
};

/// One that is looked at by itself: watched by the agent, or being settled.
struct WatchedJob : FutureJob
{
    CorePointer core;
    WatchedJob *previous = nullptr; ///< In the core's list, under its lock.
    WatchedJob *next = nullptr;
};

/// The watched jobs of a core, the oldest first.
struct WatchedJobs
{
    void add(WatchedJob *job);
    void remove(WatchedJob *job);
    WatchedJob *first = nullptr;
    WatchedJob *last = nullptr;
    std::size_t count = 0;
};

} // namespace QJanitor::Private
