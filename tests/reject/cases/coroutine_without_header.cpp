// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: With <qjanitor/task.h> also a callable that returns a QJanitor::Task or QCoro::Task.

#include <qjanitor/qjanitor.h>

#include <QCoroTask>

QCoro::Task<> job();

void mistake()
{
    QJanitor::spawnDaemon(job);
}
