// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qcoreapplication.h>
#include <QtCore/qlogging.h>

#include <chrono>
#include <cstdio>

// For programs that do things at random, and the same again for the same seed.

inline quint64 argument(const QString &name, quint64 otherwise)
{
    const QStringList arguments = QCoreApplication::arguments();
    const qsizetype index = arguments.indexOf(name);
    return index < 0 ? otherwise : arguments.value(index + 1).toULongLong();
}

/// Returns the seed to begin with, the one that was asked for or another each time, and prints it.
inline quint32 firstSeed(const char *program)
{
    const auto clock = std::chrono::system_clock::now().time_since_epoch();
    const auto seed =
        quint32(argument(QStringLiteral("--seed"), quint64(clock.count()) % 1'000'000'000));
    std::printf("%s --seed %u\n", program, seed);
    std::fflush(stdout);
    return seed;
}

/// The library tells of each failure, and there are thousands.
inline void silenceTheLibrary()
{
    qInstallMessageHandler(
        [](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            if (type == QtFatalMsg || qstrcmp(context.category, "qjanitor") != 0)
                std::fprintf(stderr, "%s\n", qPrintable(text));
        });
}
