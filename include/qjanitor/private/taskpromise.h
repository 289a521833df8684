// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/await.h>
#include <qjanitor/coroexport.h>

#include <QCoroTask>

#include <atomic>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

// What the compiler and whoever awaits need of a Task, for the library's templates; programs use
// <qjanitor/task.h>.

namespace QJanitor {

template<class T = void>
class Task;

namespace Private {

/// Somebody who awaits a task; lies in the frame of the coroutine that does.
struct TaskWaiter
{
    std::coroutine_handle<> handle;
    TaskWaiter *next = nullptr;
};

/*!
    What all promises of tasks have in common: who awaits the end, and who keeps the frame.

    The owners of the frame are the coroutine until it has ended, its Task, and whoever awaits it.
    The end and those who come to await it meet in one atomic word, on whichever threads they are.
*/
class QJANITOR_CORO_EXPORT TaskState
{
public:
    Q_DISABLE_COPY_MOVE(TaskState)

    bool isReady() const noexcept;
    /// Returns false if it has ended: then \a waiter is not resumed.
    bool addWaiter(TaskWaiter &waiter) noexcept;
    void ref() noexcept;
    void deref() noexcept;

protected:
    explicit TaskState(std::coroutine_handle<> self) noexcept;
    ~TaskState();
    /// Ends, and returns whom to resume.
    std::coroutine_handle<> end() noexcept;
    void rethrow();

    Ambient m_ambient;
    std::exception_ptr m_exception;

private:
    const std::coroutine_handle<> m_self;
    std::atomic<TaskWaiter *> m_waiters{nullptr}; ///< The latest first; or finished.
    std::atomic<int> m_owners{2};
    std::atomic<bool> m_exceptionIsKnown{false};
};

[[noreturn]] QJANITOR_CORO_EXPORT void throwEmptyTask();

template<class T>
concept HasQCoroAwaiter =
    requires { typename QCoro::detail::awaiter_type<std::remove_cvref_t<T>>::type; };

/// The promise but for its result.
class TaskPromiseBase : public TaskState
{
public:
    /// It begins at once, as those of QCoro do.
    std::suspend_never initial_suspend() noexcept
    {
        m_ambient.swapIn();
        return {};
    }
    auto final_suspend() noexcept
    {
        struct Ending : std::suspend_always
        {
            TaskPromiseBase &promise;
            explicit Ending(TaskPromiseBase &promise_)
                : promise(promise_)
            {}
            std::coroutine_handle<> await_suspend(std::coroutine_handle<>) noexcept
            {
                return promise.end();
            }
        };
        return Ending(*this);
    }
    void unhandled_exception() noexcept { m_exception = std::current_exception(); }

    template<class Awaitable>
    auto await_transform(Awaitable &&awaitable)
    {
        static_assert(HasQCoroAwaiter<Awaitable> || QCoro::Awaitable<Awaitable>,
                      "QJanitor: a Task awaits what a QCoro::Task can await; include the header of "
                      "QCoro for it, such as <QCoroTimer>.");
        if constexpr (HasQCoroAwaiter<Awaitable>) {
            using Awaiter = QCoro::detail::awaiter_type_t<std::remove_cvref_t<Awaitable>>;
            return Awaiting(m_ambient, [&awaitable] {
                if constexpr (requires { Awaiter{std::forward<Awaitable>(awaitable)}; })
                    return Awaiter{std::forward<Awaitable>(awaitable)};
                else
                    return Awaiter{awaitable};
            });
        } else {
            return Awaiting(m_ambient, [&awaitable]() -> Awaitable && {
                return std::forward<Awaitable>(awaitable);
            });
        }
    }

protected:
    using TaskState::TaskState;
};

template<class T>
class TaskPromise : public TaskPromiseBase
{
public:
    TaskPromise() noexcept
        : TaskPromiseBase(std::coroutine_handle<TaskPromise>::from_promise(*this))
    {}
    Task<T> get_return_object() noexcept { return Task<T>(this); }

    template<class U = T>
        requires std::is_constructible_v<T, U &&>
    void return_value(U &&value)
    {
        m_value.emplace(std::forward<U>(value));
    }
    T take()
    {
        rethrow();
        return std::move(*m_value);
    }

private:
    std::optional<T> m_value;
};

template<>
class TaskPromise<void> : public TaskPromiseBase
{
public:
    TaskPromise() noexcept
        : TaskPromiseBase(std::coroutine_handle<TaskPromise>::from_promise(*this))
    {}
    Task<void> get_return_object() noexcept;
    void return_void() noexcept {}
    void take() { rethrow(); }
};

/// Awaits the end of a task, of which it keeps the frame meanwhile.
template<class T>
class TaskAwaiter
{
public:
    explicit TaskAwaiter(TaskPromise<T> *promise) noexcept
        : m_promise(promise)
    {
        if (m_promise)
            m_promise->ref();
    }
    ~TaskAwaiter()
    {
        if (m_promise)
            m_promise->deref();
    }
    Q_DISABLE_COPY_MOVE(TaskAwaiter)

    bool await_ready() const noexcept { return !m_promise || m_promise->isReady(); }
    /// Never inlined, as that of Awaiting.
    Q_NEVER_INLINE bool await_suspend(std::coroutine_handle<> handle) noexcept
    {
        m_waiter.handle = handle;
        return m_promise->addWaiter(m_waiter);
    }
    T await_resume()
    {
        if (!m_promise)
            throwEmptyTask();
        return m_promise->take();
    }

private:
    TaskPromise<T> *m_promise;
    TaskWaiter m_waiter;
};

} // namespace Private

} // namespace QJanitor
