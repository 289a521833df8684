// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "mail/mailbox_p.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace QJanitor::Private {

Mailbox::Answer Mailbox::post(Ticket &ticket, bool hurried)
{
    std::vector<JanitorPointer> done; // may be their last owner: not to be destroyed under the lock
    const std::lock_guard lock(m_mutex);
    if (!m_open) {
        if (ticket.matter == Ticket::Matter::Futures)
            park(ticket.janitor, done);
        return Answer::Closed;
    }
    m_tickets.push_back(std::move(ticket));
    const bool tell = !m_announced || (hurried && !m_hurried);
    m_announced = true;
    m_hurried |= hurried;
    return tell ? Answer::Tell : Answer::Taken;
}

/// Keeps \a janitor for the agent of the next application, and moves those that need none to \a
/// done.
void Mailbox::park(const JanitorPointer &janitor, std::vector<JanitorPointer> &done)
{
    // Now and then: to look at all for each would take for ever.
    if (m_parked.size() >= m_parkedLimit) {
        takeDone(done);
        m_parkedLimit = 2 * m_parked.size() + 1;
    }
    if (janitor->listedBy.mailbox)
        return;
    m_parked.push_back(janitor);
    janitor->listedBy.mailbox = true;
}

void Mailbox::takeDone(std::vector<JanitorPointer> &done)
{
    const auto isDone = [](const JanitorPointer &parked) { return parked->isDone(); };
    const auto end = std::stable_partition(m_parked.begin(), m_parked.end(), std::not_fn(isDone));
    done.assign(std::make_move_iterator(end), std::make_move_iterator(m_parked.end()));
    m_parked.erase(end, m_parked.end());
    for (const JanitorPointer &janitor : done)
        janitor->listedBy.mailbox = false;
}

std::vector<Ticket> Mailbox::takeAll()
{
    const std::lock_guard lock(m_mutex);
    m_announced = !m_tickets.empty();
    m_hurried = false;
    return std::exchange(m_tickets, {});
}

Mailbox::Answer Mailbox::setAlarm(Alarm &alarm)
{
    const std::lock_guard lock(m_mutex);
    if (alarm.isSet)
        m_alarms.remove(alarm);
    alarm.time = alarm.due.load(std::memory_order_relaxed);
    m_alarms.add(alarm);
    alarm.isSet = true;
    if (!m_open)
        return Answer::Closed;
    if (alarm.time >= m_nextAlarm)
        return Answer::Taken;
    m_nextAlarm = alarm.time;
    return Answer::Tell;
}

void Mailbox::clearAlarm(Alarm &alarm)
{
    const std::lock_guard lock(m_mutex);
    if (alarm.isSet)
        take(alarm);
}

void Mailbox::take(Alarm &alarm)
{
    m_alarms.remove(alarm);
    alarm.isSet = false;
}

std::vector<JanitorPointer> Mailbox::takeDue(std::int64_t now, std::size_t most)
{
    std::vector<JanitorPointer> due;
    const std::lock_guard lock(m_mutex);
    for (Alarm *alarm = m_alarms.first(); alarm && alarm->time <= now && due.size() < most;
         alarm = m_alarms.first()) {
        due.emplace_back(alarm->janitor); // allocates first
        take(*alarm);
    }
    return due;
}

std::int64_t Mailbox::nextAlarm()
{
    const std::lock_guard lock(m_mutex);
    const Alarm *alarm = m_alarms.first();
    m_nextAlarm = alarm ? alarm->time : Alarm::never;
    return m_nextAlarm;
}

std::vector<JanitorPointer> Mailbox::janitorsWithAlarm()
{
    std::vector<JanitorPointer> janitors;
    const std::lock_guard lock(m_mutex);
    for (Alarm *alarm = m_alarms.first(); alarm; alarm = AlarmHeap::after(alarm))
        janitors.emplace_back(alarm->janitor);
    return janitors;
}

void Mailbox::announceAgain()
{
    const std::lock_guard lock(m_mutex);
    m_nextAlarm = Alarm::never;
    m_announced = m_hurried = false;
}

bool Mailbox::open()
{
    const std::lock_guard lock(m_mutex);
    m_open = true;
    m_nextAlarm = Alarm::never; // the agent of an earlier application is gone
    m_announced = m_hurried = false;
    m_parkedLimit = 0;
    for (JanitorPointer &janitor : std::exchange(m_parked, {})) {
        janitor->listedBy.mailbox = false;
        m_tickets.push_back({std::move(janitor), Ticket::Matter::Futures});
    }
    return !m_tickets.empty() || m_alarms.first();
}

void Mailbox::close()
{
    const std::lock_guard lock(m_mutex);
    m_open = false;
}

} // namespace QJanitor::Private
