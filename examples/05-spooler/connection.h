// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qbytearray.h>
#include <QtCore/qobject.h>

#include <memory>

QT_BEGIN_NAMESPACE
class QTcpSocket;
QT_END_NAMESPACE
class SpoolFile;

/*!
    \brief Speaks with one client: acknowledges each line once the spool file has accepted it.

    \b{Lifetime.} Deletes itself when the client has gone. What is not on disk then, a cleanup job
    brings there: that is all that a destructor has to do in order to keep the promise.
*/
class Connection : public QObject
{
    Q_OBJECT

public:
    /// Takes over \a socket, and puts the client's lines into \a directory.
    Connection(QTcpSocket *socket, const QString &directory, QObject *parent);
    ~Connection() override;

private:
    void read();
    void spoolWholeLines();
    void acknowledge(qint64 count);
    void reject(const QString &reason);

    QTcpSocket *const m_socket;
    const std::shared_ptr<SpoolFile> m_file;
    QByteArray m_input;
    qint64 m_acknowledged = 0;
    bool m_rejected = false;
};
