// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a Task returns a value or void

#include <qjanitor/task.h>

QJanitor::Task<int &> mistake();

void call()
{
    mistake();
}
