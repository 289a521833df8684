// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "observe/jobmodel_p.h"

#include "report/texts_p.h"

#include <qjanitor/status.h>

#include <QtCore/qscopeguard.h>

#include <algorithm>

namespace QJanitor::Private {

int JobModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_jobs.size());
}

QVariant JobModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const JobInfo &job = m_jobs[std::size_t(index.row())].info;
    switch (role) {
    case Qt::DisplayRole:
        return shown(job.name.isEmpty() ? job.spawnSite : job.name);
    case Status::NameRole:
        return job.name;
    case Status::KindRole:
        return QVariant::fromValue(job.kind);
    case Status::SpawnSiteRole:
        return job.spawnSite;
    case Status::AgeRole:
        return qint64(job.age.count());
    case Status::ProgressRole:
        return job.progress;
    case Status::ProgressTextRole:
        return job.progressText;
    case Status::StateRole:
        return QVariant::fromValue(job.state);
    default:
        return {};
    }
}

QHash<int, QByteArray> JobModel::roleNames() const
{
    return {{Qt::DisplayRole, "display"},
            {Status::NameRole, "name"},
            {Status::KindRole, "kind"},
            {Status::SpawnSiteRole, "spawnSite"},
            {Status::AgeRole, "age"},
            {Status::ProgressRole, "progress"},
            {Status::ProgressTextRole, "progressText"},
            {Status::StateRole, "state"}};
}

void JobModel::show(const std::vector<LiveJob> &jobs)
{
    if (m_isShowing)
        return; // a slot has turned the event loop in the middle of it; the next look is near
    m_isShowing = true;
    const auto done = qScopeGuard([this] { m_isShowing = false; });
    removeMissing(jobs);
    if (update(jobs)) {
        insertNew(jobs);
    } else {
        beginResetModel();
        m_jobs = jobs;
        endResetModel();
    }
}

/// Removes the rows that are not in \a jobs, neighbours at one go.
void JobModel::removeMissing(const std::vector<LiveJob> &jobs)
{
    std::vector<decltype(std::declval<LiveJob>().identity())> kept;
    kept.reserve(jobs.size());
    for (const LiveJob &job : jobs)
        kept.push_back(job.identity());
    std::sort(kept.begin(), kept.end());
    const auto isMissing = [&](int row) {
        return !std::binary_search(kept.begin(), kept.end(), m_jobs[std::size_t(row)].identity());
    };
    int end = int(m_jobs.size());
    while (end > 0) {
        int begin = end;
        while (begin > 0 && isMissing(begin - 1))
            --begin;
        if (begin < end) {
            beginRemoveRows({}, begin, end - 1);
            m_jobs.erase(m_jobs.begin() + begin, m_jobs.begin() + end);
            endRemoveRows();
        }
        end = begin - 1;
    }
}

/// Takes over what \a jobs say of the rows. Returns false if they are in another order there.
bool JobModel::update(const std::vector<LiveJob> &jobs)
{
    auto next = jobs.begin();
    for (LiveJob &job : m_jobs) {
        while (next != jobs.end() && next->identity() != job.identity())
            ++next;
        if (next == jobs.end())
            return false;
        job.info = next->info;
    }
    if (!m_jobs.empty())
        Q_EMIT dataChanged(index(0), index(int(m_jobs.size()) - 1));
    return true;
}

/// Inserts the \a jobs that have no row yet, neighbours at one go.
void JobModel::insertNew(const std::vector<LiveJob> &jobs)
{
    const auto isNew = [&](std::size_t job, std::size_t row) {
        return row == m_jobs.size() || jobs[job].identity() != m_jobs[row].identity();
    };
    for (std::size_t row = 0; row < jobs.size(); ++row) {
        std::size_t end = row;
        while (end < jobs.size() && isNew(end, row))
            ++end;
        if (end == row)
            continue;
        beginInsertRows({}, int(row), int(end) - 1);
        m_jobs.insert(m_jobs.begin() + std::ptrdiff_t(row), jobs.begin() + std::ptrdiff_t(row),
                      jobs.begin() + std::ptrdiff_t(end));
        endInsertRows();
        row = end - 1;
    }
}

} // namespace QJanitor::Private
