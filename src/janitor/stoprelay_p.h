// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "ambient/ambient_p.h"
#include "rules/held_p.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <vector>

namespace QJanitor::Private {

/*!
    Carries a request to stop to the futures of the daemons in the janitors inside.

    A janitor joins those that enclose it with its first job that is a future or a promise, so that
    one without such jobs costs them nothing, and leaves them when no such job is left.
*/
class StopRelay
{
public:
    /// Any thread, without the lock. One that sees early that it has joined still waits for the
    /// lock before it adds a job.
    bool hasJoined() const { return m_hasJoined.load(std::memory_order_acquire); }
    /// Is to be added to each janitor whose stop is one for it, too.
    void join(Held) { m_hasJoined.store(true, std::memory_order_release); }

    void add(Held, Janitor *inner) { m_inner.push_back(inner); }
    void remove(Held, Janitor *inner) { std::erase(m_inner, inner); }
    const std::vector<Janitor *> &inner(Held) const { return m_inner; }

private:
    std::atomic<bool> m_hasJoined{false}; ///< Written under the lock.
    std::vector<Janitor *> m_inner;
};

} // namespace QJanitor::Private
