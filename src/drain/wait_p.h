// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <QtCore/qvarlengtharray.h>

#include <exception>

namespace QJanitor::Private {

/// Whether this thread is known to stand below all its event loops, as after
/// QCoreApplication::exec().
enum class AtBottom { No, Yes };

/// Gives this thread's place in its pools to others while it waits.
class LentThread
{
public:
    /// This thread may belong to the pool of \a janitor, which it has opened, or of any janitor
    /// around it, or around its job. A pool that has no job left may have gone. Null stands for no
    /// janitor.
    explicit LentThread(const Janitor *janitor);
    ~LentThread();
    Q_DISABLE_COPY_MOVE(LentThread)

private:
    void lend(QThreadPool *pool);

    QVarLengthArray<QThreadPool *, 3> m_pools;
};

/// Blocks until \a janitor is done. Where an event loop runs, events go on; elsewhere the thread
/// helps. Returns the first exception that a slot has thrown meanwhile, and logs others.
std::exception_ptr waitUntilDone(Janitor &janitor, AtBottom atBottom);

/// Says that nobody gets an exception that waitUntilDone() has returned.
void logSlotException(const std::exception_ptr &exception);

/// Deletes what was deleteLater()ed on this thread. Only at the bottom: in a slot it is too early.
void flushDeferredDeletes();

} // namespace QJanitor::Private
