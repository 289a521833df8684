// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

QJanitor::Task<int> number()
{
    co_return 1;
}

QJanitor::Task<> control()
{
    co_await number();
    QJanitor::spawnDaemon(number);
    co_await QJanitor::enter(number);
}
