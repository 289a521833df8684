// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a job is a callable without parameters that returns void

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

QJanitor::Task<> job();

void mistake()
{
    QJanitor::spawnDaemon(job()); // it has begun, and nobody was asked
}
