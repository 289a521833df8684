// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/cohooks.h>

#include <QCoroTask>

#include <type_traits>
#include <utility>

// How a coroutine awaits something without its ambient janitor staying behind, for the library's
// templates; programs use <qjanitor/task.h> and <qjanitor/qcoro.h>.

namespace QCoro {
class ThreadContext;
}

namespace QJanitor {

template<class T>
class Task;

} // namespace QJanitor

namespace QJanitor::Private {

/// Where a coroutine goes on that awaits a \a T: QCoro resumes it on the thread that awaits, but
/// for moveToThread().
template<class T>
inline constexpr auto whereaboutsAfter = Ambient::Whereabouts::Unchanged;
template<>
inline constexpr auto whereaboutsAfter<QCoro::ThreadContext> = Ambient::Whereabouts::InFlight;
template<class T>
inline constexpr auto whereaboutsAfter<Task<T>> = Ambient::Whereabouts::Nested;

/// Returns what awaits \a source, as co_await finds it: perhaps \a source itself.
template<class Source>
decltype(auto) awaiterOf(Source &&source)
{
    if constexpr (requires { std::forward<Source>(source).operator co_await(); })
        return std::forward<Source>(source).operator co_await();
    else if constexpr (requires { operator co_await(std::forward<Source>(source)); })
        return operator co_await(std::forward<Source>(source));
    else
        return std::forward<Source>(source);
}

/*!
    Awaits \a Source with the ambient janitor of the coroutine taken along.

    \a Source is a reference, or a value that is kept here together with the awaiter that is made
    from it; both are built in place and never moved.
*/
template<class Source>
class Awaiting
{
public:
    template<class MakeSource>
    Awaiting(Ambient &ambient, MakeSource &&makeSource)
        : m_ambient(ambient)
        , m_source(makeSource())
        , m_awaiter(awaiterOf(static_cast<Source &&>(m_source)))
    {}
    Q_DISABLE_COPY_MOVE(Awaiting)

    bool await_ready() { return bool(m_awaiter.await_ready()); }

    /// Never inlined: Clang 16 would keep its variables in the frame, which may be gone by then.
    template<class Handle>
    Q_NEVER_INLINE auto await_suspend(Handle handle)
    {
        // First of all: once the awaiter has the handle, the coroutine may go on on another thread,
        // and this may be gone.
        m_wasSuspended = true;
        m_ambient.swapOut(whereaboutsAfter<std::remove_cvref_t<Source>>);
        try {
            using Answer = decltype(m_awaiter.await_suspend(handle));
            if constexpr (std::is_same_v<Answer, bool>) {
                const bool suspends = m_awaiter.await_suspend(handle);
                if (!suspends)
                    goOn();
                return suspends;
            } else {
                return m_awaiter.await_suspend(handle);
            }
        } catch (...) {
            goOn();
            throw;
        }
    }

    decltype(auto) await_resume()
    {
        // Before the result: if it is an exception, it unwinds under the coroutine's own janitor.
        if (m_wasSuspended)
            goOn();
        return m_awaiter.await_resume();
    }

private:
    using Awaiter = decltype(awaiterOf(std::declval<Source &&>()));

    void goOn()
    {
        m_wasSuspended = false;
        m_ambient.swapIn();
    }

    Ambient &m_ambient;
    Source m_source;
    Awaiter m_awaiter;
    bool m_wasSuspended = false;
};

template<class MakeSource>
Awaiting(Ambient &, MakeSource &&) -> Awaiting<std::invoke_result_t<MakeSource &>>;

} // namespace QJanitor::Private
