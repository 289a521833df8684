// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

namespace QJanitor::Private {

/// What the agent is told: that a janitor has futures to adopt, or something to tell. One for many.
struct Ticket
{
    enum class Matter {
        ServeSignals, ///< Bring the signals that ask to quit to this janitor, the application's.
        Stopping,     ///< Tell the service manager how this janitor comes to its end.
        Untold,       ///< Tell it again what it has not taken yet. Of no janitor.
        News,         ///< Nudge the observers and finish the futures that are due.
        ClearedPump,  ///< Its pool was cleared: start its pumps again.
        Futures,      ///< Watch its new futures.
        HandingOn,    ///< It has failed: count what has finished, then let it hand its jobs on.
    };
    JanitorPointer janitor;
    Matter matter = Matter::News;
};

} // namespace QJanitor::Private
