// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/export.h>

namespace QJanitor {

/*!
    \brief Tells the service manager that started the program that it is ready to serve.

    For units of systemd with \c Type=notify, and for whatever else sets \c NOTIFY_SOCKET; does
    nothing where nobody has set it. Call it when clients are welcome: after listening, say.

    The rest comes by itself from exec(). A signal that asks to quit, or the beginning of the drain,
    is told as \c STOPPING=1; while jobs are left, their number and names as \c STATUS= and progress
    as \c EXTEND_TIMEOUT_USEC=, at most twice a second, also while the application's thread is
    blocked. Progress is a job that ends, or one that changes the progress of its QPromise; each
    asks the manager to wait for another 30 s, beyond its own time if need be. Only the drain of the
    outermost exec() is told, not what is left for the destructor of the application.

    \b{Threading.} Callable on any thread.

    \b{Blocking.} Never blocks, and nor does the rest: what the manager does not read at the moment
    is told again until it is taken, or dropped when the application is destroyed.

    \b{Errors.} A manager that cannot be reached is a line in the log.

    \since 0.1
    \sa exec()
*/
QJANITOR_EXPORT void notifyReady();

} // namespace QJanitor
