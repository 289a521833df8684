// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>
#include <QtNetwork/qhostaddress.h>

/*!
    \brief Sends one file to the spooler, and counts what is acknowledged.

    Made of plain system calls: it is the witness, so it must see every acknowledgement that has
    arrived, also after the other side has closed in mid-stream. (A QTcpSocket throws away what it
   has not read when a write fails.)
*/
class Stream
{
public:
    explicit Stream(const QString &path);
    ~Stream();
    Q_DISABLE_COPY_MOVE(Stream)

    /// Returns \c true if the spooler has taken the connection; otherwise returns \c false.
    bool connectTo(const QHostAddress &address, quint16 port);
    /// Returns the events of poll() that matter now.
    short wantedEvents() const;
    /// Goes on after poll() has seen \a events.
    void proceed(short events);

    int descriptor() const { return m_descriptor; }
    bool isFinished() const { return m_atEnd || m_acknowledged == m_lines; }
    QString path() const { return m_path; }
    quint16 localPort() const { return m_localPort; }
    qint64 acknowledged() const { return m_acknowledged; }
    /// Returns the reason that the spooler gave for refusing lines; empty if it refused none.
    QByteArray refusal() const { return m_refusal; }

private:
    void send();
    void receive();
    void readAnswers();

    const QString m_path;
    QByteArray m_content;
    QByteArray m_answers;
    QByteArray m_refusal;
    qsizetype m_sent = 0;
    qint64 m_lines = 0;
    qint64 m_acknowledged = 0;
    int m_descriptor = -1;
    quint16 m_localPort = 0;
    bool m_atEnd = false;
};
