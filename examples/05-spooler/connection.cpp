// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "connection.h"

#include "spoolfile.h"

#include <QtNetwork/qtcpsocket.h>

using namespace Qt::StringLiterals;

static constexpr qsizetype longestLine = 1024 * 1024; // without its newline
static constexpr qint64 mostUnread = 256 * 1024;      // of what the client has sent
static constexpr qint64 mostUnsent = 256 * 1024;      // of acknowledgements it does not read

Connection::Connection(QTcpSocket *socket, const QString &directory, QObject *parent)
    : QObject(parent)
    , m_socket(socket)
    , m_file(std::make_shared<SpoolFile>(directory, socket->peerPort()))
{
    m_socket->setParent(this);
    m_socket->setReadBufferSize(mostUnread);
    m_socket->setSocketOption(QTcpSocket::LowDelayOption, 1);
    connect(m_socket, &QTcpSocket::readyRead, this, &Connection::read);
    connect(m_socket, &QTcpSocket::bytesWritten, this, &Connection::read);
    connect(m_socket, &QTcpSocket::disconnected, this, &QObject::deleteLater);
    connect(m_file.get(), &SpoolFile::batchWritten, this, &Connection::read);
    connect(m_file.get(), &SpoolFile::failed, this, &Connection::reject);
    read(); // what came with the connection
}

Connection::~Connection()
{
    m_socket->disconnect(this);
    if (!m_input.isEmpty() && m_socket->state() == QTcpSocket::UnconnectedState)
        qWarning("%s: the client left in mid-line; %lld bytes, never acknowledged, are dropped",
                 qUtf8Printable(m_file->name()), qlonglong(m_input.size()));
    m_socket->flush();
    m_file->finish();
}

void Connection::read()
{
    // A slow disk, or a client that does not read, must not fill the memory.
    if (m_file->isFull() || m_socket->bytesToWrite() >= mostUnsent)
        return;
    m_input += m_socket->readAll();
    if (m_rejected)
        m_input.clear(); // closing instead would reset the connection before the client reads why
    else
        spoolWholeLines();
}

void Connection::spoolWholeLines()
{
    qsizetype begin = 0;
    qint64 count = 0;
    qsizetype end = m_input.indexOf('\n');
    for (; end >= 0 && end - begin <= longestLine; end = m_input.indexOf('\n', begin)) {
        begin = end + 1;
        ++count;
    }
    const bool isTooLong = (end < 0 ? m_input.size() : end) - begin > longestLine;
    if (count > 0) {
        if (const QString reason = m_file->append(m_input.first(begin), count); !reason.isEmpty())
            return reject(reason);
        m_input.remove(0, begin);
        acknowledge(count);
    }
    if (isTooLong)
        reject(u"a line is longer than %1 bytes"_s.arg(longestLine));
}

void Connection::acknowledge(qint64 count)
{
    QByteArray answer;
    while (count-- > 0)
        answer += "OK " + QByteArray::number(++m_acknowledged) + '\n';
    m_socket->write(answer);
}

void Connection::reject(const QString &reason)
{
    if (std::exchange(m_rejected, true))
        return;
    m_input.clear();
    m_socket->write("ERR " + reason.toUtf8() + '\n');
}
