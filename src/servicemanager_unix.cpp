// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The protocol of sd_notify(3), without its library: one datagram to the socket that NOTIFY_SOCKET names.

#include "servicemanager_p.h"

#include <QtCore/qscopeguard.h>
#include <QtCore/qglobal.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace QJanitor::Private {

bool ServiceManager::isThere()
{
    return qEnvironmentVariableIsSet("NOTIFY_SOCKET");
}

bool ServiceManager::send(const QByteArray &message)
{
    const QByteArray name = qgetenv("NOTIFY_SOCKET");
    sockaddr_un address = {};
    if ((!name.startsWith('/') && !name.startsWith('@')) ||
        name.size() >= qsizetype(sizeof address.sun_path))
        return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
    if (name.startsWith('@'))
        address.sun_path[0] = '\0'; // an abstract name, without a file
    const auto length = socklen_t(offsetof(sockaddr_un, sun_path) + std::size_t(name.size()));

    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM, 0);
    if (descriptor < 0)
        return false;
    const auto closeIt = qScopeGuard([descriptor] { ::close(descriptor); });
    ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    const timeval patience = {1, 0}; // a manager that does not read must not hold the agent up
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    ssize_t sent = -1;
    do {
        sent = ::sendto(descriptor, message.constData(), std::size_t(message.size()), MSG_NOSIGNAL,
                        reinterpret_cast<const sockaddr *>(&address), length);
    } while (sent < 0 && errno == EINTR);
    return sent == message.size();
}

} // namespace QJanitor::Private
