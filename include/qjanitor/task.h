// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/coroutinejob.h>
#include <qjanitor/scope.h>
#include <qjanitor/private/taskpromise.h>

#include <QCoroFuture>
#include <QCoroTask>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace QJanitor {

namespace Private {
template<class T>
inline constexpr bool isCoroutine<Task<T>> = true;
}

/*!
    \brief A coroutine that keeps its ambient janitor across every \c co_await.

    It begins at once, like a QCoro::Task, and remembers the janitor that is ambient where it was
    called. The ambient janitor belongs to the \e thread: that one is put there whenever the
    coroutine runs, on whichever thread, and while it is suspended the thread has its own again. It
    may await whatever a QCoro::Task may: futures, timers, signals, QCoro's tasks, other Tasks, and
    anything with the interface of the standard. It can be awaited by a QCoro::Task and given to
    QCoro::waitFor().

    A Task is no job: nobody waits for it but who awaits it. Spawn a callable that returns one and
    the janitor does. The callable, with what it has captured, lives until the coroutine has ended;
    it is called at once, or on the application's thread if no event loop runs where it is spawned.

    \b{Threading.} A value that belongs to one thread at a time. The coroutine goes on where what it
    awaits resumes it: QCoro does so on the thread that awaits, another Task on the thread on which
    it ends.

    \b{Blocking.} Never blocks. A janitor's enter() with an ordinary callee does, in a coroutine as
    elsewhere; with a callee that returns a coroutine it is awaited instead.

    \b{Cancellation.} None but by request: isStopRequested(), or \c co_await whenStopRequested().

    \b{Errors.} An exception is rethrown to who awaits the Task. If nobody does, it is logged.

    \b{Lifetime.} May be destroyed or dropped before the coroutine has ended, which then goes on
    alone. A coroutine of another library that begins only when it is awaited does so under the
    thread's janitor, not under that of the Task which awaits it. GCC 12 destroys a lambda twice
    that has captures and is written inside a \c co_await expression: give it a name first.

    \since 0.1
*/
template<class T>
class Task
{
    static_assert(!std::is_reference_v<T>,
                  "QJanitor: a Task returns a value or void; return a pointer instead of a "
                  "reference.");

public:
    using value_type = T;
    using promise_type = Private::TaskPromise<T>;

    /// Constructs a Task without a coroutine, as a moved-from one is. Awaiting it throws
    /// std::logic_error.
    Task() noexcept = default;
    Task(Task &&other) noexcept
        : m_promise(std::exchange(other.m_promise, nullptr))
    {}
    Task &operator=(Task &&other) noexcept
    {
        Task(std::move(other)).swap(*this);
        return *this;
    }
    ~Task()
    {
        if (m_promise)
            m_promise->deref();
    }

    void swap(Task &other) noexcept { std::swap(m_promise, other.m_promise); }

    /// Returns \c true if the coroutine has ended, or if there is none: awaiting it then does not
    /// suspend. Otherwise returns \c false.
    bool isReady() const noexcept { return !m_promise || m_promise->isReady(); }

    /// Awaits the end. The result is moved out: who awaits a second time finds what a move leaves.
    auto operator co_await() const noexcept { return Private::TaskAwaiter<T>(m_promise); }

private:
    friend Private::TaskPromise<T>;
    explicit Task(Private::TaskPromise<T> *promise) noexcept
        : m_promise(promise)
    {}

    Private::TaskPromise<T> *m_promise = nullptr;
};

inline Task<void> Private::TaskPromise<void>::get_return_object() noexcept
{
    return Task<void>(this);
}

namespace Private {

template<class F>
concept CoroutineCallee =
    std::invocable<F> && isCoroutine<std::remove_cvref_t<std::invoke_result_t<F>>>;
template<class F>
using CalleeValue = typename std::remove_cvref_t<std::invoke_result_t<F>>::value_type;

/// Calls what returns a coroutine, and returns what came of that. Never fails.
template<class T, class F>
Task<CalleeResult<T>> calleeResult(F call)
{
    try {
        if constexpr (std::is_void_v<T>) {
            co_await call();
            co_return CalleeResult<T>();
        } else {
            T value = co_await call();
            co_return CalleeResult<T>(std::move(value));
        }
    } catch (...) {
        co_return CalleeResult<T>(std::current_exception());
    }
}

template<class T, class F>
Task<EnterResult<T>> tryEnterAsync(Options options, F callee)
{
    CoScope scope(options);
    CalleeResult<T> result =
        co_await calleeResult<T>([&scope, &callee] { return scope.call(callee); });
    Report report = co_await scope.close();
    co_return EnterResult<T>(std::move(report), std::move(result));
}

template<class T, class F>
Task<EnsureResult<T>> tryEnsureAsync(Options options, F callee)
{
    if (hasActiveJanitor()) {
        CalleeResult<T> result = co_await calleeResult<T>([&callee] { return callee(); });
        co_return EnsureResult<T>(std::move(result));
    }
    EnterResult<T> result = co_await tryEnterAsync<T, F>(options, std::move(callee));
    co_return EnsureResult<T>(std::move(result));
}

/// As enter() and ensure() do with what their cousins return.
template<class T, class Result>
Task<T> valueOf(Task<Result> task)
{
    Result result = co_await std::move(task);
    CalleeResult<T> callee = std::move(result).unwrapJanitorResult();
    co_return std::move(callee).value();
}

} // namespace Private

/*!
    \brief As tryEnter() for an ordinary callee, but \a callee returns a coroutine, a Task or
    QCoro::Task, and nothing blocks: await the Task that is returned.

    \a callee is copied or moved and lives until its janitor has closed.

    \b{Threading.} Needs an event loop on the thread that awaits.

    \since 0.1
*/
template<class F>
    requires Private::CoroutineCallee<F>
Task<EnterResult<Private::CalleeValue<F>>> tryEnter(const Options &options, F &&callee)
{
    return Private::tryEnterAsync<Private::CalleeValue<F>, std::decay_t<F>>(
        options, std::forward<F>(callee));
}

/// \overload
template<class F>
    requires Private::CoroutineCallee<F>
Task<EnterResult<Private::CalleeValue<F>>> tryEnter(F &&callee)
{
    return tryEnter(Options(), std::forward<F>(callee));
}

/// As enter() for an ordinary callee; otherwise as tryEnter() for a coroutine.
template<class F>
    requires Private::CoroutineCallee<F>
Task<Private::CalleeValue<F>> enter(const Options &options, F &&callee)
{
    return Private::valueOf<Private::CalleeValue<F>>(tryEnter(options, std::forward<F>(callee)));
}

/// \overload
template<class F>
    requires Private::CoroutineCallee<F>
Task<Private::CalleeValue<F>> enter(F &&callee)
{
    return enter(Options(), std::forward<F>(callee));
}

/// As tryEnsure() for an ordinary callee; otherwise as tryEnter() for a coroutine.
template<class F>
    requires Private::CoroutineCallee<F>
Task<EnsureResult<Private::CalleeValue<F>>> tryEnsure(const Options &options, F &&callee)
{
    return Private::tryEnsureAsync<Private::CalleeValue<F>, std::decay_t<F>>(
        options, std::forward<F>(callee));
}

/// \overload
template<class F>
    requires Private::CoroutineCallee<F>
Task<EnsureResult<Private::CalleeValue<F>>> tryEnsure(F &&callee)
{
    return tryEnsure(Options(), std::forward<F>(callee));
}

/// As ensure() for an ordinary callee; otherwise as tryEnter() for a coroutine.
template<class F>
    requires Private::CoroutineCallee<F>
Task<Private::CalleeValue<F>> ensure(const Options &options, F &&callee)
{
    return Private::valueOf<Private::CalleeValue<F>>(tryEnsure(options, std::forward<F>(callee)));
}

/// \overload
template<class F>
    requires Private::CoroutineCallee<F>
Task<Private::CalleeValue<F>> ensure(F &&callee)
{
    return ensure(Options(), std::forward<F>(callee));
}

} // namespace QJanitor
