// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/enums.h>
#include <qjanitor/export.h>
#include <qjanitor/private/adoption.h>

#include <QtCore/qpromise.h>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#    error "QJanitor needs exceptions: a job fails by throwing. Remove -fno-exceptions."
#endif

// What can be a job, and how a callable of any type is kept and run.

namespace QJanitor::Private {

class Janitor;
struct JobCell;

/// What a callable may return in order to be a job.
template<class R>
concept JobResult = std::is_void_v<R> || FailsByValue<R> || isFuture<R>;

template<class F>
concept PlainJob = std::invocable<F &> && JobResult<std::remove_cvref_t<std::invoke_result_t<F &>>>;

template<class F>
concept PromiseJob = !std::invocable<F &> && std::invocable<F &, QPromise<void> &> &&
                     std::is_void_v<std::invoke_result_t<F &, QPromise<void> &>>;

template<class F>
concept CallableJob = PlainJob<F> || PromiseJob<F>;

/// Whether it is a coroutine whose end can be awaited: <qjanitor/task.h> tells which are.
template<class T>
inline constexpr bool isCoroutine = false;

template<class F>
concept CoroutineJob =
    std::invocable<F &> && isCoroutine<std::remove_cvref_t<std::invoke_result_t<F &>>>;

template<class Job>
concept AcceptedJob = CallableJob<std::decay_t<Job>> || isFuture<std::decay_t<Job>> ||
                      CoroutineJob<std::decay_t<Job>>;

/// What a running job that is more than a callable tells its janitor.
class QJANITOR_EXPORT JobContext
{
public:
    /// The job has not ended when its callable returns, but when this future has finished.
    void goOnIn(Adoption adoption)
    {
        continuation = std::make_unique<Adoption>(std::move(adoption));
    }
    /// Runs \a function with a promise that the janitor can cancel and whose progress it shows.
    void runWithPromise(void (*function)(void *callable, QPromise<void> &promise), void *callable);

    Janitor *janitor = nullptr;
    JobCell *cell = nullptr; ///< Null for a job that runs where it was offered.
    JobKind kind = JobKind::Daemon;
    std::unique_ptr<Adoption> continuation;
    Error error; ///< How the callable failed, if runJob() says so.
};

template<class T>
void *addressOf(T &object) noexcept
{
    if constexpr (std::is_function_v<T>)
        return reinterpret_cast<void *>(&object);
    else
        return const_cast<void *>(static_cast<const volatile void *>(std::addressof(object)));
}

/// Returns the caller's callable at \a source as what it was passed as, a \a Job.
template<class Job>
Job &&sourceAt(void *source) noexcept
{
    using Source = std::remove_reference_t<Job>;
    if constexpr (std::is_function_v<Source>)
        return *reinterpret_cast<Source *>(source);
    else
        return static_cast<Job &&>(*static_cast<Source *>(source));
}

/// Runs \a callable. Returns \c false if it returned an error; exceptions pass through.
template<class F>
bool runJob(F &callable, JobContext &context)
{
    if constexpr (PromiseJob<F>) {
        context.runWithPromise(
            [](void *function, QPromise<void> &promise) {
                std::invoke(sourceAt<F &>(function), promise);
            },
            addressOf(callable));
        return true;
    } else {
        using Result = std::remove_cvref_t<std::invoke_result_t<F &>>;
        if constexpr (std::is_void_v<Result>) {
            std::invoke(callable);
            return true;
        } else if constexpr (isFuture<Result>) {
            const auto future = std::invoke(callable);
            if (isMovedFrom(future)) {
                context.error = Error(QStringLiteral("a QFuture that has been moved from"));
                return false;
            }
            context.goOnIn(adoptionOf(future));
            return true;
        } else {
            context.error = errorOf(std::invoke(callable));
            return !context.error.isValid();
        }
    }
}

/// What the janitor knows of the callables of one type: how to run and destroy a stored one.
/// Aligned so that a pointer to it has four bits to spare.
struct alignas(16) JobType
{
    bool (*run)(void *storage, JobContext &context);
    void (*destroy)(void *storage) noexcept;
};

/// The bytes that a queued job has for its callable; larger ones are boxed on the heap.
inline constexpr std::size_t storageSize = 48;
inline constexpr std::size_t storageAlign = 16;

template<class F>
inline constexpr bool isStoredInline = sizeof(F) <= storageSize && alignof(F) <= storageAlign;

template<class F>
F &storedIn(void *storage) noexcept
{
    if constexpr (isStoredInline<F>)
        return *std::launder(static_cast<F *>(storage));
    else
        return **std::launder(static_cast<F **>(storage));
}

template<class F>
inline constexpr JobType jobTypeOf = {
    [](void *storage, JobContext &context) { return runJob(storedIn<F>(storage), context); },
    [](void *storage) noexcept {
        if constexpr (isStoredInline<F>)
            std::destroy_at(&storedIn<F>(storage));
        else
            delete &storedIn<F>(storage);
    },
};

} // namespace QJanitor::Private
