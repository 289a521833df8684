// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "rules/held_p.h"

#include <QtCore/qglobal.h>

#include <condition_variable>
#include <cstdint>

QT_BEGIN_NAMESPACE
class QAbstractEventDispatcher;
QT_END_NAMESPACE

namespace QJanitor::Private {

/// A thread that waits for a janitor, and how it is woken: by its event dispatcher, or else by a
/// condition.
class Waiter
{
public:
    explicit Waiter(QAbstractEventDispatcher *dispatcher = nullptr)
        : m_dispatcher(dispatcher)
    {}
    Q_DISABLE_COPY_MOVE(Waiter)

    std::condition_variable condition;

private:
    friend class Waiters;
    QAbstractEventDispatcher *const m_dispatcher;
    std::uint64_t m_seen = 0; ///< Of the calls.
    Waiter *m_next = nullptr;
};

/*!
    The threads that wait for one janitor. Each waiter lies on the stack of its thread, and leaves
    under the lock under which it is woken.
*/
class Waiters
{
public:
    void add(Held, Waiter &waiter);
    void remove(Held, Waiter &waiter);

    /// Has all of them see what has become of the janitor.
    void wake(Held);
    /// Has all of them, and those that come later, look at everything again: at jobs of a giver, at
    /// pumps that were lost, at futures.
    void call(Held held);
    /// Whether \a waiter has been called since it has answered.
    bool isCalled(Held, const Waiter &waiter) const { return waiter.m_seen != m_calls; }
    void answer(Held, Waiter &waiter) const { waiter.m_seen = m_calls; }

private:
    Waiter *m_first = nullptr;
    std::uint64_t m_calls = 0;
};

} // namespace QJanitor::Private
