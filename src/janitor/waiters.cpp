// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/waiters_p.h"

#include <QtCore/qabstracteventdispatcher.h>

#include <utility>

namespace QJanitor::Private {

void Waiters::add(Held, Waiter &waiter)
{
    waiter.m_next = std::exchange(m_first, &waiter);
}

void Waiters::remove(Held, Waiter &waiter)
{
    Waiter **link = &m_first;
    while (*link != &waiter)
        link = &(*link)->m_next;
    *link = waiter.m_next;
}

void Waiters::wake(Held)
{
    for (Waiter *waiter = m_first; waiter; waiter = waiter->m_next) {
        if (waiter->m_dispatcher)
            waiter->m_dispatcher->wakeUp();
        else
            waiter->condition.notify_one();
    }
}

void Waiters::call(Held held)
{
    ++m_calls;
    wake(held);
}

} // namespace QJanitor::Private
