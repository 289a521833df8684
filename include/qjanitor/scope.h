// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/ambient.h>
#include <qjanitor/client.h>
#include <qjanitor/export.h>
#include <qjanitor/options.h>
#include <qjanitor/result.h>

#include <functional>
#include <type_traits>
#include <utility>

namespace QJanitor {

namespace Private {

/// Opens a janitor and makes it ambient; leave() closes it, waits and tells how it ended.
class QJANITOR_EXPORT Scope
{
public:
    explicit Scope(const Options &options);
    ~Scope();
    Q_DISABLE_COPY_MOVE(Scope)
    Report leave();

private:
    JanitorPointer m_janitor;
    JanitorPointer m_outerJanitor;
    quintptr m_outerRole;
};

} // namespace Private

/*!
    \brief Runs \a callee inside a janitor of its own, waits for all its jobs, and returns both
    results.

    The janitor is ambient for \a callee on this thread, and for every job. The janitor that was
    ambient before is so again afterwards, and already for unrelated code while the janitor drains.

    \b{Threading.} Callable on any thread, also on pool threads and inside jobs.

    \b{Blocking.} Blocks until the jobs are through. Where an event loop runs, and always on the
    application's thread, events go on being processed meanwhile: unrelated slots can run inside
    this call. Elsewhere the thread waits, and may run the janitor's queued jobs itself; a failure
    then ends the call when that job has ended.

    \b{Cancellation.} A failing job asks \a callee and the daemons to stop, see isStopRequested();
    \a callee always runs to its end.

    \b{Errors.} No job and no callee can make it throw. Throws std::bad_alloc if it cannot start.

    \b{Lifetime.} Under FailurePolicy::FailFast and after a drain timeout a job may outlive this
    call. The value that \a callee returns is destroyed by the caller, outside the janitor.

    \since 0.1
    \sa enter(), tryEnsure()
*/
template<class F>
    requires std::invocable<F>
EnterResult<std::invoke_result_t<F>> tryEnter(const Options &options, F &&callee)
{
    Private::Scope scope(options);
    auto result = CalleeResult<std::invoke_result_t<F>>::of(std::forward<F>(callee));
    return {scope.leave(), std::move(result)};
}

/// \overload
/// With default Options.
template<class F>
    requires std::invocable<F>
EnterResult<std::invoke_result_t<F>> tryEnter(F &&callee)
{
    return tryEnter(Options(), std::forward<F>(callee));
}

/*!
    \brief As tryEnter(), but returns the callee's value.

    \b{Errors.} Throws Exception if the janitor failed; if \a callee threw as well, the text shows
    both. Otherwise rethrows the exception of \a callee. A returned Error is a value like any other.

    \since 0.1
*/
template<class F>
    requires std::invocable<F>
std::invoke_result_t<F> enter(const Options &options, F &&callee)
{
    return tryEnter(options, std::forward<F>(callee)).unwrapJanitorResult().value();
}

/// \overload
/// With default Options.
template<class F>
    requires std::invocable<F>
std::invoke_result_t<F> enter(F &&callee)
{
    return enter(Options(), std::forward<F>(callee));
}

/*!
    \brief As tryEnter(), but uses the ambient janitor if there is one that accepts daemons.

    Then \a callee is just called, its jobs belong to that janitor, \a options are not used, and the
    result has no report.

    \since 0.1
*/
template<class F>
    requires std::invocable<F>
EnsureResult<std::invoke_result_t<F>> tryEnsure(const Options &options, F &&callee)
{
    using Result = CalleeResult<std::invoke_result_t<F>>;
    if (hasActiveJanitor())
        return EnsureResult<std::invoke_result_t<F>>(Result::of(std::forward<F>(callee)));
    return tryEnter(options, std::forward<F>(callee));
}

/// \overload
/// With default Options.
template<class F>
    requires std::invocable<F>
EnsureResult<std::invoke_result_t<F>> tryEnsure(F &&callee)
{
    return tryEnsure(Options(), std::forward<F>(callee));
}

/*!
    \brief As tryEnsure(), but returns the callee's value and throws as enter() does.

    \since 0.1
*/
template<class F>
    requires std::invocable<F>
std::invoke_result_t<F> ensure(const Options &options, F &&callee)
{
    return tryEnsure(options, std::forward<F>(callee)).unwrapJanitorResult().value();
}

/// \overload
/// With default Options.
template<class F>
    requires std::invocable<F>
std::invoke_result_t<F> ensure(F &&callee)
{
    return ensure(Options(), std::forward<F>(callee));
}

/*!
    \brief Runs QCoreApplication::exec() inside a janitor, then drains, and returns the exit code.

    The janitor is ambient on this thread while the event loop runs, and it is the fallback for all
    threads that have no janitor of their own until it has closed; so destructors everywhere can
    spawn cleanup jobs. It is the outermost janitor: after a failure it always waits for its jobs,
    and while it waits it takes cleanup jobs only. With Options::quitOnFailure the first failure
    quits the event loop.

    \b{Threading.} On the application's thread only, as QCoreApplication::exec().

    \b{Blocking.} Until the event loop has ended and all jobs are through. Events go on being
    processed while draining: declare objects that receive them before the call.
    QCoreApplication::quit() and exit() do not cut the drain short, nor do they change the exit
    code there.

    \b{Errors.} Returns the exit code of the event loop, or 1 if that is 0 and the janitor failed;
    what failed is logged. See Status for the same as signals.

    \since 0.1
    \sa tryExec()
*/
QJANITOR_EXPORT int exec(const Options &options = {});

/*!
    \brief As exec(), but returns the report beside the exit code of the event loop, and logs
    nothing.

    \since 0.1
*/
QJANITOR_EXPORT EnterResult<int> tryExec(const Options &options = {});

/*!
    \brief Remembers a SIGINT, SIGTERM or SIGHUP that comes before exec() is there to serve it.

    Call it first thing in main(); otherwise exec() starts to catch these signals, if
    Options::handleSignals says so. A remembered signal makes exec() quit at once; a second one
    before exec() has its default effect. Signals that the program ignores are left alone; so are
    those that it handles itself, and the log says so.

    In exec() the first signal quits the event loop, and then the janitor drains. A second one, at
    least 500 ms later, asks all daemons to stop and ends the waiting: exec() returns as soon as its
    own thread comes back, with the jobs that are left named in the report. A third one ends the
    process at once with 128 + the number of the signal, whatever the program is doing. Once exec()
    has returned the signals have their default effect again, but for the twin of the last one:
    what comes within those 500 ms does nothing. Children that are forked have the default effect.

    \b{Threading.} Before other threads are started.

    \since 0.1
*/
QJANITOR_EXPORT void catchQuitSignals();

} // namespace QJanitor
