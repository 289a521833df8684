// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "drain/wait_p.h"

#include "agent/agentthread_p.h"
#include "coro/cojob_p.h"
#include "scope/processend_p.h"
#include "report/texts_p.h"
#include "ambient/thisthread_p.h"
#include "run/threadpool_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtCore/qtimer.h>
#include <QtCore/qvarlengtharray.h>

#include <chrono>
#include <utility>

using namespace std::chrono_literals;

namespace QJanitor::Private {

LentThread::LentThread(const Core *core)
{
    if (core && core->isOpenedByItsPool())
        lend(core->pool());
    for (; core; core = core->enclosing()) {
        if (core->runsOnThisThread())
            lend(core->pool());
    }
    lend(ownThreadPool());
    if (QCoreApplication::instance())
        lend(QThreadPool::globalInstance());
}

LentThread::~LentThread()
{
    for (QThreadPool *pool : m_pools)
        pool->reserveThread();
}

void LentThread::lend(QThreadPool *pool)
{
    if (!pool || m_pools.contains(pool) || !isThreadOf(*pool))
        return;
    pool->releaseThread();
    m_pools.append(pool);
}

namespace {

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
    return QThread::currentThread() == QCoreApplication::instance()->thread() ||
           eventLoopRunsHere() ||
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

/// Calls \a function, which calls slots. Returns what they throw: the drain goes on all the same.
template<class F>
std::exception_ptr caught(F &&function)
{
    try {
        function();
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

/// A pool that was passed in may have a purpose: its jobs run on its threads only. And in the middle of a
/// job the waiting thread cannot look at the clock, so it helps then only if nobody else can.
bool isToHelp(const Core &core)
{
    if (core.pool() == ownThreadPool())
        return core.drainTimeout() == Alarm::never || ownPoolLacksThreads();
    return core.drainTimeout() == Alarm::never && core.isOpenedByItsPool();
}

/// Never QEventLoop::exec(): after a quit() it would return at once. Returns the first exception of a slot.
std::exception_ptr waitWithEvents(Core &core, AtBottom atBottom)
{
    const LentThread lent(&core);
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
    std::exception_ptr first;
    const auto keep = [&first](std::exception_ptr exception) {
        if (first && exception)
            logSlotException(exception);
        else if (exception)
            first = std::move(exception);
    };
    // The agent looks at the clock and at the pools; without it, this thread does.
    QTimer substitute;
    QObject::connect(&substitute, &QTimer::timeout, &substitute, [&core] { core.onAlarm(); });
    while (!core.isDone() && AgentThread::hasApplication()) {
        if (atBottom == AtBottom::Yes) {
            keep(caught(flushDeferredDeletes));
            if (core.isDone())
                break;
        }
        if (AgentThread::isMissing() != substitute.isActive())
            substitute.isActive() ? substitute.stop() : substitute.start(10ms);
        core.lookAfterFutures(); // where there was no memory to tell the agent of them
        const bool helped = ownPoolLacksThreads() && isToHelp(core) && core.runOneJob();
        const bool more = settleSomeFutures(core) || helped;
        if (!core.isDone())
            keep(caught([&] {
                loop.processEvents(more ? QEventLoop::AllEvents : QEventLoop::WaitForMoreEvents);
            }));
    }
    // Should a quit() have come meanwhile, the loop around this has missed its wake-up.
    dispatcher->wakeUp();
    return first;
}

void waitBlocked(Core &core)
{
    const auto help = [&core] {
        while (!core.isDone() && isToHelp(core) && core.runOneJob()) {
        }
    };
    help();
    if (core.isDone()) {
        core.callOffPumps();
        return;
    }
    const LentThread lent(&core);
    WakerGuard guard(core);
    while (!core.isDone()) {
        core.lookAfterFutures();
        core.waitOn(guard.waker);
        core.onAlarm();
        help();
    }
}

} // namespace

/// The threads are in the process that this one was forked from.
static void finishInChild(Core &core)
{
    ProcessEnd::warnOfFork();
    while (!core.isDone() && core.runOneJob()) {
    }
    core.stopWaiting();
}

static std::exception_ptr wait(Core &core, AtBottom atBottom)
{
    std::exception_ptr exception;
    if (!core.isDone() && ProcessEnd::isForked())
        finishInChild(core);
    if (!core.isDone() && eventsRunHere(core))
        exception = waitWithEvents(core, atBottom);
    if (!core.isDone())
        waitBlocked(core);
    return exception;
}

std::exception_ptr waitUntilDone(Core &core, AtBottom atBottom)
{
    for (;;) {
        try {
            return wait(core, atBottom);
        } catch (const std::bad_alloc &) {
            // To leave now would leave jobs behind that use what is about to go.
            QThread::msleep(1);
        }
    }
}

void logSlotException(const std::exception_ptr &exception)
{
    qCCritical(lcJanitor).noquote()
        << "A slot has thrown while a janitor was draining, and this goes no further:"
        << messageOfException(exception);
}

void flushDeferredDeletes()
{
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
}

} // namespace QJanitor::Private
