// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Coroutines as jobs, against what QCoro offers for work whose end somebody waits for.

#include "bench.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroFuture>
#include <QtConcurrent/qtconcurrentrun.h>

namespace Bench {

namespace {

constexpr int count = 10'000;

QJanitor::Task<> ready()
{
    trivialJob();
    co_return;
}

QCoro::Task<> inPool()
{
    co_await QtConcurrent::run(trivialJob);
}

QCoro::Task<> manyInPool()
{
    for (int i = 0; i < count; ++i)
        co_await inPool();
}

void tracked(benchmark::State &state)
{
    for (auto _ : state) {
        QJanitor::enter([] {
            for (int i = 0; i < count; ++i)
                QJanitor::spawnDaemon(ready);
        });
    }
    state.counters[operations] = count;
}

void awaiting(benchmark::State &state)
{
    for (auto _ : state)
        QCoro::waitFor(manyInPool());
    state.counters[operations] = count;
}

} // namespace

void addCoroutines()
{
    add("coroutine/janitor", tracked, 1);
    add("coroutine/QCoro, QtConcurrent", awaiting, 1);
}

} // namespace Bench
