// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <QtCore/qabstractitemmodel.h>

namespace QJanitor::Private {

/// The live jobs of a janitor, the oldest first, as Status::jobs() shows them.
class JobModel : public QAbstractListModel
{
    Q_OBJECT

public:
    /// How many jobs it lists: more would cost the spawners, and nobody reads them.
    static constexpr qsizetype most = 1000;

    using QAbstractListModel::QAbstractListModel;

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

    /// Lists \a jobs instead: removes, changes and inserts rows.
    void show(const std::vector<LiveJob> &jobs);

private:
    void removeMissing(const std::vector<LiveJob> &jobs);
    bool update(const std::vector<LiveJob> &jobs);
    void insertNew(const std::vector<LiveJob> &jobs);

    std::vector<LiveJob> m_jobs;
    bool m_isShowing = false;
};

} // namespace QJanitor::Private
