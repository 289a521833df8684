// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Compiles: what the other cases do wrong, done right.

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>

#include <memory>

int main()
{
    return QJanitor::enter([] {
        QJanitor::spawnDaemon([number = std::make_unique<int>(1)]() mutable { *number = 2; });
        QJanitor::spawnDaemon([](QPromise<void> &) {});
        QJanitor::spawnCleanupJob([] { return QJanitor::Error(); });
        const QJanitor::AmbientGuard guard(QJanitor::Client::current());
        const auto refusal = QJanitor::trySpawnDaemon([] {});
        return int(refusal);
    });
}
