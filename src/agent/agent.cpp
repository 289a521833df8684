// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "agent/agent_p.h"

#include "mail/mailbox_p.h"
#include "exit/quitsignals_p.h"
#include "exit/servicemanager_p.h"
#include "exit/stopnotice_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qfuturewatcher.h>
#include <QtCore/qsocketnotifier.h>

#include <algorithm>

namespace QJanitor::Private {

static constexpr int usualPause = 16; // ms
/// For a service manager that was busy.
static constexpr int retryPause = 250; // ms

/// Watches the future of one job at a time. QFutureWatcher<void> watches every type of future, and
/// unlike then() it leaves the user's continuation alone.
class Watcher : public QFutureWatcher<void>
{
public:
    explicit Watcher(Agent *agent)
        : m_agent(agent)
    {
        connect(this, &Watcher::finished, this, [this] { m_hasFinished = true; });
    }

    WatchedJob *job = nullptr;
    std::size_t place = 0; ///< Among all watchers.

protected:
    bool event(QEvent *event) override
    {
        const bool known = QFutureWatcher<void>::event(event);
        if (std::exchange(m_hasFinished, false))
            m_agent->onFinished(this); // may have destroyed this
        return known;
    }

private:
    Agent *const m_agent;
    bool m_hasFinished = false;
};

Agent::Agent(Mailbox &mailbox)
    : m_mailbox(mailbox)
{
    connect(this, &Agent::ticketsPosted, this, &Agent::onTicketsPosted, Qt::QueuedConnection);
}

Agent::~Agent()
{
    // All at once: each watcher would go through all events of the thread in order to find its own.
    // Who has none may be on another thread, the events of which are not the agent's.
    if (!m_watchers.empty())
        QCoreApplication::removePostedEvents(nullptr, QEvent::FutureCallOut);
    for (Watcher *watcher : m_watchers) {
        WatchedJob *job = watcher->job;
        delete watcher; // first, for the job has the reference that keeps the results
        if (job) {
            const JanitorPointer janitor = job->janitor;
            janitor->giveUpWatch(job);
            janitor->forgetFuturesTicket();
        }
    }
    for (const JanitorPointer &janitor : takeUnwatched())
        janitor->forgetFuturesTicket();
}

void Agent::onTicketsPosted()
{
    read();
    ringAlarms();
}

void Agent::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_pause.timerId())
        read();
    else if (event->timerId() == m_retry.timerId())
        tellAgain();
    else
        ringAlarms();
}

/// Calls the janitors whose alarm is due, and sets the timer for the next one. Of very many only
/// some at a time: others want to hear from the agent, too.
void Agent::ringAlarms()
{
    constexpr std::size_t most = 256;
    std::int64_t heardUntil = -1;
    for (const JanitorPointer &janitor : m_mailbox.takeDue(coarseNow(), most)) {
        // What has finished in time may be waiting behind the alarm. Once in a tick of the clock,
        // for this goes through all events of the thread, those too that it has delivered.
        if (const std::int64_t now = coarseNow(); now > heardUntil) {
            heardUntil = now;
            QCoreApplication::sendPostedEvents(nullptr, QEvent::FutureCallOut);
        }
        janitor->onAlarm();
    }
    const std::int64_t next = m_mailbox.nextAlarm();
    if (next == Alarm::never)
        m_alarm.stop();
    else
        m_alarm.start(int(std::clamp<std::int64_t>(next - coarseNow(), 0, 3'600'000)), this);
}

void Agent::read()
{
    const std::vector<Ticket> tickets = m_mailbox.takeAll();
    const std::vector<JanitorPointer> unwatched = takeUnwatched();
    deliver(tickets, this);
    for (const JanitorPointer &janitor : unwatched)
        watchFutures(janitor);

    if (tickets.empty() && m_unwatched.empty())
        return m_pause.stop();
    const bool isWaitedFor =
        std::any_of(m_unwatched.begin(), m_unwatched.end(),
                    [](const JanitorPointer &janitor) { return janitor->hasCalleeEnded(); });
    m_pause.start(isWaitedFor ? 1 : usualPause, this);
}

/// Empties the list of those that have futures which are not watched.
std::vector<JanitorPointer> Agent::takeUnwatched()
{
    for (const JanitorPointer &janitor : m_unwatched)
        janitor->listedBy.agent = false;
    return std::exchange(m_unwatched, {});
}

void Agent::deliver(const std::vector<Ticket> &tickets, Agent *agent)
{
    bool hasHeard = false;
    for (const auto &[janitor, matter] : tickets) {
        switch (matter) {
        case Ticket::Matter::News:
            janitor->publish();
            break;
        case Ticket::Matter::ClearedPump:
            janitor->restartPumps();
            break;
        case Ticket::Matter::Futures:
            agent ? agent->watchFutures(janitor) : janitor->forgetFuturesTicket();
            break;
        case Ticket::Matter::HandingOn:
            // What is watched and has finished comes first.
            if (agent && !std::exchange(hasHeard, true))
                QCoreApplication::sendPostedEvents(nullptr, QEvent::FutureCallOut);
            janitor->prepareHandingOn();
            break;
        case Ticket::Matter::ServeSignals:
            if (agent)
                agent->serveSignals();
            break;
        case Ticket::Matter::Stopping:
            agent ? agent->watchTheEnd(janitor) : StopNotice::announce(*janitor);
            break;
        case Ticket::Matter::Untold:
            if (agent && !agent->m_retry.isActive())
                agent->m_retry.start(retryPause, agent);
            break;
        }
    }
}

void Agent::watchFutures(const JanitorPointer &janitor)
{
    if (janitor->listedBy.agent)
        return;
    for (WatchedJob *job : janitor->takeNewFutures())
        watch(job);
    if (janitor->needsAnotherLook()) {
        m_unwatched.push_back(janitor);
        janitor->listedBy.agent = true;
    }
}

/// Here and not on the application's thread, so that the second signal counts while that is
/// blocked.
void Agent::serveSignals()
{
    const int descriptor = QuitSignals::descriptor();
    if (m_signals || descriptor < 0)
        return;
    m_signals = std::make_unique<QSocketNotifier>(descriptor, QSocketNotifier::Read);
    connect(m_signals.get(), &QSocketNotifier::activated, this, &Agent::onQuitRequest);
}

void Agent::onQuitRequest()
{
    const JanitorPointer application = Janitor::application();
    const QuitRequest request = QuitSignals::read();
    if (application && request != QuitRequest::None && ServiceManager::isThere())
        watchTheEnd(application);
    obey(request, application);
}

void Agent::obey(QuitRequest request, const JanitorPointer &application)
{
    if (application && request == QuitRequest::Quit)
        application->quit();
    else if (application && request == QuitRequest::StopWaiting)
        application->stopWaiting();
}

void Agent::watchTheEnd(const JanitorPointer &janitor)
{
    if (!m_stopNotice || !m_stopNotice->isOf(janitor))
        m_stopNotice = std::make_unique<StopNotice>(janitor);
}

void Agent::tellAgain()
{
    if (!ServiceManager::tellAgain())
        m_retry.stop();
}

void Agent::watch(WatchedJob *job)
{
    Watcher *watcher = nullptr;
    if (m_idle.empty()) {
        watcher = new Watcher(this);
        watcher->place = m_watchers.size();
        m_watchers.push_back(watcher);
    } else {
        watcher = m_idle.back();
        m_idle.pop_back();
    }
    watcher->job = job;
    watcher->setFuture(job->future);
}

/// Keeps nothing of the users'. May destroy \a watcher: to do so later, after news of a future that
/// it does not watch, would cost it a look at all events of the thread.
void Agent::onFinished(Watcher *watcher)
{
    WatchedJob *job = std::exchange(watcher->job, nullptr);
    if (!job)
        return;
    constexpr std::size_t mostIdle = 64;
    if (m_idle.size() < mostIdle) {
        watcher->setFuture(QFuture<void>()); // its end finds no job
        m_idle.push_back(watcher);
    } else {
        m_watchers[watcher->place] = m_watchers.back();
        m_watchers[watcher->place]->place = watcher->place;
        m_watchers.pop_back();
        delete watcher;
    }
    job->janitor->endWatch(job);
}

} // namespace QJanitor::Private
