// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/private/offer.h>

#include <utility>

namespace QJanitor {

namespace Private {
QJANITOR_EXPORT SpawnError trySpawn(const Offer &offer);
QJANITOR_EXPORT void spawnOrRescue(const Offer &offer) noexcept;
[[noreturn]] QJANITOR_EXPORT void throwRefusal(SpawnError error);

inline void spawn(const Offer &offer)
{
    if (const SpawnError refusal = trySpawn(offer); refusal != SpawnError::NoError)
        throwRefusal(refusal);
}
} // namespace Private

/*!
    \brief Hands \a job to the janitor that is ambient on this thread.

    The janitor does not end before \a job has, with one exception: under FailurePolicy::FailFast,
    and after a drain timeout, a job may outlive it, so \a job must own what it uses. Capturing
    locals by reference needs FailurePolicy::CancelAndWait or FailurePolicy::KeepGoing without a
    timeout. The job starts only after the janitor has accepted it: a refused job never runs, and is
    not moved from.

    \b{Threading.} Callable on any thread. \a job runs on the janitor's thread pool, with the same
    janitor ambient; it must not touch objects that belong to the calling thread. It is destroyed
    there as well, before it counts as ended. So are the results of a \a job that is a QFuture, if
    nobody else holds them by then, but on the thread that counts it: the janitors' agent thread or
    one that waits.

    \b{Blocking.} Never blocks and never spins an event loop.

    \b{Cancellation.} A request only: a job that runs long asks isStopRequested(), and one that
    would run for ever asks isDraining().

    \b{Errors.} Throws SpawnException if no janitor is ambient, if it takes no daemons any more, or
    if \a job is a QFuture that has been moved from. What \a job returns as an Error or as an
    expected-like error, and what it throws, makes the janitor fail.

    \since 0.1
    \sa trySpawnDaemon(), spawnCleanupJob()
*/
template<class Job>
void spawnDaemon(Job &&job, Private::SourceLocation site = Private::SourceLocation::current())
{
    Private::spawn(Private::makeOffer(JobKind::Daemon, nullptr, std::forward<Job>(job), site));
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
void spawnDaemon(QString name, Job &&job,
                 Private::SourceLocation site = Private::SourceLocation::current())
{
    Private::spawn(Private::makeOffer(JobKind::Daemon, &name, std::forward<Job>(job), site));
}

/*!
    \brief Hands over \a job that must run whatever else fails; made for destructors.

    The job is never lost. If the ambient janitor takes it no more, the nearest enclosing janitor
    that accepts it does, else the root janitor, which the application waits for while it is
    destroyed. With no janitor at all that is reported as a critical log line, since it is likely a
    mistake. With no QCoreApplication, and when memory is out, \a job runs here and now.

    It is not ordered after the daemons: it runs as soon as a thread is free, beside them.

    \b{Threading.} Callable on any thread; \a job runs on the janitor's thread pool. If services
    keep all its threads busy, one is lent.

    \b{Blocking.} Never blocks, unless it runs \a job itself as said above.

    \b{Cancellation.} A cleanup job is never asked to stop.

    \b{Errors.} Never throws. A failing cleanup job makes the janitor that took it fail.

    \since 0.1
    \sa trySpawnCleanupJob(), spawnDaemon()
*/
template<class Job>
void spawnCleanupJob(Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current()) noexcept
{
    Private::spawnOrRescue(
        Private::makeOffer(JobKind::CleanupJob, nullptr, std::forward<Job>(job), site));
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
void spawnCleanupJob(QString name, Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current()) noexcept
{
    Private::spawnOrRescue(
        Private::makeOffer(JobKind::CleanupJob, &name, std::forward<Job>(job), site));
}

/*!
    \brief As spawnDaemon(), but returns a refusal instead of throwing it.

    \b{Errors.} Returns SpawnError::NoError if the job was accepted. Throws only what copying or
    moving \a job throws, and std::bad_alloc; the job does not run then.

    \since 0.1
*/
template<class Job>
[[nodiscard]] SpawnError
trySpawnDaemon(Job &&job, Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::trySpawn(
        Private::makeOffer(JobKind::Daemon, nullptr, std::forward<Job>(job), site));
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
[[nodiscard]] SpawnError
trySpawnDaemon(QString name, Job &&job,
               Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::trySpawn(
        Private::makeOffer(JobKind::Daemon, &name, std::forward<Job>(job), site));
}

/*!
    \brief As spawnCleanupJob(), but asks the ambient janitor only, and returns its refusal.

    \b{Errors.} As for trySpawnDaemon().

    \since 0.1
*/
template<class Job>
[[nodiscard]] SpawnError
trySpawnCleanupJob(Job &&job, Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::trySpawn(
        Private::makeOffer(JobKind::CleanupJob, nullptr, std::forward<Job>(job), site));
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
[[nodiscard]] SpawnError
trySpawnCleanupJob(QString name, Job &&job,
                   Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::trySpawn(
        Private::makeOffer(JobKind::CleanupJob, &name, std::forward<Job>(job), site));
}

} // namespace QJanitor
