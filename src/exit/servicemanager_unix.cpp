// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The protocol of sd_notify(3), without its library, for that waits until the manager reads: one
// datagram to the socket that NOTIFY_SOCKET names.

#include "exit/servicemanager_p.h"

#include <QtCore/qscopeguard.h>
#include <QtCore/qglobal.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace QJanitor::Private {

namespace {

/// Returns what the answer is after an error: whether the same may succeed a moment later.
ServiceManager::Answer answerTo(int error)
{
    switch (error) {
    case EAGAIN: // the manager's queue is full
#if EWOULDBLOCK != EAGAIN
    case EWOULDBLOCK:
#endif
    case ENOBUFS:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case EINTR:
        return ServiceManager::Answer::Busy;
    default:
        return ServiceManager::Answer::Failed;
    }
}

} // namespace

bool ServiceManager::isThere()
{
    return qEnvironmentVariableIsSet("NOTIFY_SOCKET");
}

/// By a socket of its own each time, which is cheap twice a second: one that is kept would be lost
/// to programs that close all descriptors, and its number might be that of another file then.
ServiceManager::Answer ServiceManager::send(const QByteArray &message)
{
    const QByteArray name = qgetenv("NOTIFY_SOCKET");
    sockaddr_un address = {};
    if ((!name.startsWith('/') && !name.startsWith('@')) || name == "@" ||
        name.size() >= qsizetype(sizeof address.sun_path))
        return Answer::Failed;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
    if (name.startsWith('@'))
        address.sun_path[0] = '\0'; // an abstract name, without a file
    const auto length = socklen_t(offsetof(sockaddr_un, sun_path) + std::size_t(name.size()));

    const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return answerTo(errno);
    const auto closeIt = qScopeGuard([descriptor] { ::close(descriptor); });
    // A datagram is sent as a whole, or not at all.
    const ssize_t sent =
        ::sendto(descriptor, message.constData(), std::size_t(message.size()),
                 MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr *>(&address), length);
    return sent < 0 ? answerTo(errno) : Answer::Taken;
}

} // namespace QJanitor::Private
