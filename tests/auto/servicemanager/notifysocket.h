// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qbytearray.h>
#include <QtCore/qfile.h>
#include <QtCore/qstring.h>

#include <cstddef>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// Ends the test program if the test takes for ever: a thread that waits in the kernel cannot be
/// ended otherwise.
class TimeLimit
{
public:
    TimeLimit() { ::alarm(60); }
    ~TimeLimit() { ::alarm(0); }
    Q_DISABLE_COPY_MOVE(TimeLimit)
};

/// The socket of a service manager: a path, or an abstract name that begins with '@'.
class NotifySocket
{
public:
    explicit NotifySocket(const QString &name, int type = SOCK_DGRAM)
        : m_descriptor(::socket(AF_UNIX, type | SOCK_CLOEXEC, 0))
    {
        const QByteArray path = QFile::encodeName(name);
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.constData(), std::size_t(path.size()));
        if (path.startsWith('@'))
            address.sun_path[0] = '\0';
        const auto length = offsetof(sockaddr_un, sun_path) + std::size_t(path.size());
        if (::bind(m_descriptor, reinterpret_cast<const sockaddr *>(&address), socklen_t(length)) ||
            (type == SOCK_STREAM && ::listen(m_descriptor, 1)))
            qFatal("cannot open the socket");
    }
    ~NotifySocket() { ::close(m_descriptor); }
    Q_DISABLE_COPY_MOVE(NotifySocket)

    /// Sends it messages until there is no room for one more; returns how many.
    int fill() const
    {
        sockaddr_un address = {};
        socklen_t length = sizeof address;
        const int sender = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        auto *generic = reinterpret_cast<sockaddr *>(&address);
        if (sender < 0 || ::getsockname(m_descriptor, generic, &length))
            qFatal("cannot fill the socket");
        int count = 0;
        while (::sendto(sender, "FULL=1", 6, MSG_DONTWAIT, generic, length) == 6)
            ++count;
        ::close(sender);
        return count;
    }
    /// Waits for the next message, and returns it.
    QByteArray receive() const
    {
        pollfd polled = {m_descriptor, POLLIN, 0};
        if (::poll(&polled, 1, 30'000) != 1)
            qFatal("there was no message in time");
        return takeOne();
    }
    /// Returns the messages that are there.
    QByteArrayList receiveAll() const
    {
        QByteArrayList messages;
        for (pollfd polled = {m_descriptor, POLLIN, 0}; ::poll(&polled, 1, 0) == 1;)
            messages.append(takeOne());
        return messages;
    }

private:
    QByteArray takeOne() const
    {
        QByteArray message(64 * 1024, Qt::Uninitialized);
        message.resize(::recv(m_descriptor, message.data(), std::size_t(message.size()), 0));
        return message;
    }

    const int m_descriptor;
};
