// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/client.h>

namespace QJanitor::Private {

/// Gives a cleanup job to \a janitor, else to one that encloses it, else to the root, else runs it
/// here.
void spawnOrRescue(Janitor *janitor, const Offer &offer) noexcept;

/// Looks into clients.
struct ClientAccess
{
    static const JanitorPointer &janitor(const Client &client) { return client.m_janitor; }
    static Client make(JanitorPointer janitor) { return Client(std::move(janitor)); }
};

} // namespace QJanitor::Private
