// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "outputfile.h"

#include <qjanitor/error.h>

#include <QtCore/qmutex.h>
#include <QtCore/qobject.h>

#include <memory>

/*!
    \brief Takes the lines of one connection and brings them to disk, in order, in the background.

    The connection and the jobs share it: a job owns what it uses, so the connection may go at any
    time. One job writes at a time, and none ever waits for another: if the cleanup job comes while
   a batch is being written, that batch hands on to a new cleanup job when it is through.

    \b{Threading.} append(), isFull() and finish() belong to the connection's thread. The signals
   are emitted by jobs, on pool threads.
*/
class SpoolFile : public QObject, public std::enable_shared_from_this<SpoolFile>
{
    Q_OBJECT

public:
    /// Creates the file for a client at \a port. If that fails, append() will say so.
    SpoolFile(const QString &directory, quint16 port);
    ~SpoolFile() override;

    /// Accepts \a count whole \a lines. Returns the reason if it accepts no more lines; an empty
    /// string if they will be on disk when the program has ended.
    QString append(const QByteArray &lines, qint64 count);
    /// Returns \c true if so much is waiting for the disk that the client should wait as well.
    bool isFull() const;
    /// Brings everything to disk. For the destructor of the connection, after which no more comes.
    void finish();

    QString name() const { return m_file.name(); }

Q_SIGNALS:
    /// Emitted after each batch, when there is room again.
    void batchWritten();
    /// Emitted once, when lines could not be written.
    void failed(const QString &reason);

private:
    QJanitor::Error writeBatch();
    QJanitor::Error close();
    void startBatch();
    void startNextJob();
    void writePending();
    QJanitor::Error verdict() const;

    enum class Writer { Nobody, Batch, Close };

    const QString m_client;
    OutputFile m_file; // belongs to the writer

    mutable QMutex m_mutex; // guards what follows
    Writer m_writer = Writer::Nobody;
    bool m_batchQueued = false;
    bool m_closeRequested = false;
    QByteArray m_pending;
    QString m_failure;
    qint64 m_acceptedLines = 0;
    qint64 m_writtenLines = 0;
};
