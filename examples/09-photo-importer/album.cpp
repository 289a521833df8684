// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "album.h"

#include "thumbnail.h"

#include <qjanitor/spawn.h>

#include <QtCore/qdir.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qsavefile.h>

using namespace Qt::StringLiterals;

void Pictures::add(const Picture &picture)
{
    const std::lock_guard lock(m_mutex);
    m_pictures.append(picture);
}

QList<Picture> Pictures::from(qsizetype count) const
{
    const std::lock_guard lock(m_mutex);
    return m_pictures.sliced(count);
}

Album::Album(const QString &folder, const std::shared_ptr<Pictures> &pictures)
    : m_folder(folder)
    , m_pictures(pictures)
{
    QDir().mkpath(folder);
}

static QJanitor::Error writeContents(const QString &path, const QList<Picture> &pictures)
{
    QJsonArray contents;
    for (const Picture &picture : pictures) {
        contents += picture.error.isEmpty()
                        ? QJsonObject{{u"picture"_s, picture.name},
                                      {u"thumbnail"_s, QFileInfo(picture.thumbnail).fileName()}}
                        : QJsonObject{{u"picture"_s, picture.name}, {u"error"_s, picture.error}};
    }
    QSaveFile file(path);
    const QByteArray json = QJsonDocument(contents).toJson();
    if (!file.open(QSaveFile::WriteOnly) || file.write(json) != json.size() || !file.commit())
        return QJanitor::Error(file.errorString());
    return {};
}

Album::~Album()
{
    QJanitor::spawnCleanupJob(u"list of contents"_s, [path = QString(m_folder + u"/album.json"_s),
                                                      pictures = m_pictures->from(0)] {
        return writeContents(path, pictures);
    });
}

QJanitor::Error Album::import(const QString &source)
{
    const QString name = QFileInfo(source).fileName();
    const QString thumbnail = m_folder + u'/' + name + u".png"_s;
    const QJanitor::Error error = makeThumbnail(source, thumbnail);
    m_pictures->add({name, error ? QString() : thumbnail, error.message()});
    return error;
}
