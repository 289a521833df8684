// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/enums.h>

#include <QtCore/qglobal.h>

#include <chrono>
#include <optional>

QT_BEGIN_NAMESPACE
class QThreadPool;
QT_END_NAMESPACE

namespace QJanitor {

/*!
    \brief Says how a janitor behaves; every member has a default.

    For designated initializers: `enter({.name = "import"}, callee)`.

    \b{Lifetime.} \c name is copied when the janitor opens. \c threadPool must outlive every job
    spawned under the janitor, those that were handed on included: use a policy that waits with a
    pool of your own.

    \since 0.1
*/
struct Options
{
    /// The janitor's name in reports and log lines, UTF-8.
    const char *name = nullptr;
    /// What happens after the first failure.
    FailurePolicy failurePolicy = FailurePolicy::FailFast;
    /// While draining: report who is still running after this time, and then again; 0 is never.
    std::chrono::milliseconds hangWarningAfter = std::chrono::seconds(10);
    /// The longest time that draining may take; none by default, or below 0; 0 does not wait at
    /// all. Jobs that are still running then are asked to stop, named in the report, and left
    /// alone. A time in which the whole process was stopped does not count.
    std::optional<std::chrono::milliseconds> drainTimeout{};
    /// Where jobs run; null is the library's own process-wide pool.
    QThreadPool *threadPool = nullptr;
    /// The outermost exec() only: SIGINT, SIGTERM and SIGHUP quit the application, see
    /// catchQuitSignals(). One that the program ignores, or has a handler of its own for, stays as
    /// it is, whichever handler came first; the log says of which signals exec() will not hear. To
    /// have both, let the handler see to it that QCoreApplication::quit() is called.
    bool handleSignals = true;
    /// exec() only: the first failure quits the application.
    bool quitOnFailure = true;
    /// With it, progress extends \c drainTimeout: that counts from the last moment at which a job
    /// ended or reported progress through its QPromise, but draining takes no longer than this.
    std::optional<std::chrono::milliseconds> drainTimeoutLimit{};
};

} // namespace QJanitor
