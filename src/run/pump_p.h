// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient/ambient_p.h"

#include <qjanitor/report.h>

#include <QtCore/qrunnable.h>

#include <atomic>

QT_BEGIN_NAMESPACE
class QThreadPool;
QT_END_NAMESPACE

namespace QJanitor::Private {

/*!
    Takes a janitor's queued jobs to a thread of its pool.

    Deleted by the pool. One that was never run, because somebody cleared the pool, says so. If the
    pool gets no thread, it is lost.
*/
class Pump : public QRunnable
{
public:
    Pump(JanitorPointer janitor, JobKind kind, QThreadPool *pool);
    ~Pump() override;
    Q_DISABLE_COPY_MOVE(Pump)

    JobKind kind() const { return m_kind; }
    QThreadPool *pool() const { return m_pool; }

    /// Queues this pump. It waits for its turn in the pool.
    void start();
    /// Starts this pump at once: if the pool has no free thread, one is lent to it.
    void startNow();
    /// Says that this pump has been taken back from the pool.
    void callOff() { m_state.store(State::Idle, std::memory_order_relaxed); }
    /// When it is queued again, it comes before others.
    void waitNoLonger() { m_priority = 1; }
    /// Has the pool count without the thread that it did not get. Returns false if this has begun.
    bool takeForLost();

    void run() override;

private:
    enum class State { Idle, Queued, Lost, Begun };

    JanitorPointer m_janitor;
    const JobKind m_kind;
    QThreadPool *const m_pool;
    int m_priority = 0;
    bool m_lent = false;
    std::atomic<State> m_state{State::Idle};
};

} // namespace QJanitor::Private
