// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient_p.h"

#include <qjanitor/job.h>

#include <QtCore/qfuture.h>

#include <cstddef>
#include <cstdint>

namespace QJanitor::Private {

/// When a job that has a future last made progress, as far as somebody has looked.
struct Progress
{
    /// Returns whether \a future has made progress since the last look.
    bool look(const QFuture<void> &future, std::int64_t now);
    std::int64_t time = 0; ///< On coarseNow()'s clock; 0 is never.
    std::size_t seen = 0;  ///< A digest of value and text.
};

/// A job that is a future, or that goes on in one after its callable has returned.
struct FutureJob
{
    JobKind kind;
    QString name;
    SourceLocation site;
    std::int64_t spawned; ///< On coarseNow()'s clock.
    Adoption adoption;
    Progress progress{};
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
