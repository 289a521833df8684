// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/export.h>

#include <QtCore/qobjectdefs.h>

namespace QJanitor {

// In one header, for the meta-object system knows the enums of a namespace from one place.
Q_NAMESPACE_EXPORT(QJANITOR_EXPORT)
// In QML, too, enumerators are named with their enum: both states have a Running.
Q_CLASSINFO("RegisterEnumClassesUnscoped", "false")

/// Says why a spawn verb refused a job. A refused job never runs and is not moved from.
enum class SpawnError {
    NoError,         ///< Accepted: the janitor waits for the job.
    NoActiveJanitor, ///< No janitor is ambient on this thread. Is enter() or exec() missing?
    /// The janitor has failed or closed and takes no such jobs any more. Or no janitor ever takes
    /// the job, for it is a QFuture that has been moved from; the log says so then.
    ActiveJanitorTerminating,
};
Q_ENUM_NS(SpawnError)

/// The two kinds of jobs. A cleanup job must run whatever else fails, and is never asked to stop.
enum class JobKind {
    Daemon,     ///< An ordinary job.
    CleanupJob, ///< A job that must run whatever else fails.
};
Q_ENUM_NS(JobKind)

/// Where a job is on its way.
enum class JobState {
    Queued,    ///< Accepted, and waiting for a thread.
    Running,   ///< Has started.
    Suspended, ///< Its future is suspended.
    Finished,  ///< Has ended without an error.
    Failed,    ///< Has ended with an error.
    Canceled,  ///< Has ended after it was asked to stop.
    Abandoned, ///< Nobody waits for it any more.
};
Q_ENUM_NS(JobState)

/// Where a janitor is on its way.
enum class JanitorState {
    Running,  ///< The callee runs and nothing has failed.
    Draining, ///< The callee has ended and jobs are awaited.
    Failed,   ///< A job has failed; the callee runs, or jobs are still awaited.
    Closed,   ///< The end: nothing is accepted and nothing is awaited any more.
};
Q_ENUM_NS(JanitorState)

/*!
    \brief Says what a janitor does after the first job has failed.

    The callee always runs to its end, every error is kept, and the janitor always ends with the
    failure. exec() is the outermost janitor: there FailFast waits as CancelAndWait does.

    \b{Lifetime.} Under FailFast a job may outlive enter(), so it must own what it uses. Capture
    locals by reference only under CancelAndWait or KeepGoing without a drain timeout.

    \since 0.1
*/
enum class FailurePolicy {
    FailFast,      ///< Asks the daemons to stop and hands all jobs to the enclosing janitor.
    CancelAndWait, ///< Asks the daemons to stop and waits for all jobs.
    KeepGoing,     ///< Disturbs nobody and waits for all jobs.
};
Q_ENUM_NS(FailurePolicy)

} // namespace QJanitor
