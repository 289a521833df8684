// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/enums.h>
#include <qjanitor/error.h>
#include <qjanitor/export.h>

#include <QtCore/qlist.h>

#include <chrono>

namespace QJanitor {

namespace Private {
struct ReportParts;
}

/// Describes one job at one moment, for people and for programs that show it to them.
struct JobInfo
{
    QString name;                      ///< As given to the spawn verb; empty if it was given none.
    JobKind kind = JobKind::Daemon;    ///< As which it was spawned.
    JobState state = JobState::Queued; ///< Where it was at that moment.
    QString spawnSite;                 ///< As \c "file.cpp:42"; empty if the compiler cannot tell.
    std::chrono::milliseconds age{};   ///< Time since the job was spawned; good to some 4 ms.
    double progress = -1;              ///< From 0 to 1; negative while the job reports none.
    QString progressText;              ///< As its QPromise says; empty while it says nothing.
    /// Time since progress or its text changed, as far as the janitor has looked (while it drains);
    /// \c age for a job that has reported none.
    std::chrono::milliseconds sinceProgress{};
};

/*!
    \brief Tells how a janitor ended: what failed, and what it did not wait for.

    \b{Threading.} A value; copies may be used on different threads. Registered as a meta-type.

    \since 0.1
*/
class QJANITOR_EXPORT Report
{
    Q_GADGET
    Q_PROPERTY(bool ok READ ok CONSTANT FINAL)
    Q_PROPERTY(qsizetype completedCount READ completedCount CONSTANT FINAL)
    Q_PROPERTY(qsizetype errorCount READ errorCount CONSTANT FINAL)
    Q_PROPERTY(qsizetype canceledCount READ canceledCount CONSTANT FINAL)

public:
    /// Returns \c true if no job failed and none was left unfinished; otherwise returns \c false.
    bool ok() const { return m_errorCount == 0 && m_unfinished.isEmpty(); }
    /// Returns the error that made the janitor fail, else the first one; invalid if there is none.
    Error error() const { return m_cause.isValid() ? m_cause : m_errors.value(0); }
    /// Returns the errors in order of arrival: the first 1,000. errorCount() counts all.
    QList<Error> errors() const { return m_errors; }
    /// Returns the jobs that this janitor did not wait for: handed on, or abandoned.
    QList<JobInfo> unfinished() const { return m_unfinished; }
    /// Returns how many jobs ended without an error.
    qsizetype completedCount() const { return m_completedCount; }
    /// Returns how many errors there were, also those that errors() no longer keeps.
    qsizetype errorCount() const { return m_errorCount; }
    /// Returns how many jobs ended cancelled after they had been asked to stop.
    qsizetype canceledCount() const { return m_canceledCount; }

    /// Returns several lines for people, without a newline at the end: the first 20 errors and the
    /// first 20 unfinished jobs, and how many more there are. Each is one line, see
    /// Error::toString().
    Q_INVOKABLE QString toString() const;

private:
    friend struct Private::ReportParts;
    QString m_name;
    Error m_cause;
    QList<Error> m_errors;
    QList<JobInfo> m_unfinished;
    qsizetype m_completedCount = 0;
    qsizetype m_errorCount = 0;
    qsizetype m_canceledCount = 0;
};

/// Writes report.toString().
QJANITOR_EXPORT QDebug operator<<(QDebug debug, const Report &report);

} // namespace QJanitor

Q_DECLARE_METATYPE(QJanitor::JobInfo)
Q_DECLARE_METATYPE(QJanitor::Report)
