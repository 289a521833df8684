// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <qjanitor/private/cohooks.h>

#include <QtCore/qvarlengtharray.h>

QT_BEGIN_NAMESPACE
class QThread;
QT_END_NAMESPACE

namespace QJanitor::Private {

/*!
    A coroutine that is a job. Its janitor counts and names it; it runs where it is resumed.

    It is settled once: when it has ended, or before that, when the event loop has ended that would
    resume it. It is known for as long as it has a frame, which is not freed while somebody could
    still resume it.
*/
class SpawnedCoroutine : public QSharedData
{
public:
    /// Counts as a job of \a janitor, which may be null, from now on.
    SpawnedCoroutine(JanitorPointer janitor, const Offer &offer);
    ~SpawnedCoroutine();
    Q_DISABLE_COPY_MOVE(SpawnedCoroutine)

    /// Makes the coroutine and begins it: here, or on the application's thread if no event loop
    /// runs here. It may have ended when this returns.
    void start(void *source);
    /// What a coroutine counts for while it runs or is to be resumed: its thread; or one of these.
    static constexpr quintptr nowhere = 0;  ///< It awaits another one, or has ended.
    static constexpr quintptr inFlight = 1; ///< It is on its way to a thread that only QCoro knows.
    /// One of its coroutines goes on on this thread; returns what it counts for from now on.
    quintptr goesOn(quintptr place);
    /// One of its coroutines is suspended, or has ended; likewise.
    quintptr pauses(quintptr place, Ambient::Whereabouts whereabouts);
    /// One of its coroutines counts for another place.
    void move(quintptr from, quintptr to);
    /// Shows it as suspended: none of its coroutines runs here.
    void rests();
    /// It has ended, and its frame is gone.
    void end(const Error &error);
    bool isSettled() const { return m_settled.load(std::memory_order_acquire); }
    /// Its end is being counted. Under the lock of the janitor that counted it, if it failed.
    void unlist() { m_isListed.store(false, std::memory_order_relaxed); }

    /// Whether the coroutine that runs on this thread belongs to a job that \a janitor waits for.
    static bool isCurrentOf(const Janitor &janitor);
    /// Whether this thread's event loop is to resume a job that \a janitor waits for.
    static bool isAwaitedHere(const Janitor &janitor);
    /// Returns the live ones of \a janitor, the oldest first, at most \a most.
    static std::vector<SpawnedCoroutinePointer> oldest(Held, const Janitor &janitor,
                                                       qsizetype most);
    JobInfo describe(std::int64_t now) const;
    /// There are no events any more on any thread.
    static void abandonAll();

    /// What this thread's event loop brings belongs to no job, though a job may turn it.
    class Unrelated
    {
    public:
        Unrelated();
        ~Unrelated();
        Q_DISABLE_COPY_MOVE(Unrelated)

    private:
        SpawnedCoroutine *const m_job;
    };

    const JanitorPointer janitor;
    const JobKind kind;
    const Origin origin;

private:
    struct Registry;
    class Begin;

    static Registry &registry();
    template<class Condition>
    static void abandonIf(Condition condition);
    bool canBeginHere() const;
    bool countsFor(quintptr place) const;
    static void watch(QThread *thread);
    void settle(const Error &error);
    void unlink();

    const CoroutineType *const m_type;
    const std::int64_t m_spawned = coarseNow();
    void *m_frame = nullptr; ///< Also so that leak checkers find it.
    /// How many of its coroutines count for each place. Under the registry's lock.
    QVarLengthArray<std::pair<quintptr, int>, 4> m_places;
    std::atomic<JobState> m_state{JobState::Queued};
    std::atomic<bool> m_settled{false};
    std::atomic<bool> m_isListed{true};
    SpawnedCoroutine *m_previous = nullptr; ///< In the registry, under its lock.
    SpawnedCoroutine *m_next = nullptr;
};

} // namespace QJanitor::Private
