// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>
#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/report.h>

#include <QtCore/qobject.h>

#include <memory>

namespace QJanitor {

class StatusPrivate;

/*!
    \brief Shows a janitor to its surroundings: numbers as properties, errors as signals.

    The numbers are those of a moment, at most some 16 ms old while the event loop turns; errors
    come at once.

    \b{Threading.} Lives on one thread with an event loop; may be moved to another while it has no
    children that may not. All signals are emitted there.

    \b{Blocking.} Never blocks. Costs the jobs next to nothing.

    \b{Lifetime.} May be destroyed before the janitor and may outlive it; then it shows how the
    janitor ended. Must not outlive the thread's event loop for signals to arrive.

    \since 0.1
*/
class QJANITOR_EXPORT Status : public QObject
{
    Q_OBJECT
    /// Accepted jobs that have not ended, from 0.
    Q_PROPERTY(qsizetype pendingJobs READ pendingJobs NOTIFY changed FINAL)
    /// Jobs that have ended in whatever way, from 0.
    Q_PROPERTY(qsizetype finishedJobs READ finishedJobs NOTIFY changed FINAL)
    /// Jobs that have failed, from 0; they are in finishedJobs as well.
    Q_PROPERTY(qsizetype failedJobs READ failedJobs NOTIFY changed FINAL)
    /// Share of all accepted jobs that have ended, from 0 to 1; 1 while there are none.
    Q_PROPERTY(double progress READ progress NOTIFY changed FINAL)
    /// Whether the callee has ended and jobs are still awaited.
    Q_PROPERTY(bool draining READ isDraining NOTIFY changed FINAL)
    /// Where the janitor is on its way; Closed while there is none.
    Q_PROPERTY(QJanitor::JanitorState state READ state NOTIFY stateChanged FINAL)
    /// The newest error; invalid if there is none.
    Q_PROPERTY(QJanitor::Error lastError READ lastError NOTIFY jobFailed FINAL)

public:
    /// Constructs a status of the application janitor: that of the current exec(), else the last.
    explicit Status(QObject *parent = nullptr);
    /// Constructs a status of the janitor of \a client; of none, which is always closed, if it is
    /// null.
    explicit Status(const Client &client, QObject *parent = nullptr);
    ~Status() override;

    qsizetype pendingJobs() const;
    qsizetype finishedJobs() const;
    qsizetype failedJobs() const;
    double progress() const;
    bool isDraining() const;
    QJanitor::JanitorState state() const;
    QJanitor::Error lastError() const;

Q_SIGNALS:
    /// Emitted once for each error, in order of arrival, errors from before this object included.
    void jobFailed(const QJanitor::Error &error);
    /// Emitted once for each janitor that fails, with the cause, right after its jobFailed().
    void failed(const QJanitor::Error &cause);
    /// Emitted with the jobs that are still running, each time Options::hangWarningAfter has passed
    /// while the janitor drains.
    void hanging(const QList<QJanitor::JobInfo> &jobs);
    /// Emitted when any number has changed, at most once per turn of the event loop.
    void changed();
    /// Emitted when state() has changed, after changed().
    void stateChanged(QJanitor::JanitorState state);

private:
    std::unique_ptr<StatusPrivate> d;
};

} // namespace QJanitor
