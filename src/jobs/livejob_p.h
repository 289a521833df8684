// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/report.h>

#include <cstdint>
#include <utility>

namespace QJanitor::Private {

/// A live job as lists show it that are looked at again and again.
struct LiveJob
{
    std::int64_t spawned; ///< On coarseNow()'s clock.
    const void *key;
    JobInfo info;
    /// Tells live jobs apart.
    std::pair<std::int64_t, const void *> identity() const { return {spawned, key}; }
};

} // namespace QJanitor::Private
