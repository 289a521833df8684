// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "scope/processend_p.h"

#include "agent/agentthread_p.h"
#include "coro/spawnedcoroutine_p.h"
#include "janitor/janitor_p.h"
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

/// How long daemons may take after the last cleanup job, if there is no drainTimeout: exit() must
/// end.
constexpr std::int64_t patience = 5000; // ms

struct Registry
{
    std::mutex mutex; ///< Taken after that of a janitor.
    Janitor *first = nullptr;
};

/// Never destroyed: it is needed last of all.
Registry &registry()
{
    static auto &registry = *new Registry;
    return registry;
}

std::atomic<bool> isInChild{false};

std::vector<JanitorPointer> listed()
{
    std::vector<JanitorPointer> janitors;
    const std::lock_guard lock(registry().mutex);
    for (Janitor *janitor = registry().first; janitor; janitor = janitor->listing.next) {
        // One whose last owner has just gone waits for the lock, to leave the list.
        for (int owners = janitor->ref.loadAcquire(); owners > 0;
             owners = janitor->ref.loadAcquire()) {
            if (janitor->ref.testAndSetAcquire(owners, owners + 1)) {
                janitors.emplace_back(janitor);
                janitor->ref.deref();
                break;
            }
        }
    }
    return janitors;
}

/// One janitor, and what there is to wait for.
class Left
{
public:
    explicit Left(JanitorPointer janitor)
        : m_janitor(std::move(janitor))
        , m_own(FrameSwap::jobsOnThisStack(*m_janitor) + SpawnedCoroutine::isCurrentOf(*m_janitor))
    {
        if (m_janitor->canEndCallee())
            m_janitor->endCallee();
    }
    /// Whether nothing is left but the jobs that have called exit(), which will never end.
    bool isThrough() const { return m_janitor->isDone() || m_janitor->pending().total() <= m_own; }
    bool hasCleanUp() const { return !isThrough() && m_janitor->pending().cleanupJobs > 0; }
    bool hasTimeout() const { return m_janitor->drainTimeout() != Alarm::never; }
    Janitor &janitor() const { return *m_janitor; }

    /// Says what went wrong, for nobody else will.
    void tell() const
    {
        const Report report = m_janitor->report(); // empty as long as it is not done
        const QList<JobInfo> jobs = m_janitor->isDone() ? report.unfinished()
                                    : isThrough()       ? QList<JobInfo>()
                                                        : m_janitor->jobs();
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
    const JanitorPointer m_janitor;
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
        for (JanitorPointer &janitor : listed()) {
            const auto isIt = [&janitor](const Left &left) {
                return &left.janitor() == janitor.data();
            };
            if (std::none_of(m_all.begin(), m_all.end(), isIt))
                m_all.emplace_back(std::move(janitor));
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
            left.janitor().onAlarm();
            left.janitor().lookAfterFutures();
            if (ownPoolLacksThreads())
                left.janitor().runOneJob();
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

    const LentThread m_lent{presentFrame().janitor.data()};
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

void ProcessEnd::add(Held, Janitor &janitor)
{
    if (janitor.listing.isListed || janitor.isDone())
        return;
    catchExit();
    const std::lock_guard lock(registry().mutex);
    janitor.listing = {nullptr, registry().first, true};
    if (registry().first)
        registry().first->listing.previous = &janitor;
    registry().first = &janitor;
}

void ProcessEnd::remove(Janitor &janitor)
{
    if (!janitor.listing.isListed)
        return;
    const std::lock_guard lock(registry().mutex);
    const auto &[previous, next, isListed] = janitor.listing;
    (previous ? previous->listing.next : registry().first) = next;
    if (next)
        next->listing.previous = previous;
    janitor.listing = {};
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
