// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "mail/ticket_p.h"

#include <functional>

namespace QJanitor::Private {

/*!
    The one thread of the process on which the agent lives.

    Started by the first ticket of an application's life, stopped in a post routine of the
    application.
*/
class AgentThread
{
public:
    /// Hands a ticket to the agent. Returns false without an application: nobody would read it.
    static bool post(Ticket ticket, bool hurried);
    /// Has the agent call the janitor's onAlarm() when it is due. Does nothing without an
    /// application.
    static void setAlarm(Alarm &alarm);
    static void clearAlarm(Alarm &alarm);
    /// Has the event loop of the application's thread call \a function; it is destroyed uncalled if
    /// the application goes first. Returns false without an application.
    static bool callOnApplicationThread(const std::function<void()> &function);
    /// Returns true from the constructor of the application until its post routine here has run.
    static bool hasApplication();
    /// Whether this is the agent's thread.
    static bool isCurrent();
    /// Whether there is no agent though one is wanted: the system has refused its thread. It is
    /// tried again at the next ticket, and here, but not too often.
    static bool isMissing();
    /// Whether an agent reads tickets, or will as soon as there are any.
    static bool isServing() { return hasApplication() && !isMissing(); }
};

} // namespace QJanitor::Private
