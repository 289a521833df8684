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
bool Janitor::handOn(Aftermath &after)
{
    ifThereIsMemory([&] { list(after.unfinished); });
    after.unfinished.removeIf([](const JobInfo &job) { return job.state == JobState::Finished; });
    JanitorPointer taker = m_outer.janitor;
    while (taker && !taker->takeOver(*this))
        taker = taker->m_outer.janitor;
    if (!taker && m_level == Level::Nested) {
        taker = application();
        if (!taker || !taker->takeOver(*this)) {
            taker.reset();
            ifThereIsMemory([&] { taker = root(); });
        }
        after.takenByRoot = taker && taker->m_level == Level::Root && taker->takeOver(*this);
        if (taker && taker->m_level == Level::Root && !after.takenByRoot)
            taker.reset();
    }
    if (!taker) {
        after.goingOn = std::exchange(after.unfinished, {});
        return false;
    }
    m_takerPointer = taker;
    m_taker.store(taker.data(), std::memory_order_release);
    return true;
}

/// Takes over the pending jobs of \a giver, whose lock is held, if this janitor waits for its jobs.
bool Janitor::takeOver(Janitor &giver)
{
    const std::lock_guard lock(m_mutex);
    if (!m_ledger.accepts(Ledger::Kind::CleanupJob))
        return false;
    const bool isListed = ifThereIsMemory([&] {
        ProcessEnd::add(*this);
        m_givers.push_back(JanitorPointer(&giver));
    });
    if (!isListed)
        return false;
    const Ledger::Pending pending = giver.m_ledger.handOn();
    m_ledger.admit(pending);
    if (pending.total() == 0)
        m_givers.pop_back();
    m_helpWanted = true;
    wake();
    return true;
}

void Janitor::dropGiver(const Janitor *giver)
{
    JanitorPointer dropped; // may be the last reference: not to be destroyed under the lock
    const std::lock_guard lock(m_mutex);
    const auto found = std::find_if(m_givers.begin(), m_givers.end(), [giver](const auto &janitor) {
        return janitor.data() == giver;
    });
    if (found == m_givers.end())
        return;
    dropped = std::move(*found);
    m_givers.erase(found);
}

/// Not under the lock: their own come before it.
std::vector<JanitorPointer> Janitor::givers() const
{
    const std::lock_guard lock(m_mutex);
    return m_givers;
}

void Janitor::addGiversToReport(Aftermath &after)
{
    ifThereIsMemory([&] {
        for (const JanitorPointer &giver : givers())
            after.unfinished += giver->jobs();
    });
    const std::lock_guard lock(m_mutex);
    for (const JobInfo &late : std::as_const(m_lateJobs)) {
        const auto isIt = [&late](const JobInfo &job) {
            return job.name == late.name && job.spawnSite == late.spawnSite;
        };
        if (std::none_of(after.unfinished.cbegin(), after.unfinished.cend(), isIt))
            ifThereIsMemory([&] { after.unfinished.append(late); });
    }
    m_report = ReportParts::make(m_name, m_errors, m_errorCount, after.unfinished,
                                 m_report.completedCount(), m_report.canceledCount(), m_cause);
    finish();
}

} // namespace QJanitor::Private
