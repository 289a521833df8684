// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/status.h>

#include "core_p.h"
#include "observer_p.h"
#include "spawn_p.h"

namespace QJanitor {

class StatusPrivate : public Private::QueuedObserver<Status>
{
public:
    StatusPrivate(Status *status, bool followsApplication)
        : QueuedObserver(status)
        , m_followsApplication(followsApplication)
    {
        if (m_followsApplication) {
            Private::Core::observeApplication(this);
            start(Private::Core::application());
        }
    }
    ~StatusPrivate() override
    {
        if (m_followsApplication)
            Private::Core::unobserveApplication(this);
        watch({});
    }
    Q_DISABLE_COPY_MOVE(StatusPrivate)

    /// Watches its first janitor: the numbers are right from the beginning, errors follow as signals.
    void start(const Private::CorePointer &core)
    {
        watch(core);
        if (!core)
            return;
        current = core->snapshot();
        lastError = current.lastError;
    }

    Private::Snapshot current;

private:
    void watch(const Private::CorePointer &core);
    void refresh() override;
    bool show(Private::CorePointer core);

    const bool m_followsApplication;
    Private::CorePointer m_core;
};

void StatusPrivate::watch(const Private::CorePointer &core)
{
    if (m_core)
        m_core->unobserve(this);
    m_core = core;
    lastError = Error(); // of the janitor before
    if (m_core)
        m_core->observe(this);
}

void StatusPrivate::refresh()
{
    if (m_core && !show(m_core))
        return; // destroyed by a slot
    if (!m_followsApplication)
        return;
    if (const Private::CorePointer core = Private::Core::application(); core != m_core) {
        watch(core);
        show(core);
    }
}

/// Takes over the numbers and emits what has changed. Returns false if a slot destroyed the status.
bool StatusPrivate::show(Private::CorePointer core)
{
    const QPointer<Status> alive = q;
    if (!emitNews(*core))
        return false;
    if (core != m_core)
        return true; // a slot has turned the event loop, and this was here before
    const Private::Snapshot news = core->snapshot();
    const Private::Snapshot old = std::exchange(current, news);
    if (old.state != news.state || old.pending != news.pending || old.ended != news.ended ||
        old.failed != news.failed || old.draining != news.draining)
        Q_EMIT q->changed();
    if (alive && old.state != news.state && current.state == news.state)
        Q_EMIT q->stateChanged(news.state);
    return alive;
}

Status::Status(QObject *parent)
    : QObject(parent)
    , d(std::make_unique<StatusPrivate>(this, true))
{}

Status::Status(const Client &client, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<StatusPrivate>(this, false))
{
    d->start(Private::ClientAccess::core(client));
}

Status::~Status() = default;

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

} // namespace QJanitor
