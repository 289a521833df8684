// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <QtCore/qbytearray.h>

namespace QJanitor::Private {

/*!
    Who has started the program and wants to be told how it does: systemd, or whatever speaks its
    protocol and sets NOTIFY_SOCKET.

    Nobody waits for it, on no thread. What it does not take now is told again by the agent, until
    it is taken or the application has ended. All of this on any thread.
*/
class ServiceManager
{
public:
    enum class Answer {
        Taken,
        Busy,   ///< It does not read just now, or there is no descriptor to be had: try again.
        Failed, ///< Nobody is there, or nobody who will ever take it.
    };

    static bool isThere();
    /// Sends \a message: assignments such as "READY=1", one per line.
    static Answer send(const QByteArray &message);

    /// Has it told \a message, now or later. That it cannot be told READY=1 is a line in the log.
    static void tell(const QByteArray &message);
    /// Tells what it has not taken yet. Returns \c true if there is still something left.
    static bool tellAgain();
    /// The application ends: the same for the last time.
    static void tellLast();
};

} // namespace QJanitor::Private
