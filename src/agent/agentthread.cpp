// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "agent/agentthread_p.h"

#include "agent/agent_p.h"
#include "coro/spawnedcoroutine_p.h"
#include "mail/mailbox_p.h"
#include "rules/memory_p.h"
#include "exit/servicemanager_p.h"
#include "report/texts_p.h"
#include "drain/wait_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

using namespace std::chrono_literals;

namespace QJanitor::Private {

namespace {

/// Never destroyed: tickets come from threads that outlive main().
struct Home
{
    Mailbox mailbox;
    QThread *thread = nullptr;
    std::atomic<Agent *> agent{nullptr};
    std::atomic<bool> hasApplication{false};
    std::atomic<bool> starting{false};
    std::atomic<bool> isMissing{false};
    std::atomic<std::int64_t> nextTry{0}; ///< If it is missing; on coarseNow()'s clock.
    std::atomic<int> posting{0}; ///< Threads inside post(): the agent must not go under their feet.
};

thread_local bool isAgentsThread = false;

Home &home()
{
    static auto &home = *new Home;
    return home;
}

/// Has the application's thread try again to start the agent, if it turns its event loop: perhaps
/// nobody waits, and no ticket comes.
void tryAgainLater()
{
    static std::atomic_flag isPlanned;
    if (isPlanned.test_and_set())
        return;
    auto isPosted = qScopeGuard([] { isPlanned.clear(); });
    QMetaObject::invokeMethod(
        QCoreApplication::instance(),
        [] {
            QTimer::singleShot(150ms, QCoreApplication::instance(), [] {
                isPlanned.clear();
                if (AgentThread::isMissing())
                    tryAgainLater();
            });
        },
        Qt::QueuedConnection);
    isPosted.dismiss();
}

void warnOfMissingAgent()
{
    static std::atomic_flag isSaid;
    if (!isSaid.test_and_set()) {
        qCCritical(
            lcJanitor,
            "The thread on which QJanitor looks after timeouts, futures and signals could not "
            "be made; it is tried again. Until then, threads that wait look by themselves. Has "
            "the process reached a limit, as RLIMIT_NPROC or that of a pids cgroup?");
    }
}

/// Starts \a thread, though the system may refuse it for a moment. Returns whether it runs.
bool startPatiently(QThread &thread)
{
    constexpr int mostTries = 5;
    constexpr int pause = 1; // ms
    for (int tries = 0; tries < mostTries; ++tries) {
        thread.start();
        if (thread.isRunning())
            return true;
        warnOfMissingAgent();
        QThread::msleep(pause);
    }
    return false;
}

/// Until the next try, nobody is told: whoever posts something sees to it that there is a next try.
void awaitNextTry()
{
    home().mailbox.announceAgain();
    ifThereIsMemory(tryAgainLater); // else whoever is next
}

/// The agent or its thread cannot be had. What it was to read waits until it is tried again.
void missAgent()
{
    constexpr std::int64_t pause = 100; // ms
    home().nextTry.store(coarseNow() + pause);
    home().isMissing.store(true);
    awaitNextTry();
}

/// Starts the agent, if nobody else is doing so. It reads what is in the mailbox first of all.
void startAgent()
{
    if (coarseNow() < home().nextTry.load())
        return awaitNextTry();
    if (home().starting.exchange(true))
        return;
    auto isStarted = qScopeGuard([] { home().starting.store(false); });
    std::unique_ptr<QThread> thread;
    std::unique_ptr<Agent> agent;
    const bool isMade = ifThereIsMemory([&] {
        thread = std::make_unique<QThread>();
        thread->setObjectName(QStringLiteral("QJanitor agent"));
        agent = std::make_unique<Agent>(home().mailbox);
        agent->moveToThread(thread.get());
        QObject::connect(thread.get(), &QThread::started, agent.get(),
                         [] { isAgentsThread = true; });
        QObject::connect(thread.get(), &QThread::finished, agent.get(), &QObject::deleteLater);
    });
    if (!isMade || !startPatiently(*thread))
        return missAgent();
    isStarted.dismiss();
    home().isMissing.store(false);
    home().thread = thread.release();
    home().agent.store(agent.get(), std::memory_order_release);
    Q_EMIT agent.release()->ticketsPosted();
}

/// Waits for the root, which still accepts jobs meanwhile, until there is none. The limit is that
/// of the last exec().
void drainRoots()
{
    const JanitorPointer application = Janitor::application();
    const std::int64_t limit = application ? application->drainTimeout() : Alarm::never;
    const std::int64_t start = coarseNow();
    while (const JanitorPointer root = Janitor::retireRoot()) {
        if (limit != Alarm::never)
            root->limitDraining(std::max<std::int64_t>(0, limit - (coarseNow() - start)));
        root->endCallee();
        if (const std::exception_ptr exception = waitUntilDone(*root, AtBottom::No))
            logSlotException(exception); // no destructor lets it pass
    }
}

/// A thread that starts looks at the application. Qt waits for those of its global pool only.
void waitForThreadsThatStart()
{
    constexpr std::chrono::milliseconds most(500); // one that the system has refused never starts
    constexpr unsigned long pause = 1;             // ms
    const QDeadlineTimer end(most);
    for (const JanitorPointer &janitor : home().mailbox.janitorsWithAlarm()) {
        while (janitor->hasThreadThatStarts() && !end.hasExpired())
            QThread::msleep(pause);
    }
}

void onApplicationGoing()
{
    drainRoots();
    home().hasApplication.store(false);
    home().mailbox.close();
    // Who waits for a janitor has to look at its clock and its futures alone from now on.
    for (const JanitorPointer &janitor : home().mailbox.janitorsWithAlarm())
        janitor->callWaiters();
    while (home().posting.load() > 0)
        QThread::yieldCurrentThread();
    if (home().agent.exchange(nullptr)) {
        home().thread->quit();
        home().thread->wait();
        delete std::exchange(home().thread, nullptr);
    }
    home().starting.store(false);
    home().isMissing.store(false);
    Agent::deliver(home().mailbox.takeAll(), nullptr); // what it had no time for
    waitForThreadsThatStart();
    ServiceManager::tellLast();
    SpawnedCoroutine::abandonAll(); // no events, no resumption
}

void onApplicationCreated()
{
    const bool hasMail = home().mailbox.open();
    Janitor::allowRoot();
    home().hasApplication.store(true);
    if (hasMail)
        startAgent(); // somebody has begun without an application, or under an earlier one
    // What was posted to them between two applications was dropped.
    Janitor::nudgeEveryone();
    if (ServiceManager::tellAgain()) // what was told before, to a busy one
        AgentThread::post({{}, Ticket::Matter::Untold}, false);
    qAddPostRoutine(onApplicationGoing);
}

Q_COREAPP_STARTUP_FUNCTION(onApplicationCreated)

} // namespace

/// Gives something to the mailbox and tells the agent if it has to be told.
template<class Give>
static Mailbox::Answer give(Give give)
{
    home().posting.fetch_add(1);
    const auto done = qScopeGuard([] { home().posting.fetch_sub(1); });
    const Mailbox::Answer answer = give(home().mailbox);
    if (answer != Mailbox::Answer::Tell)
        return answer;
    try {
        if (Agent *agent = home().agent.load(std::memory_order_acquire))
            Q_EMIT agent->ticketsPosted();
        else
            startAgent();
    } catch (const std::bad_alloc &) {
        home().mailbox.announceAgain(); // it does not know, so the next one has to tell
        throw;
    }
    return answer;
}

bool AgentThread::post(Ticket ticket, bool hurried)
{
    return give([&](Mailbox &mailbox) { return mailbox.post(ticket, hurried); }) !=
           Mailbox::Answer::Closed;
}

void AgentThread::setAlarm(Alarm &alarm)
{
    give([&](Mailbox &mailbox) { return mailbox.setAlarm(alarm); });
}

void AgentThread::clearAlarm(Alarm &alarm)
{
    home().mailbox.clearAlarm(alarm);
}

bool AgentThread::isCurrent()
{
    return isAgentsThread;
}

bool AgentThread::isMissing()
{
    if (!home().isMissing.load(std::memory_order_relaxed))
        return false;
    home().posting.fetch_add(1);
    const auto done = qScopeGuard([] { home().posting.fetch_sub(1); });
    if (hasApplication())
        startAgent();
    return home().isMissing.load();
}

bool AgentThread::callOnApplicationThread(const std::function<void()> &function)
{
    home().posting.fetch_add(1);
    const auto done = qScopeGuard([] { home().posting.fetch_sub(1); });
    if (!hasApplication())
        return false;
    QMetaObject::invokeMethod(QCoreApplication::instance(), function, Qt::QueuedConnection);
    return true;
}

bool AgentThread::hasApplication()
{
    return home().hasApplication.load();
}

} // namespace QJanitor::Private
