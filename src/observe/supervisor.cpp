// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/supervisor.h>

#include "janitor/core_p.h"
#include "observe/observer_p.h"
#include "spawn/spawn_p.h"

#include <utility>

namespace QJanitor {

class SupervisorPrivate : public Private::QueuedObserver<Supervisor>
{
public:
    SupervisorPrivate(Supervisor *supervisor, const Options &options)
        : QueuedObserver(supervisor)
        , core(new Private::Core(options, Private::ambientFrame(), Private::Core::Level::Nested))
    {
        core->observe(this);
    }
    ~SupervisorPrivate() override
    {
        core->unobserve(this);
        core->letGo();
    }
    Q_DISABLE_COPY_MOVE(SupervisorPrivate)

    const Private::CorePointer core;

private:
    void refresh() override;

    JanitorState m_shown = JanitorState::Running;
};

void SupervisorPrivate::refresh()
{
    const QPointer<Supervisor> alive = q;
    if (!emitNews(*core))
        return;
    // Only now, for a slot may have turned the event loop, and so have come here before.
    const JanitorState state = core->snapshot().state;
    if (std::exchange(m_shown, state) == state)
        return;
    Q_EMIT q->stateChanged(state);
    if (alive && state == JanitorState::Closed)
        Q_EMIT q->terminated(core->report());
}

Supervisor::Supervisor(const Options &options, QObject *parent)
    : QObject(parent)
    , d(std::make_unique<SupervisorPrivate>(this, options))
{}

Supervisor::~Supervisor() = default;

Client Supervisor::client() const
{
    return Private::ClientAccess::make(d->core);
}

QFuture<Report> Supervisor::terminate()
{
    d->core->endCallee();
    return d->core->future();
}

QFuture<Report> Supervisor::future() const
{
    return d->core->future();
}

JanitorState Supervisor::state() const
{
    return d->core->snapshot().state;
}

} // namespace QJanitor
