// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "server.h"

#include "connection.h"

#include <QtNetwork/qtcpsocket.h>

Server::Server(const QString &spoolDirectory, QObject *parent)
    : QTcpServer(parent)
    , m_spoolDirectory(spoolDirectory)
{
    setListenBacklogSize(1024); // for crowds
    connect(this, &QTcpServer::newConnection, this, &Server::greetClients);
}

void Server::shutDown()
{
    close();
    qDeleteAll(findChildren<Connection *>(Qt::FindDirectChildrenOnly));
}

void Server::greetClients()
{
    while (QTcpSocket *socket = nextPendingConnection())
        new Connection(socket, m_spoolDirectory, this);
}
