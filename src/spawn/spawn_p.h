// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/client.h>

namespace QJanitor::Private {

/// Gives a cleanup job to \a core, else to one that encloses it, else to the root, else runs it
/// here.
void spawnOrRescue(Core *core, const Offer &offer) noexcept;

/// Looks into clients.
struct ClientAccess
{
    static const CorePointer &core(const Client &client) { return client.m_core; }
    static Client make(CorePointer core) { return Client(std::move(core)); }
};

} // namespace QJanitor::Private
