// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>

#include <QtCore/qpromise.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

// The stranger who finishes what futures promise, on a thread of its own, in random ways.

using Random = std::minstd_rand;

class Finisher
{
public:
    Finisher()
        : m_thread([this] { run(); })
    {
    }
    ~Finisher()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ends = true;
        }
        m_changed.notify_all();
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Finisher)

    template<class T>
    void take(QPromise<T> promise, Random::result_type way)
    {
        auto shared = std::make_shared<QPromise<T>>(std::move(promise));
        {
            const std::lock_guard lock(m_mutex);
            m_tasks.push_back([shared = std::move(shared), way] { end(*shared, way); });
        }
        m_changed.notify_all();
    }

private:
    template<class T>
    static void end(QPromise<T> &promise, Random::result_type way)
    {
        if (way % 11 == 0)
            return; // dropped, perhaps never started
        promise.start();
        if (way % 11 == 1)
            promise.setException(std::make_exception_ptr(way));
        else if (way % 11 == 2)
            promise.future().cancel();
        if constexpr (!std::is_void_v<T>) {
            if (way % 11 == 3)
                promise.addResult(T(QStringLiteral("by value")));
        }
        promise.finish();
    }
    void run()
    {
        std::unique_lock lock(m_mutex);
        for (;;) {
            m_changed.wait(lock, [this] { return m_ends || !m_tasks.empty(); });
            if (m_tasks.empty())
                return;
            std::function<void()> task = std::move(m_tasks.front());
            m_tasks.pop_front();
            lock.unlock();
            task();
            task = nullptr;
            lock.lock();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<std::function<void()>> m_tasks;
    bool m_ends = false;
    std::thread m_thread; // last: it uses the others
};
