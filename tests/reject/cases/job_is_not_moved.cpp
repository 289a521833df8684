// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: this job can only be moved

#include <qjanitor/qjanitor.h>

#include <memory>

void mistake()
{
    auto job = [number = std::make_unique<int>(1)] { Q_UNUSED(number) };
    QJanitor::spawnDaemon(job);
}
