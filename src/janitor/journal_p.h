// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "rules/ledger_p.h"

#include <qjanitor/report.h>

namespace QJanitor::Private {

/// What has failed under one janitor, and its report at the end.
class Journal
{
public:
    static constexpr qsizetype mostErrors = 1000;

    explicit Journal(const QString &name)
        : m_name(name)
    {}

    /// Returns 'Janitor "gallery"', or "A janitor", for a log line to begin with.
    QString describeName() const;

    /// Keeps an error; it is counted though there be no memory. Returns true if it is the cause:
    /// the first that trips the policy.
    bool keep(Held, const Error &error, Ledger::Weight weight);
    const QList<Error> &errors(Held) const { return m_errors; }
    const Error &cause(Held) const { return m_cause; }
    qsizetype causeIndex(Held) const
    {
        return m_causeIndex;
    } ///< In errors(); -1 if it is not kept.

    /// Writes the report. \a alsoEnded daemons have ended well and are about to be counted.
    void write(Held, const Ledger &ledger, const QList<JobInfo> &unfinished, qsizetype alsoEnded);
    /// Writes it anew, with other jobs that are left.
    void rewrite(Held, const QList<JobInfo> &unfinished);
    const Report &report(Held) const { return m_report; }

private:
    void write(const QList<JobInfo> &unfinished, qsizetype completed, qsizetype canceled);

    const QString m_name;
    QList<Error> m_errors;
    qsizetype m_errorCount = 0;
    Error m_cause;
    qsizetype m_causeIndex = -1;
    Report m_report;
};

} // namespace QJanitor::Private
