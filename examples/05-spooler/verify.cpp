// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "verify.h"

#include <QtCore/qfile.h>
#include <QtCore/qlist.h>
#include <QtCore/qmap.h>

#include <algorithm>
#include <cstdio>
#include <tuple>
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

/// What the manifest tells of one connection.
struct Sent
{
    qint64 acknowledged = 0;
    QByteArray source;
};

/// The connection that a spool file is of: one whose source it is, and has what was acknowledged.
struct Owner
{
    Match found;
    qsizetype index = -1;
};

Owner ownerOf(const QByteArray &spooled, const QList<Sent> &connections)
{
    const auto rank = [&](const Owner &owner) {
        const qint64 acknowledged = connections[owner.index].acknowledged;
        return std::tuple(!owner.found.isDamaged, acknowledged <= owner.found.goodLines,
                          owner.found.goodLines, acknowledged);
    };
    Owner best;
    for (qsizetype i = 0; i < connections.size(); ++i) {
        const Owner other{match(spooled, connections[i].source), i};
        if (best.index < 0 || rank(best) < rank(other))
            best = other;
    }
    return best;
}

/// Adds the connections that had one port, one after the other. One that came too late to be
/// accepted has no spool file.
void compare(const QString &port, QList<Sent> connections, const QString &spoolDirectory,
             Totals *totals)
{
    for (const Sent &connection : std::as_const(connections))
        totals->acknowledged += connection.acknowledged;
    for (int copy = 1;; ++copy) {
        const QString suffix = copy == 1 ? QString() : u"-%1"_s.arg(copy);
        const QString path = u"%1/%2%3.spool"_s.arg(spoolDirectory, port, suffix);
        if (!QFile::exists(path))
            break;
        const Owner owner = ownerOf(contentOf(path), connections);
        totals->onDisk += owner.found.goodLines;
        if (owner.index < 0) {
            ++totals->damagedFiles; // nobody sent it
            continue;
        }
        totals->damagedFiles += owner.found.isDamaged;
        const qint64 acknowledged = connections.takeAt(owner.index).acknowledged;
        totals->lost += qMax<qint64>(0, acknowledged - owner.found.goodLines);
    }
    for (const Sent &connection : std::as_const(connections))
        totals->lost += connection.acknowledged;
}

} // namespace

bool verify(const QString &manifest, const QString &spoolDirectory)
{
    QFile file(manifest);
    if (!file.open(QFile::ReadOnly)) {
        std::fprintf(stderr, "feeder: cannot read %s\n", qUtf8Printable(manifest));
        return false;
    }
    QMap<QString, QList<Sent>> ports;
    while (!file.atEnd()) {
        const QByteArray entry = file.readLine().chopped(1); // PORT ACKNOWLEDGED PATH
        const qsizetype first = entry.indexOf(' ');
        const qsizetype second = entry.indexOf(' ', first + 1);
        ports[QString::fromLatin1(entry.first(first))].append(
            {entry.sliced(first + 1, second - first - 1).toLongLong(),
             contentOf(QFile::decodeName(entry.sliced(second + 1)))});
    }
    Totals totals;
    for (auto port = ports.cbegin(); port != ports.cend(); ++port)
        compare(port.key(), port.value(), spoolDirectory, &totals);
    std::printf("acknowledged %lld\non-disk %lld\nlost %lld\ndamaged-files %lld\n",
                totals.acknowledged, totals.onDisk, totals.lost, totals.damagedFiles);
    return totals.lost == 0 && totals.damagedFiles == 0;
}
