// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "importer.h"

#include <qjanitor/spawn.h>

#include <QtCore/qdir.h>
#include <QtGui/qimagereader.h>

using namespace Qt::StringLiterals;

Importer::Importer(QObject *parent)
    : QAbstractListModel(parent)
{
    // Jobs have ended: often enough for eyes, and never more often.
    connect(&m_status, &QJanitor::Status::changed, this, &Importer::takeNew);
}

void Importer::importFolder(const QUrl &folder)
{
    const QDir pictures(folder.toLocalFile());
    const auto album = std::make_shared<Album>(pictures.filePath(u"thumbnails"_s), m_pictures);
    QStringList patterns;
    for (const QByteArray &format : QImageReader::supportedImageFormats())
        patterns += u"*."_s + QString::fromLatin1(format);
    for (const QFileInfo &picture : pictures.entryInfoList(patterns, QDir::Files)) {
        // What a job shares it owns: nothing of this object, which may go before it.
        QJanitor::spawnDaemon(picture.fileName(),
                              [album, path = picture.filePath()] { return album->import(path); });
    }
}

void Importer::takeNew()
{
    const QList<Picture> pictures = m_pictures->from(m_shown.size());
    if (pictures.isEmpty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + int(pictures.size()) - 1);
    m_shown += pictures;
    endInsertRows();
}

int Importer::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : int(m_shown.size());
}

QVariant Importer::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Picture &picture = m_shown.at(index.row());
    switch (role) {
    case NameRole:
        return picture.name;
    case ThumbnailRole:
        return picture.thumbnail.isEmpty() ? QUrl() : QUrl::fromLocalFile(picture.thumbnail);
    case ErrorRole:
        return picture.error;
    default:
        return {};
    }
}

QHash<int, QByteArray> Importer::roleNames() const
{
    return {{NameRole, "name"}, {ThumbnailRole, "thumbnail"}, {ErrorRole, "error"}};
}
