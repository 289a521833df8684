// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What several threads do to one ledger at a time. For tst_ledger, and for a program that runs
// under the thread sanitizer. Each returns what went wrong; nothing if all is well.

#pragma once

#include "rules/ledger_p.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace LedgerRaces {

using QJanitor::Private::JanitorLock;
using QJanitor::Private::Ledger;

/// A ledger, and the lock that its owner has for it.
struct Owned
{
    explicit Owned(Ledger::Policy policy)
        : ledger(policy)
    {}

    bool admit(Ledger::Kind kind)
    {
        const JanitorLock lock(mutex);
        if (!ledger.accepts(lock, kind))
            return false;
        ledger.admit(lock, kind);
        ++admitted;
        return true;
    }
    void count(unsigned due)
    {
        closed += (due & Ledger::Close) != 0;
        drained += (due & Ledger::Drain) != 0;
    }
    void lookWhatIsDue()
    {
        const JanitorLock lock(mutex);
        count(ledger.due(lock));
    }
    void endCallee()
    {
        const JanitorLock lock(mutex);
        count(ledger.endCallee(lock));
    }
    void end(Ledger::Kind kind, Ledger::End how)
    {
        {
            const JanitorLock lock(mutex);
            ledger.end(lock, kind, how);
        }
        lookWhatIsDue();
    }
    void endQuietly()
    {
        if (ledger.endQuietly() == Ledger::Quiet::MaybeLast)
            lookWhatIsDue();
    }

    std::mutex mutex;
    Ledger ledger;
    int admitted = 0;
    int closed = 0;
    int drained = 0;
};

inline std::string complaint(const char *what, std::int64_t is, std::int64_t should)
{
    if (is == should)
        return {};
    return std::string(what) + ": " + std::to_string(is) + " instead of " + std::to_string(should) +
           "\n";
}

template<class F>
void onThreads(int count, F function)
{
    std::vector<std::thread> threads;
    for (int i = 0; i < count; ++i)
        threads.emplace_back(function, i);
    for (std::thread &thread : threads)
        thread.join();
}

/// Jobs of all kinds come and go on several threads while the callee ends.
inline std::string jobsComeAndGoWhileTheCalleeEnds(int threadCount, int jobsPerThread)
{
    Owned owned({.stopOnFailure = false, .waitAfterFailure = true});
    std::atomic<int> failed{0};
    onThreads(threadCount + 1, [&](int thread) {
        if (thread == threadCount)
            return owned.endCallee();
        for (int job = 0; job < jobsPerThread; ++job) {
            const bool cleanup = job % 5 == 3;
            const auto kind = cleanup ? Ledger::Kind::CleanupJob : Ledger::Kind::Daemon;
            if (!owned.admit(kind))
                return; // closed, as it should after a moment without jobs
            if (cleanup) {
                owned.end(kind, Ledger::End::Succeeded);
            } else if (job % 7 == 5) {
                ++failed;
                owned.end(kind, Ledger::End::Failed);
            } else {
                owned.endQuietly();
            }
        }
    });
    const Ledger &ledger = owned.ledger;
    const JanitorLock lock(owned.mutex);
    return complaint("closed", owned.closed, 1) + complaint("drained", owned.drained, 1) +
           complaint("pending", ledger.pending(lock).total(), 0) +
           complaint("admitted", ledger.admittedCount(lock), owned.admitted) +
           complaint("ended", ledger.endedCount(lock), owned.admitted) +
           complaint("failed", ledger.failedCount(lock), failed) +
           complaint("closed for good", ledger.accepts(lock, Ledger::Kind::CleanupJob), false);
}

/// Daemons end while the ledger hands on what is left of them.
inline std::string daemonsEndWhileTheyAreHandedOn(int threadCount, int jobsPerThread)
{
    Owned owned({.stopOnFailure = true, .waitAfterFailure = false});
    const int jobs = threadCount * jobsPerThread + 1;
    for (int job = 0; job < jobs; ++job)
        owned.admit(Ledger::Kind::Daemon);
    std::atomic<int> endedElsewhere{0};
    Ledger::Pending handedOn;
    onThreads(threadCount + 1, [&](int thread) {
        if (thread < threadCount) {
            for (int job = 0; job < jobsPerThread; ++job)
                endedElsewhere += owned.ledger.endQuietly() == Ledger::Quiet::HandedOn;
            return;
        }
        const JanitorLock lock(owned.mutex);
        owned.ledger.end(lock, Ledger::Kind::Daemon, Ledger::End::Failed);
        const unsigned due = owned.ledger.endCallee(lock);
        if (due & Ledger::HandOn)
            handedOn = owned.ledger.handOn(lock);
        owned.closed = (due & (Ledger::Close | Ledger::HandOn)) != 0;
    });
    const Ledger &ledger = owned.ledger;
    const JanitorLock lock(owned.mutex);
    return complaint("closed", owned.closed, 1) +
           complaint("handed on", handedOn.daemons, endedElsewhere) +
           complaint("ended here", ledger.endedCount(lock), jobs - handedOn.daemons) +
           complaint("pending", ledger.pending(lock).total(), 0);
}

} // namespace LedgerRaces
