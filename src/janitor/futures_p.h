// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient/ambient_p.h"

#include <qjanitor/private/adoption.h>
#include <qjanitor/private/sourcelocation.h>

#include <QtCore/qfuture.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

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

/// What is known of a job that is a future, or that goes on in one after its callable has returned.
struct FutureFacts
{
    QString name() const { return details ? details->name : QString(); }
    /// Whether \a future, which has finished, can only be counted: it is a daemon and cannot have
    /// failed.
    bool haveSucceeded(const QFuture<void> &future) const
    {
        return kind == JobKind::Daemon && !(details && details->failureByValue) &&
               !future.isCanceled();
    }
    /// Whether \a other is of the same place and kind.
    bool areOfSamePlace(const FutureFacts &other) const
    {
        // Byte by byte, for every future that is adopted asks: two that look different may be the
        // same.
        return std::memcmp(&site, &other.site, sizeof site) == 0 && kind == other.kind;
    }
    /// Returns what is known of one future of these; takes the details along, which only one alone
    /// has.
    FutureFacts taken() { return {kind, site, spawned, std::move(details)}; }
    /// Returns whether \a future, which is alone, has made progress since the last look. Its end is
    /// seen by its being counted.
    bool lookForProgress(const QFuture<void> &future, std::int64_t now);

    JobKind kind;
    SourceLocation site;
    std::int64_t spawned;                   ///< On coarseNow()'s clock.
    std::unique_ptr<FutureDetails> details; ///< May be null.
};

/*!
    Futures that nobody has looked at, and what is known of them all: one with details is alone.

    So that a future takes no more memory here than in a list of futures. There may be very many,
    and letting the heap grow costs more than all else that is done for them.
*/
struct FutureBatch
{
    /// For how many futures there is room. Each has twice as many as the one before of the same
    /// place holds: many janitors have few, and many small batches between what futures allocate
    /// cost time.
    static constexpr std::size_t smallest = 4;
    static constexpr std::size_t largest = 256;

    /// Has room for one future if \a common has details, else for \a room.
    FutureBatch(FutureFacts &&common, std::size_t room)
        : futures(emptyWithRoom(common.details ? 1 : room)) // without memory, nothing is moved
        , facts(std::move(common))
    {}
    /// Whether it has room for another one of which just these \a others are known.
    bool takes(const FutureFacts &others) const
    {
        return facts.spawned == others.spawned && facts.areOfSamePlace(others) && !facts.details &&
               !others.details && futures.size() < futures.capacity();
    }

    static std::vector<AnyFuture> emptyWithRoom(std::size_t room)
    {
        std::vector<AnyFuture> futures;
        futures.reserve(room);
        return futures;
    }

    std::vector<AnyFuture> futures;
    FutureFacts facts;
};

/// One that is looked at by itself: watched by the agent, or being settled.
struct WatchedJob
{
    FutureFacts facts;
    AnyFuture future;
    JanitorPointer janitor;
    WatchedJob *previous = nullptr; ///< In the janitor's list, under its lock.
    WatchedJob *next = nullptr;
};

/// The watched jobs of a janitor, the oldest first.
struct WatchedJobs
{
    void add(WatchedJob *job);
    void remove(WatchedJob *job);
    WatchedJob *first = nullptr;
    WatchedJob *last = nullptr;
    std::size_t count = 0;
};

} // namespace QJanitor::Private
