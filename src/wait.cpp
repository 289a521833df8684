// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "wait_p.h"

#include "agentthread_p.h"
#include "cojob_p.h"
#include "threadpool_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtCore/qvarlengtharray.h>

#include <chrono>

namespace QJanitor::Private {

namespace {

/// Gives this thread's place in its pools to others while it waits.
class LentThread
{
public:
    /// This thread may belong to the pool of \a core or of any janitor in one of whose jobs this
    /// is.
    explicit LentThread(const Core &core)
    {
        lend(core.pool());
        for (const Frame *outer = &core.outer(); outer->core; outer = &outer->core->outer()) {
            // One that has closed around this callee may have lost its pool since.
            if (outer->role != Role::Callee || !outer->core->isDone())
                lend(outer->core->pool());
        }
        lend(ownThreadPool());
        if (QCoreApplication::instance())
            lend(QThreadPool::globalInstance());
    }
    ~LentThread()
    {
        for (QThreadPool *pool : m_pools)
            pool->reserveThread();
    }
    Q_DISABLE_COPY_MOVE(LentThread)

private:
    void lend(QThreadPool *pool)
    {
        if (!pool || m_pools.contains(pool) || !pool->contains(QThread::currentThread()))
            return;
        pool->releaseThread();
        m_pools.append(pool);
    }

    QVarLengthArray<QThreadPool *, 3> m_pools;
};

/// Says how to wake this thread for as long as it waits.
class WakerGuard
{
public:
    explicit WakerGuard(Core &core, QAbstractEventDispatcher *dispatcher = nullptr)
        : m_core(core)
    {
        waker.dispatcher = dispatcher;
        core.setWaker(&waker);
    }
    ~WakerGuard() { m_core.setWaker(nullptr); }
    Q_DISABLE_COPY_MOVE(WakerGuard)

    Waker waker;

private:
    Core &m_core;
};

bool eventsRunHere(const Core &core)
{
    if (!AgentThread::hasApplication())
        return false; // no events are delivered, or soon will not be
    const QThread *thread = QThread::currentThread();
    return thread == QCoreApplication::instance()->thread() || thread->loopLevel() > 0 ||
           CoJob::isAwaitedHere(core); // the loop in which they began has ended: go on in its place
}

/// Settles futures for a moment, longer only if the destructors of their results take longer: events go
/// on. Returns whether there may be more.
bool settleSomeFutures(Core &core)
{
    constexpr std::chrono::milliseconds moment(2);
    const QDeadlineTimer end(moment);
    while (!core.isDone() && core.settleNewFutures()) {
        if (end.hasExpired())
            return true;
    }
    return false;
}

/// Never QEventLoop::exec(): after a quit() it would return at once.
void waitWithEvents(Core &core, AtBottom atBottom)
{
    const LentThread lent(core);
    const CoJob::Unrelated unrelated;
    QAbstractEventDispatcher *dispatcher = QAbstractEventDispatcher::instance();
    const WakerGuard guard(core, dispatcher);
    // A slot that turns the event loop itself may have taken our wake-up: look again before blocking.
    const auto connection = QObject::connect(
        dispatcher, &QAbstractEventDispatcher::aboutToBlock, dispatcher,
        [&core, dispatcher] {
            if (core.isDone())
                dispatcher->wakeUp();
        },
        Qt::DirectConnection);
    const auto disconnect = qScopeGuard([&connection] { QObject::disconnect(connection); });
    // Inside a slot, the glib dispatcher does not see what was posted before the slot began.
    dispatcher->wakeUp();
    core.lookAfterFutures(); // of the time before there was an application
    QEventLoop loop;
    while (!core.isDone() && AgentThread::hasApplication()) {
        if (atBottom == AtBottom::Yes) {
            flushDeferredDeletes();
            if (core.isDone())
                break;
        }
        const bool more = settleSomeFutures(core);
        if (!core.isDone())
            loop.processEvents(more ? QEventLoop::AllEvents : QEventLoop::WaitForMoreEvents);
    }
    // Should a quit() have come meanwhile, the loop around this has missed its wake-up.
    dispatcher->wakeUp();
}

void waitBlocked(Core &core)
{
    // A pool that was passed in may have a purpose: its jobs run on its threads only.
    const QThreadPool *pool = core.pool();
    // And in the middle of a job it cannot look at the clock.
    const bool helps = core.drainTimeout() == Alarm::never &&
                       (pool == ownThreadPool() || pool->contains(QThread::currentThread()));
    const auto help = [&core, helps] {
        while (helps && !core.isDone() && core.runOneJob()) {
        }
    };
    help();
    if (core.isDone()) {
        core.callOffPumps();
        return;
    }
    const LentThread lent(core);
    WakerGuard guard(core);
    while (!core.isDone()) {
        core.lookAfterFutures();
        core.waitOn(guard.waker);
        core.onAlarm();
        help();
    }
}

} // namespace

void waitUntilDone(Core &core, AtBottom atBottom)
{
    if (!core.isDone() && eventsRunHere(core))
        waitWithEvents(core, atBottom);
    if (!core.isDone())
        waitBlocked(core);
}

void flushDeferredDeletes()
{
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

} // namespace QJanitor::Private
