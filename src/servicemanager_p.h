// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <QtCore/qbytearray.h>

namespace QJanitor::Private {

/*!
    Who has started the program and wants to be told how it does: systemd, or whatever speaks its
    protocol and sets NOTIFY_SOCKET.
*/
class ServiceManager
{
public:
    static bool isThere();
    /// Sends \a message: assignments such as "READY=1", one per line. Returns \c true if it has been
    /// taken; otherwise, also if nobody is there, returns \c false. On any thread.
    static bool send(const QByteArray &message);
};

} // namespace QJanitor::Private
