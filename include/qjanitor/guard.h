// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>

#include <QtCore/qobject.h>

#include <exception>
#include <memory>
#include <utility>

namespace QJanitor {

namespace Private {
struct GuardAccess;

/// Whether a guard is still to spawn its job: what can be said of it without its type.
struct GuardState
{
    bool isArmed = true;
};
} // namespace Private

/*!
    \brief Spawns a cleanup job when it is destroyed, unless it was dismissed.

    Registers clean-up at the moment of acquisition, as QScopeGuard does, but the clean-up runs as a
    cleanup job: the destructor does not wait for it, the janitor does. Made by cleanupOnExit() and
    cleanupOnFailure().

    The janitor that was ambient when the guard was made gets the job; if it takes no more, the
    nearest enclosing one does, as with Client::spawnCleanupJob(). The job's spawn site is where the
    guard was made.

    \b{Threading.} May be destroyed on another thread than the one that made it.

    \b{Blocking.} Its destructor never blocks, except as spawnCleanupJob() says.

    \b{Errors.} Its destructor never throws.

    \b{Lifetime.} Guards of one scope are destroyed in reverse order, but their jobs run side by
    side: put what must happen in order into one job. What the job captures must outlive the scope.

    \since 0.1
*/
template<class F>
class [[nodiscard]] CleanupGuard
{
public:
    CleanupGuard(CleanupGuard &&other) noexcept(std::is_nothrow_move_constructible_v<F>)
        : m_client(std::move(other.m_client))
        , m_name(std::move(other.m_name))
        , m_job(std::move(other.m_job))
        , m_site(other.m_site)
        , m_exceptions(other.m_exceptions)
        , m_state(std::exchange(other.m_state, {.isArmed = false}))
    {}
    CleanupGuard &operator=(CleanupGuard &&) = delete;
    ~CleanupGuard() { end(); }

    /// Gives the clean-up up: there is nothing to clean, or somebody else does it.
    void dismiss() noexcept { m_state.isArmed = false; }

private:
    friend struct Private::GuardAccess;
    static constexpr int always = -1;

    template<class Job>
    CleanupGuard(QString &&name, Job &&job, Private::SourceLocation site, int exceptions)
        : m_client(Client::current())
        , m_name(std::move(name))
        , m_job(std::forward<Job>(job))
        , m_site(site)
        , m_exceptions(exceptions)
    {}
    void end() noexcept
    {
        if (std::exchange(m_state.isArmed, false) &&
            (m_exceptions == always || std::uncaught_exceptions() > m_exceptions))
            m_client.spawnCleanupJob(std::move(m_name), std::move(m_job), m_site);
    }

    Client m_client;
    QString m_name;
    F m_job;
    Private::SourceLocation m_site;
    int m_exceptions; ///< In flight when it was made: more of them mean a failure.
    Private::GuardState m_state;
};

/*!
    \brief Gives up clean-up that cleanupWhenDestroyed() has bound to an object.

    A copyable handle; it keeps nothing alive. Without use for it, just drop it.

    \since 0.1
*/
class CleanupBinding
{
public:
    /// Gives the clean-up up; does nothing after the object's end.
    /// \b{Threading.} Call it on the object's thread.
    void dismiss() noexcept
    {
        if (const auto state = m_state.lock())
            state->isArmed = false;
    }

private:
    friend struct Private::GuardAccess;
    explicit CleanupBinding(std::weak_ptr<Private::GuardState> state) noexcept
        : m_state(std::move(state))
    {}
    std::weak_ptr<Private::GuardState> m_state;
};

namespace Private {
struct GuardAccess
{
    template<class Job>
    static CleanupGuard<std::decay_t<Job>> make(QString &&name, Job &&job, SourceLocation site,
                                                bool onlyOnFailure)
    {
        static_assert(CallableJob<std::decay_t<Job>>,
                      "QJanitor: clean-up is a callable without parameters that returns void, "
                      "QJanitor::Error, an expected-like type or a QFuture; or a callable that "
                      "takes QPromise<void> & and returns void.");
        using Guard = CleanupGuard<std::decay_t<Job>>;
        return Guard(std::move(name), std::forward<Job>(job), site,
                     onlyOnFailure ? std::uncaught_exceptions() : Guard::always);
    }
    template<class Job>
    static CleanupBinding bind(QObject *object, QString &&name, Job &&job, SourceLocation site)
    {
        using Guard = CleanupGuard<std::decay_t<Job>>;
        const auto guard =
            std::make_shared<Guard>(make(std::move(name), std::forward<Job>(job), site, false));
        // Should the connection be cut, the guard goes with it, and does its work then.
        QObject::connect(object, &QObject::destroyed, [guard] { guard->end(); });
        return CleanupBinding(std::shared_ptr<GuardState>(guard, &guard->m_state));
    }
};
} // namespace Private

/*!
    \brief Returns a guard that spawns \a job as a cleanup job when the scope is left.

    \code
    Socket socket = open(address);
    const auto guard = cleanupOnExit([socket] { socket.close(); });
    \endcode

    \since 0.1
    \sa CleanupGuard, cleanupOnFailure(), cleanupWhenDestroyed()
*/
template<class Job>
CleanupGuard<std::decay_t<Job>>
cleanupOnExit(Job &&job, Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::make(QString(), std::forward<Job>(job), site, false);
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
CleanupGuard<std::decay_t<Job>>
cleanupOnExit(QString name, Job &&job,
              Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::make(std::move(name), std::forward<Job>(job), site, false);
}

/*!
    \brief Returns a guard that spawns \a job as a cleanup job if an exception leaves the scope.

    An exception that was in flight when the guard was made does not count. If the scope is left
    with an error value instead, use cleanupOnExit() and dismiss the guard on success.

    \since 0.1
    \sa CleanupGuard, cleanupOnExit()
*/
template<class Job>
CleanupGuard<std::decay_t<Job>>
cleanupOnFailure(Job &&job, Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::make(QString(), std::forward<Job>(job), site, true);
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
CleanupGuard<std::decay_t<Job>>
cleanupOnFailure(QString name, Job &&job,
                 Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::make(std::move(name), std::forward<Job>(job), site, true);
}

/*!
    \brief Spawns \a job as a cleanup job when \a object is destroyed.

    For clean-up that belongs to an object whose class cannot be changed. As with CleanupGuard, the
    janitor that is ambient now gets the job. If \a object is null, or the connection to it is cut,
    the job is spawned at once: it is never lost.

    \b{Threading.} Callable on any thread that may connect to \a object. The job is spawned on the
    thread that destroys \a object, while QObject's own destructor runs.

    \since 0.1
    \sa CleanupBinding::dismiss()
*/
template<class Job>
CleanupBinding
cleanupWhenDestroyed(QObject *object, Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::bind(object, QString(), std::forward<Job>(job), site);
}

/// \overload
/// With a \a name for reports, log lines and status displays.
template<class Job>
CleanupBinding
cleanupWhenDestroyed(QObject *object, QString name, Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current())
{
    return Private::GuardAccess::bind(object, std::move(name), std::forward<Job>(job), site);
}

} // namespace QJanitor
