// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/task.h>

#include <stdexcept>

namespace QJanitor::Private {

/// Stands in the place of the waiters once the coroutine has ended. Never looked into.
static TaskWaiter *finished() noexcept
{
    static TaskWaiter mark;
    return &mark;
}

TaskState::TaskState(std::coroutine_handle<> self) noexcept
    : m_self(self)
{}

TaskState::~TaskState()
{
    if (m_exception && !m_exceptionIsKnown.load(std::memory_order_relaxed))
        logLostException(m_exception);
}

bool TaskState::isReady() const noexcept
{
    // Acquire: what the coroutine has left is to be seen.
    return m_waiters.load(std::memory_order_acquire) == finished();
}

bool TaskState::addWaiter(TaskWaiter &waiter) noexcept
{
    TaskWaiter *latest = m_waiters.load(std::memory_order_acquire);
    do {
        if (latest == finished())
            return false;
        waiter.next = latest;
        // Release: whoever resumes the waiter sees what it has left.
    } while (!m_waiters.compare_exchange_weak(latest, &waiter, std::memory_order_acq_rel,
                                              std::memory_order_acquire));
    return true;
}

void TaskState::ref() noexcept
{
    m_owners.fetch_add(1, std::memory_order_relaxed);
}

void TaskState::deref() noexcept
{
    if (m_owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
        m_self.destroy();
}

std::coroutine_handle<> TaskState::end() noexcept
{
    TaskWaiter *waiters = nullptr;
    {
        Ambient ambient(std::move(m_ambient));
        waiters = m_waiters.exchange(finished(), std::memory_order_acq_rel);
        // If nobody else has the frame, its parameters go under the coroutine's own janitor. If
        // somebody awaits it, it stays.
        deref();
        ambient.swapOutForGood();
    }
    // In the order in which they came.
    TaskWaiter *first = nullptr;
    while (waiters) {
        TaskWaiter *next = waiters->next;
        waiters->next = std::exchange(first, waiters);
        waiters = next;
    }
    if (!first)
        return std::noop_coroutine();
    while (TaskWaiter *next = first->next) {
        first->handle.resume(); // which may destroy the waiter
        first = next;
    }
    return first->handle;
}

void TaskState::rethrow()
{
    if (!m_exception)
        return;
    m_exceptionIsKnown.store(true, std::memory_order_relaxed);
    std::rethrow_exception(m_exception);
}

void throwEmptyTask()
{
    throw std::logic_error("QJanitor: a Task was awaited that has no coroutine: it was "
                           "default-constructed or moved from.");
}

} // namespace QJanitor::Private
