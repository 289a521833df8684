// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>
#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/report.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qobject.h>

#include <memory>

namespace QJanitor {

class StatusPrivate;

/*!
    \brief Shows a janitor to its surroundings: numbers as properties, errors as signals.

    The numbers are those of a moment, at most some 32 ms old while the event loop turns; errors
    and changes of state() come at once.

    \b{Threading.} Lives on one thread with an event loop; may be moved to another while it has no
    children that may not. All signals are emitted there, and those of jobs() as well.

    \b{Blocking.} Never blocks. Costs the jobs next to nothing, and nothing where there is no
    Status.

    \b{Lifetime.} May be destroyed before the janitor, also in a slot of one of its signals, and may
    outlive it; then it shows how the janitor ended. Must not outlive the thread's event loop for
    signals to arrive. It may live through several applications.

    \since 0.1
*/
class QJANITOR_EXPORT Status : public QObject
{
    Q_OBJECT
    /// Accepted jobs that have not ended, from 0.
    Q_PROPERTY(double pendingJobs READ pendingNumber NOTIFY changed FINAL)
    /// Jobs that have ended in whatever way, from 0.
    Q_PROPERTY(double finishedJobs READ finishedNumber NOTIFY changed FINAL)
    /// Jobs that have failed, from 0; they are in finishedJobs as well.
    Q_PROPERTY(double failedJobs READ failedNumber NOTIFY changed FINAL)
    /// Share of all accepted jobs that have ended, from 0 to 1; 1 while there are none.
    Q_PROPERTY(double progress READ progress NOTIFY changed FINAL)
    /// Whether the callee has ended and jobs are still awaited.
    Q_PROPERTY(bool draining READ isDraining NOTIFY changed FINAL)
    /// Where the janitor is on its way; Closed while there is none.
    Q_PROPERTY(QJanitor::JanitorState state READ state NOTIFY stateChanged FINAL)
    /// The newest error that jobFailed() has told of; invalid if there is none.
    Q_PROPERTY(QJanitor::Error lastError READ lastError NOTIFY changed FINAL)
    /// The name, else the spawn site, of the live job that was spawned first; empty if there is
    /// none.
    Q_PROPERTY(QString oldestJob READ oldestJob NOTIFY changed FINAL)
    /// The live jobs, the oldest first; see jobs().
    Q_PROPERTY(QAbstractItemModel *jobs READ jobs CONSTANT FINAL)

public:
    /// What jobs() tells of each job. In QML the names are those of JobInfo.
    enum JobRole {
        NameRole = Qt::UserRole, ///< QString; empty if it was given none.
        KindRole,                ///< JobKind.
        SpawnSiteRole,           ///< QString, as "file.cpp:42".
        AgeRole,                 ///< qint64: milliseconds since it was spawned.
        ProgressRole,            ///< double, from 0 to 1; negative while the job reports none.
        ProgressTextRole,        ///< QString; empty while the job says nothing.
        StateRole,               ///< JobState.
    };
    Q_ENUM(JobRole)

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
    QString oldestJob() const;

    /*!
        \brief Returns a list of the live jobs, the oldest first: at most 1,000, pendingJobs()
        counts all.

        Qt::DisplayRole is the job's name, else its spawn site, as it stands in one line: cut after
        200 characters, with control characters spelled out. The list is kept from the first call
        on, and until then costs nothing. It changes together with the numbers; ages and progress,
        which no job announces, are looked up ten times a second.

        \b{Threading.} Only on the thread of this object.

        \b{Lifetime.} Belongs to this object, which must not be destroyed in a slot of the list's.
    */
    QAbstractItemModel *jobs() const;

    /*!
        \brief Asks exec() to end the event loop and to wait for the jobs, as SIGTERM does. No
        window is asked whether it may be closed.

        So a window that is to stay visible until the jobs are through refuses to be closed, and
        calls this. Does nothing while the jobs are awaited already, and for other janitors than
        that of exec().

        \b{Threading.} Only on the thread of this object, as the other requests.
    */
    Q_INVOKABLE void requestQuit();
    /// Asks the daemons to stop, and goes on waiting for all jobs; see Client::requestStop().
    Q_INVOKABLE void requestStop();
    /*!
        \brief Asks the daemons to stop and gives up waiting, as a second SIGTERM does: now while
        draining, else when the callee has ended.

        What is still running is named in the report, which has an error of
        Error::Kind::DrainTimedOut, and is left alone.
    */
    Q_INVOKABLE void stopWaiting();

Q_SIGNALS:
    /// Emitted once for each error, in order of arrival, errors from before this object included;
    /// but where no event loop turns meanwhile, only for the first 1,000 that come in that time,
    /// and for the one of failed(). failedJobs() counts all failures.
    void jobFailed(const QJanitor::Error &error);
    /// Emitted once for each janitor that fails, with the cause, right after its jobFailed().
    void failed(const QJanitor::Error &cause);
    /// Emitted with the jobs that are still running, the oldest 1,000 of them, each time
    /// Options::hangWarningAfter has passed while the janitor drains.
    void hanging(const QList<QJanitor::JobInfo> &jobs);
    /// Emitted when any property but jobs has changed, at most once per 16 ms; once more at once
    /// when state() has changed.
    void changed();
    /// Emitted once for each change of state(), right after changed(); states that pass quickly may
    /// be left out, Closed never is.
    void stateChanged(QJanitor::JanitorState state);

protected:
    /// Shows the janitor of \a client from now on.
    void setClient(const Client &client);
    void timerEvent(QTimerEvent *event) override;

private:
    // Numbers as QML has them: before Qt 6.5 it knows no integers of 64 bits.
    double pendingNumber() const;
    double finishedNumber() const;
    double failedNumber() const;

    std::unique_ptr<StatusPrivate> d;
};

} // namespace QJanitor
