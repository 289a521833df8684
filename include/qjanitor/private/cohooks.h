// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>
#include <qjanitor/options.h>

#include <exception>
#include <functional>
#include <utility>

// What the component Coro needs of the janitor, for the library's templates. Nothing here knows of
// coroutines, so that the janitor needs none.

namespace QJanitor::Private {

class SpawnedCoroutine;
using SpawnedCoroutinePointer = QExplicitlySharedDataPointer<SpawnedCoroutine>;

/*!
    The ambient janitor of one coroutine: kept here while it is suspended, in the slot of the thread
    on which it runs while it runs. Meanwhile what the slot held before is kept here.

    Holds references: a coroutine never sees a janitor that is gone.
*/
class QJANITOR_EXPORT Ambient
{
public:
    /// Remembers the janitor that is ambient here.
    Ambient();
    /// That of a job, for its outermost coroutine.
    explicit Ambient(SpawnedCoroutine &job);
    Ambient(Ambient &&other) noexcept;
    ~Ambient();
    Ambient &operator=(Ambient &&) = delete;

    /// Where a suspended coroutine will go on: on this thread, on one that it is on its way to, or,
    /// Nested, where one that it awaits ends, which knows more.
    enum class Whereabouts { Unchanged, InFlight, Nested };

    /// The coroutine begins, or goes on: on whichever thread.
    void swapIn() noexcept;
    /// It is suspended. On the thread of the last swapIn().
    void swapOut(Whereabouts whereabouts) noexcept;
    /// It has ended. Likewise.
    void swapOutForGood() noexcept { swapOut(Whereabouts::Nested); }

private:
    JanitorPointer m_janitor;
    quintptr m_role;
    SpawnedCoroutinePointer m_job; ///< That it is part of.
    SpawnedCoroutine *m_outerJob = nullptr;
    quintptr m_place = 0; ///< What it counts for in m_job, see SpawnedCoroutine.
};

/// Tells a janitor how a coroutine that is one of its jobs has ended.
class QJANITOR_EXPORT CoroutineEnd
{
public:
    explicit CoroutineEnd(SpawnedCoroutine &job);
    CoroutineEnd(CoroutineEnd &&other) noexcept;
    /// Without tell() the coroutine was destroyed before its end.
    ~CoroutineEnd();
    CoroutineEnd &operator=(CoroutineEnd &&) = delete;

    void setError(const Error &error);
    /// In a catch block.
    void setCurrentException();
    void tell();

private:
    SpawnedCoroutinePointer m_job;
    Error m_error;
};

/// A janitor whose callee is a coroutine: ambient in it, closed and awaited without blocking.
class QJANITOR_EXPORT CoScope
{
public:
    explicit CoScope(const Options &options);
    ~CoScope(); ///< Without close(): hands on what is pending, as a Supervisor does.
    Q_DISABLE_COPY_MOVE(CoScope)

    /// Calls \a callee with the janitor ambient.
    template<class F>
    auto call(F &callee) const
    {
        const AmbientGuard guard(m_client);
        return std::invoke(callee);
    }
    /// Ends the callee. The future finishes with the report.
    QFuture<Report> close();

private:
    Client m_client;
};

/// Writes that nobody has asked for the exception of a coroutine.
QJANITOR_EXPORT void logLostException(const std::exception_ptr &exception) noexcept;

} // namespace QJanitor::Private
