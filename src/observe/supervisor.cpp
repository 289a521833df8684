// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/supervisor.h>

#include "janitor/janitor_p.h"
#include "observe/observer_p.h"
#include "spawn/spawn_p.h"

#include <utility>

namespace QJanitor {

class SupervisorPrivate : public Private::QueuedObserver<Supervisor>
{
public:
    SupervisorPrivate(Supervisor *supervisor, const Options &options)
        : QueuedObserver(supervisor)
        , janitor(new Private::Janitor(options, Private::ambientFrame(),
                                       Private::Janitor::Level::Nested))
    {
        janitor->observe(this);
    }
    ~SupervisorPrivate() override
    {
        janitor->unobserve(this);
        janitor->letGo();
    }
    Q_DISABLE_COPY_MOVE(SupervisorPrivate)

    const Private::JanitorPointer janitor;

private:
    void refresh() override;

    JanitorState m_shown = JanitorState::Running;
};

void SupervisorPrivate::refresh()
{
    const QPointer<Supervisor> alive = q;
    if (!emitNews(*janitor))
        return;
    // Only now, for a slot may have turned the event loop, and so have come here before.
    const JanitorState state = janitor->snapshot().state;
    if (std::exchange(m_shown, state) == state)
        return;
    Q_EMIT q->stateChanged(state);
    if (alive && state == JanitorState::Closed)
        Q_EMIT q->terminated(janitor->report());
}

Supervisor::Supervisor(const Options &options, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<SupervisorPrivate>(this, options))
{}

Supervisor::~Supervisor() = default;

Client Supervisor::client() const
{
    return Private::ClientAccess::make(d->janitor);
}

QFuture<Report> Supervisor::terminate()
{
    d->janitor->endCallee();
    return d->janitor->future();
}

QFuture<Report> Supervisor::future() const
{
    return d->janitor->future();
}

JanitorState Supervisor::state() const
{
    return d->janitor->snapshot().state;
}

} // namespace QJanitor
