// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/await.h>

#include <QCoroTask>

#include <coroutine>
#include <cstddef>
#include <type_traits>
#include <utility>

/*!
    \file
    Lets existing coroutines of QCoro::Task keep their ambient janitor across every \c co_await, as
    those of QJanitor::Task do. Nothing else about them changes.

    It tells the compiler how to make every coroutine that returns a QCoro::Task. So it must be
    included before the first of them in \e each file of a program that defines any, above all
    inline or as templates, QCoro's own among them; otherwise one function has two definitions. The
    CMake target QJanitor::AmbientQCoro includes it everywhere.

    \b{Limits.} Coroutines in libraries that were built without it, QCoro's own among them, see the
    ambient janitor until their first suspension only, and then that of the thread; whoever awaits
    them is right again. QCoro's tasks have to end on the thread that awaits them, as ever.

    \since 0.1
*/

namespace QJanitor::Private {

template<class T>
class QCoroPromise;

/*!
    The promise of a QCoro::Task, with the ambient janitor behind it.

    QCoro knows only its own promise, which is final. So that one comes first: the address and the
    alignment of the two are the same, and so are the handles that are made from them.
*/
template<class T>
class QCoroPromiseBase
{
public:
    using Promise = QCoro::detail::TaskPromise<T>;

    QCoro::Task<T> get_return_object()
    {
        QT_WARNING_PUSH
        QT_WARNING_DISABLE_GCC("-Winvalid-offsetof")
        QT_WARNING_DISABLE_CLANG("-Winvalid-offsetof")
        static_assert(alignof(QCoroPromise<T>) == alignof(Promise) &&
                          offsetof(QCoroPromiseBase, m_promise) == 0,
                      "QJanitor: QCoro's promise has to lie where the compiler looks for ours.");
        QT_WARNING_POP
        return m_promise.get_return_object();
    }

    auto initial_suspend() noexcept
    {
        m_ambient.swapIn();
        return m_promise.initial_suspend();
    }
    auto final_suspend() noexcept { return Ending(*this); }
    void unhandled_exception() { m_promise.unhandled_exception(); }

    template<class Awaitable>
    auto await_transform(Awaitable &&awaitable)
    {
        return Awaiting(m_ambient, [this, &awaitable]() -> decltype(auto) {
            return m_promise.await_transform(std::forward<Awaitable>(awaitable));
        });
    }

protected:
    Promise m_promise;
    Ambient m_ambient;

private:
    class Ending
    {
    public:
        explicit Ending(QCoroPromiseBase &promise) noexcept
            : m_promise(promise)
            , m_ending(promise.m_promise.final_suspend())
        {}
        bool await_ready() const noexcept { return m_ending.await_ready(); }
        /// Resumes whoever awaits the task, and perhaps destroys the frame, and this with it.
        template<class Handle>
        Q_NEVER_INLINE auto await_suspend(Handle) noexcept
        {
            {
                Ambient ambient(std::move(m_promise.m_ambient));
                ambient.swapOutForGood();
            }
            return m_ending.await_suspend(
                std::coroutine_handle<Promise>::from_promise(m_promise.m_promise));
        }
        void await_resume() const noexcept {}

    private:
        QCoroPromiseBase &m_promise;
        decltype(std::declval<const Promise &>().final_suspend()) m_ending;
    };
};

template<class T>
class QCoroPromise : public QCoroPromiseBase<T>
{
public:
    template<class U = T>
    void return_value(U &&value)
        requires requires(QCoro::detail::TaskPromise<T> &promise) {
            promise.return_value(std::forward<U>(value));
        }
    {
        this->m_promise.return_value(std::forward<U>(value));
    }
};

template<>
class QCoroPromise<void> : public QCoroPromiseBase<void>
{
public:
    void return_void() noexcept { m_promise.return_void(); }
};

} // namespace QJanitor::Private

template<class T, class... Arguments>
struct std::coroutine_traits<QCoro::Task<T>, Arguments...>
{
    using promise_type = QJanitor::Private::QCoroPromise<T>;
};
