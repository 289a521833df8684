// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a callee returns a value or void

#include <qjanitor/qjanitor.h>

int &mistake(int &number)
{
    return QJanitor::enter([&number]() -> int & { return number; });
}
