// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/client.h>

#include "janitor/janitor_p.h"
#include "spawn/spawn_p.h"

#include <utility>

namespace QJanitor {

Client::Client() noexcept = default;
Client::Client(Private::JanitorPointer janitor) noexcept
    : m_janitor(std::move(janitor))
{}
Client::Client(const Client &) noexcept = default;
Client::Client(Client &&) noexcept = default;
Client &Client::operator=(const Client &) noexcept = default;
Client &Client::operator=(Client &&) noexcept = default;
Client::~Client() = default;

Client Client::current()
{
    Private::JanitorPointer keep;
    return Client(Private::JanitorPointer(Private::ambientJanitor(keep)));
}

bool Client::isNull() const noexcept
{
    return !m_janitor;
}

bool Client::isActive() const
{
    return m_janitor && m_janitor->accepts(JobKind::Daemon);
}

QList<JobInfo> Client::jobs() const
{
    return m_janitor ? m_janitor->jobs() : QList<JobInfo>();
}

void Client::requestStop() const
{
    if (m_janitor)
        m_janitor->requestStop();
}

QFuture<Report> Client::future() const
{
    return m_janitor ? m_janitor->future() : QFuture<Report>();
}

AmbientGuard::AmbientGuard(const Client &client)
    : m_janitor(Private::ClientAccess::janitor(client))
{
    Private::Frame &slot = Private::ambientSlot();
    // A job that guards its own janitor stays the job that it is.
    const Private::Role role = slot.janitor == m_janitor ? slot.role : Private::Role::Callee;
    m_previousJanitor = std::exchange(slot.janitor, m_janitor);
    m_previousRole = quintptr(std::exchange(slot.role, role));
}

AmbientGuard::~AmbientGuard()
{
    Private::Frame &slot = Private::ambientSlot();
    Q_ASSERT_X(slot.janitor == m_janitor, "QJanitor::AmbientGuard",
               "destroyed on another thread than the one that made it, or not in reverse order");
    slot = {std::move(m_previousJanitor), Private::Role(m_previousRole)};
}

namespace Private {

SpawnError trySpawn(const Client &client, const Offer &offer)
{
    Janitor *janitor = ClientAccess::janitor(client).data();
    return janitor ? janitor->spawn(offer) : SpawnError::NoActiveJanitor;
}

void spawnOrRescue(const Client &client, const Offer &offer) noexcept
{
    spawnOrRescue(ClientAccess::janitor(client).data(), offer);
}

} // namespace Private
} // namespace QJanitor
