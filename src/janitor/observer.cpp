// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/observer_p.h"

#include "rules/memory_p.h"

#include <utility>

namespace QJanitor::Private {

QList<Error> Observer::begin(Held held, const Journal &journal)
{
    QList<Error> before = std::exchange(m_errors, journal.errors(held));
    m_causeIndex = journal.causeIndex(held);
    if (journal.cause(held).isValid() && m_causeIndex < 0)
        hear(held, journal.cause(held), true); // it came when the list was full
    return before;
}

void Observer::hear(Held, const Error &error, bool isCause)
{
    if (m_errors.size() >= Journal::mostErrors && !isCause)
        return;
    const qsizetype index = m_errors.size();
    if (!ifThereIsMemory([&] { m_errors.append(error); }))
        return; // the report counts it
    if (isCause)
        m_causeIndex = index;
}

News Observer::take(Held)
{
    News news;
    if (m_dueCause) {
        news.cause = std::exchange(m_dueCause, std::nullopt);
    } else if (!m_errors.isEmpty()) {
        news.error = m_errors.takeFirst();
        if (m_causeIndex-- == 0)
            m_dueCause = news.error;
    } else {
        news.hanging = std::exchange(m_hanging, {});
    }
    return news;
}

void Observer::nudge()
{
    if (!m_nudged.exchange(true))
        post();
}

void Observer::nudgeAnew()
{
    m_nudged.exchange(true);
    post();
}

} // namespace QJanitor::Private
