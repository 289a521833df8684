// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor that gives its jobs to another janitor, and takes those of others.

#include "janitor/janitor_p.h"
#include "rules/memory_p.h"
#include "scope/processend_p.h"
#include "report/texts_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

/// Gives the pending jobs to the nearest enclosing janitor that waits for its jobs, else to the
/// root. Returns false if nobody takes them.
bool Janitor::handOn(Held held, Aftermath &after)
{
    ifThereIsMemory([&] { list(held, after.unfinished); });
    after.unfinished.removeIf([](const JobInfo &job) { return job.state == JobState::Finished; });
    JanitorPointer taker = m_outer.janitor;
    while (taker && !taker->takeOver(*this, held))
        taker = taker->m_outer.janitor;
    if (!taker && m_level == Level::Nested) {
        taker = application();
        if (!taker || !taker->takeOver(*this, held)) {
            taker.reset();
            ifThereIsMemory([&] { taker = root(); });
        }
        after.takenByRoot = taker && taker->m_level == Level::Root && taker->takeOver(*this, held);
        if (taker && taker->m_level == Level::Root && !after.takenByRoot)
            taker.reset();
    }
    if (!taker) {
        after.goingOn = std::exchange(after.unfinished, {});
        return false;
    }
    m_handover.giveTo(held, taker);
    return true;
}

/// Takes over the pending jobs of \a giver, if this janitor waits for its jobs.
bool Janitor::takeOver(Janitor &giver, Held ofGiver)
{
    const JanitorLock lock(m_mutex);
    if (!m_ledger.accepts(lock, Ledger::Kind::CleanupJob))
        return false;
    const bool hasRoom = ifThereIsMemory([&] {
        ProcessEnd::add(lock, *this);
        m_handover.reserve(lock);
    });
    if (!hasRoom)
        return false;
    const Ledger::Pending pending = giver.m_ledger.handOn(ofGiver);
    m_ledger.admit(lock, pending);
    if (pending.total() > 0)
        m_handover.take(lock, &giver);
    m_waiters.call(lock);
    return true;
}

void Janitor::dropGiver(const Janitor *giver)
{
    JanitorPointer dropped; // destroyed without the lock
    const JanitorLock lock(m_mutex);
    dropped = m_handover.drop(lock, giver);
}

/// Locks of givers come before this one.
std::vector<JanitorPointer> Janitor::givers() const
{
    const JanitorLock lock(m_mutex);
    return m_handover.givers(lock);
}

void Janitor::addGiversToReport(Aftermath &after)
{
    ifThereIsMemory([&] {
        for (const JanitorPointer &giver : givers())
            after.unfinished += giver->jobs();
    });
    const JanitorLock lock(m_mutex);
    m_handover.addLateTo(lock, after.unfinished);
    m_journal.rewrite(lock, after.unfinished);
    finish(lock);
}

} // namespace QJanitor::Private
