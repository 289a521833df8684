// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qbytearray.h>
#include <QtCore/qstring.h>

#include <chrono>

/// A new file that only whole lines are written to. For one thread at a time.
class OutputFile
{
public:
    OutputFile() = default;
    ~OutputFile();
    Q_DISABLE_COPY_MOVE(OutputFile)

    /// How much longer closing takes than it has to; set once, before the first client connects.
    inline static std::chrono::milliseconds slowness{0};

    /// Creates \c PORT.spool in \a directory, or \c PORT-2.spool and so on if earlier clients had
    /// the same port: nothing is ever overwritten. Returns what went wrong; an empty string if
    /// nothing.
    QString create(const QString &directory, quint16 port);
    /// Appends \a lines. Returns how many bytes of whole lines have been written: all, or fewer
    /// after an error, which is described in \a error.
    qsizetype write(const QByteArray &lines, QString *error);
    /// Makes sure that everything is on disk, and closes. Returns what went wrong.
    QString syncAndClose();

    /// Returns the name without the directory.
    QString name() const { return m_name; }

private:
    int m_descriptor = -1;
    qint64 m_size = 0;
    QString m_name;
};
