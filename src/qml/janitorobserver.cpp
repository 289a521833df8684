// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitorobserver_p.h"

namespace QJanitor::Private {

JanitorObserver::JanitorObserver(QObject *parent)
    : Status(Client(), parent)
{}

Client JanitorObserver::client() const
{
    return m_client;
}

void JanitorObserver::setClient(const Client &client)
{
    if (m_client == client)
        return;
    m_client = client;
    Status::setClient(client);
    Q_EMIT clientChanged();
}

} // namespace QJanitor::Private
