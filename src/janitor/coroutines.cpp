// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The part of the janitor for jobs that are coroutines: counted from before they begin until they
// have ended, or until nobody will resume them.

#include <qjanitor/private/cohooks.h>

#include "agent/agentthread_p.h"
#include "coro/spawnedcoroutine_p.h"
#include "janitor/callablelist_p.h"
#include "jobs/job_p.h"
#include "scope/processend_p.h"
#include "report/texts_p.h"
#include "ambient/thisthread_p.h"
#include "run/threadpool_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

#include <algorithm>
#include <utility>

namespace QJanitor::Private {

using namespace Qt::StringLiterals;

/// All of the process that have a frame. Never destroyed. Its lock is taken after that of a
/// janitor.
struct SpawnedCoroutine::Registry
{
    std::mutex mutex;
    SpawnedCoroutine *first = nullptr; ///< The oldest.
    SpawnedCoroutine *last = nullptr;
};

SpawnedCoroutine::Registry &SpawnedCoroutine::registry()
{
    static auto &registry = *new Registry;
    return registry;
}

/// The job that the coroutine belongs to which runs on this thread.
static thread_local SpawnedCoroutine *currentJob = nullptr;

SpawnError Janitor::spawnCoroutine(const Offer &offer)
{
    SpawnedCoroutinePointer job;
    {
        const JanitorLock lock(m_mutex);
        if (!m_ledger.accepts(lock, ledgerKind(offer.kind)))
            return SpawnError::ActiveJanitorTerminating;
        job = new SpawnedCoroutine(JanitorPointer(this), offer);
        m_ledger.admit(lock, ledgerKind(offer.kind));
        ProcessEnd::add(lock, *this);
    }
    if (!m_audience.isEmpty())
        tell(false);
    job->start(offer.source);
    return SpawnError::NoError;
}

void Janitor::endCoroutine(SpawnedCoroutine &job, const Error &error)
{
    if (job.kind == JobKind::Daemon && !error.isValid()) {
        job.unlist();
        settleQuietly();
    } else {
        settle(job.kind, error.isValid() ? Ledger::End::Failed : Ledger::End::Succeeded, error,
               Ledger::Weight::Trips, {.coroutine = &job});
    }
}

SpawnedCoroutine::SpawnedCoroutine(JanitorPointer core_, const Offer &offer)
    : janitor(std::move(core_))
    , kind(offer.kind)
    , origin(offer.name, offer.site)
    , m_type(offer.coroutine)
{
    const std::lock_guard lock(registry().mutex);
    m_previous = registry().last;
    (m_previous ? m_previous->m_next : registry().first) = this;
    registry().last = this;
    ref.ref(); // the registry's
}

SpawnedCoroutine::~SpawnedCoroutine() = default;

void SpawnedCoroutine::unlink()
{
    {
        const std::lock_guard lock(registry().mutex);
        (m_previous ? m_previous->m_next : registry().first) = m_next;
        (m_next ? m_next->m_previous : registry().last) = m_previous;
    }
    if (!ref.deref())
        delete this;
}

/// Begins a coroutine when it is called; one that never is ends when the last copy goes.
class SpawnedCoroutine::Begin
{
public:
    explicit Begin(SpawnedCoroutine &job)
        : m_job(&job)
    {}
    ~Begin()
    {
        if (m_job)
            m_job->m_type->destroy(m_job->m_frame);
    }
    Q_DISABLE_COPY_MOVE(Begin)
    void operator()()
    {
        const SpawnedCoroutinePointer job = std::exchange(m_job, {});
        job->m_type->begin(job->m_frame);
    }

private:
    SpawnedCoroutinePointer m_job;
};

/// In a job of a pool no event loop outlives the job.
bool SpawnedCoroutine::canBeginHere() const
{
    if (!AgentThread::hasApplication())
        return true; // nowhere else either
    if (QThread::currentThread() == QCoreApplication::instance()->thread())
        return true;
    return eventLoopRunsHere() && !isThreadOf(*ownThreadPool()) &&
           !(janitor && janitor->runsOnThisThread()) && !isThreadOf(*QThreadPool::globalInstance());
}

void SpawnedCoroutine::start(void *source)
{
    try {
        m_frame = m_type->make(source, *this);
    } catch (...) {
        end(Error()); // the spawner is told
        throw;
    }
    if (!canBeginHere()) {
        try {
            const auto begin = std::make_shared<Begin>(*this);
            if (AgentThread::callOnApplicationThread([begin] { (*begin)(); }))
                return;
            (*begin)();
            return;
        } catch (const std::bad_alloc &) {
            if (isSettled())
                return; // with the one that was to begin it
        }
    }
    m_type->begin(m_frame);
}

quintptr SpawnedCoroutine::goesOn(quintptr place)
{
    QThread *thread = QThread::currentThread();
    m_state.store(JobState::Running, std::memory_order_relaxed);
    if (place == quintptr(thread) || isSettled())
        return place;
    move(place, quintptr(thread));
    watch(thread);
    return quintptr(thread);
}

quintptr SpawnedCoroutine::pauses(quintptr place, Ambient::Whereabouts whereabouts)
{
    if (whereabouts == Ambient::Whereabouts::Unchanged)
        return place;
    const quintptr next = whereabouts == Ambient::Whereabouts::InFlight ? inFlight : nowhere;
    move(place, next);
    return next;
}

void SpawnedCoroutine::rests()
{
    m_state.store(JobState::Suspended, std::memory_order_relaxed);
}

void SpawnedCoroutine::move(quintptr from, quintptr to)
{
    const std::lock_guard lock(registry().mutex);
    const auto find = [this](quintptr place) {
        return std::find_if(m_places.begin(), m_places.end(),
                            [place](const auto &entry) { return entry.first == place; });
    };
    if (to != nowhere) {
        if (const auto found = find(to); found != m_places.end())
            ++found->second;
        else
            m_places.append({to, 1});
    }
    if (const auto found = find(from); from != nowhere && --found->second == 0)
        m_places.erase(found);
}

/// Under the registry's lock.
bool SpawnedCoroutine::countsFor(quintptr place) const
{
    return std::any_of(m_places.begin(), m_places.end(),
                       [place](const auto &entry) { return entry.first == place; });
}

/// Has the jobs abandoned that only \a thread, which is this one, could resume, once it has
/// finished.
void SpawnedCoroutine::watch(QThread *thread)
{
    static thread_local bool isWatched = false;
    const QCoreApplication *application = QCoreApplication::instance();
    if (isWatched || (application && application->thread() == thread))
        return;
    isWatched = true;
    // Once: a lasting connection would keep a thread for ever that Qt has only adopted.
    QObject::connect(
        thread, &QThread::finished, thread,
        [place = quintptr(thread)] {
            abandonIf([place](const SpawnedCoroutine &job) {
                return job.m_places.size() == 1 && job.countsFor(place);
            });
        },
        Qt::ConnectionType(Qt::DirectConnection | Qt::SingleShotConnection));
}

void SpawnedCoroutine::end(const Error &error)
{
    const SpawnedCoroutinePointer self(this);
    settle(error);
    unlink();
}

/// Counts its end, unless that has been done.
void SpawnedCoroutine::settle(const Error &error)
{
    if (m_settled.exchange(true, std::memory_order_acq_rel))
        return;
    const Error named = error.isValid() ? origin.sign(error) : error;
    if (janitor)
        janitor->endCoroutine(*this, named);
    else if (named.isValid())
        qCCritical(lcJanitor).noquote() << "Run at once, no janitor takes it:" << named.toString();
}

template<class Condition>
void SpawnedCoroutine::abandonIf(Condition condition)
{
    std::vector<SpawnedCoroutinePointer> jobs;
    {
        const std::lock_guard lock(registry().mutex);
        for (SpawnedCoroutine *job = registry().first; job; job = job->m_next) {
            if (!job->isSettled() && condition(*job))
                jobs.emplace_back(job);
        }
    }
    for (const SpawnedCoroutinePointer &job : jobs) {
        job->settle(ErrorParts::make(Error::Kind::JobAbandoned,
                                     u"the event loop that would resume it has ended"_s));
    }
}

void SpawnedCoroutine::abandonAll()
{
    abandonIf([](const SpawnedCoroutine &job) { return job.m_state != JobState::Queued; });
}

bool SpawnedCoroutine::isCurrentOf(const Janitor &janitor)
{
    return currentJob && currentJob->janitor && currentJob->janitor->effective() == &janitor;
}

bool SpawnedCoroutine::isAwaitedHere(const Janitor &janitor)
{
    const QThread *thread = QThread::currentThread();
    const std::lock_guard lock(registry().mutex);
    for (const SpawnedCoroutine *job = registry().first; job; job = job->m_next) {
        if (job->janitor && job->countsFor(quintptr(thread)) && !job->isSettled() &&
            job->janitor->effective() == &janitor)
            return true;
    }
    return false;
}

std::vector<SpawnedCoroutinePointer> SpawnedCoroutine::oldest(Held, const Janitor &janitor,
                                                              qsizetype most)
{
    std::vector<SpawnedCoroutinePointer> jobs;
    const std::lock_guard lock(registry().mutex);
    for (SpawnedCoroutine *job = registry().first; job && qsizetype(jobs.size()) < most;
         job = job->m_next) {
        if (job->janitor.data() == &janitor && job->m_isListed.load(std::memory_order_relaxed))
            jobs.emplace_back(job);
    }
    return jobs;
}

JobInfo SpawnedCoroutine::describe(std::int64_t now) const
{
    JobInfo info;
    info.name = origin.name();
    info.kind = kind;
    info.state = m_state.load(std::memory_order_relaxed);
    info.spawnSite = origin.siteText();
    info.age = info.sinceProgress = std::chrono::milliseconds(now - m_spawned);
    return info;
}

SpawnedCoroutine::Unrelated::Unrelated()
    : m_job(std::exchange(currentJob, nullptr))
{}

SpawnedCoroutine::Unrelated::~Unrelated()
{
    currentJob = m_job;
}

Ambient::Ambient()
    : m_job(currentJob)
{
    Frame frame = ambientFrame();
    m_janitor = std::move(frame.janitor);
    m_role = quintptr(frame.role);
}

Ambient::Ambient(SpawnedCoroutine &job)
    : m_janitor(job.janitor)
    , m_role(quintptr(roleOf(job.kind)))
    , m_job(&job)
{}

Ambient::Ambient(Ambient &&) noexcept = default;

Ambient::~Ambient()
{
    if (m_job)
        m_job->move(m_place, SpawnedCoroutine::nowhere);
}

void Ambient::swapIn() noexcept
{
    Frame &slot = ambientSlot();
    slot.janitor.swap(m_janitor);
    m_role = quintptr(std::exchange(slot.role, Role(m_role)));
    m_outerJob = std::exchange(currentJob, m_job.data());
    if (m_job)
        m_place = m_job->goesOn(m_place);
}

void Ambient::swapOut(Whereabouts whereabouts) noexcept
{
    Frame &slot = ambientSlot();
    slot.janitor.swap(m_janitor);
    m_role = quintptr(std::exchange(slot.role, Role(m_role)));
    currentJob = std::exchange(m_outerJob, nullptr);
    if (!m_job)
        return;
    m_place = m_job->pauses(m_place, whereabouts);
    if (m_job.data() != currentJob) // else it goes on below, on this thread
        m_job->rests();
}

CoroutineEnd::CoroutineEnd(SpawnedCoroutine &job)
    : m_job(&job)
{}

CoroutineEnd::CoroutineEnd(CoroutineEnd &&) noexcept = default;

CoroutineEnd::~CoroutineEnd()
{
    if (!m_job)
        return;
    setError(ErrorParts::make(Error::Kind::JobAbandoned,
                              u"its coroutine was destroyed before it had finished"_s));
    tell();
}

void CoroutineEnd::setError(const Error &error)
{
    m_error = error;
}

void CoroutineEnd::setCurrentException()
{
    m_error = errorOfCurrentException();
}

void CoroutineEnd::tell()
{
    std::exchange(m_job, {})->end(m_error);
}

void logLostException(const std::exception_ptr &exception) noexcept
{
    try {
        qCWarning(lcJanitor).noquote()
            << "A coroutine has ended with an exception that nobody has asked for:"
            << shown(messageOfException(exception), longestText);
    } catch (...) {
        // No memory for the text.
    }
}

} // namespace QJanitor::Private
