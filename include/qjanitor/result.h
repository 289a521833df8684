// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/private/failure.h>
#include <qjanitor/report.h>

#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace QJanitor {

namespace Private {
template<class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
}

/*!
    \brief Holds what the callee of a janitor returned or threw; nothing about its jobs.

    \b{Lifetime.} The value is destroyed by whoever holds the result, that is outside the janitor:
    what its destructor spawns goes to the enclosing janitor.

    \since 0.1
*/
template<class T>
class [[nodiscard]] CalleeResult
{
    static_assert(!std::is_reference_v<T>,
                  "QJanitor: a callee returns a value or void; return a pointer instead of a "
                  "reference.");

public:
    using value_type = T;

    CalleeResult()
        requires std::is_void_v<T>
        : m_value(std::in_place)
    {}
    template<class U = Private::ValueOf<T>>
        requires(!std::is_void_v<T> && std::is_constructible_v<Private::ValueOf<T>, U &&> &&
                 !std::is_same_v<std::remove_cvref_t<U>, CalleeResult> &&
                 !std::is_same_v<std::remove_cvref_t<U>, std::exception_ptr>)
    explicit CalleeResult(U &&value)
        : m_value(std::in_place, std::forward<U>(value))
    {}
    /// Constructs the result of a callee that threw \a exception.
    explicit CalleeResult(std::exception_ptr exception)
        : m_exception(std::move(exception))
    {}

    /// Calls \a callee and returns what came of it. Never throws what \a callee throws.
    template<class F>
    static CalleeResult of(F &&callee)
    {
        CalleeResult result{std::exception_ptr()};
        try {
            if constexpr (std::is_void_v<T>) {
                std::invoke(std::forward<F>(callee));
                result.m_value.emplace();
            } else {
                result.m_value.emplace(std::invoke(std::forward<F>(callee)));
            }
        } catch (...) {
            result.m_exception = std::current_exception();
        }
        return result;
    }

    /// Returns \c true if the callee returned; otherwise returns \c false: it threw.
    bool hasValue() const noexcept { return m_value.has_value(); }
    /// Returns the callee's exception; null if it returned.
    std::exception_ptr exception() const noexcept { return m_exception; }

    /// Returns the callee's value, or rethrows its exception.
    std::add_lvalue_reference_t<const T> value() const &
    {
        rethrow();
        if constexpr (!std::is_void_v<T>)
            return *m_value;
    }
    /// \overload
    std::add_rvalue_reference_t<T> value() &&
    {
        rethrow();
        if constexpr (!std::is_void_v<T>)
            return std::move(*m_value);
    }

private:
    void rethrow() const
    {
        if (!m_value)
            std::rethrow_exception(m_exception);
    }

    std::optional<Private::ValueOf<T>> m_value;
    std::exception_ptr m_exception;
};

namespace Private {

/// Throws Exception if \a report is a failure; it also carries the callee's exception, if any.
QJANITOR_EXPORT void throwIfFailed(const Report &report, const std::exception_ptr &callee);
[[noreturn]] QJANITOR_EXPORT void throwCalleeError(const Report &report, const Error &error);

/// Takes the callee's value out of \a callee; a returned error is thrown as Exception.
template<class T>
T unwrapCallee(const Report &report, CalleeResult<T> &&callee)
{
    if constexpr (FailsByValue<T>) {
        if (Error error = errorOf(std::as_const(callee).value()))
            throwCalleeError(report, error);
    }
    return std::move(callee).value();
}

} // namespace Private

/*!
    \brief Holds the two results of a janitor apart: how its jobs ended, and what its callee did.

    \since 0.1
    \sa tryEnter()
*/
template<class T>
class [[nodiscard]] EnterResult
{
public:
    Report janitorResult;         ///< How the jobs ended.
    CalleeResult<T> calleeResult; ///< What the callee did.

    EnterResult(Report janitor, CalleeResult<T> callee)
        : janitorResult(std::move(janitor))
        , calleeResult(std::move(callee))
    {}

    /// Returns both results as a tuple.
    std::tuple<Report, CalleeResult<T>> toTuple() &&
    {
        return {std::move(janitorResult), std::move(calleeResult)};
    }
    std::tuple<Report, CalleeResult<T>> toTuple() const & { return {janitorResult, calleeResult}; }

    /// Returns the callee's result. Throws Exception if the janitor failed; if the callee failed as
    /// well, its text shows both errors.
    CalleeResult<T> unwrapJanitorResult() &&
    {
        Private::throwIfFailed(janitorResult, calleeResult.exception());
        return std::move(calleeResult);
    }
    /// Returns the callee's value. Throws Exception if the janitor failed, rethrows the callee's
    /// exception, and throws Exception if the callee returned an Error or an expected-like error.
    T unwrap() &&
    {
        Private::throwIfFailed(janitorResult, calleeResult.exception());
        return Private::unwrapCallee<T>(janitorResult, std::move(calleeResult));
    }
};

/*!
    \brief As EnterResult, but without a janitor's result when an existing janitor was used.

    \since 0.1
    \sa tryEnsure()
*/
template<class T>
class [[nodiscard]] EnsureResult
{
public:
    std::optional<Report> janitorResult; ///< Without a value: an existing janitor was used.
    CalleeResult<T> calleeResult;        ///< What the callee did.

    explicit EnsureResult(CalleeResult<T> callee)
        : calleeResult(std::move(callee))
    {}
    EnsureResult(std::optional<Report> janitor, CalleeResult<T> callee)
        : janitorResult(std::move(janitor))
        , calleeResult(std::move(callee))
    {}
    EnsureResult(EnterResult<T> other)
        : janitorResult(std::move(other.janitorResult))
        , calleeResult(std::move(other.calleeResult))
    {}

    /// Returns both results as a tuple.
    std::tuple<std::optional<Report>, CalleeResult<T>> toTuple() &&
    {
        return {std::move(janitorResult), std::move(calleeResult)};
    }
    std::tuple<std::optional<Report>, CalleeResult<T>> toTuple() const &
    {
        return {janitorResult, calleeResult};
    }

    /// As EnterResult::unwrapJanitorResult(); an existing janitor is no failure.
    CalleeResult<T> unwrapJanitorResult() &&
    {
        Private::throwIfFailed(janitorResult.value_or(Report()), calleeResult.exception());
        return std::move(calleeResult);
    }
    /// As EnterResult::unwrap(); an existing janitor is no failure.
    T unwrap() &&
    {
        const Report report = janitorResult.value_or(Report());
        Private::throwIfFailed(report, calleeResult.exception());
        return Private::unwrapCallee<T>(report, std::move(calleeResult));
    }
};

} // namespace QJanitor
