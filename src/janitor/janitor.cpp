// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/janitor_p.h"

#include "agent/agentthread_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "rules/memory_p.h"
#include "scope/processend_p.h"
#include "report/texts_p.h"
#include "ambient/thisthread_p.h"
#include "run/threadpool_p.h"

#include <QtCore/qabstracteventdispatcher.h>
#include <QtCore/qcoreapplication.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace QJanitor::Private {

static_assert(std::is_trivially_destructible_v<Options>);

static Ledger::Policy policyFor(FailurePolicy policy, Janitor::Level level)
{
    if (level == Janitor::Level::Root)
        return {.stopOnFailure = false, .waitAfterFailure = true};
    const bool outermost = level == Janitor::Level::Application;
    return {.stopOnFailure = policy != FailurePolicy::KeepGoing,
            .waitAfterFailure = policy != FailurePolicy::FailFast || outermost};
}

/// Returns what can be added to a time: milliseconds::max() is a natural way to say "never". So is
/// what is below 0, as for all timeouts of Qt.
static std::int64_t milliseconds(std::chrono::milliseconds duration)
{
    constexpr std::int64_t century = 100LL * 365 * 24 * 3600 * 1000;
    return std::clamp<std::int64_t>(duration.count(), 0, century);
}

static DrainClock::Limits limitsFrom(const Options &options)
{
    const std::optional<std::chrono::milliseconds> timeout = options.drainTimeout;
    const std::optional<std::chrono::milliseconds> limit = options.drainTimeoutLimit;
    return {.hangWarningAfter = milliseconds(options.hangWarningAfter),
            .timeout =
                timeout && timeout->count() >= 0 ? milliseconds(*timeout) : DrainClock::never,
            .timeoutLimit = limit ? milliseconds(*limit) : 0};
}

Janitor::Janitor(const Options &options, Frame outer, Level level)
    : m_outer(std::move(outer))
    , m_pool(options.threadPool ? options.threadPool : ownThreadPool())
    , m_level(level)
    , m_quitsApplication(level == Level::Application && options.quitOnFailure)
    , m_isOpenedByItsPool(options.threadPool && isThreadOf(*options.threadPool))
    , m_ledger(policyFor(options.failurePolicy, level))
    , m_journal(QString::fromUtf8(options.name))
    , m_clock(limitsFrom(options))
{}

Janitor::~Janitor()
{
    ProcessEnd::remove(*this);
    for (const std::atomic<CallableList *> &callables : m_callables)
        delete callables.load(std::memory_order_relaxed);
    // Each may be the last owner of the next one, a million times: they go one after the other.
    static thread_local Janitor *unowned = nullptr;
    static thread_local bool isDestroying = false;
    for (JanitorPointer *owned : {&m_outer.janitor, &m_handover.lastTaker()}) {
        Janitor *janitor = owned->take();
        if (janitor && !janitor->ref.deref()) {
            janitor->m_nextUnowned = unowned;
            unowned = janitor;
        }
    }
    if (std::exchange(isDestroying, true))
        return;
    while (unowned)
        delete std::exchange(unowned, unowned->m_nextUnowned);
    isDestroying = false;
}

bool Janitor::accepts(JobKind kind) const
{
    const JanitorLock lock(m_mutex);
    return m_ledger.accepts(lock, ledgerKind(kind));
}

Ledger::Pending Janitor::pending() const
{
    const JanitorLock lock(m_mutex);
    return m_ledger.pending(lock);
}

static thread_local char thisThread; // its address tells threads apart

void Janitor::setCalleeHere()
{
    m_calleeThread = &thisThread;
}

bool Janitor::canEndCallee() const
{
    return !m_calleeThread || m_calleeThread == &thisThread || m_level == Level::Application;
}

Janitor *Janitor::effective()
{
    Janitor *janitor = this;
    while (Janitor *taker = janitor->m_handover.taker())
        janitor = taker;
    return janitor;
}

Janitor *Janitor::waiter()
{
    Janitor *janitor = effective();
    return janitor->isDone() && janitor->pending().total() > 0 ? nullptr : janitor;
}

bool Janitor::isDraining(Role role) const
{
    return findConcerned(this, role, [](const Janitor &janitor, Role there) {
        return there == Role::Daemon && janitor.m_ledger.isDraining();
    });
}

void Janitor::endCallee()
{
    if (m_clock.timeout() <= 0)
        settleFinishedFutures();
    change([this](Held held, Aftermath &after) {
        after.hurry = !m_newFutures.empty();
        after.tellNow = true;
        after.startsClock = true;
        return m_ledger.endCallee(held);
    });
    if (m_clock.timeout() <= 0)
        giveUp();
}

void Janitor::letGo()
{
    if (!isDone())
        ifThereIsMemory([this] { settleForOwner(); }); // else they are handed on with the others
    change([this](Held held, Aftermath &after) {
        m_handingOn = HandingOn::AtOnce;
        after.letGo = !m_ledger.isClosed(held);
        return m_ledger.letGo(held);
    });
}

void Janitor::requestStop()
{
    change([this](Held held, Aftermath &) { return m_ledger.requestStop(held); });
}

/// Does all that is \a due: failing, stopping, draining, handing on and closing.
void Janitor::advance(Held held, unsigned due, Aftermath &after)
{
    bool handedOn = false;
    if (due & Ledger::HandOn) {
        // Else it is due again then.
        if (!isToPrepareHandingOn(held, after)) {
            handedOn = handOn(held, after);
            if (!handedOn)
                due |= m_ledger.waitForAll(held);
        }
        due &= ~unsigned(Ledger::HandOn);
    }
    if (due & Ledger::Fail && m_quitsApplication)
        after.quit = true;
    if (due & Ledger::Stop)
        stop(held, after);
    if (due & Ledger::Close || handedOn)
        close(held, after, handedOn);
    else if (after.startsClock && !m_ledger.isClosed(held))
        startClock(held, after);
    after.tellNow |= due != Ledger::Nothing || handedOn;
}

/// Futures that have finished are not handed on: they are counted first, without the lock, by
/// whoever finds that it is due. Returns whether to wait for that.
bool Janitor::isToPrepareHandingOn(Held, Aftermath &after)
{
    if (m_handingOn == HandingOn::AtOnce)
        return false;
    if (m_batches > 0)
        return true; // and those that count it look again when it is through
    if (m_handingOn == HandingOn::NotDue && (m_newFutureCount > 0 || m_watchedJobs.first)) {
        m_handingOn = HandingOn::BeingPrepared;
        after.prepareHandingOn = true;
    }
    return m_handingOn == HandingOn::BeingPrepared;
}

void Janitor::prepareHandingOn()
{
    settleFinishedFutures();
    change([this](Held held, Aftermath &) {
        m_handingOn = std::max(m_handingOn, HandingOn::Prepared);
        return m_ledger.due(held);
    });
}

/// Builds the report. \a leaves says whether it leaves jobs unfinished.
void Janitor::close(Held held, Aftermath &after, bool leaves)
{
    m_journal.write(held, m_ledger, after.unfinished, m_justEnded);
    // The jobs of givers can only be listed without this lock.
    after.addGivers = leaves && m_handover.hasGivers(held);
    if (!after.addGivers)
        finish(held);
}

/// Lets the waiters go.
void Janitor::finish(Held held)
{
    // In one order with setAlarm(): it sets first and looks second.
    m_ledger.setReported(held);
    clearIdleAlarm(held);
    ProcessEnd::remove(*this);
    forgetByOuters(held);
    m_waiters.wake(held);
}

/// Does what advance() and keep() found, without the lock.
void Janitor::carryOut(Aftermath &after)
{
    if (after.addGivers)
        addGiversToReport(after);
    if ((after.takenByRoot || after.letGo) && !after.unfinished.isEmpty()) {
        ifThereIsMemory([&] {
            qCWarning(lcJanitor).noquote().nospace()
                << m_journal.describeName()
                << (after.letGo ? " was destroyed with jobs pending; "
                                : " failed with jobs pending and none encloses it; ")
                << (after.takenByRoot ? "the root janitor" : "the enclosing janitor")
                << " takes them: " << namesOf(after.unfinished);
        });
    }
    if (after.letGo && !after.goingOn.isEmpty()) {
        ifThereIsMemory([&] {
            qCWarning(lcJanitor).noquote().nospace()
                << m_journal.describeName()
                << " was destroyed with jobs pending, and nobody takes them; they go on: "
                << namesOf(after.goingOn);
        });
    }
    for (const QFuture<void> &future : after.toCancel)
        cancelUnfinished(future);
    for (const JanitorPointer &inner : after.toCancelInside)
        inner->cancelDaemons();
    if (after.cancelOneByOne)
        cancelOneByOne();
    if (after.quit)
        exitEventLoop();
    if (after.prepareHandingOn)
        prepareHandingOnSoon();
    if (after.setAlarm)
        setAlarm();
    if (after.hurry)
        postFutures();
    if (after.tellNow && !m_audience.isEmpty())
        tell(true);
}

/// On the agent's thread only after what it has yet to hear of: the ends of futures that it
/// watches.
void Janitor::prepareHandingOnSoon()
{
    try {
        if (AgentThread::isCurrent() &&
            AgentThread::post({JanitorPointer(this), Ticket::Matter::HandingOn}, true))
            return;
    } catch (const std::bad_alloc &) {
        // Then it is done with what is known now.
    }
    prepareHandingOn();
}

/// Calls \a function on the application's thread, unless the callee has ended by then: the drain is
/// not to be disturbed.
template<class F>
static void whileCalleeRuns(const JanitorPointer &janitor, F function)
{
    if (!QCoreApplication::instance())
        return;
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [janitor, function] {
            if (!janitor->hasCalleeEnded())
                function();
        },
        Qt::QueuedConnection);
}

void Janitor::quit()
{
    whileCalleeRuns(JanitorPointer(this), [] { QCoreApplication::quit(); });
}

void Janitor::exitEventLoop()
{
    if (m_level != Level::Application)
        return;
    whileCalleeRuns(JanitorPointer(this), [] { QCoreApplication::exit(0); });
}

/// Keeps the error of a job for the report and for the observers.
void Janitor::keep(Held held, const Error &error, Ledger::Weight weight, Aftermath &after)
{
    m_audience.hear(held, error, m_journal.keep(held, error, weight));
    after.tellNow = true;
}

Report Janitor::report() const
{
    const JanitorLock lock(m_mutex);
    return m_journal.report(lock);
}

void Janitor::beginWaiting(Waiter &waiter)
{
    const JanitorLock lock(m_mutex);
    m_waiters.add(lock, waiter);
}

void Janitor::endWaiting(Waiter &waiter)
{
    const JanitorLock lock(m_mutex);
    m_waiters.remove(lock, waiter);
}

void Janitor::callWaiters()
{
    const JanitorLock lock(m_mutex);
    m_waiters.call(lock);
}

void Janitor::wait(Waiter &waiter)
{
    const JanitorLock lock(m_mutex);
    // Without an application there is no agent that watches futures. The clock is looked at in any
    // case, for applications come and go.
    const bool alone = !AgentThread::isServing();
    const auto looksAfterFutures = [&] {
        return alone && !(m_newFutures.empty() && !m_handover.hasGivers(lock));
    };
    const auto wanted = [&] {
        return isDone() || m_waiters.isCalled(lock, waiter) || looksAfterFutures() ||
               alone == AgentThread::isServing();
    };
    lock.lend([&](std::unique_lock<std::mutex> &lent) {
        using std::chrono::milliseconds;
        if (looksAfterFutures())
            waiter.condition.wait_for(lent, milliseconds(2));
        else if (m_alarm.due < Alarm::never)
            waiter.condition.wait_for(lent, milliseconds(m_alarm.due - coarseNow()), wanted);
        else
            waiter.condition.wait(lent, wanted);
    });
    m_waiters.answer(lock, waiter);
}

} // namespace QJanitor::Private
