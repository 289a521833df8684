// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroTimer>
#include <QtCore/qcoreapplication.h>

#include <chrono>
#include <cstdio>

static int jobs = 0;

// QCoro's own, which keeps its janitor all the same: the whole program includes <qjanitor/qcoro.h>.
static QCoro::Task<> plain()
{
    co_await QCoro::sleepFor(std::chrono::milliseconds(1));
    QJanitor::spawnDaemon([]() -> QJanitor::Task<> {
        co_await QCoro::sleepFor(std::chrono::milliseconds(1));
        ++jobs;
    });
}

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QJanitor::enter([] { QJanitor::spawnDaemon(plain); });
    std::printf("%d jobs\n", jobs);
    return jobs == 1 ? 0 : 1;
}
