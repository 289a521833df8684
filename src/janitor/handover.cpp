// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/handover_p.h"

#include "janitor/janitor_p.h"
#include "rules/memory_p.h"

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

void Handover::giveTo(Held, const JanitorPointer &taker)
{
    m_takerPointer = taker;
    m_taker.store(taker.data(), std::memory_order_release);
}

bool Handover::countEnd(Held held, std::int64_t all)
{
    ++m_ended;
    return areAllEnded(held, all);
}

void Handover::take(Held, Janitor *giver)
{
    m_givers.push_back(JanitorPointer(giver));
}

JanitorPointer Handover::drop(Held, const Janitor *giver)
{
    const auto found = std::find_if(m_givers.begin(), m_givers.end(), [giver](const auto &janitor) {
        return janitor.data() == giver;
    });
    if (found == m_givers.end())
        return {};
    JanitorPointer dropped = std::move(*found);
    m_givers.erase(found);
    return dropped;
}

void Handover::addLateTo(Held, QList<JobInfo> &unfinished) const
{
    for (const JobInfo &late : m_late) {
        const auto isIt = [&late](const JobInfo &job) {
            return job.name == late.name && job.spawnSite == late.spawnSite;
        };
        if (std::none_of(unfinished.cbegin(), unfinished.cend(), isIt))
            ifThereIsMemory([&] { unfinished.append(late); });
    }
}

} // namespace QJanitor::Private
