// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <version>

#if defined(__cpp_lib_source_location)
#    include <source_location>
#endif

namespace QJanitor::Private {

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

} // namespace QJanitor::Private
