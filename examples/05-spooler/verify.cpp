// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "verify.h"

#include <QtCore/qfile.h>

#include <algorithm>
#include <cstdio>

using namespace Qt::StringLiterals;

namespace {

struct Totals
{
    qint64 acknowledged = 0;
    qint64 onDisk = 0;
    qint64 lost = 0;
    qint64 damagedFiles = 0;
};

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray();
}

/// Adds one connection: "PORT ACKNOWLEDGED PATH".
void compare(const QByteArray &entry, const QString &spoolDirectory, Totals *totals)
{
    const qsizetype first = entry.indexOf(' ');
    const qsizetype second = entry.indexOf(' ', first + 1);
    const QString port = QString::fromLatin1(entry.first(first));
    const qint64 acknowledged = entry.sliced(first + 1, second - first - 1).toLongLong();
    const QByteArray source = contentOf(QFile::decodeName(entry.sliced(second + 1)));
    const QByteArray spooled = contentOf(u"%1/%2.spool"_s.arg(spoolDirectory, port));

    const auto [difference, inSource] =
        std::mismatch(spooled.begin(), spooled.end(), source.begin(), source.end());
    const qint64 good = std::count(spooled.begin(), difference, '\n');
    totals->acknowledged += acknowledged;
    totals->onDisk += good;
    totals->lost += qMax<qint64>(0, acknowledged - good);
    // More than was acknowledged may be there, but nothing else and no half line.
    totals->damagedFiles +=
        difference != spooled.end() || (!spooled.isEmpty() && !spooled.endsWith('\n'));
}

} // namespace

bool verify(const QString &manifest, const QString &spoolDirectory)
{
    Totals totals;
    QFile file(manifest);
    if (!file.open(QFile::ReadOnly)) {
        std::fprintf(stderr, "feeder: cannot read %s\n", qUtf8Printable(manifest));
        return false;
    }
    while (!file.atEnd())
        compare(file.readLine().chopped(1), spoolDirectory, &totals);
    std::printf("acknowledged %lld\non-disk %lld\nlost %lld\ndamaged-files %lld\n",
                totals.acknowledged, totals.onDisk, totals.lost, totals.damagedFiles);
    return totals.lost == 0 && totals.damagedFiles == 0;
}
