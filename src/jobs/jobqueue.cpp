// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/jobqueue_p.h"

#include "report/texts_p.h"

#include <ctime>
#include <utility>

namespace QJanitor::Private {

// Two words beside the captures: a third would show in every queued job.
static_assert(sizeof(JobCell) == storageSize + 2 * sizeof(void *));
static_assert(alignof(JobType) > JobCell::stateMask);

std::int64_t coarseNow()
{
#if defined(CLOCK_MONOTONIC_COARSE)
    timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return std::int64_t(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
#else
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
#endif
}

JobQueue::~JobQueue()
{
    while (m_oldest)
        delete std::exchange(m_oldest, m_oldest->next.load(std::memory_order_relaxed));
    delete m_spare;
}

void JobQueue::addChunk()
{
    Chunk *chunk = m_spare ? std::exchange(m_spare, nullptr) : new Chunk;
    ::new (chunk->cells()) JobCell;
    chunk->previous = m_newest;
    if (m_newest)
        m_newest->next.store(chunk, std::memory_order_release);
    else
        m_oldest = chunk;
    if (!m_first.load(std::memory_order_relaxed))
        m_first.store(chunk, std::memory_order_release);
    m_newest = chunk;
    m_tail = 0;
}

JobQueue::Place JobQueue::reserve(Held, Origin &&origin)
{
    if (m_tail == Chunk::size)
        addChunk();
    const Place place{m_newest, m_tail++};
    if (m_tail < Chunk::size)
        ::new (place.chunk->cells() + m_tail) JobCell; // where takers look next
    JobCell &cell = place.cell();
    cell.origin = std::move(origin);
    place.chunk->spawned[std::size_t(place.index)] = std::uint32_t(coarseNow() - m_epoch);
    // Release: a taker that passes this one over looks at the next.
    cell.word.store(JobCell::Reserved, std::memory_order_release);
    return place;
}

bool JobQueue::publish(Place place, const JobType *type)
{
    JobCell &cell = place.cell();
    const std::uintptr_t word = reinterpret_cast<std::uintptr_t>(type) | JobCell::Queued;
    // Release: the taker finds the callable built.
    const std::uintptr_t before = cell.word.exchange(word, std::memory_order_acq_rel);
    return (before & JobCell::stateMask) == JobCell::Reserved;
}

void JobQueue::late(Held, Place place)
{
    m_late.push_back(place);
}

JobQueue::Taken JobQueue::take()
{
    Taken taken;
    while (hasNext()) {
        if (!m_head)
            m_head = m_first.load(std::memory_order_acquire);
        if (m_headIndex == Chunk::size) {
            Chunk *left = std::exchange(m_head, m_head->next.load(std::memory_order_acquire));
            m_headIndex = 0;
            if (countEnded(left, 1)) {
                taken.through = left;
                break;
            }
            continue;
        }
        const Place place{m_head, m_headIndex++};
        std::atomic<std::uintptr_t> &word = place.cell().word;
        std::uintptr_t seen = word.load(std::memory_order_acquire);
        if ((seen & JobCell::stateMask) == JobCell::Reserved &&
            word.compare_exchange_strong(seen, (seen & ~JobCell::stateMask) | JobCell::PassedOver,
                                         std::memory_order_acq_rel, std::memory_order_acquire))
            continue;
        place.cell().setState(JobCell::Running);
        taken.place = place;
        break;
    }
    return taken;
}

bool JobQueue::hasNext() const
{
    Chunk *chunk = m_head ? m_head : m_first.load(std::memory_order_acquire);
    if (!chunk)
        return false;
    if (m_headIndex == Chunk::size)
        return chunk->next.load(std::memory_order_acquire);
    return chunk->cell(m_headIndex).state() != JobCell::Free;
}

bool JobQueue::hasLive(Held) const
{
    for (Chunk *chunk = m_oldest; chunk; chunk = chunk->next.load(std::memory_order_relaxed)) {
        const int end = chunk == m_newest ? m_tail : Chunk::size;
        for (int index = 0; index < end; ++index) {
            if (chunk->cell(index).state() != JobCell::Ended)
                return true;
        }
    }
    return false;
}

JobQueue::Place JobQueue::takeLate(Held)
{
    if (m_late.empty())
        return {};
    const Place place = m_late.front();
    m_late.erase(m_late.begin());
    place.cell().setState(JobCell::Running);
    return place;
}

bool JobQueue::countEnded(Chunk *chunk, int count)
{
    // Acquire and release: who recycles the chunk sees all that was done in it.
    return chunk->unended.fetch_sub(count, std::memory_order_acq_rel) == count;
}

void JobQueue::recycle(Held, Chunk *chunk)
{
    // Takers have left it, so there is a next one.
    Chunk *next = chunk->next.load(std::memory_order_relaxed);
    next->previous = chunk->previous;
    if (chunk->previous)
        chunk->previous->next.store(next, std::memory_order_relaxed);
    else
        m_oldest = next;
    if (m_spare) {
        delete chunk;
        return;
    }
    chunk->next.store(nullptr, std::memory_order_relaxed);
    chunk->unended.store(Chunk::size + 1, std::memory_order_relaxed);
    m_spare = chunk;
}

JobInfo JobQueue::describe(Chunk &chunk, int index, std::int64_t now) const
{
    const JobCell &cell = chunk.cell(index);
    JobInfo job;
    job.state = cell.state() == JobCell::Running ? JobState::Running : JobState::Queued;
    job.name = cell.origin.name();
    job.spawnSite = cell.origin.siteText();
    // Modulo 49 days, as what it was spawned at.
    job.age =
        std::chrono::milliseconds(std::uint32_t(now - m_epoch) - chunk.spawned[std::size_t(index)]);
    job.sinceProgress = job.age;
    return job;
}

} // namespace QJanitor::Private
