// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "mail/alarmheap_p.h"

#include <utility>

namespace QJanitor::Private {

void AlarmHeap::add(Alarm &alarm)
{
    m_first = join(m_first, &alarm);
}

void AlarmHeap::remove(Alarm &alarm)
{
    Alarm *rest = joinAll(std::exchange(alarm.child, nullptr));
    if (&alarm == m_first) {
        m_first = rest;
        return;
    }
    cutOut(alarm);
    m_first = join(m_first, rest);
}

/// Takes \a alarm, which is not the first of all, from between its neighbours.
void AlarmHeap::cutOut(Alarm &alarm)
{
    Alarm *&toAlarm =
        alarm.previous->child == &alarm ? alarm.previous->child : alarm.previous->next;
    toAlarm = alarm.next;
    if (alarm.next)
        alarm.next->previous = alarm.previous;
    alarm.previous = alarm.next = nullptr;
}

/// Makes one heap of two, which may be empty, and returns its first.
Alarm *AlarmHeap::join(Alarm *a, Alarm *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->time < a->time)
        std::swap(a, b);
    b->previous = a;
    b->next = a->child;
    if (b->next)
        b->next->previous = b;
    a->child = b;
    return a;
}

/// Makes one heap of \a first and those beside it: in pairs, then one by one. That is what keeps
/// the cost logarithmic.
Alarm *AlarmHeap::joinAll(Alarm *first)
{
    Alarm *pairs = nullptr;
    while (first) {
        Alarm *a = first;
        Alarm *b = std::exchange(a->next, nullptr);
        first = b ? std::exchange(b->next, nullptr) : nullptr;
        Alarm *pair = join(a, b);
        pair->next = std::exchange(pairs, pair);
    }
    Alarm *all = nullptr;
    while (pairs) {
        Alarm *pair = pairs;
        pairs = std::exchange(pair->next, nullptr);
        all = join(all, pair);
    }
    if (all)
        all->previous = nullptr;
    return all;
}

Alarm *AlarmHeap::after(Alarm *alarm)
{
    if (alarm->child)
        return alarm->child;
    while (alarm && !alarm->next) {
        while (alarm->previous && alarm->previous->child != alarm)
            alarm = alarm->previous;
        alarm = alarm->previous; // the parent
    }
    return alarm ? alarm->next : nullptr;
}

} // namespace QJanitor::Private
