// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "server.h"

#include <QtCore/qtimer.h>
#include <QtNetwork/qtcpsocket.h>

using namespace Qt::StringLiterals;

Server::Server()
{
    connect(this, &QTcpServer::newConnection, this, [this] {
        while (QTcpSocket *socket = nextPendingConnection()) {
            connect(socket, &QTcpSocket::readyRead, this, [this, socket] { onRequest(socket); });
            connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
        }
    });
    if (!listen(QHostAddress::LocalHost))
        qFatal("the server cannot listen: %s", qPrintable(errorString()));
}

QUrl Server::url(const QString &path) const
{
    return QUrl(u"http://127.0.0.1:%1%2"_s.arg(serverPort()).arg(path));
}

void Server::onRequest(QTcpSocket *socket)
{
    if (!socket->peek(64 * 1024).contains("\r\n\r\n"))
        return; // the rest comes later
    const QByteArray path = socket->readAll().split(' ').value(1);
    QTimer::singleShot(50, socket, [this, socket, path] {
        socket->write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ");
        socket->write(QByteArray::number(path.size()));
        socket->write("\r\n\r\n");
        socket->write(path);
        socket->disconnectFromHost();
        Q_EMIT answered();
    });
}
