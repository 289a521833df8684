// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// By libsystemd, which also knows the addresses of newer versions.

#include "servicemanager_p.h"

#include <QtCore/qglobal.h>

#include <systemd/sd-daemon.h>

namespace QJanitor::Private {

bool ServiceManager::isThere()
{
    return qEnvironmentVariableIsSet("NOTIFY_SOCKET");
}

bool ServiceManager::send(const QByteArray &message)
{
    return ::sd_notify(0, message.constData()) > 0;
}

} // namespace QJanitor::Private
