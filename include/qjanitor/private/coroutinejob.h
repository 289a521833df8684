// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/await.h>
#include <qjanitor/private/offer.h>

#include <functional>
#include <type_traits>
#include <utility>

// How a callable that returns a coroutine becomes a job, for the library's templates.

namespace QJanitor::Private {

template<class T>
inline constexpr bool isCoroutine<QCoro::Task<T>> = true;

/*!
    The outermost coroutine of a job: holds the callable, calls it, awaits what it returned, and
    tells the janitor. So what a lambda coroutine has captured lives as long as the coroutine.
*/
struct CoroutineDriver
{
    class promise_type;
    std::coroutine_handle<promise_type> coroutine;
};

class CoroutineDriver::promise_type
{
public:
    template<class F>
    promise_type(F &, SpawnedCoroutine &job)
        : m_ambient(job)
        , m_end(job)
    {}

    CoroutineDriver get_return_object() noexcept
    {
        return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }

    /// It begins when the janitor says so, under that janitor.
    auto initial_suspend() noexcept
    {
        struct Beginning : std::suspend_always
        {
            Ambient &ambient;
            explicit Beginning(Ambient &ambient_)
                : ambient(ambient_)
            {}
            void await_resume() noexcept { ambient.swapIn(); }
        };
        return Beginning(m_ambient);
    }

    auto final_suspend() noexcept
    {
        struct Ending : std::suspend_always
        {
            void await_suspend(std::coroutine_handle<promise_type> handle) noexcept { end(handle); }
        };
        return Ending();
    }

    void return_value(const Error &error) { m_end.setError(error); }
    void unhandled_exception() { m_end.setCurrentException(); }

    template<class Awaitable>
    auto await_transform(Awaitable &&awaitable)
    {
        return Awaiting(m_ambient, [&awaitable]() -> Awaitable && {
            return std::forward<Awaitable>(awaitable);
        });
    }

private:
    /// The captures go first, under the job's janitor; only then the job counts as ended.
    Q_NEVER_INLINE static void end(std::coroutine_handle<promise_type> handle) noexcept
    {
        CoroutineEnd ending(std::move(handle.promise().m_end));
        Ambient ambient(std::move(handle.promise().m_ambient));
        handle.destroy();
        ambient.swapOutForGood();
        ending.tell();
    }

    Ambient m_ambient;
    CoroutineEnd m_end;
};

template<class F>
CoroutineDriver drive(F callable, SpawnedCoroutine &)
{
    using Value = typename std::remove_cvref_t<std::invoke_result_t<F &>>::value_type;
    if constexpr (FailsByValue<Value>) {
        const Value value = co_await std::invoke(callable);
        co_return errorOf(value);
    } else {
        co_await std::invoke(callable);
        co_return Error();
    }
}

template<class Job>
inline constexpr CoroutineType coroutineType = {
    [](void *source, SpawnedCoroutine &job) {
        return drive<std::decay_t<Job>>(sourceAt<Job>(source), job).coroutine.address();
    },
    [](void *frame) noexcept { std::coroutine_handle<>::from_address(frame).resume(); },
    [](void *frame) noexcept { std::coroutine_handle<>::from_address(frame).destroy(); },
};

template<class Job>
const CoroutineType *coroutineTypeOf() noexcept
{
    return &coroutineType<Job>;
}

} // namespace QJanitor::Private
