// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// For suites that run programs of their own: a program that hangs or crashes is a row that fails.

#pragma once

#include <QtCore/qprocess.h>
#include <QtCore/qstringlist.h>

#include <algorithm>

/// What became of a program.
struct Ended
{
    bool hangs = false;
    QProcess::ExitStatus status = QProcess::NormalExit;
    int code = 0;
    QStringList events; ///< The lines of its standard output.
    QStringList log;    ///< Those of its standard error: "<type> <category>: <message>".

    /// For failures: all that is known.
    QString describe() const
    {
        const QString end =
            hangs ? QStringLiteral("hangs")
                  : QStringLiteral("%1 %2")
                        .arg(status == QProcess::NormalExit ? QStringLiteral("exited with")
                                                            : QStringLiteral("killed by"))
                        .arg(code);
        return QStringLiteral("\n  ") + end + QStringLiteral("\n  ") +
               (events + log).join(QStringLiteral("\n  "));
    }

    /// Returns how many critical lines of the library hold \a text.
    qsizetype criticalCount(const QString &text) const
    {
        return std::count_if(log.begin(), log.end(), [&text](const QString &line) {
            return line.startsWith(QStringLiteral("critical qjanitor:")) &&
                   line.contains(text, Qt::CaseInsensitive);
        });
    }

    /// Returns how often \a event has been said.
    qsizetype count(const QString &event) const { return events.count(event); }
};

/// More than enough: nothing that ends comes near.
constexpr int programLimit = 20'000; // ms

inline void startProgram(QProcess &process, const QString &program, const QStringList &arguments)
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("QT_MESSAGE_PATTERN"),
                       QStringLiteral("%{type} %{category}: %{message}"));
    process.setProcessEnvironment(environment);
    process.start(program, arguments);
}

/// Waits for the end of \a process and returns what became of it.
inline Ended endOf(QProcess &process, int limit = programLimit)
{
    Ended ended;
    ended.hangs = !process.waitForFinished(limit);
    if (ended.hangs) {
        process.kill();
        process.waitForFinished();
    }
    const auto lines = [](const QByteArray &text) {
        return QString::fromUtf8(text).split(QLatin1Char('\n'), Qt::SkipEmptyParts);
    };
    ended.status = process.exitStatus();
    ended.code = process.exitCode();
    ended.events = lines(process.readAllStandardOutput());
    ended.log = lines(process.readAllStandardError());
    return ended;
}

inline Ended runProgram(const QString &program, const QStringList &arguments,
                        int limit = programLimit)
{
    QProcess process;
    startProgram(process, program, arguments);
    return endOf(process, limit);
}
