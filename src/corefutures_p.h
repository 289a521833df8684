// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient_p.h"

#include <qjanitor/job.h>

#include <QtCore/qfuture.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

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
    /// Takes the future out of the caller's hands, into its place.
    FutureJob(const Offer &offer, std::int64_t now);
    FutureJob(JobKind kind, const QString &name, SourceLocation site, std::int64_t now,
              Adoption adoption);

    /// Returns whether it has made progress since the last look. Its end is seen by its being counted.
    bool lookForProgress(std::int64_t now);
    QString name() const { return details ? details->name : QString(); }
    std::chrono::milliseconds age(std::int64_t now) const
    {
        return std::chrono::milliseconds(std::uint32_t(now) - spawned);
    }
    /// Whether its future, which has finished, can only be counted: it is a daemon and cannot have failed.
    bool hasSucceeded() const
    {
        return kind == JobKind::Daemon && !(details && details->failureByValue) &&
               !future.isCanceled();
    }

    JobKind kind;
    std::uint32_t spawned; ///< On coarseNow()'s clock, modulo 49 days.
    SourceLocation site;
    std::unique_ptr<FutureDetails> details; ///< May be null.
    QFuture<void> future; ///< Last: what allocates is done before it is taken from the caller.
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
