// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <mutex>

namespace QJanitor::Private {

/*!
    Says in a signature that the janitor's lock is held. Only a JanitorLock makes one.

    A function that asks for it reads or changes what the lock protects, and runs no code of users:
    no callable, no destructor of a result, no log line, no promise that is finished. It is empty:
    passed by value, it costs no instruction.
*/
class Held
{
    friend class JanitorLock;
    constexpr Held() = default;
};

/*!
    Holds the lock of one janitor.

    Order: that of an inner janitor comes before those of the janitors that enclose it; the locks of
    the lists that all janitors share, of the mailbox and of the takers of a queue come after them,
    and no other is taken inside these.
*/
class JanitorLock
{
public:
    explicit JanitorLock(std::mutex &mutex)
        : m_mutex(mutex)
        , m_lock(mutex)
    {}
    operator Held() const { return {}; }
    /// Calls \a wait with what a condition waits with.
    template<class Wait>
    void lend(Wait wait) const
    {
        std::unique_lock<std::mutex> lock(m_mutex, std::adopt_lock);
        wait(lock);
        lock.release();
    }

private:
    std::mutex &m_mutex;
    const std::lock_guard<std::mutex> m_lock;
};

} // namespace QJanitor::Private
