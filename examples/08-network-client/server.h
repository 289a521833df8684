// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qurl.h>
#include <QtNetwork/qtcpserver.h>

QT_BEGIN_NAMESPACE
class QTcpSocket;
QT_END_NAMESPACE

/// Answers each HTTP request with its path, after a while.
class Server : public QTcpServer
{
    Q_OBJECT

public:
    Server();
    QUrl url(const QString &path) const;

Q_SIGNALS:
    void answered();

private:
    void onRequest(QTcpSocket *socket);
};
