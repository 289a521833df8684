// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "exit/stopnotice_p.h"

#include "exit/servicemanager_p.h"
#include "report/texts_p.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace QJanitor::Private {

namespace {

constexpr int interval = 500;      // ms
constexpr qsizetype lookedAt = 50; // jobs, the oldest: more of them would cost the janitor time
/// How long the service manager is to wait for the next progress, in microseconds.
constexpr auto extension = "EXTEND_TIMEOUT_USEC=30000000\n";

/// Returns a number that changes when any job ends or reports progress.
std::size_t progressOf(const Janitor &janitor, const QList<JobInfo> &jobs)
{
    auto number = std::size_t(janitor.snapshot().ended);
    for (const JobInfo &job : jobs) {
        if (job.progress >= 0 || !job.progressText.isEmpty())
            number = qHashMulti(number, job.progress, job.progressText);
    }
    return number;
}

QList<JobInfo> oldestOf(const Janitor &janitor)
{
    QList<JobInfo> jobs;
    for (const LiveJob &job : janitor.oldestJobs(lookedAt))
        jobs.append(job.info);
    return jobs;
}

/// Names the first of \a jobs, which are \a count or some of them.
QString textOf(qsizetype count, const QList<JobInfo> &jobs)
{
    const qsizetype named = std::min<qsizetype>(jobs.size(), 5);
    return (count == 1 ? u"1 job left: "_s : u"%1 jobs left: "_s.arg(count)) +
           namesOf(jobs.first(named)) +
           (count > named ? u", … %1 more"_s.arg(count - named) : QString());
}

QString statusOf(const Janitor &janitor, const QList<JobInfo> &jobs)
{
    if (janitor.isDone()) {
        if (const QList<JobInfo> unfinished = janitor.report().unfinished(); !unfinished.isEmpty())
            return u"given up; "_s + textOf(unfinished.size(), unfinished);
        return u"all jobs have ended"_s;
    }
    const qsizetype count = std::max(janitor.snapshot().pending, jobs.size());
    if (janitor.hasCalleeEnded())
        return jobs.isEmpty() ? u"all jobs have ended"_s : textOf(count, jobs);
    return jobs.isEmpty() ? u"the event loop has not ended"_s
                          : u"the event loop has not ended; "_s + textOf(count, jobs);
}

/// Makes one line of it, which must not be mistaken for another assignment, and no long one: too
/// long datagrams are dropped.
QByteArray oneLine(const QString &text)
{
    constexpr qsizetype longest = 500;
    return shown(text, longest).toUtf8();
}

} // namespace

StopNotice::StopNotice(const JanitorPointer &janitor)
    : m_janitor(janitor)
    , m_progress(progressOf(*janitor, oldestOf(*janitor)))
{
    announce(*janitor);
    m_timer.start(interval, this);
}

void StopNotice::announce(Janitor &janitor)
{
    if (janitor.isFirstToAnnounceStop())
        ServiceManager::tell("STOPPING=1");
}

void StopNotice::timerEvent(QTimerEvent *)
{
    const bool isDone = m_janitor->isDone(); // before the look at what it had to do
    const QList<JobInfo> jobs = oldestOf(*m_janitor);
    const QByteArray message = lookAtProgress(jobs) + lookAtStatus(statusOf(*m_janitor, jobs));
    if (!message.isEmpty())
        ServiceManager::tell(message);
    if (isDone)
        m_timer.stop();
}

QByteArray StopNotice::lookAtProgress(const QList<JobInfo> &jobs)
{
    const std::size_t progress = progressOf(*m_janitor, jobs);
    return std::exchange(m_progress, progress) == progress ? QByteArray() : QByteArray(extension);
}

QByteArray StopNotice::lookAtStatus(const QString &status)
{
    return std::exchange(m_status, status) == status ? QByteArray()
                                                     : "STATUS=" + oneLine(status) + '\n';
}

} // namespace QJanitor::Private
