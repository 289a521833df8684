// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

// Values that say by themselves that something failed, and the errors that they stand for.

namespace QJanitor::Private {

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

} // namespace QJanitor::Private
