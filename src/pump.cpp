// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "pump_p.h"

#include "core_p.h"

#include <QtCore/qthreadpool.h>

#include <limits>

#if defined(__SANITIZE_THREAD__)
#    include <sanitizer/tsan_interface.h>
#endif

namespace QJanitor::Private {

// The queue of a QThreadPool orders what was before start() with run(), but the thread sanitizer does
// not see into a Qt that was built without it.
static void handOver([[maybe_unused]] Pump *pump)
{
#if defined(__SANITIZE_THREAD__)
    __tsan_release(pump);
#endif
}

static void takeOver([[maybe_unused]] Pump *pump)
{
#if defined(__SANITIZE_THREAD__)
    __tsan_acquire(pump);
#endif
}

Pump::Pump(CorePointer core, JobKind kind, QThreadPool *pool)
    : m_core(std::move(core))
    , m_kind(kind)
    , m_pool(pool)
{}

Pump::~Pump()
{
    if (m_lent)
        m_pool->reserveThread();
    if (!m_ran)
        m_core->pumpLost(m_kind);
}

void Pump::start()
{
    handOver(this);
    m_pool->start(this);
}

void Pump::startNow()
{
    handOver(this);
    QThreadPool *const pool = m_pool; // once it is started this may be deleted any time
    if (pool->tryStart(this))
        return;
    // Queue first, release second: what releaseThread() starts is the first in the queue.
    m_lent = true;
    handOver(this);
    pool->start(this, std::numeric_limits<int>::max());
    pool->releaseThread();
}

void Pump::run()
{
    takeOver(this);
    m_ran = true;
    m_core->runJobs(m_kind);
}

} // namespace QJanitor::Private
