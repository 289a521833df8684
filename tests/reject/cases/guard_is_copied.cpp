// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: deleted

#include <qjanitor/qjanitor.h>

void mistake(QJanitor::Client client)
{
    const QJanitor::AmbientGuard guard(client);
    const QJanitor::AmbientGuard copy = guard;
}
