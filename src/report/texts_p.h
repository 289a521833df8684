// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/private/sourcelocation.h>
#include <qjanitor/report.h>

#include <QtCore/qloggingcategory.h>

#include <exception>

namespace QJanitor::Private {

Q_DECLARE_LOGGING_CATEGORY(lcJanitor)

/// Returns "file.cpp:42"; empty if the compiler cannot tell.
QString siteText(const SourceLocation &site);

/// Builds errors with all their parts.
struct ErrorParts
{
    static Error make(Error::Kind kind, const QString &message, std::exception_ptr exception = {});
    /// Returns \a error as the failure of the job that has this name and site.
    static Error named(Error error, const QString &jobName, const QString &spawnSite);
};

/// Builds reports.
struct ReportParts
{
    static Report make(const QString &name, const QList<Error> &errors, qsizetype errorCount,
                       const QList<JobInfo> &unfinished, qsizetype completed, qsizetype canceled,
                       const Error &cause = {});
};

QString messageOfException(const std::exception_ptr &exception);

/// How much of a name is shown, and of a longer text. Sizes of QStrings.
inline constexpr qsizetype longestName = 200;
inline constexpr qsizetype longestText = 2000;
/// How many errors a text lists, and how many jobs.
inline constexpr qsizetype mostListed = 20;

/// Returns \a text, which may come from anywhere, as it stands in a line: control characters are
/// spelled out, so that none forges another line, and what is longer than \a most is cut. A
/// backslash is left as it is. Shown again, it does not change.
QString shown(const QString &text, qsizetype most = longestName);

/// Returns one line: name, kind, state, age and spawn site.
QString describe(const JobInfo &job);
/// Returns the names of \a jobs in one line, the first few of them.
QString namesOf(const QList<JobInfo> &jobs);

} // namespace QJanitor::Private
