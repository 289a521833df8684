// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "thumbnail.h"

#include <QtCore/qsavefile.h>
#include <QtGui/qimagereader.h>
#include <QtGui/qimagewriter.h>

QJanitor::Error makeThumbnail(const QString &source, const QString &target)
{
    QImageReader reader(source);
    reader.setAutoTransform(true);
    const QImage picture = reader.read();
    if (picture.isNull())
        return QJanitor::Error(reader.errorString());
    QSaveFile file(target); // nobody ever sees half of it
    QImageWriter writer(&file, "png");
    const QImage small = picture.scaled(192, 144, Qt::KeepAspectRatio, Qt::SmoothTransformation);
    if (!file.open(QSaveFile::WriteOnly))
        return QJanitor::Error(file.errorString());
    if (!writer.write(small))
        return QJanitor::Error(writer.errorString());
    return file.commit() ? QJanitor::Error() : QJanitor::Error(file.errorString());
}
