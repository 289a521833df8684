// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qlogging.h>
#include <QtCore/qthreadpool.h>
#include <QtCore/qtimer.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

// Ways to wait for something in a test without sleeping. The only clock is a timeout that ends the
// test program, for a thread that waits for ever could not be ended otherwise.

namespace Contract {

inline constexpr std::chrono::seconds patience{30};

/// Jobs that wait for gates must not starve the others on machines with few cores. The library's
/// own pool is sized like the global one.
inline void haveEnoughThreads()
{
    QThreadPool::globalInstance()->setMaxThreadCount(8);
}
Q_COREAPP_STARTUP_FUNCTION(haveEnoughThreads)

/// Holds threads up until it is opened. Copies are the same gate, so that jobs may outlive a test.
class Gate
{
public:
    Gate()
        : m_state(std::make_shared<State>())
    {
    }

    void open() const
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->isOpen = true;
        m_state->opened.notify_all();
    }
    bool isOpen() const
    {
        const std::lock_guard lock(m_state->mutex);
        return m_state->isOpen;
    }
    void wait() const
    {
        std::unique_lock lock(m_state->mutex);
        if (!m_state->opened.wait_for(lock, patience, [this] { return m_state->isOpen; }))
            qFatal("a gate has not been opened in time");
    }

private:
    struct State
    {
        std::mutex mutex;
        std::condition_variable opened;
        bool isOpen = false;
    };
    std::shared_ptr<State> m_state;
};

/// Waits on this thread, without events, until \a condition holds.
template<class F>
void blockUntil(F condition)
{
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            qFatal("a condition has not come true in time");
        std::this_thread::yield();
    }
}

/// Processes the events of this thread until \a condition holds.
template<class F>
void pumpUntil(F condition)
{
    QTimer heartbeat; // for conditions that come true without an event
    heartbeat.start(1);
    QEventLoop loop;
    // In a slot: the glib dispatcher overlooks what was posted before the slot began.
    QAbstractEventDispatcher::instance()->wakeUp();
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end)
            qFatal("a condition has not come true in time");
        loop.processEvents(QEventLoop::WaitForMoreEvents);
    }
}

/// Runs \a function on a thread that Qt does not know, and waits for its end.
template<class F>
void onStdThread(F function)
{
    std::thread(function).join();
}

/// Opens its gate once the event loop of this thread has turned a few times: what waits for the
/// gate proves that the loop is alive.
class LoopAliveChecker
{
public:
    LoopAliveChecker()
    {
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            if (++m_ticks == 5)
                alive.open();
        });
        m_timer.start(1);
    }

    const Gate alive;

private:
    QTimer m_timer;
    int m_ticks = 0;
};

} // namespace Contract
