// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "jobs/origin_p.h"
#include "rules/held_p.h"

#include <qjanitor/private/offer.h>
#include <qjanitor/report.h>

#include <QtCore/qlist.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <vector>

namespace QJanitor::Private {

/// Milliseconds on a clock that is read in a few nanoseconds and good to some 4 ms.
std::int64_t coarseNow();

/*!
    The janitor's side of one job: the callable lies in it, so that it costs no allocation.

    One cache line, which goes from the spawner to the taker once. Its first word says all that they
    tell each other: the type of the job, and its state.
*/
struct JobCell
{
    enum State : std::uintptr_t { Free, Reserved, PassedOver, Queued, Running, Ended };
    static constexpr std::uintptr_t stateMask = 7;

    std::atomic<std::uintptr_t> word{Free};
    Origin origin;
    alignas(storageAlign) std::array<std::byte, storageSize> storage;

    State state() const { return State(word.load(std::memory_order_relaxed) & stateMask); }
    const JobType *type() const
    {
        return reinterpret_cast<const JobType *>(word.load(std::memory_order_relaxed) & ~stateMask);
    }
    /// Changes the state of a job that no other thread changes now.
    void setState(State state)
    {
        const std::uintptr_t rest = word.load(std::memory_order_relaxed) & ~stateMask;
        word.store(rest | state, std::memory_order_relaxed);
    }
};

/*!
    The jobs of one kind that wait for a thread or have one, in the order in which they were
    spawned.

    A job is first reserved, then built by its spawner without any lock, then published. A taker
    that meets a job which is still being built passes it over; its spawner hands it in again with
    late().

    Cells come in chunks. A chunk is recycled once all its jobs have ended and takers have left it.

    No lock of its own.
*/
class JobQueue
{
public:
    struct Chunk
    {
        static constexpr int size = 64;
        Chunk *previous = nullptr;               // under the lock
        std::atomic<Chunk *> next{nullptr};      // written under the lock
        std::atomic<int> unended{size + 1};      // one more until takers have left it
        std::array<std::uint32_t, size> spawned; // under the lock; ms since the queue's epoch

        /// Cells are made one by one, each by the reserve() before it: most janitors need few.
        JobCell &cell(int index) { return *std::launder(cells() + index); }
        JobCell *cells() { return reinterpret_cast<JobCell *>(memory.data()); }
        alignas(JobCell) std::array<std::byte, size * sizeof(JobCell)> memory;
    };
    /// One job's place in the queue; null when there is none.
    struct Place
    {
        Chunk *chunk = nullptr;
        int index = 0;
        explicit operator bool() const { return chunk; }
        JobCell &cell() const { return chunk->cell(index); }
    };
    struct Taken
    {
        Place place;
        Chunk *through = nullptr; ///< Not null: call recycle() for it, then take() again.
    };

    JobQueue() = default;
    ~JobQueue();
    Q_DISABLE_COPY_MOVE(JobQueue)

    Place reserve(Held, Origin &&origin);
    /// Makes a built job visible. Returns false if a taker has passed it over: hand it in late().
    static bool publish(Place place, const JobType *type);
    void late(Held, Place place);

    /// Nothing in both members: there is nothing to take now. One taker at a time.
    Taken take();
    bool hasNext() const; ///< Likewise.
    Place takeLate(Held);
    bool hasLate(Held) const { return !m_late.empty(); }
    bool hasLive(Held) const;

    /// Takes the name of a job that has ended out of it, to be forgotten without the lock.
    [[nodiscard]] static Origin takeName(Held, Place place)
    {
        return place.cell().origin.takeName();
    }
    /// Counts \a count jobs of \a chunk as ended, whose state is Ended. Returns true if the chunk
    /// is through: call recycle() for it.
    static bool countEnded(Chunk *chunk, int count);
    void recycle(Held, Chunk *chunk);

    /// Calls \a visitor with the oldest live jobs, at most \a most, as they are at \a now; their
    /// kind is left to the caller.
    template<class Visitor>
    void visit(Held, Visitor visitor, std::int64_t now = coarseNow(),
               qsizetype most = std::numeric_limits<qsizetype>::max()) const;

private:
    void addChunk();
    JobInfo describe(Chunk &chunk, int index, std::int64_t now) const;

    // The spawners' side.
    std::int64_t m_epoch = coarseNow();
    Chunk *m_oldest = nullptr;
    Chunk *m_newest = nullptr;
    Chunk *m_spare = nullptr;
    int m_tail = Chunk::size;
    std::vector<Place> m_late;

    // The takers' side, on a cache line of its own.
    alignas(64) std::atomic<Chunk *> m_first{nullptr}; ///< Written once, by the spawners.
    Chunk *m_head = nullptr;
    int m_headIndex = 0;
};

template<class Visitor>
void JobQueue::visit(Held, Visitor visitor, std::int64_t now, qsizetype most) const
{
    for (Chunk *chunk = m_oldest; chunk; chunk = chunk->next.load(std::memory_order_relaxed)) {
        const int end = chunk == m_newest ? m_tail : Chunk::size;
        for (int index = 0; index < end; ++index) {
            const JobCell &cell = chunk->cell(index);
            if (cell.state() == JobCell::Ended)
                continue;
            if (most-- <= 0)
                return;
            visitor(cell, describe(*chunk, index, now));
        }
    }
}

} // namespace QJanitor::Private
