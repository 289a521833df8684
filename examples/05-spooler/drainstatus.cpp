// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "drainstatus.h"

#include <cstdio>

using namespace Qt::StringLiterals;

DrainStatus::DrainStatus(const QJanitor::Client &janitor)
    : m_janitor(janitor)
{
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] { print(); });
    m_timer.start(std::chrono::milliseconds(500));
}

void DrainStatus::print() const
{
    const QList<QJanitor::JobInfo> jobs = m_janitor.jobs();
    QString names;
    constexpr qsizetype most = 5;
    for (const QJanitor::JobInfo &job : jobs.first(qMin(jobs.size(), most)))
        names += (names.isEmpty() ? QString() : u", "_s) + job.name;
    if (jobs.size() > most)
        names += u" …"_s;
    std::fprintf(stderr, "%lld %s left: %s\n", qlonglong(jobs.size()),
                 jobs.size() == 1 ? "job" : "jobs", qUtf8Printable(names));
}
