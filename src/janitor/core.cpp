// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/core_p.h"

#include "agent/agentthread_p.h"
#include "janitor/corelane_p.h"
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

static Ledger::Policy policyFor(FailurePolicy policy, Core::Level level)
{
    if (level == Core::Level::Root)
        return {.stopOnFailure = false, .waitAfterFailure = true};
    const bool outermost = level == Core::Level::Application;
    return {.stopOnFailure = policy != FailurePolicy::KeepGoing,
            .waitAfterFailure = policy != FailurePolicy::FailFast || outermost};
}

/// Returns what can be added to a time: milliseconds::max() is a natural way to say "never". So is what
/// is below 0, as for all timeouts of Qt.
static std::int64_t milliseconds(std::chrono::milliseconds duration)
{
    constexpr std::int64_t century = 100LL * 365 * 24 * 3600 * 1000;
    return std::clamp<std::int64_t>(duration.count(), 0, century);
}

static std::int64_t limitFrom(std::optional<std::chrono::milliseconds> timeout)
{
    return timeout && timeout->count() >= 0 ? milliseconds(*timeout) : Alarm::never;
}

Core::Core(const Options &options, Frame outer, Level level)
    : m_name(QString::fromUtf8(options.name))
    , m_outer(std::move(outer))
    , m_pool(options.threadPool ? options.threadPool : ownThreadPool())
    , m_level(level)
    , m_hangWarningAfter(milliseconds(options.hangWarningAfter))
    , m_drainTimeout(limitFrom(options.drainTimeout))
    , m_drainTimeoutLimit(options.drainTimeoutLimit ? milliseconds(*options.drainTimeoutLimit) : 0)
    , m_quitsApplication(level == Level::Application && options.quitOnFailure)
    , m_isOpenedByItsPool(options.threadPool && isThreadOf(*options.threadPool))
    , m_ledger(policyFor(options.failurePolicy, level))
{}

Core::~Core()
{
    ProcessEnd::remove(*this);
    for (const std::atomic<Lane *> &lane : m_lanes)
        delete lane.load(std::memory_order_relaxed);
    // Each may be the last owner of the next one, a million times: they go one after the other.
    static thread_local Core *unowned = nullptr;
    static thread_local bool isDestroying = false;
    for (CorePointer *owned : {&m_outer.core, &m_takerPointer}) {
        Core *core = owned->take();
        if (core && !core->ref.deref()) {
            core->m_nextUnowned = unowned;
            unowned = core;
        }
    }
    if (std::exchange(isDestroying, true))
        return;
    while (unowned)
        delete std::exchange(unowned, unowned->m_nextUnowned);
    isDestroying = false;
}

bool Core::accepts(JobKind kind) const
{
    const std::lock_guard lock(m_mutex);
    return m_ledger.accepts(ledgerKind(kind));
}

Ledger::Pending Core::pending() const
{
    const std::lock_guard lock(m_mutex);
    return m_ledger.pending();
}

static thread_local char thisThread; // its address tells threads apart

void Core::setCalleeHere()
{
    m_calleeThread = &thisThread;
}

bool Core::canEndCallee() const
{
    return !m_calleeThread || m_calleeThread == &thisThread || m_level == Level::Application;
}

Core *Core::effective()
{
    Core *core = this;
    while (Core *taker = core->m_taker.load(std::memory_order_acquire))
        core = taker;
    return core;
}

Core *Core::waiter()
{
    Core *core = effective();
    return core->isDone() && core->pending().total() > 0 ? nullptr : core;
}

bool Core::isDraining(Role role) const
{
    for (const Core *core = this; core && role != Role::CleanupJob; core = core->enclosing()) {
        if (role == Role::Daemon && core->m_draining.load(std::memory_order_relaxed))
            return true;
        role = core->m_outer.role;
    }
    return false;
}

void Core::endCallee()
{
    if (m_drainTimeout <= 0)
        settleFinishedFutures();
    Todo todo;
    {
        const std::lock_guard lock(m_mutex);
        m_ledger.endCallee();
        m_calleeEnded.store(true, std::memory_order_relaxed);
        advance(todo);
        todo.hurry = !m_newFutures.empty();
        todo.tellNow = true;
        if (m_ledger.phase() != Ledger::Phase::Closed)
            startClock(todo);
    }
    carryOut(todo);
    if (m_drainTimeout <= 0)
        giveUp();
}

void Core::letGo()
{
    if (!isDone())
        ifThereIsMemory([this] { settleForOwner(); }); // else they are handed on with the others
    Todo todo;
    {
        const std::lock_guard lock(m_mutex);
        m_handingOn = HandingOn::AtOnce;
        todo.letGo = m_ledger.phase() != Ledger::Phase::Closed;
        m_ledger.letGo();
        m_calleeEnded.store(true, std::memory_order_relaxed);
        advance(todo);
    }
    carryOut(todo);
}

void Core::requestStop()
{
    Todo todo;
    {
        const std::lock_guard lock(m_mutex);
        m_ledger.requestStop();
        advance(todo);
    }
    carryOut(todo);
}

/// Decides, under the lock, all that is due: failing, stopping, draining, handing on and closing.
void Core::advance(Todo &todo)
{
    Ledger::Due due = m_ledger.due();
    bool handedOn = false;
    if (due.handOn && isToPrepareHandingOn(todo)) {
        // It is due again then.
    } else if (due.handOn && !(handedOn = handOn(todo))) {
        m_ledger.waitForAll();
        const Ledger::Due more = m_ledger.due();
        due.drain = more.drain;
        due.close = more.close;
    }
    if (due.fail && m_quitsApplication)
        todo.quit = true;
    if (due.stop) {
        m_stop.store(true, std::memory_order_relaxed);
        collectToCancel(todo);
    }
    if (due.drain || handedOn)
        m_draining.store(true, std::memory_order_relaxed);
    if (due.close || handedOn)
        close(todo, handedOn);
    todo.tellNow |= due.fail || due.stop || due.drain || due.close || handedOn;
}

/// Futures that have finished are not handed on: they are counted first, without the lock, by whoever
/// finds that it is due. Returns whether to wait for that. Under the lock.
bool Core::isToPrepareHandingOn(Todo &todo)
{
    if (m_handingOn == HandingOn::AtOnce)
        return false;
    if (m_batches > 0)
        return true; // and those that count it look again when it is through
    if (m_handingOn == HandingOn::NotDue && (m_newFutureCount > 0 || m_watchedJobs.first)) {
        m_handingOn = HandingOn::BeingPrepared;
        todo.prepareHandingOn = true;
    }
    return m_handingOn == HandingOn::BeingPrepared;
}

void Core::prepareHandingOn()
{
    settleFinishedFutures();
    Todo todo;
    {
        const std::lock_guard lock(m_mutex);
        m_handingOn = std::max(m_handingOn, HandingOn::Prepared);
        advance(todo);
    }
    carryOut(todo);
}

/// Builds the report. \a leaves says whether it leaves jobs unfinished. Under the lock.
void Core::close(Todo &todo, bool leaves)
{
    const qsizetype completed =
        m_ledger.endedCount() + m_justEnded - m_ledger.failedCount() - m_ledger.canceledCount();
    m_report = ReportParts::make(m_name, m_errors, m_errorCount, todo.unfinished, completed,
                                 m_ledger.canceledCount(), m_cause);
    // The jobs of wards can only be listed without this lock.
    todo.addWards = leaves && !m_wards.empty();
    if (!todo.addWards)
        finish();
}

/// Lets the waiter go. Under the lock.
void Core::finish()
{
    // In one order with setAlarm(): it sets first and looks second.
    m_done.store(true, std::memory_order_seq_cst);
    clearIdleAlarm();
    ProcessEnd::remove(*this);
    forgetByOuters();
    wake();
}

/// Has the waiter look again. Under the lock, under which it also says that it waits no more.
void Core::wake()
{
    if (!m_waker)
        return;
    if (m_waker->dispatcher)
        m_waker->dispatcher->wakeUp();
    else
        m_waker->condition.notify_one();
}

/// Does what advance() and keep() found, without the lock.
void Core::carryOut(Todo &todo)
{
    if (todo.addWards)
        addWardsToReport(todo);
    if ((todo.takenByRoot || todo.letGo) && !todo.unfinished.isEmpty()) {
        ifThereIsMemory([&] {
            qCWarning(lcJanitor).noquote().nospace()
                << describeName()
                << (todo.letGo ? " was destroyed with jobs pending; "
                               : " failed with jobs pending and none encloses it; ")
                << (todo.takenByRoot ? "the root janitor" : "the enclosing janitor")
                << " takes them: " << namesOf(todo.unfinished);
        });
    }
    if (todo.letGo && !todo.goingOn.isEmpty()) {
        ifThereIsMemory([&] {
            qCWarning(lcJanitor).noquote().nospace()
                << describeName()
                << " was destroyed with jobs pending, and nobody takes them; they go on: "
                << namesOf(todo.goingOn);
        });
    }
    for (const QFuture<void> &future : todo.toCancel)
        cancelUnfinished(future);
    for (const CorePointer &inner : todo.toCancelInside)
        inner->cancelDaemons();
    if (todo.cancelOneByOne)
        cancelOneByOne();
    if (todo.quit)
        exitEventLoop();
    if (todo.prepareHandingOn)
        prepareHandingOnSoon();
    if (todo.setAlarm)
        setAlarm();
    if (todo.hurry)
        postFutures();
    if (todo.tellNow && m_watched.load(std::memory_order_relaxed))
        tell(true);
}

/// On the agent's thread only after what it has yet to hear of: the ends of futures that it watches.
void Core::prepareHandingOnSoon()
{
    try {
        if (AgentThread::isCurrent() &&
            AgentThread::post({CorePointer(this), Ticket::Matter::HandingOn}, true))
            return;
    } catch (const std::bad_alloc &) {
        // Then it is done with what is known now.
    }
    prepareHandingOn();
}

/// Calls \a function on the application's thread, unless the callee has ended by then: the drain is
/// not to be disturbed.
template<class F>
static void whileCalleeRuns(const CorePointer &core, F function)
{
    if (!QCoreApplication::instance())
        return;
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [core, function] {
            if (!core->hasCalleeEnded())
                function();
        },
        Qt::QueuedConnection);
}

void Core::quit()
{
    whileCalleeRuns(CorePointer(this), [] { QCoreApplication::quit(); });
}

void Core::exitEventLoop()
{
    if (m_level != Level::Application)
        return;
    whileCalleeRuns(CorePointer(this), [] { QCoreApplication::exit(0); });
}

QString Core::describeName() const
{
    return m_name.isEmpty() ? QStringLiteral("A janitor")
                            : QStringLiteral("Janitor \"%1\"").arg(shown(m_name));
}

/// Keeps the error of a job for the report and for the observers. Under the lock.
void Core::keep(const Error &error, Ledger::Weight weight, Todo &todo)
{
    ++m_errorCount;
    const bool isCause = !m_cause.isValid() && weight == Ledger::Weight::Trips;
    const qsizetype index = m_errors.size();
    if (index < ReportParts::maximumErrors)
        ifThereIsMemory([&] { m_errors.append(error); }); // else it is counted all the same
    if (isCause) {
        m_cause = error;
        m_causeIndex = m_errors.size() > index ? index : -1;
    }
    for (Observer *observer : m_observers)
        observer->add(error, isCause);
    todo.tellNow = true;
}

Report Core::report() const
{
    const std::lock_guard lock(m_mutex);
    return m_report;
}

void Core::setWaker(Waker *waker)
{
    const std::lock_guard lock(m_mutex);
    m_waker = waker;
}

void Core::lookAgain()
{
    const std::lock_guard lock(m_mutex);
    m_helpWanted = true;
    wake();
}

void Core::waitOn(Waker &waker)
{
    std::unique_lock lock(m_mutex);
    // Without an application there is no agent that watches futures. The clock is looked at in any
    // case, for applications come and go.
    const bool alone = !AgentThread::isServing();
    const auto looksAfterFutures = [&] {
        return alone && !(m_newFutures.empty() && m_wards.empty());
    };
    const auto wanted = [&] {
        return isDone() || m_helpWanted || looksAfterFutures() || alone == AgentThread::isServing();
    };
    if (looksAfterFutures())
        waker.condition.wait_for(lock, std::chrono::milliseconds(2));
    else if (m_alarm.due < Alarm::never)
        waker.condition.wait_for(lock, std::chrono::milliseconds(m_alarm.due - coarseNow()),
                                 wanted);
    else
        waker.condition.wait(lock, wanted);
    m_helpWanted = false;
}

} // namespace QJanitor::Private
