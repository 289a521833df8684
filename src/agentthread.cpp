// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "agentthread_p.h"

#include "agent_p.h"
#include "cojob_p.h"
#include "mailbox_p.h"
#include "servicemanager_p.h"
#include "wait_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <utility>

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
    std::atomic<int> posting{0}; ///< Threads inside post(): the agent must not go under their feet.
};

thread_local bool isAgentsThread = false;

Home &home()
{
    static auto &home = *new Home;
    return home;
}

/// Starts the agent, if nobody else is doing so. It reads what is in the mailbox first of all.
void startAgent()
{
    if (home().starting.exchange(true))
        return;
    auto *thread = new QThread;
    thread->setObjectName(QStringLiteral("QJanitor agent"));
    auto *agent = new Agent(home().mailbox);
    agent->moveToThread(thread);
    QObject::connect(thread, &QThread::started, agent, [] { isAgentsThread = true; });
    QObject::connect(thread, &QThread::finished, agent, &QObject::deleteLater);
    thread->start();
    home().thread = thread;
    home().agent.store(agent, std::memory_order_release);
    Q_EMIT agent->ticketsPosted();
}

/// Waits for the root, which still accepts jobs meanwhile, until there is none. The limit is that of the
/// last exec().
void drainRoots()
{
    const CorePointer application = Core::application();
    const std::int64_t limit = application ? application->drainTimeout() : Alarm::never;
    const std::int64_t start = coarseNow();
    while (const CorePointer root = Core::retireRoot()) {
        if (limit != Alarm::never)
            root->limitDraining(std::max<std::int64_t>(0, limit - (coarseNow() - start)));
        root->endCallee();
        waitUntilDone(*root, AtBottom::No);
    }
}

void onApplicationGoing()
{
    drainRoots();
    home().hasApplication.store(false);
    home().mailbox.close();
    // Who waits for a janitor has to look at its clock and its futures alone from now on.
    for (const CorePointer &core : home().mailbox.coresWithAlarm())
        core->lookAgain();
    while (home().posting.load() > 0)
        QThread::yieldCurrentThread();
    if (home().agent.exchange(nullptr)) {
        home().thread->quit();
        home().thread->wait();
        delete std::exchange(home().thread, nullptr);
    }
    home().starting.store(false);
    Agent::deliver(home().mailbox.takeAll(), nullptr); // what it had no time for
    ServiceManager::tellLast();
    CoJob::abandonAll(); // no events, no resumption
}

void onApplicationCreated()
{
    const bool hasMail = home().mailbox.open();
    Core::allowRoot();
    home().hasApplication.store(true);
    if (hasMail)
        startAgent(); // somebody has begun without an application, or under an earlier one
    // What was posted to them between two applications was dropped.
    Core::nudgeEveryone();
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
    if (answer == Mailbox::Answer::Tell) {
        if (Agent *agent = home().agent.load(std::memory_order_acquire))
            Q_EMIT agent->ticketsPosted();
        else
            startAgent();
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
