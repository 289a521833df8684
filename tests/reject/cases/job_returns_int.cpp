// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a job is a callable without parameters that returns void

#include <qjanitor/qjanitor.h>

void mistake()
{
    QJanitor::spawnDaemon([] { return 1; });
}
