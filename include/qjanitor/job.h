// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/report.h>

#include <QtCore/qfuture.h>
#include <QtCore/qpromise.h>

#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#if !defined(__cpp_exceptions) && !defined(_CPPUNWIND)
#    error "QJanitor needs exceptions: a job fails by throwing. Remove -fno-exceptions."
#endif

#if defined(__cpp_lib_source_location)
#    include <source_location>
#endif

// What can be a job, and how a callable of any type becomes one that the janitor can keep in its
// queue. For the library's templates; programs use <qjanitor/spawn.h>.

namespace QJanitor::Private {

class Core;
class CoJob;
struct Slot;

#if defined(__cpp_lib_source_location)
using SourceLocation = std::source_location;
#else
/// Stands in where the compiler cannot tell the call site: always empty.
struct SourceLocation
{
    static constexpr SourceLocation current() noexcept { return {}; }
    constexpr const char *file_name() const noexcept { return ""; }
    constexpr unsigned line() const noexcept { return 0; }
};
#endif

/// An expected-like type: std::expected, tl::expected, or what looks like them.
template<class T>
concept ExpectedLike = requires(const T &value) {
    {
        value.has_value()
    } -> std::convertible_to<bool>;
    value.error();
};

/// A value that says by itself that something failed.
template<class T>
concept FailsByValue = std::same_as<T, Error> || ExpectedLike<T>;

template<class E, class Text>
concept HasMessage = requires(const E &error) { Text(error.message()); };
template<class E>
concept HasWhat = requires(const E &error) { QString::fromUtf8(error.what()); };
template<class E>
concept HasToString = requires(const E &error) { QString(error.toString()); };

/// Returns a message for the error of an expected-like value.
template<class E>
QString messageOf(const E &error)
{
    if constexpr (std::convertible_to<const E &, QString>) {
        return error;
    } else if constexpr (std::convertible_to<const E &, std::string_view>) {
        const std::string_view text = error;
        return QString::fromUtf8(text.data(), qsizetype(text.size()));
    } else if constexpr (HasMessage<E, QString>) {
        return QString(error.message());
    } else if constexpr (HasMessage<E, std::string>) {
        return QString::fromStdString(error.message());
    } else if constexpr (HasWhat<E>) {
        return QString::fromUtf8(error.what());
    } else if constexpr (HasToString<E>) {
        return QString(error.toString());
    } else if constexpr (std::is_enum_v<E>) {
        return QStringLiteral("error %1").arg(qlonglong(error));
    } else if constexpr (std::is_arithmetic_v<E>) {
        return QStringLiteral("error %1").arg(error);
    } else {
        return QStringLiteral("the job returned an error of a type that has no text");
    }
}

/// Returns the failure that \a value stands for; no error if it is a success.
template<FailsByValue T>
Error errorOf(const T &value)
{
    if constexpr (std::same_as<T, Error>) {
        return value;
    } else {
        if (value.has_value())
            return Error();
        if constexpr (std::convertible_to<decltype(value.error()), Error>) {
            const Error error = value.error();
            return error.isValid() ? error : Error(QStringLiteral("the job returned no value"));
        } else {
            return Error(messageOf(value.error()));
        }
    }
}

template<class T>
inline constexpr bool isFuture = false;
template<class T>
inline constexpr bool isFuture<QFuture<T>> = true;

/// Whether the values of such a future can be failures.
template<class T>
inline constexpr bool areFailures = false;
template<FailsByValue T>
inline constexpr bool areFailures<QFuture<T>> = true;

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

/// Tells how a finished future fails by its values.
class FailureByValue
{
public:
    FailureByValue() = default;
    virtual ~FailureByValue() = default;
    Q_DISABLE_COPY_MOVE(FailureByValue)
    /// Returns the first failure; no error if there is none.
    virtual Error error() const = 0;
};

template<FailsByValue T>
class FailureOf final : public FailureByValue
{
public:
    explicit FailureOf(const QFuture<T> &future)
        : m_future(future)
    {}
    Error error() const override
    {
        // Iterators, for resultAt() copies.
        for (const T &value : m_future) {
            if (const Error error = errorOf(value))
                return error;
        }
        return Error();
    }

private:
    QFuture<T> m_future; ///< The last one of its type takes the values along.
};

/// Returns whether there is nothing in \a interface any more: to look into it would be a crash.
QJANITOR_EXPORT bool isMovedFrom(const QFutureInterfaceBase &interface) noexcept;

template<class T>
bool isMovedFrom(const QFuture<T> &future) noexcept
{
    // QFuture does not say, and copies of one that was moved from cannot be made.
    static_assert(sizeof(QFuture<T>) == sizeof(QFutureInterfaceBase));
    return isMovedFrom(reinterpret_cast<const QFutureInterfaceBase &>(future));
}

/*!
    A future of any type, with a reference of its type.

    The last reference of its type takes the results along, without the lock of the future; a
    QFuture<void> is none. So whoever connects a watcher, which walks over the results, has to hold one.
*/
class AnyFuture : public QFuture<void>
{
public:
    AnyFuture() = default;
    AnyFuture(QFuture<void> future)
        : QFuture<void>(std::move(future))
    {
    }
    template<class T>
    explicit AnyFuture(const QFuture<T> &future)
        : QFuture<void>(future)
        , m_drop(&TypedReference<T>::drop)
    {
        TypedReference<T>::take(*this);
    }
    AnyFuture(AnyFuture &&other) noexcept
        : QFuture<void>(std::move(other))
        , m_drop(std::exchange(other.m_drop, nullptr))
    {
    }
    AnyFuture &operator=(AnyFuture &&other) noexcept
    {
        AnyFuture moved(std::move(other));
        std::swap(static_cast<QFuture<void> &>(*this), static_cast<QFuture<void> &>(moved));
        std::swap(m_drop, moved.m_drop);
        return *this;
    }
    ~AnyFuture()
    {
        if (m_drop)
            m_drop(*this);
    }
    Q_DISABLE_COPY(AnyFuture)

    /// Whether its results may go with it.
    bool isTyped() const { return m_drop; }

private:
    /// Counts references without being kept itself, so that they take no more than a pointer.
    template<class T>
    struct TypedReference : QFutureInterface<T>
    {
        explicit TypedReference(const QFuture<void> &future)
            : QFutureInterface<T>(QFutureInterfaceBase::get(future))
        {
        }
        static void take(const QFuture<void> &future) { TypedReference(future).refT(); }
        /// The temporary one is the last then, if there is no other.
        static void drop(const QFuture<void> &future) { TypedReference(future).derefT(); }
    };

    void (*m_drop)(const QFuture<void> &future) = nullptr;
};

/// A future that is a job, or that a job goes on in.
struct Adoption
{
    AnyFuture future;
    /// Null if its values cannot say so.
    std::unique_ptr<FailureByValue> failureByValue;
    /// Whether it belongs to a promise that the janitor itself gave to the job.
    bool promised = false;
};

template<class T>
std::unique_ptr<FailureByValue> failureOf([[maybe_unused]] const QFuture<T> &future)
{
    if constexpr (FailsByValue<T>)
        return std::make_unique<FailureOf<T>>(future);
    else
        return nullptr;
}

template<class T>
Adoption adoptionOf(const QFuture<T> &future)
{
    return {AnyFuture(future), failureOf(future), false};
}

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

    Core *core = nullptr;
    Slot *slot = nullptr; ///< Null for a job that runs where it was offered.
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

/// What the janitor knows of jobs of one type that are coroutines.
struct CoroutineType
{
    /// Moves the callable at \a source into the frame of a coroutine that has not begun.
    void *(*make)(void *source, CoJob &job);
    void (*begin)(void *frame) noexcept;
    void (*destroy)(void *frame) noexcept; ///< Of one that has not begun.
};

/// Defined in <qjanitor/cojob.h>.
template<class Job>
const CoroutineType *coroutineTypeOf() noexcept;

/*!
    \brief A job that is offered to a janitor, still in the caller's hands.

    \c place moves or copies it into the janitor's storage, once it is accepted. \c run runs it
    where it is, for the one case in which it can be stored nowhere. Instead, \c adopt is for jobs that
    are futures, with \c failureOf if their values can be failures, and \c coroutine for those that
    are coroutines.
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
