// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the core that gives its jobs to another janitor, and takes those of others.

#include "janitor/core_p.h"
#include "rules/memory_p.h"
#include "scope/processend_p.h"
#include "report/texts_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

/// Gives the pending jobs to the nearest enclosing janitor that waits for its jobs, else to the
/// root. Returns false if nobody takes them.
bool Core::handOn(Todo &todo)
{
    ifThereIsMemory([&] { list(todo.unfinished); });
    todo.unfinished.removeIf([](const JobInfo &job) { return job.state == JobState::Finished; });
    CorePointer taker = m_outer.core;
    while (taker && !taker->takeOver(*this))
        taker = taker->m_outer.core;
    if (!taker && m_level == Level::Nested) {
        taker = application();
        if (!taker || !taker->takeOver(*this)) {
            taker.reset();
            ifThereIsMemory([&] { taker = root(); });
        }
        todo.takenByRoot = taker && taker->m_level == Level::Root && taker->takeOver(*this);
        if (taker && taker->m_level == Level::Root && !todo.takenByRoot)
            taker.reset();
    }
    if (!taker) {
        todo.goingOn = std::exchange(todo.unfinished, {});
        return false;
    }
    m_takerPointer = taker;
    m_taker.store(taker.data(), std::memory_order_release);
    return true;
}

/// Takes over the pending jobs of \a ward, whose lock is held, if this janitor waits for its jobs.
bool Core::takeOver(Core &ward)
{
    const std::lock_guard lock(m_mutex);
    if (!m_ledger.accepts(Ledger::Kind::CleanupJob))
        return false;
    const bool isListed = ifThereIsMemory([&] {
        ProcessEnd::add(*this);
        m_wards.push_back(CorePointer(&ward));
    });
    if (!isListed)
        return false;
    const Ledger::Pending pending = ward.m_ledger.handOn();
    m_ledger.admit(pending);
    if (pending.total() == 0)
        m_wards.pop_back();
    m_helpWanted = true;
    wake();
    return true;
}

void Core::dropWard(const Core *ward)
{
    CorePointer dropped; // may be the last reference: not to be destroyed under the lock
    const std::lock_guard lock(m_mutex);
    const auto found = std::find_if(m_wards.begin(), m_wards.end(),
                                    [ward](const auto &core) { return core.data() == ward; });
    if (found == m_wards.end())
        return;
    dropped = std::move(*found);
    m_wards.erase(found);
}

/// Not under the lock: their own come before it.
std::vector<CorePointer> Core::wards() const
{
    const std::lock_guard lock(m_mutex);
    return m_wards;
}

void Core::addWardsToReport(Todo &todo)
{
    ifThereIsMemory([&] {
        for (const CorePointer &ward : wards())
            todo.unfinished += ward->jobs();
    });
    const std::lock_guard lock(m_mutex);
    for (const JobInfo &late : std::as_const(m_lateJobs)) {
        const auto isIt = [&late](const JobInfo &job) {
            return job.name == late.name && job.spawnSite == late.spawnSite;
        };
        if (std::none_of(todo.unfinished.cbegin(), todo.unfinished.cend(), isIt))
            ifThereIsMemory([&] { todo.unfinished.append(late); });
    }
    m_report = ReportParts::make(m_name, m_errors, m_errorCount, todo.unfinished,
                                 m_report.completedCount(), m_report.canceledCount(), m_cause);
    finish();
}

} // namespace QJanitor::Private
