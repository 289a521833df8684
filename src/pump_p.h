// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient_p.h"

#include <qjanitor/report.h>

#include <QtCore/qrunnable.h>

QT_BEGIN_NAMESPACE
class QThreadPool;
QT_END_NAMESPACE

namespace QJanitor::Private {

/*!
    Takes a janitor's queued jobs to a thread of its pool.

    Deleted by the pool. One that was never run, because somebody cleared the pool, says so.
*/
class Pump : public QRunnable
{
public:
    Pump(CorePointer core, JobKind kind, QThreadPool *pool);
    ~Pump() override;
    Q_DISABLE_COPY_MOVE(Pump)

    /// Queues this pump. It waits for its turn in the pool.
    void start();
    /// Starts this pump at once: if the pool has no free thread, one is lent to it.
    void startNow();

    /// Says that this pump is not needed, before it is deleted.
    void callOff() { m_ran = true; }

    void run() override;

private:
    CorePointer m_core;
    const JobKind m_kind;
    QThreadPool *const m_pool;
    bool m_lent = false;
    bool m_ran = false;
};

} // namespace QJanitor::Private
