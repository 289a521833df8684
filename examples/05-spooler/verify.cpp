// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "verify.h"

#include <QtCore/qfile.h>

#include <algorithm>
#include <cstdio>
#include <utility>

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

/// How far a spool file is what was sent.
struct Match
{
    qint64 goodLines = 0;
    bool isDamaged = false;
};

Match match(const QByteArray &spooled, const QByteArray &source)
{
    const auto [difference, inSource] =
        std::mismatch(spooled.begin(), spooled.end(), source.begin(), source.end());
    // More than was acknowledged may be there, but nothing else and no half line.
    return {std::count(spooled.begin(), difference, '\n'),
            difference != spooled.end() || (!spooled.isEmpty() && !spooled.endsWith('\n'))};
}

/// Finds the spool file of one connection. A port that was used again has several.
Match bestMatch(const QByteArray &source, const QString &spoolDirectory, const QString &port)
{
    Match best = match(contentOf(u"%1/%2.spool"_s.arg(spoolDirectory, port)), source);
    for (int copy = 2;; ++copy) {
        const QString path = u"%1/%2-%3.spool"_s.arg(spoolDirectory, port).arg(copy);
        if (!QFile::exists(path))
            return best;
        const Match other = match(contentOf(path), source);
        if (std::pair(best.isDamaged, -best.goodLines) >
            std::pair(other.isDamaged, -other.goodLines))
            best = other;
    }
}

/// Adds one connection: "PORT ACKNOWLEDGED PATH".
void compare(const QByteArray &entry, const QString &spoolDirectory, Totals *totals)
{
    const qsizetype first = entry.indexOf(' ');
    const qsizetype second = entry.indexOf(' ', first + 1);
    const QString port = QString::fromLatin1(entry.first(first));
    const qint64 acknowledged = entry.sliced(first + 1, second - first - 1).toLongLong();
    const QByteArray source = contentOf(QFile::decodeName(entry.sliced(second + 1)));
    const Match found = bestMatch(source, spoolDirectory, port);
    totals->acknowledged += acknowledged;
    totals->onDisk += found.goodLines;
    totals->lost += qMax<qint64>(0, acknowledged - found.goodLines);
    totals->damagedFiles += found.isDamaged;
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
