// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/status.h>

#include "janitor/janitor_p.h"
#include "observe/jobmodel_p.h"
#include "observe/observer_p.h"
#include "spawn/spawn_p.h"

#include <QtCore/qbasictimer.h>
#include <QtCore/qcoreevent.h>
#include <QtCore/qelapsedtimer.h>

#include <utility>

namespace QJanitor {

class StatusPrivate : public Private::QueuedObserver<Status>
{
public:
    explicit StatusPrivate(Status *status)
        : QueuedObserver(status)
    {}
    ~StatusPrivate() override { watch({}); }
    Q_DISABLE_COPY_MOVE(StatusPrivate)

    /// Watches the application janitor, and later ones.
    void start();
    /// Watches this janitor only: the numbers are right from the beginning, errors follow as
    /// signals.
    void start(const Private::JanitorPointer &janitor);
    QAbstractItemModel *jobs();
    void onTimer();

    const Private::JanitorPointer &janitor() const { return m_janitor; }
    /// Returns the janitor that requests go to: another one may have begun that is not shown yet.
    Private::JanitorPointer target() const
    {
        return m_followsApplication ? Private::Janitor::application() : m_janitor;
    }
    int timerId() const { return m_timer.timerId(); }

    Private::Snapshot current;

private:
    static constexpr int pause = 16;      // ms
    static constexpr int heartbeat = 100; // ms

    void watch(const Private::JanitorPointer &janitor);
    void refresh() override;
    void follow(Private::JanitorPointer janitor);
    void show(const Private::Snapshot &news);

    bool m_followsApplication = false;
    Private::JanitorPointer m_janitor;
    Private::JobModel *m_jobs = nullptr; ///< A child of the status, once somebody has asked for it.
    QElapsedTimer m_sinceShown;
    QBasicTimer m_timer; ///< For numbers that are still to be shown, else for ages and progress.
};

void StatusPrivate::start()
{
    start(Private::Janitor::application());
    m_followsApplication = true;
}

void StatusPrivate::start(const Private::JanitorPointer &janitor)
{
    m_followsApplication = false;
    watch(janitor);
    current = janitor ? janitor->snapshot() : Private::Snapshot();
    lastError = current.lastError;
    if (m_jobs)
        m_jobs->show({}); // those of the new one follow with its first news
}

void StatusPrivate::watch(const Private::JanitorPointer &janitor)
{
    if (m_janitor)
        m_janitor->unobserve(this);
    m_janitor = janitor;
    lastError = Error(); // of the janitor before
    if (m_janitor)
        m_janitor->observe(this);
}

void StatusPrivate::refresh()
{
    const QPointer<Status> alive = q;
    follow(m_janitor);
    if (!alive || !m_followsApplication)
        return;
    if (const Private::JanitorPointer janitor = Private::Janitor::application();
        janitor != m_janitor) {
        watch(janitor);
        follow(janitor);
    }
}

/// Shows what is new: errors and changes of state now, numbers when it is time. A slot may destroy
/// the status.
void StatusPrivate::follow(Private::JanitorPointer janitor)
{
    if (!janitor || !emitNews(*janitor))
        return;
    if (janitor != m_janitor)
        return; // a slot has turned the event loop, and this was here before
    const Private::Snapshot news = janitor->snapshot();
    // One look at the clock: a second one may find the pause over, and no timer takes what is left
    // then.
    const qint64 left = m_sinceShown.isValid() ? pause - m_sinceShown.elapsed() : 0;
    // After its end perhaps no event loop runs in which to come back.
    if (news.state != current.state || news.state == JanitorState::Closed || left <= 0)
        show(news);
    else
        m_timer.start(int(left), Qt::PreciseTimer, q);
}

void StatusPrivate::onTimer()
{
    m_timer.stop();
    if (m_janitor)
        show(m_janitor->snapshot());
}

/// Takes over the numbers and emits what has changed.
void StatusPrivate::show(const Private::Snapshot &news)
{
    const QPointer<Status> alive = q;
    m_sinceShown.start();
    m_timer.stop();
    const Private::Snapshot old = std::exchange(current, news);
    if (m_jobs) {
        const bool isOpen = news.state != JanitorState::Closed;
        m_jobs->show(isOpen ? m_janitor->oldestJobs(Private::JobModel::most)
                            : std::vector<Private::LiveJob>());
        if (!alive)
            return;
        if (m_jobs->rowCount() > 0)
            m_timer.start(heartbeat, q);
    }
    // The numbers may have been looked at between the end of a job and the news of its error.
    const bool isNewError = std::exchange(hasNewError, false);
    if (isNewError || old.state != news.state || old.pending != news.pending ||
        old.ended != news.ended || old.failed != news.failed || old.draining != news.draining)
        Q_EMIT q->changed();
    if (alive && old.state != news.state && current.state == news.state)
        Q_EMIT q->stateChanged(news.state);
}

QAbstractItemModel *StatusPrivate::jobs()
{
    if (!m_jobs) {
        m_jobs = new Private::JobModel(q);
        if (m_janitor && current.state != JanitorState::Closed)
            m_jobs->show(m_janitor->oldestJobs(Private::JobModel::most));
        nudge(); // starts the timer
    }
    return m_jobs;
}

Status::Status(QObject *parent)
    : QObject(parent)
    , d(std::make_unique<StatusPrivate>(this))
{
    d->start();
}

Status::Status(const Client &client, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<StatusPrivate>(this))
{
    d->start(Private::ClientAccess::janitor(client));
}

Status::~Status() = default;

void Status::setClient(const Client &client)
{
    const QPointer<Status> alive = this;
    const JanitorState old = state();
    d->start(Private::ClientAccess::janitor(client));
    Q_EMIT changed();
    if (alive && old != state())
        Q_EMIT stateChanged(state());
}

void Status::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == d->timerId())
        d->onTimer();
    else
        QObject::timerEvent(event);
}

qsizetype Status::pendingJobs() const
{
    return d->current.pending;
}

qsizetype Status::finishedJobs() const
{
    return d->current.ended;
}

qsizetype Status::failedJobs() const
{
    return d->current.failed;
}

double Status::pendingNumber() const
{
    return double(pendingJobs());
}

double Status::finishedNumber() const
{
    return double(finishedJobs());
}

double Status::failedNumber() const
{
    return double(failedJobs());
}

double Status::progress() const
{
    const qsizetype all = d->current.pending + d->current.ended;
    return all == 0 ? 1.0 : double(d->current.ended) / double(all);
}

bool Status::isDraining() const
{
    return d->current.draining;
}

JanitorState Status::state() const
{
    return d->current.state;
}

Error Status::lastError() const
{
    return d->lastError;
}

QString Status::oldestJob() const
{
    if (!d->janitor() || state() == JanitorState::Closed)
        return {};
    const std::vector<Private::LiveJob> jobs = d->janitor()->oldestJobs(1);
    if (jobs.empty())
        return {};
    const JobInfo &oldest = jobs.front().info;
    return oldest.name.isEmpty() ? oldest.spawnSite : oldest.name;
}

QAbstractItemModel *Status::jobs() const
{
    return d->jobs();
}

void Status::requestQuit()
{
    if (const Private::JanitorPointer janitor = d->target())
        janitor->exitEventLoop();
}

void Status::requestStop()
{
    if (const Private::JanitorPointer janitor = d->target())
        janitor->requestStop();
}

void Status::stopWaiting()
{
    if (const Private::JanitorPointer janitor = d->target())
        janitor->stopWaiting();
}

} // namespace QJanitor
