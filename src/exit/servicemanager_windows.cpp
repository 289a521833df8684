// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// There is no such thing; not compiled by the project's own CI.

#include "exit/servicemanager_p.h"

namespace QJanitor::Private {

bool ServiceManager::isThere()
{
    return false;
}

ServiceManager::Answer ServiceManager::send(const QByteArray &)
{
    return Answer::Failed;
}

} // namespace QJanitor::Private
