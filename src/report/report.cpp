// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/report.h>

#include "report/texts_p.h"

namespace QJanitor {

using namespace Qt::StringLiterals;

static QString countOf(qsizetype count, const QString &what)
{
    return u"%1 %2%3"_s.arg(count).arg(what, count == 1 ? QString() : u"s"_s);
}

/// Returns the texts of the first \a count of \a errors, and of \a cause if it is none of them.
static QStringList textsOf(const QList<Error> &errors, qsizetype count, const Error &cause)
{
    QStringList texts;
    for (qsizetype i = 0; i < count; ++i) // QList::first() is a crash where there is no memory
        texts += errors.at(i).toString();
    if (cause.isValid() && !texts.contains(cause.toString()))
        texts += cause.toString();
    return texts;
}

QString Report::toString() const
{
    using Private::mostListed;
    const QString who =
        m_name.isEmpty() ? u"janitor"_s : u"janitor \"%1\""_s.arg(Private::shown(m_name));
    QString text = who + u": "_s + countOf(m_completedCount, u"job"_s) + u" completed"_s;
    if (m_canceledCount > 0)
        text += u", %1 cancelled"_s.arg(m_canceledCount);
    if (m_errorCount > 0)
        text += u", "_s + countOf(m_errorCount, u"error"_s);
    if (!m_unfinished.isEmpty())
        text += u", %1 unfinished"_s.arg(m_unfinished.size());
    const QStringList errors = textsOf(m_errors, qMin(m_errors.size(), mostListed), m_cause);
    for (const QString &error : errors)
        text += u"\n  error: "_s + error;
    if (m_errorCount > errors.size())
        text += u"\n  … and %1 more"_s.arg(countOf(m_errorCount - errors.size(), u"error"_s));
    if (m_errorCount > m_errors.size())
        text += u", %1 of which are only counted"_s.arg(m_errorCount - m_errors.size());
    const qsizetype listed = qMin(m_unfinished.size(), mostListed);
    for (qsizetype i = 0; i < listed; ++i)
        text += u"\n  unfinished: "_s + Private::describe(m_unfinished.at(i));
    if (m_unfinished.size() > listed)
        text +=
            u"\n  … and %1 more"_s.arg(countOf(m_unfinished.size() - listed, u"unfinished job"_s));
    return text;
}

QDebug operator<<(QDebug debug, const Report &report)
{
    const QDebugStateSaver saver(debug);
    return debug.noquote() << report.toString();
}

namespace Private {

/// By name as well, for connections made by strings and for QVariant, before any use.
static void registerTypes()
{
    qRegisterMetaType<Error>();
    qRegisterMetaType<Report>();
    qRegisterMetaType<JobInfo>();
    qRegisterMetaType<QList<JobInfo>>();
    qRegisterMetaType<JanitorState>();
}
Q_CONSTRUCTOR_FUNCTION(registerTypes)

Report ReportParts::make(const QString &name, const QList<Error> &errors, qsizetype errorCount,
                         const QList<JobInfo> &unfinished, qsizetype completed, qsizetype canceled,
                         const Error &cause)
{
    Report report;
    report.m_name = name;
    report.m_cause = cause;
    report.m_errors = errors;
    report.m_unfinished = unfinished;
    report.m_completedCount = completed;
    report.m_errorCount = errorCount;
    report.m_canceledCount = canceled;
    return report;
}

static QString textOf(JobState state)
{
    switch (state) {
    case JobState::Queued:
        return u"queued"_s;
    case JobState::Running:
        return u"running"_s;
    case JobState::Suspended:
        return u"suspended"_s;
    case JobState::Finished:
        return u"finished"_s;
    case JobState::Failed:
        return u"failed"_s;
    case JobState::Canceled:
        return u"cancelled"_s;
    case JobState::Abandoned:
        return u"abandoned"_s;
    }
    return {};
}

QString describe(const JobInfo &job)
{
    QString text = job.kind == JobKind::CleanupJob ? u"cleanup job"_s : u"daemon"_s;
    if (!job.name.isEmpty())
        text += u" \"%1\""_s.arg(shown(job.name));
    if (!job.spawnSite.isEmpty())
        text += u" spawned at "_s + shown(job.spawnSite);
    text +=
        u", %1 for %2 s"_s.arg(textOf(job.state)).arg(double(job.age.count()) / 1000, 0, 'f', 1);
    if (job.progress >= 0)
        text += u", %1 %"_s.arg(qRound(job.progress * 100));
    if (!job.progressText.isEmpty())
        text += u", "_s + shown(job.progressText);
    if (job.progress >= 0 || !job.progressText.isEmpty())
        text +=
            u", last progress %1 s ago"_s.arg(double(job.sinceProgress.count()) / 1000, 0, 'f', 1);
    return text;
}

QString namesOf(const QList<JobInfo> &jobs)
{
    QString text;
    for (qsizetype i = 0; i < qMin(jobs.size(), 5); ++i) {
        const JobInfo &job = jobs.at(i);
        text += (i ? u", "_s : QString()) + shown(job.name.isEmpty() ? job.spawnSite : job.name);
    }
    if (jobs.size() > 5)
        text += u", … %1 more"_s.arg(jobs.size() - 5);
    return text;
}

} // namespace Private
} // namespace QJanitor
