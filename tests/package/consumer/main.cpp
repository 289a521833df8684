// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>

#include <atomic>
#include <cstdio>

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    std::atomic<int> jobs{0};
    QJanitor::enter([&jobs] {
        for (int i = 0; i < 100; ++i)
            QJanitor::spawnDaemon([&jobs] { ++jobs; });
    });
    std::printf("%d jobs\n", jobs.load());
    return jobs == 100 ? 0 : 1;
}
