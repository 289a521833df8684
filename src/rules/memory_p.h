// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <new>

namespace QJanitor::Private {

/// Calls \a function, without which life can go on. Returns whether there was memory for it.
template<class F>
bool ifThereIsMemory(F function)
{
    try {
        function();
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

} // namespace QJanitor::Private
