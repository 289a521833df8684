// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a job is a callable without parameters that returns void, QJanitor::Error, an
// expected-like type or a QFuture

#include <qjanitor/qjanitor.h>

void mistake()
{
    QJanitor::spawnCleanupJob(42);
}
