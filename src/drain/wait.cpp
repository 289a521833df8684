// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "drain/wait_p.h"

#include "agent/agentthread_p.h"
#include "coro/spawnedcoroutine_p.h"
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

LentThread::LentThread(const Janitor *janitor)
{
    if (janitor && janitor->isOpenedByItsPool())
        lend(janitor->pool());
    for (; janitor; janitor = janitor->enclosing()) {
        if (janitor->runsOnThisThread())
            lend(janitor->pool());
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

/// Is known to a janitor for as long as it lives.
class KnownWaiter : public Waiter
{
public:
    explicit KnownWaiter(Janitor &janitor, QAbstractEventDispatcher *dispatcher = nullptr)
        : Waiter(dispatcher)
        , m_janitor(janitor)
    {
        m_janitor.beginWaiting(*this);
    }
    ~KnownWaiter() { m_janitor.endWaiting(*this); }
    Q_DISABLE_COPY_MOVE(KnownWaiter)

private:
    Janitor &m_janitor;
};

bool eventsRunHere(const Janitor &janitor)
{
    if (!AgentThread::hasApplication())
        return false; // no events are delivered, or soon will not be
    return QThread::currentThread() == QCoreApplication::instance()->thread() ||
           eventLoopRunsHere() ||
           SpawnedCoroutine::isAwaitedHere(
               janitor); // the loop in which they began has ended: go on in its place
}

/// Settles futures for a moment, longer only if the destructors of their results take longer:
/// events go on. Returns whether there may be more.
bool settleSomeFutures(Janitor &janitor)
{
    constexpr std::chrono::milliseconds moment(2);
    const QDeadlineTimer end(moment);
    while (!janitor.isDone() && janitor.settleNewFutures()) {
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

/// A pool that was passed in may have a purpose: its jobs run on its threads only. And in the
/// middle of a job the waiting thread cannot look at the clock, so it helps then only if nobody
/// else can.
bool isToHelp(const Janitor &janitor)
{
    if (janitor.pool() == ownThreadPool())
        return janitor.drainTimeout() == Alarm::never || ownPoolLacksThreads();
    return janitor.drainTimeout() == Alarm::never && janitor.isOpenedByItsPool();
}

/// Never QEventLoop::exec(): after a quit() it would return at once. Returns the first exception of
/// a slot.
std::exception_ptr waitWithEvents(Janitor &janitor, AtBottom atBottom)
{
    const LentThread lent(&janitor);
    const SpawnedCoroutine::Unrelated unrelated;
    QAbstractEventDispatcher *dispatcher = QAbstractEventDispatcher::instance();
    const KnownWaiter waiter(janitor, dispatcher);
    // A slot that turns the event loop itself may have taken our wake-up: look again before
    // blocking.
    const auto connection = QObject::connect(
        dispatcher, &QAbstractEventDispatcher::aboutToBlock, dispatcher,
        [&janitor, dispatcher] {
            if (janitor.isDone())
                dispatcher->wakeUp();
        },
        Qt::DirectConnection);
    const auto disconnect = qScopeGuard([&connection] { QObject::disconnect(connection); });
    // Inside a slot, the glib dispatcher does not see what was posted before the slot began.
    dispatcher->wakeUp();
    janitor.lookAfterFutures(); // of the time before there was an application
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
    QObject::connect(&substitute, &QTimer::timeout, &substitute, [&janitor] { janitor.onAlarm(); });
    while (!janitor.isDone() && AgentThread::hasApplication()) {
        if (atBottom == AtBottom::Yes) {
            keep(caught(flushDeferredDeletes));
            if (janitor.isDone())
                break;
        }
        if (AgentThread::isMissing() != substitute.isActive())
            substitute.isActive() ? substitute.stop() : substitute.start(10ms);
        janitor.lookAfterFutures(); // where there was no memory to tell the agent of them
        const bool helped = ownPoolLacksThreads() && isToHelp(janitor) && janitor.runOneJob();
        const bool more = settleSomeFutures(janitor) || helped;
        if (!janitor.isDone())
            keep(caught([&] {
                loop.processEvents(more ? QEventLoop::AllEvents : QEventLoop::WaitForMoreEvents);
            }));
    }
    // Should a quit() have come meanwhile, the loop around this has missed its wake-up.
    dispatcher->wakeUp();
    return first;
}

void waitBlocked(Janitor &janitor)
{
    const auto help = [&janitor] {
        while (!janitor.isDone() && isToHelp(janitor) && janitor.runOneJob()) {
        }
    };
    help();
    if (janitor.isDone()) {
        janitor.callOffPumps();
        return;
    }
    const LentThread lent(&janitor);
    KnownWaiter waiter(janitor);
    while (!janitor.isDone()) {
        janitor.lookAfterFutures();
        janitor.wait(waiter);
        janitor.onAlarm();
        help();
    }
}

} // namespace

/// The threads are in the process that this one was forked from.
static void finishInChild(Janitor &janitor)
{
    ProcessEnd::warnOfFork();
    while (!janitor.isDone() && janitor.runOneJob()) {
    }
    janitor.stopWaiting();
}

static std::exception_ptr wait(Janitor &janitor, AtBottom atBottom)
{
    std::exception_ptr exception;
    if (!janitor.isDone() && ProcessEnd::isForked())
        finishInChild(janitor);
    if (!janitor.isDone() && eventsRunHere(janitor))
        exception = waitWithEvents(janitor, atBottom);
    if (!janitor.isDone())
        waitBlocked(janitor);
    return exception;
}

std::exception_ptr waitUntilDone(Janitor &janitor, AtBottom atBottom)
{
    for (;;) {
        try {
            return wait(janitor, atBottom);
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
