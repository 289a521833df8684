// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: nodiscard
// flags: -Werror=unused-result

#include <qjanitor/qjanitor.h>

void mistake()
{
    QJanitor::trySpawnDaemon([] {});
}
