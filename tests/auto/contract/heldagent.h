// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "gate.h"

#include <qjanitor/supervisor.h>

#include <QtCore/qpromise.h>
#include <QtCore/qstring.h>

namespace Contract {

/// Holds the agent's thread up for as long as it lives, so that what happens meanwhile finds the
/// agent late: in the code of a result, which the agent asks whether its job has failed.
class HeldAgent
{
public:
    HeldAgent()
    {
        m_supervisor.moveToThread(QCoreApplication::instance()->thread()); // of who destroys it
        QPromise<Result> promise;
        promise.start();
        promise.addResult(Result{m_reached, m_free});
        promise.finish();
        m_supervisor.client().spawnDaemon(promise.future());
        m_reached.wait();
    }
    ~HeldAgent()
    {
        release();
        waitForEnd(m_supervisor);
    }
    Q_DISABLE_COPY_MOVE(HeldAgent)

    /// Lets the agent go on, and returns at once.
    void release() const { m_free.open(); }

    /// Returns once the agent has read all that it was told before; it must not be held up.
    static void waitUntilItHasRead()
    {
        QJanitor::Supervisor supervisor;
        QPromise<void> promise;
        promise.start();
        promise.finish();
        supervisor.client().spawnDaemon(promise.future());
        waitForEnd(supervisor);
    }

private:
    /// Expected-like.
    struct Result
    {
        bool has_value() const
        {
            reached.open();
            free.wait();
            return true;
        }
        QString error() const { return QString(); }
        Gate reached;
        Gate free;
    };

    /// So that nothing is left that would be handed on to the janitor around this.
    static void waitForEnd(QJanitor::Supervisor &supervisor)
    {
        const QFuture<QJanitor::Report> end = supervisor.terminate();
        blockUntil([&] { return end.isFinished(); });
    }

    const Gate m_reached;
    const Gate m_free;
    QJanitor::Supervisor m_supervisor;
};

} // namespace Contract
