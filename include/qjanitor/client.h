// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>
#include <qjanitor/export.h>
#include <qjanitor/private/offer.h>
#include <qjanitor/report.h>

#include <QtCore/qfuture.h>
#include <QtCore/qshareddata.h>

#include <functional>
#include <utility>

namespace QJanitor {

class AmbientGuard;
class Client;

namespace Private {
class Janitor;
using JanitorPointer = QExplicitlySharedDataPointer<Janitor>;
struct ClientAccess;

QJANITOR_EXPORT SpawnError trySpawn(const Client &client, const Offer &offer);
QJANITOR_EXPORT void spawnOrRescue(const Client &client, const Offer &offer) noexcept;
[[noreturn]] QJANITOR_EXPORT void throwRefusal(SpawnError error);
} // namespace Private

/*!
    \brief Refers to one janitor, so that code can give it jobs from places where it is not ambient.

    A client does not keep its janitor open: once the janitor has closed, a client is a closed door,
    and its verbs refuse as the table of the README says.

    \b{Threading.} A value; all members may be called on any thread.

    \b{Lifetime.} May outlive its janitor.

    \since 0.1
    \sa current()
*/
class QJANITOR_EXPORT Client
{
    Q_GADGET

public:
    /// Constructs a client of no janitor.
    Client() noexcept;
    Client(const Client &) noexcept;
    Client(Client &&) noexcept;
    Client &operator=(const Client &) noexcept;
    Client &operator=(Client &&) noexcept;
    ~Client();

    /// Returns the client of the janitor that is ambient on this thread; a null one if there is
    /// none.
    static Client current();

    /// Returns \c true if both refer to the same janitor, or both to none.
    friend bool operator==(const Client &a, const Client &b) noexcept
    {
        return a.m_janitor == b.m_janitor;
    }

    /// Returns \c true if this client refers to no janitor at all; otherwise returns \c false.
    bool isNull() const noexcept;
    /// Returns \c true if trySpawnDaemon() would accept a job now; otherwise returns \c false.
    bool isActive() const;
    /// Returns the jobs that have not ended yet, those that it took over included, as they are at
    /// this moment. Costs some time for each of them.
    QList<JobInfo> jobs() const;

    /// As QJanitor::spawnDaemon(), but for this janitor.
    template<class Job>
    void spawnDaemon(Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        spawn(Private::makeOffer(JobKind::Daemon, nullptr, std::forward<Job>(job), site));
    }
    /// \overload
    template<class Job>
    void spawnDaemon(QString name, Job &&job,
                     Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        spawn(Private::makeOffer(JobKind::Daemon, &name, std::forward<Job>(job), site));
    }

    /// As QJanitor::spawnCleanupJob(), but for this janitor.
    template<class Job>
    void spawnCleanupJob(
        Job &&job, Private::SourceLocation site = Private::SourceLocation::current()) const noexcept
    {
        Private::spawnOrRescue(
            *this, Private::makeOffer(JobKind::CleanupJob, nullptr, std::forward<Job>(job), site));
    }
    /// \overload
    template<class Job>
    void spawnCleanupJob(
        QString name, Job &&job,
        Private::SourceLocation site = Private::SourceLocation::current()) const noexcept
    {
        Private::spawnOrRescue(
            *this, Private::makeOffer(JobKind::CleanupJob, &name, std::forward<Job>(job), site));
    }

    /// As QJanitor::trySpawnDaemon(), but for this janitor.
    template<class Job>
    [[nodiscard]] SpawnError
    trySpawnDaemon(Job &&job,
                   Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        return Private::trySpawn(
            *this, Private::makeOffer(JobKind::Daemon, nullptr, std::forward<Job>(job), site));
    }
    /// \overload
    template<class Job>
    [[nodiscard]] SpawnError
    trySpawnDaemon(QString name, Job &&job,
                   Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        return Private::trySpawn(
            *this, Private::makeOffer(JobKind::Daemon, &name, std::forward<Job>(job), site));
    }

    /// As QJanitor::trySpawnCleanupJob(), but for this janitor.
    template<class Job>
    [[nodiscard]] SpawnError
    trySpawnCleanupJob(Job &&job,
                       Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        return Private::trySpawn(
            *this, Private::makeOffer(JobKind::CleanupJob, nullptr, std::forward<Job>(job), site));
    }
    /// \overload
    template<class Job>
    [[nodiscard]] SpawnError
    trySpawnCleanupJob(QString name, Job &&job,
                       Private::SourceLocation site = Private::SourceLocation::current()) const
    {
        return Private::trySpawn(
            *this, Private::makeOffer(JobKind::CleanupJob, &name, std::forward<Job>(job), site));
    }

    /*!
        \brief Asks the callee and the daemons of this janitor to stop.

        It is a request: nothing is cut short that does not look at isStopRequested(). It stays: a
        job that starts later sees it. Cleanup jobs are never asked. Does nothing for a null client.

        \b{Errors.} Stopping is no failure.
    */
    void requestStop() const;

    /*!
        \brief Returns a future that finishes with the report once this janitor has closed.

        Each call returns a future of its own. For a null client the future is cancelled.

        \b{Threading.} With an application it finishes on the janitors' agent thread, shortly after
        the janitor has closed. Continuations that are attached without a context run there: keep
        them short.

        \b{Blocking.} Waiting for it inside one of the janitor's own jobs waits for ever.
    */
    QFuture<Report> future() const;

    /*!
        \brief Returns a callable that runs \a function under this janitor, wherever it is called.
        \sa AmbientGuard
    */
    template<class F>
    auto bind(F &&function) const;

private:
    friend struct Private::ClientAccess;
    explicit Client(Private::JanitorPointer janitor) noexcept;
    void spawn(const Private::Offer &offer) const
    {
        if (const SpawnError refusal = Private::trySpawn(*this, offer);
            refusal != SpawnError::NoError)
            Private::throwRefusal(refusal);
    }

    Private::JanitorPointer m_janitor;
};

/*!
    \brief Makes a janitor ambient on this thread until the guard is destroyed.

    A null client hides the one that is ambient; the fallback of a running exec() is seen then.

    \b{Threading.} Must be destroyed on the thread that made it, guards in reverse order of their
    construction. Never keep one across a co_await.

    \since 0.1
    \sa Client::bind()
*/
class QJANITOR_EXPORT AmbientGuard
{
public:
    [[nodiscard]] explicit AmbientGuard(const Client &client);
    ~AmbientGuard();
    Q_DISABLE_COPY_MOVE(AmbientGuard)

private:
    Private::JanitorPointer m_janitor;
    Private::JanitorPointer m_previousJanitor;
    quintptr m_previousRole;
};

namespace Private {

/// A callable that has its janitor with it.
template<class F>
class Bound
{
public:
    Bound(const Client &client, F function)
        : m_client(client)
        , m_function(std::move(function))
    {
    }
    template<class... Args>
    std::invoke_result_t<F &, Args...> operator()(Args &&...args)
    {
        const AmbientGuard guard(m_client);
        return std::invoke(m_function, std::forward<Args>(args)...);
    }
    template<class... Args>
    std::invoke_result_t<const F &, Args...> operator()(Args &&...args) const
    {
        const AmbientGuard guard(m_client);
        return std::invoke(m_function, std::forward<Args>(args)...);
    }

private:
    Client m_client;
    F m_function;
};

} // namespace Private

template<class F>
auto Client::bind(F &&function) const
{
    return Private::Bound<std::decay_t<F>>(*this, std::forward<F>(function));
}

} // namespace QJanitor
