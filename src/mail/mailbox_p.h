// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "mail/alarmheap_p.h"
#include "mail/ticket_p.h"

#include <cstddef>
#include <mutex>
#include <vector>

namespace QJanitor::Private {

/*!
    The agent's input: tickets from any thread, read by the agent in batches, and its alarms.

    Says when the agent has to be told: for the first ticket, and once more for the first hurried
    one.
*/
class Mailbox
{
public:
    enum class Answer {
        Closed, ///< Nobody reads now. What tells of futures is kept for the next application.
        Taken,  ///< The agent knows already that there is something.
        Tell,   ///< Taken; the agent has to be told.
    };

    Answer post(Ticket &ticket, bool hurried);
    /// Returns all tickets. If there are none, the next one has to be announced again.
    std::vector<Ticket> takeAll();

    /// Has the janitor's onAlarm() called at \a alarm's due time, once; if nobody reads now, as
    /// soon as somebody does.
    Answer setAlarm(Alarm &alarm);
    void clearAlarm(Alarm &alarm);
    /// Takes the alarms that are due at \a now, the earliest first and at most \a most, and returns
    /// their janitors.
    std::vector<JanitorPointer> takeDue(std::int64_t now, std::size_t most);
    /// Returns when to look next; an earlier alarm that is set later is announced.
    std::int64_t nextAlarm();

    std::vector<JanitorPointer> janitorsWithAlarm();

    /// Nobody has read what has been announced: the next ticket or alarm is announced again.
    void announceAgain();
    /// Returns whether there is something to read already.
    bool open();
    /// Refuses tickets from now on.
    void close();

private:
    void take(Alarm &alarm);
    void park(const JanitorPointer &janitor, std::vector<JanitorPointer> &done);
    void takeDone(std::vector<JanitorPointer> &done);

    std::mutex m_mutex;
    std::vector<Ticket> m_tickets;
    std::vector<JanitorPointer> m_parked; ///< They have futures, and there is no application.
    std::size_t m_parkedLimit = 0;        ///< With so many, those that are done are let go.
    AlarmHeap m_alarms;
    std::int64_t m_nextAlarm = Alarm::never;
    bool m_open = false;
    bool m_announced = false;
    bool m_hurried = false;
};

} // namespace QJanitor::Private
