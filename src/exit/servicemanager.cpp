// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What the manager is told on any system, and again if it was busy.

#include "exit/servicemanager_p.h"

#include "agent/agentthread_p.h"
#include "exit/notices_p.h"
#include "report/texts_p.h"

#include <mutex>

namespace QJanitor::Private {

namespace {

/// Never destroyed: notifyReady() may be called by threads that outlive main().
struct Untold
{
    std::mutex mutex; ///< Nothing waits while it is held.
    Notices notices;
};

Untold &untold()
{
    static auto &untold = *new Untold;
    return untold;
}

/// Sends what there is once \a change has been made to it; returns whether something is left then.
template<class Change>
bool sendAfter(Change change)
{
    QByteArrayList failed;
    bool isLeft = false;
    {
        const std::lock_guard lock(untold().mutex);
        change(untold().notices);
        failed = untold().notices.send(ServiceManager::send);
        isLeft = !untold().notices.isEmpty();
    }
    if (failed.contains("READY=1"))
        qCWarning(lcJanitor, "The service manager cannot be told that the program is ready: nobody "
                             "takes it at NOTIFY_SOCKET");
    return isLeft;
}

} // namespace

void ServiceManager::tell(const QByteArray &message)
{
    // Without an application nobody takes the ticket: the next one begins with tellAgain().
    if (sendAfter([&message](Notices &notices) { notices.add(message); }))
        AgentThread::post({{}, Ticket::Matter::Untold}, false);
}

bool ServiceManager::tellAgain()
{
    return sendAfter([](Notices &) {});
}

void ServiceManager::tellLast()
{
    tellAgain();
    const std::lock_guard lock(untold().mutex);
    untold().notices = {};
}

} // namespace QJanitor::Private
