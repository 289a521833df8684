// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/error.h>

#include <QtCore/qlist.h>
#include <QtCore/qstring.h>

#include <memory>
#include <mutex>

/// What became of one picture.
struct Picture
{
    QString name;
    QString thumbnail; ///< A path; empty if there is none.
    QString error;     ///< Empty if all went well.
};

/// What became of the pictures so far. Any thread.
class Pictures
{
public:
    void add(const Picture &picture);
    /// Returns all but the first \a count.
    QList<Picture> from(qsizetype count) const;

private:
    mutable std::mutex m_mutex;
    QList<Picture> m_pictures;
};

/*!
    A folder of thumbnails while it grows. Its jobs share it, so it goes with the last of them, on
    whatever thread that is; then it has its list of contents written. It is handed no janitor for that.
*/
class Album
{
public:
    Album(const QString &folder, const std::shared_ptr<Pictures> &pictures);
    ~Album();
    Q_DISABLE_COPY_MOVE(Album)

    /// Makes the thumbnail of \a source, and returns what went wrong. Blocks; for jobs.
    QJanitor::Error import(const QString &source);

private:
    const QString m_folder;
    const std::shared_ptr<Pictures> m_pictures;
};
