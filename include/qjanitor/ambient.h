// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/export.h>

#include <QtCore/qfuture.h>

namespace QJanitor {

/*!
    \brief Returns \c true if trySpawnDaemon() would accept a job now; otherwise returns \c false.

    A snapshot: on another thread the janitor may fail or close in the same moment. The ambient
    janitor belongs to the \e thread; so it may be another one, or none, after a \c co_await that
    resumes elsewhere.

    \since 0.1
*/
QJANITOR_EXPORT bool hasActiveJanitor();

/*!
    \brief Returns \c true if the daemon or callee that runs here should give up; otherwise returns
    \c false.

    That is after a failure (but under FailurePolicy::KeepGoing), after Client::requestStop(), and
    when the program is forced to quit. It stays: once \c true, it is \c true for a job that starts
    late as well. Always \c false in a cleanup job, and where no janitor is ambient. What is asked
    of a janitor is asked of the janitors inside it as well.

    \b{Threading.} Cheap enough for inner loops; callable on any thread.

    \since 0.1
    \sa isDraining()
*/
QJANITOR_EXPORT bool isStopRequested();

/*!
    \brief Returns \c true if the callee and the clean-up are through, so that a daemon which would
    run for ever may end; otherwise returns \c false.

    Finite work need not ask: draining finishes it.

    \since 0.1
    \sa isStopRequested()
*/
QJANITOR_EXPORT bool isDraining();

/*!
    \brief Returns a future that finishes when isStopRequested() turns \c true, or else when the
    janitor closes.

    Each call returns a future of its own. Where no janitor is ambient, and in a cleanup job, it is
    cancelled: nothing will ever ask.

    \b{Threading.} With an application it finishes on the janitors' agent thread. Continuations that
    are attached without a context run there: keep them short.

    \b{Lifetime.} The janitor keeps it until then, for Qt does not tell that nobody else does. Code
    that asks again and again should keep one, or cancel() those that it drops: they are forgotten.

    \since 0.1
*/
QJANITOR_EXPORT QFuture<void> whenStopRequested();

/*!
    \brief Returns a future that finishes when isDraining() turns \c true; at the latest when the
    janitor closes.

    Otherwise as whenStopRequested(). It is about daemons: in a callee it is cancelled, unless that
    callee is part of a daemon of an enclosing janitor.

    \since 0.1
*/
QJANITOR_EXPORT QFuture<void> whenDraining();

} // namespace QJanitor
