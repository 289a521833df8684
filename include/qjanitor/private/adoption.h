// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/export.h>
#include <qjanitor/private/failure.h>

#include <QtCore/qfuture.h>

#include <memory>
#include <utility>

// Futures of any type, as the janitor keeps them.

namespace QJanitor::Private {

template<class T>
inline constexpr bool isFuture = false;
template<class T>
inline constexpr bool isFuture<QFuture<T>> = true;

/// Whether the values of such a future can be failures.
template<class T>
inline constexpr bool areFailures = false;
template<FailsByValue T>
inline constexpr bool areFailures<QFuture<T>> = true;

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
    QFuture<void> is none. So whoever connects a watcher, which walks over the results, has to hold
    one.
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

} // namespace QJanitor::Private
