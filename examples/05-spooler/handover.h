// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>
#include <qjanitor/spawn.h>

#include <QtConcurrent/qtconcurrentrun.h>

// The one place where the spooler with a janitor and the spooler without one differ, beside main().

namespace Handover {

enum class Mode { ToJanitor, FireAndForget };

inline Mode mode = Mode::ToJanitor; // set once, before the first client connects

/// Runs \a job in the background. A refusal loses nothing here: the lines stay in their buffer, and
/// the connection's cleanup job writes them.
template<class Job>
void startDaemon(const QString &name, Job &&job)
{
    if (mode == Mode::ToJanitor)
        static_cast<void>(QJanitor::trySpawnDaemon(name, std::forward<Job>(job)));
    else
        static_cast<void>(QtConcurrent::run(std::forward<Job>(job)));
}

/// Runs \a job in the background, for destructors.
template<class Job>
void startCleanupJob(const QString &name, Job &&job)
{
    if (mode == Mode::ToJanitor)
        QJanitor::spawnCleanupJob(name, std::forward<Job>(job));
    else
        static_cast<void>(QtConcurrent::run(std::forward<Job>(job)));
}

} // namespace Handover
