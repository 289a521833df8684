// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "run/pump_p.h"

#include "janitor/janitor_p.h"

#include <QtCore/qthreadpool.h>

#include <limits>
#include <utility>

#if defined(__SANITIZE_THREAD__)
#    include <sanitizer/tsan_interface.h>
#endif

namespace QJanitor::Private {

// The queue of a QThreadPool orders what was before start() with run(), but the thread sanitizer
// does not see into a Qt that was built without it.
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

Pump::Pump(JanitorPointer janitor, JobKind kind, QThreadPool *pool)
    : m_janitor(std::move(janitor))
    , m_kind(kind)
    , m_pool(pool)
{}

Pump::~Pump()
{
    if (m_lent)
        m_pool->reserveThread();
    if (m_state.load(std::memory_order_relaxed) == State::Queued)
        m_janitor->pumpCleared(*this);
}

void Pump::start()
{
    m_state.store(State::Queued, std::memory_order_relaxed);
    handOver(this);
    try {
        m_pool->start(this, m_priority);
    } catch (...) {
        callOff();
        throw;
    }
}

void Pump::startNow()
{
    m_state.store(State::Queued, std::memory_order_relaxed);
    handOver(this);
    QThreadPool *const pool = m_pool; // once it is started this may be deleted any time
    try {
        if (pool->tryStart(this))
            return;
    } catch (...) {
        callOff(); // for its destructor
        throw;
    }
    // Queue first, release second: what releaseThread() starts is the first in the queue.
    const bool isToLend = !std::exchange(m_lent, true);
    handOver(this);
    try {
        pool->start(this, std::numeric_limits<int>::max());
    } catch (...) {
        m_lent = !isToLend;
        callOff();
        throw;
    }
    if (isToLend)
        pool->releaseThread();
}

bool Pump::takeForLost()
{
    State queued = State::Queued;
    if (!m_state.compare_exchange_strong(queued, State::Lost, std::memory_order_acq_rel))
        return false;
    // The pool counts the thread as active for ever.
    if (!m_lent)
        m_pool->releaseThread();
    return true;
}

void Pump::run()
{
    takeOver(this);
    const bool wasTakenForLost =
        m_state.exchange(State::Begun, std::memory_order_acq_rel) == State::Lost;
    if (wasTakenForLost && !m_lent)
        m_pool->reserveThread();
    m_janitor->runJobs(*this, wasTakenForLost);
}

} // namespace QJanitor::Private
