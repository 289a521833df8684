// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: clean-up is a callable without parameters that returns void

#include <qjanitor/qjanitor.h>

void mistake()
{
    const auto guard = QJanitor::cleanupOnExit(42);
}
