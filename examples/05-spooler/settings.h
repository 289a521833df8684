// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qstringlist.h>
#include <QtNetwork/qhostaddress.h>

#include <chrono>
#include <optional>

/// What the command line asks for.
struct Settings
{
    QHostAddress address;
    quint16 port = 0;
    QString spoolDirectory;
    std::optional<std::chrono::milliseconds> drainTimeout;
    std::chrono::milliseconds slowness{0};
    bool useJanitor = true;

    /// Returns the settings in \a arguments, or ends the program as fail() does.
    static Settings fromArguments(const QStringList &arguments);
    /// Prints \a message and ends the program with exit code 2.
    [[noreturn]] static void fail(const QString &message);
};
