// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a Task awaits what a QCoro::Task can await

#include <qjanitor/task.h>

QJanitor::Task<> mistake()
{
    co_await 1;
}
