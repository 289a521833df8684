// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <QtCore/qbasictimer.h>
#include <QtCore/qobject.h>

namespace QJanitor::Private {

/*!
    Tells the service manager, while it lives, how the application's janitor comes to its end.

    Says at once that it stops. Then it looks twice a second and says how many jobs are left and
    which, if that has changed, and asks for more time if there was progress. Lives on the agent
    thread, so that the application's may be blocked.
*/
class StopNotice : public QObject
{
public:
    explicit StopNotice(const JanitorPointer &janitor);
    bool isOf(const JanitorPointer &janitor) const { return m_janitor == janitor; }
    /// Says that the application stops, if nobody has said so of this janitor.
    static void announce(Janitor &janitor);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    QByteArray lookAtProgress(const QList<JobInfo> &jobs);
    QByteArray lookAtStatus(const QString &status);

    const JanitorPointer m_janitor;
    QBasicTimer m_timer;
    std::size_t m_progress; ///< Another number after each progress.
    QString m_status;       ///< What was said last.
};

} // namespace QJanitor::Private
