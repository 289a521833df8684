// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "run/threadpool_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthreadpool.h>

#include <atomic>
#include <memory>

namespace QJanitor::Private {

static QThreadPool *makeThreadPool()
{
    auto pool = std::make_unique<QThreadPool>(); // until it is complete: there may be no memory
    pool->setObjectName(QStringLiteral("QJanitor"));
    // The global pool may not exist any more: asking for it is fine only while an application
    // lives.
    if (QCoreApplication::instance()) {
        if (const QThreadPool *global = QThreadPool::globalInstance())
            pool->setMaxThreadCount(global->maxThreadCount());
    }
    return pool.release();
}

QThreadPool *ownThreadPool()
{
    static QThreadPool *const pool = makeThreadPool();
    return pool;
}

static std::atomic<bool> lacksThreads{false};

bool ownPoolLacksThreads()
{
    return lacksThreads.load(std::memory_order_relaxed);
}

void setLacksThreads(const QThreadPool *pool, bool lacks)
{
    if (lacks != ownPoolLacksThreads() && pool == ownThreadPool())
        lacksThreads.store(lacks, std::memory_order_relaxed);
}

} // namespace QJanitor::Private
