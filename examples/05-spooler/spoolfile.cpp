// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "spoolfile.h"

#include "handover.h"

using namespace Qt::StringLiterals;
using QJanitor::Error;

static constexpr qsizetype batchSize = 16 * 1024;
static constexpr qsizetype fullSize = 1024 * 1024;

SpoolFile::SpoolFile(const QString &directory, quint16 port)
    : m_client(u"connection-%1"_s.arg(port))
{
    if (const QString error = m_file.create(directory, port); !error.isEmpty())
        m_failure = u"cannot create %1: %2"_s.arg(name(), error);
}

SpoolFile::~SpoolFile() = default;

QString SpoolFile::append(const QByteArray &lines, qint64 count)
{
    bool mustWrite = false;
    {
        const QMutexLocker locker(&m_mutex);
        if (!m_failure.isEmpty())
            return m_failure;
        m_pending += lines;
        m_acceptedLines += count;
        mustWrite = !m_batchQueued && m_pending.size() >= batchSize;
        m_batchQueued = m_batchQueued || mustWrite;
    }
    if (mustWrite)
        startBatch();
    return {};
}

void SpoolFile::startBatch()
{
    Handover::startDaemon(u"write "_s + m_client,
                          [self = shared_from_this()] { return self->writeBatch(); });
}

bool SpoolFile::isFull() const
{
    const QMutexLocker locker(&m_mutex);
    return m_pending.size() >= fullSize;
}

void SpoolFile::finish()
{
    Handover::startCleanupJob(u"flush "_s + m_client,
                              [self = shared_from_this()] { return self->close(); });
}

/// The daemon.
Error SpoolFile::writeBatch()
{
    {
        const QMutexLocker locker(&m_mutex);
        if (m_writer != Writer::Nobody)
            return Error(); // the cleanup job came first, and leaves nothing
        m_writer = Writer::Batch;
    }
    writePending();
    startNextJob();

    const QMutexLocker locker(&m_mutex);
    return m_failure.isEmpty() ? Error() : Error(m_failure);
}

/// Gives up the file to whoever is next.
void SpoolFile::startNextJob()
{
    bool mustClose = false;
    bool mustWrite = false;
    {
        const QMutexLocker locker(&m_mutex);
        m_writer = Writer::Nobody;
        mustClose = m_closeRequested;
        mustWrite = !mustClose && m_pending.size() >= batchSize;
        m_batchQueued = mustWrite;
    }
    if (mustClose)
        finish();
    else if (mustWrite)
        startBatch();
}

/// The cleanup job.
Error SpoolFile::close()
{
    {
        const QMutexLocker locker(&m_mutex);
        m_closeRequested = true;
        if (m_writer == Writer::Batch)
            return Error(); // the batch will start this job again
        m_writer = Writer::Close;
    }
    writePending();
    const QString syncError = m_file.syncAndClose();

    const QMutexLocker locker(&m_mutex);
    if (m_failure.isEmpty() && !syncError.isEmpty()) {
        m_failure = u"cannot sync %1: %2"_s.arg(name(), syncError);
        m_writtenLines = 0; // nobody knows
    }
    return verdict();
}

/// Writes what is pending. For the writer only; the file is not locked while the disk works.
void SpoolFile::writePending()
{
    QByteArray lines;
    {
        const QMutexLocker locker(&m_mutex);
        if (!m_failure.isEmpty())
            return;
        lines = std::exchange(m_pending, {});
    }
    QString error;
    const qsizetype written = m_file.write(lines, &error);
    {
        const QMutexLocker locker(&m_mutex);
        m_writtenLines += lines.first(written).count('\n');
        if (!error.isEmpty()) {
            m_pending.clear();
            m_failure = u"cannot write %1: %2"_s.arg(name(), error);
        }
    }
    if (error.isEmpty())
        Q_EMIT batchWritten();
    else
        Q_EMIT failed(m_failure); // it does not change any more
}

/// Returns the error that names the lines whose promise is broken; no error if none is.
Error SpoolFile::verdict() const
{
    if (m_failure.isEmpty())
        return Error();
    if (m_writtenLines == m_acceptedLines)
        return Error(m_failure);
    return Error(m_failure + u"; lines %1 to %2 were acknowledged, but are not on disk"_s
                                 .arg(m_writtenLines + 1)
                                 .arg(m_acceptedLines));
}
