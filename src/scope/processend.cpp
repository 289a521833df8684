// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "scope/processend_p.h"

#include "agent/agentthread_p.h"
#include "coro/cojob_p.h"
#include "janitor/core_p.h"
#include "report/texts_p.h"
#include "run/threadpool_p.h"
#include "drain/wait_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#if defined(Q_OS_UNIX)
#    include <pthread.h>
#endif

namespace QJanitor::Private {

namespace {

/// How long daemons may take after the last cleanup job, if there is no drainTimeout: exit() must end.
constexpr std::int64_t patience = 5000; // ms

struct Registry
{
    std::mutex mutex; ///< Taken after that of a core.
    Core *first = nullptr;
};

/// Never destroyed: it is needed last of all.
Registry &registry()
{
    static auto &registry = *new Registry;
    return registry;
}

std::atomic<bool> isInChild{false};

std::vector<CorePointer> listed()
{
    std::vector<CorePointer> cores;
    const std::lock_guard lock(registry().mutex);
    for (Core *core = registry().first; core; core = core->listing.next) {
        // One whose last owner has just gone waits for the lock, to leave the list.
        for (int owners = core->ref.loadAcquire(); owners > 0; owners = core->ref.loadAcquire()) {
            if (core->ref.testAndSetAcquire(owners, owners + 1)) {
                cores.emplace_back(core);
                core->ref.deref();
                break;
            }
        }
    }
    return cores;
}

/// One janitor, and what there is to wait for.
class Left
{
public:
    explicit Left(CorePointer core)
        : m_core(std::move(core))
        , m_own(FrameSwap::jobsOnThisStack(*m_core) + CoJob::isCurrentOf(*m_core))
    {
        if (m_core->canEndCallee())
            m_core->endCallee();
    }
    /// Whether nothing is left but the jobs that have called exit(), which will never end.
    bool isThrough() const { return m_core->isDone() || m_core->pending().total() <= m_own; }
    bool hasCleanUp() const { return !isThrough() && m_core->pending().cleanupJobs > 0; }
    bool hasTimeout() const { return m_core->drainTimeout() != Alarm::never; }
    Core &core() const { return *m_core; }

    /// Says what went wrong, for nobody else will.
    void tell() const
    {
        const Report report = m_core->report(); // empty as long as it is not done
        const QList<JobInfo> jobs = m_core->isDone() ? report.unfinished()
                                    : isThrough()    ? QList<JobInfo>()
                                                     : m_core->jobs();
        if (!jobs.isEmpty()) {
            qCCritical(lcJanitor).noquote().nospace()
                << "The process ends by exit() with " << jobs.size()
                << (jobs.size() == 1 ? " job" : " jobs") << " left: " << namesOf(jobs);
        }
        const QList<Error> errors = report.errors();
        for (const Error &error : errors.first(std::min(errors.size(), mostListed))) {
            if (error.kind() != Error::Kind::DrainTimedOut)
                qCCritical(lcJanitor).noquote()
                    << "While the process ended by exit():" << error.toString();
        }
    }

private:
    const CorePointer m_core;
    const std::int64_t m_own;
};

class LastDrain
{
public:
    void run()
    {
        while (someAreLeft() && !isOver())
            go();
        for (const Left &left : m_all)
            left.tell();
    }

private:
    /// Looks for janitors that are new, too: clean-up may open some.
    bool someAreLeft()
    {
        for (CorePointer &core : listed()) {
            const auto isIt = [&core](const Left &left) { return &left.core() == core.data(); };
            if (std::none_of(m_all.begin(), m_all.end(), isIt))
                m_all.emplace_back(std::move(core));
        }
        return !std::all_of(m_all.begin(), m_all.end(), std::mem_fn(&Left::isThrough));
    }

    bool isOver()
    {
        const bool waitsForAll = std::any_of(m_all.begin(), m_all.end(), [](const Left &left) {
            return left.hasCleanUp() || (!left.isThrough() && left.hasTimeout());
        });
        if (waitsForAll)
            m_end = coarseNow() + patience;
        return coarseNow() >= m_end;
    }

    /// Lets some time pass in which the jobs can go on.
    void go()
    {
        for (const Left &left : m_all) {
            left.core().onAlarm();
            left.core().lookAfterFutures();
            if (ownPoolLacksThreads())
                left.core().runOneJob();
        }
        constexpr int moment = 2; // ms
        const QCoreApplication *application = QCoreApplication::instance();
        try {
            if (application && application->thread() == QThread::currentThread())
                QCoreApplication::processEvents(QEventLoop::AllEvents, moment);
        } catch (...) {
            logSlotException(std::current_exception());
        }
        QThread::msleep(moment);
    }

    const LentThread m_lent{presentFrame().core.data()};
    std::vector<Left> m_all;
    std::int64_t m_end = coarseNow() + patience;
};

void finishAll()
{
    static std::atomic_flag isCalled;
    if (ProcessEnd::isForked() || isCalled.test_and_set())
        return;
    try {
        LastDrain().run();
    } catch (...) {
        // A slot has thrown, or there is no memory: the process ends now.
    }
}

void catchExit()
{
    static const bool isCaught [[maybe_unused]] = [] {
        std::atexit(finishAll);
#if !defined(Q_OS_DARWIN)
        std::at_quick_exit(finishAll);
#endif
        return true;
    }();
}

#if defined(Q_OS_UNIX)
void catchFork()
{
    ::pthread_atfork(nullptr, nullptr, [] { isInChild.store(true, std::memory_order_relaxed); });
}
Q_CONSTRUCTOR_FUNCTION(catchFork)
#endif

} // namespace

void ProcessEnd::add(Core &core)
{
    if (core.listing.isListed || core.isDone())
        return;
    catchExit();
    const std::lock_guard lock(registry().mutex);
    core.listing = {nullptr, registry().first, true};
    if (registry().first)
        registry().first->listing.previous = &core;
    registry().first = &core;
}

void ProcessEnd::remove(Core &core)
{
    if (!core.listing.isListed)
        return;
    const std::lock_guard lock(registry().mutex);
    const auto &[previous, next, isListed] = core.listing;
    (previous ? previous->listing.next : registry().first) = next;
    if (next)
        next->listing.previous = previous;
    core.listing = {};
}

bool ProcessEnd::isForked()
{
    return isInChild.load(std::memory_order_relaxed);
}

void ProcessEnd::warnOfFork()
{
    static std::atomic_flag isSaid;
    if (!isSaid.test_and_set()) {
        qCCritical(
            lcJanitor,
            "This process was forked without exec from one that uses QJanitor, whose threads "
            "stay behind: jobs run on the thread that waits for them, and those of before the "
            "fork are given up.");
    }
}

} // namespace QJanitor::Private
