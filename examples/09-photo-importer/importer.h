// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "album.h"

#include <qjanitor/status.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qurl.h>
#include <QtQml/qqml.h>

/// Imports folders of pictures, and lists what became of them. The thumbnails are made by daemons.
class Importer : public QAbstractListModel
{
    Q_OBJECT
    QML_ELEMENT

public:
    enum Role { NameRole = Qt::UserRole, ThumbnailRole, ErrorRole };

    explicit Importer(QObject *parent = nullptr);

    /// Imports all pictures of \a folder, into a folder "thumbnails" in it.
    Q_INVOKABLE void importFolder(const QUrl &folder);

    int rowCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

private:
    void takeNew();

    const std::shared_ptr<Pictures> m_pictures = std::make_shared<Pictures>();
    QList<Picture> m_shown;
    QJanitor::Status m_status;
};
