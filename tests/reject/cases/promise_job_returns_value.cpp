// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// says: QJanitor: a job is a callable without parameters that returns void

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>

void mistake()
{
    QJanitor::spawnDaemon([](QPromise<void> &) { return 1; });
}
