// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>
#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/options.h>
#include <qjanitor/report.h>

#include <QtCore/qobject.h>

#include <memory>

namespace QJanitor {

class SupervisorPrivate;

/*!
    \brief Owns a janitor, for classes that have background work for as long as they live.

    The janitor is open from the constructor until terminate() or the destructor. It is not ambient
    anywhere but in its own jobs: give it work through client(). The janitor that encloses it is the
    one that is ambient where it is constructed.

    \b{Threading.} Lives on one thread and may be moved to another. client(), future() and state()
    may be called on any thread; terminate() as well. All signals are emitted on its own thread,
    which needs an event loop for that.

    \b{Blocking.} Never blocks; neither does the destructor.

    \b{Errors.} A failing job makes the janitor fail as Options::failurePolicy says. Under
    FailurePolicy::FailFast, the default, that is the end of it: it accepts nothing from then on. An
    owner that lives long likely wants FailurePolicy::KeepGoing.

    \b{Lifetime.} Destroyed with jobs pending, it hands them to the enclosing janitor, else to that
    of the running exec(), else to the root janitor, logs their names, emits nothing, and finishes
    its futures all the same. So a job must not use the owner of the supervisor, unless the future
    of terminate() has finished before the owner goes.

    \b{When not to use it.} Where the work belongs to one function call: use enter().

    \since 0.1
*/
class QJANITOR_EXPORT Supervisor : public QObject
{
    Q_OBJECT

public:
    explicit Supervisor(const Options &options = {}, QObject *parent = nullptr);
    ~Supervisor() override;

    /// Returns a client of the janitor, to spawn jobs with.
    Client client() const;
    /// Starts draining and returns a future that finishes with the report. May be called again.
    QFuture<Report> terminate();
    /// Returns a future that finishes with the report; each call returns one of its own.
    QFuture<Report> future() const;
    JanitorState state() const;

Q_SIGNALS:
    /// Emitted once for each error, in order of arrival; but where no event loop turns meanwhile,
    /// only for the first 1,000 that come in that time, and for the one of failed(). The report
    /// counts all.
    void jobFailed(const QJanitor::Error &error);
    /// Emitted at most once, when the first failure has tripped the policy; after its jobFailed().
    void failed(const QJanitor::Error &cause);
    /// Emitted when state() has changed; states that pass quickly may be left out, Closed never is.
    void stateChanged(QJanitor::JanitorState state);
    /// Emitted with the jobs that are still running, the oldest 1,000 of them, each time
    /// Options::hangWarningAfter has passed while draining.
    void hanging(const QList<QJanitor::JobInfo> &jobs);
    /// Emitted once, last of all, when the janitor has closed.
    void terminated(const QJanitor::Report &report);

private:
    std::unique_ptr<SupervisorPrivate> d;
};

} // namespace QJanitor
