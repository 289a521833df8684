// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "stream.h"

#include <QtCore/qfile.h>

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

Stream::Stream(const QString &path)
    : m_path(path)
{
    QFile file(path);
    if (file.open(QFile::ReadOnly))
        m_content = file.readAll();
    m_lines = m_content.count('\n');
}

Stream::~Stream()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

bool Stream::connectTo(const QHostAddress &address, quint16 port)
{
    sockaddr_in peer = {};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(port);
    peer.sin_addr.s_addr = htonl(address.toIPv4Address());
    m_descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(m_descriptor, reinterpret_cast<const sockaddr *>(&peer), sizeof peer) != 0)
        return false;

    const int noDelay = 1;
    ::setsockopt(m_descriptor, IPPROTO_TCP, TCP_NODELAY, &noDelay, sizeof noDelay);
    sockaddr_in self = {};
    socklen_t size = sizeof self;
    ::getsockname(m_descriptor, reinterpret_cast<sockaddr *>(&self), &size);
    m_localPort = ntohs(self.sin_port);
    return true;
}

short Stream::wantedEvents() const
{
    return short(m_sent < m_content.size() ? POLLIN | POLLOUT : POLLIN);
}

void Stream::proceed(short events)
{
    if (events & POLLOUT)
        send();
    if (events & (POLLIN | POLLHUP | POLLERR))
        receive();
}

void Stream::send()
{
    constexpr qsizetype atOnce = 4096; // so that all streams make progress together
    const qsizetype size = qMin(m_content.size() - m_sent, atOnce);
    const ssize_t count = ::send(m_descriptor, m_content.constData() + m_sent, size_t(size),
                                 MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0)
        m_sent += count;
    else if (errno != EAGAIN && errno != EINTR)
        m_sent = m_content.size(); // the spooler has closed: send no more, but read on
}

void Stream::receive()
{
    char bytes[16 * 1024];
    const ssize_t count = ::recv(m_descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count > 0) {
        m_answers.append(bytes, count);
        readAnswers();
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        m_atEnd = true;
    }
}

void Stream::readAnswers()
{
    qsizetype begin = 0;
    for (qsizetype end; (end = m_answers.indexOf('\n', begin)) >= 0; begin = end + 1) {
        const QByteArray answer = m_answers.sliced(begin, end - begin);
        if (m_refusal.isEmpty() && answer == "OK " + QByteArray::number(m_acknowledged + 1)) {
            ++m_acknowledged;
        } else {
            m_refusal = answer;
            m_atEnd = true;
        }
    }
    m_answers.remove(0, begin);
}
