// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

// What is asked of the thread that runs here. The destructors of its thread_locals ask as well,
// when its QThread may have been deleted already: it has no event dispatcher any more then.

namespace QJanitor::Private {

/// Whether an event loop runs on this thread.
inline bool eventLoopRunsHere()
{
    return QAbstractEventDispatcher::instance() && QThread::currentThread()->loopLevel() > 0;
}

/// Whether this thread belongs to \a pool.
inline bool isThreadOf(const QThreadPool &pool)
{
    return QAbstractEventDispatcher::instance() && pool.contains(QThread::currentThread());
}

} // namespace QJanitor::Private
