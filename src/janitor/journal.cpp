// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/journal_p.h"

#include "report/texts_p.h"
#include "rules/memory_p.h"

namespace QJanitor::Private {

QString Journal::describeName() const
{
    return m_name.isEmpty() ? QStringLiteral("A janitor")
                            : QStringLiteral("Janitor \"%1\"").arg(shown(m_name));
}

bool Journal::keep(Held, const Error &error, Ledger::Weight weight)
{
    ++m_errorCount;
    const bool isCause = !m_cause.isValid() && weight == Ledger::Weight::Trips;
    const qsizetype index = m_errors.size();
    if (index < mostErrors)
        ifThereIsMemory([&] { m_errors.append(error); });
    if (isCause) {
        m_cause = error;
        m_causeIndex = m_errors.size() > index ? index : -1;
    }
    return isCause;
}

void Journal::write(Held held, const Ledger &ledger, const QList<JobInfo> &unfinished,
                    qsizetype alsoEnded)
{
    const std::int64_t canceled = ledger.canceledCount(held);
    write(unfinished, ledger.endedCount(held) + alsoEnded - ledger.failedCount(held) - canceled,
          canceled);
}

void Journal::rewrite(Held, const QList<JobInfo> &unfinished)
{
    write(unfinished, m_report.completedCount(), m_report.canceledCount());
}

void Journal::write(const QList<JobInfo> &unfinished, qsizetype completed, qsizetype canceled)
{
    m_report =
        ReportParts::make(m_name, m_errors, m_errorCount, unfinished, completed, canceled, m_cause);
}

} // namespace QJanitor::Private
