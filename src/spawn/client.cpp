// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/client.h>

#include "janitor/core_p.h"
#include "spawn/spawn_p.h"

#include <utility>

namespace QJanitor {

Client::Client() noexcept = default;
Client::Client(Private::CorePointer core) noexcept
    : m_core(std::move(core))
{}
Client::Client(const Client &) noexcept = default;
Client::Client(Client &&) noexcept = default;
Client &Client::operator=(const Client &) noexcept = default;
Client &Client::operator=(Client &&) noexcept = default;
Client::~Client() = default;

Client Client::current()
{
    Private::CorePointer keep;
    return Client(Private::CorePointer(Private::ambientCore(keep)));
}

bool Client::isNull() const noexcept
{
    return !m_core;
}

bool Client::isActive() const
{
    return m_core && m_core->accepts(JobKind::Daemon);
}

QList<JobInfo> Client::jobs() const
{
    return m_core ? m_core->jobs() : QList<JobInfo>();
}

void Client::requestStop() const
{
    if (m_core)
        m_core->requestStop();
}

QFuture<Report> Client::future() const
{
    return m_core ? m_core->future() : QFuture<Report>();
}

AmbientGuard::AmbientGuard(const Client &client)
    : m_core(Private::ClientAccess::core(client))
{
    Private::Frame &slot = Private::ambientSlot();
    // A job that guards its own janitor stays the job that it is.
    const Private::Role role = slot.core == m_core ? slot.role : Private::Role::Callee;
    m_previousCore = std::exchange(slot.core, m_core);
    m_previousRole = quintptr(std::exchange(slot.role, role));
}

AmbientGuard::~AmbientGuard()
{
    Private::Frame &slot = Private::ambientSlot();
    Q_ASSERT_X(slot.core == m_core, "QJanitor::AmbientGuard",
               "destroyed on another thread than the one that made it, or not in reverse order");
    slot = {std::move(m_previousCore), Private::Role(m_previousRole)};
}

namespace Private {

SpawnError trySpawn(const Client &client, const Offer &offer)
{
    Core *core = ClientAccess::core(client).data();
    return core ? core->spawn(offer) : SpawnError::NoActiveJanitor;
}

void spawnOrRescue(const Client &client, const Offer &offer) noexcept
{
    spawnOrRescue(ClientAccess::core(client).data(), offer);
}

} // namespace Private
} // namespace QJanitor
