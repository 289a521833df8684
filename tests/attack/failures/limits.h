// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

// Of the allocations that are made while the library is at work, those are refused that the library
// makes, itself or by its templates in the program, and those that functions of Qt make which it
// calls. Nobody can answer for the ones inside the functions of this table.

struct Limit
{
    const char *function; ///< A part of its name, as the linker has it.
    const char *reason;
};

inline constexpr Limit limits[] = {
    // Of the library.
    {"runWithPromise", "a job that takes a promise gets it when it runs; it fails without one"},
    {"goOnIn", "the future that a job has returned is lost, and the job fails"},
    {"getAndRef",
     "news of a Supervisor or Status: it passes through the event loop, as that of a slot"},
    // Of Qt 6.4.
    {"QThreadC", "QThread(): destroys what it has not made"},
    {"QThreadPoolC", "QThreadPool(): the same"},
    {"startThread",
     "a pool that starts a thread: its list of threads grows in a noexcept function"},
    {"moveToThread",
     "an object that is moved to a thread that has not started: the list of those leaks"},
    {"ResultStoreBase", "QPromise::addResult(): leaks a result that it cannot list"},
    {"QLocaleC", "the first QLocale(): leaves a lock locked"},
    {"QLibraryInfo", "the first log line: the same"},
    {"QLoggingCategory", "the same: its constructor is noexcept"},
    {"7connectImpl", "connect(): asks no allocation whether it was made"},
    {"11connectImpl", "the same"},
};

/// What is allowed of a callable that does not fit into its slot.
inline constexpr Limit limitedCount = {
    "JobQueue",
    "without memory for its box the verb throws, and a job that does nothing is counted"};

/// The thread on which nothing is refused.
inline constexpr Limit limitedThread = {"QJanitor agent",
                                        "the agent sorts futures, sets timers and warns in its "
                                        "event loop, through which nothing may be thrown"};
