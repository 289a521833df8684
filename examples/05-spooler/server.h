// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtNetwork/qtcpserver.h>

/// Accepts clients; owns their connections.
class Server : public QTcpServer
{
    Q_OBJECT

public:
    explicit Server(const QString &spoolDirectory, QObject *parent = nullptr);

    /// Accepts no more clients, and lets the present ones go.
    void shutDown();

private:
    void greetClients();

    const QString m_spoolDirectory;
};
