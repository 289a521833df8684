// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/jobtype.h>
#include <qjanitor/private/sourcelocation.h>

#include <concepts>
#include <memory>
#include <new>
#include <type_traits>

// How a job of any type is offered to a janitor. Programs use <qjanitor/spawn.h>.

namespace QJanitor::Private {

class SpawnedCoroutine;

/// What the janitor knows of jobs of one type that are coroutines.
struct CoroutineType
{
    /// Moves the callable at \a source into the frame of a coroutine that has not begun.
    void *(*make)(void *source, SpawnedCoroutine &job);
    void (*begin)(void *frame) noexcept;
    void (*destroy)(void *frame) noexcept; ///< Of one that has not begun.
};

/// Defined in <qjanitor/private/coroutinejob.h>.
template<class Job>
const CoroutineType *coroutineTypeOf() noexcept;

/*!
    \brief A job that is offered to a janitor, still in the caller's hands.

    \c place moves or copies it into the janitor's storage, once it is accepted. \c run runs it
    where it is, for the one case in which it can be stored nowhere. Instead, \c adopt is for jobs
    that are futures, with \c failureOf if their values can be failures, and \c coroutine for those
    that are coroutines.
*/
struct Offer
{
    JobKind kind;
    bool isEmpty; ///< A future that has been moved from: nothing can be done with it.
    const QString *name; ///< Null if it was given none.
    SourceLocation site;
    const JobType *type;
    void *source;
    void (*place)(void *storage, void *source);
    bool (*run)(void *source, JobContext &context);
    AnyFuture (*adopt)(void *source);
    std::unique_ptr<FailureByValue> (*failureOf)(void *source); ///< Call it first.
    const CoroutineType *coroutine;
};

template<class Job>
Offer makeOffer(JobKind kind, const QString *name, Job &&job, const SourceLocation &site)
{
    static_assert(AcceptedJob<Job>,
                  "QJanitor: a job is a callable without parameters that returns void, "
                  "QJanitor::Error, an expected-like type or a QFuture; or a callable that takes "
                  "QPromise<void> & and returns void; or a QFuture. With <qjanitor/task.h> also a "
                  "callable that returns a QJanitor::Task or QCoro::Task.");
    using F = std::decay_t<Job>;
    static_assert(!AcceptedJob<Job> || std::is_constructible_v<F, Job>,
                  "QJanitor: this job can only be moved; pass it with std::move().");
    Offer offer{kind,    false,   name,    site,    nullptr, addressOf(job),
                nullptr, nullptr, nullptr, nullptr, nullptr};
    if constexpr (std::same_as<F, QFuture<void>>) {
        offer.isEmpty = isMovedFrom(job);
        offer.adopt = [](void *source) { return AnyFuture(F(sourceAt<Job>(source))); };
    } else if constexpr (isFuture<F>) {
        offer.isEmpty = isMovedFrom(job);
        // A copy: what the caller's one takes along must not go under a lock.
        offer.adopt = [](void *source) {
            return AnyFuture(sourceAt<const std::remove_reference_t<Job> &>(source));
        };
        if constexpr (areFailures<F>) {
            offer.failureOf = [](void *source) {
                return failureOf(sourceAt<const std::remove_reference_t<Job> &>(source));
            };
        }
    } else if constexpr (CoroutineJob<F> && std::is_constructible_v<F, Job>) {
        offer.coroutine = coroutineTypeOf<Job>();
    } else if constexpr (AcceptedJob<Job> && std::is_constructible_v<F, Job>) {
        offer.type = &jobTypeOf<F>;
        offer.place = [](void *storage, void *source) {
            if constexpr (isStoredInline<F>)
                ::new (storage) F(sourceAt<Job>(source));
            else
                ::new (storage) F *(new F(sourceAt<Job>(source)));
        };
        offer.run = [](void *source, JobContext &context) {
            if constexpr (CallableJob<std::remove_reference_t<Job>>) {
                return runJob(sourceAt<std::remove_reference_t<Job> &>(source), context);
            } else {
                F callable(sourceAt<Job>(source));
                return runJob(callable, context);
            }
        };
    }
    return offer;
}

} // namespace QJanitor::Private
