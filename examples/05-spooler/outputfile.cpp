// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "outputfile.h"

#include <QtCore/qfile.h>

#include <cerrno>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

using namespace Qt::StringLiterals;

/// Calls \a systemCall again for as long as signals interrupt it.
template<class F>
static auto retried(F &&systemCall)
{
    for (;;) {
        const auto result = systemCall();
        if (result >= 0 || errno != EINTR)
            return result;
    }
}

OutputFile::~OutputFile()
{
    if (m_descriptor >= 0)
        ::close(m_descriptor);
}

QString OutputFile::create(const QString &directory, quint16 port)
{
    for (int copy = 1; m_descriptor < 0; ++copy) {
        const QString suffix = copy == 1 ? QString() : u"-%1"_s.arg(copy);
        m_name = u"%1%2.spool"_s.arg(port).arg(suffix);
        const QByteArray path = QFile::encodeName(directory + u'/' + m_name);
        m_descriptor = retried([&path] {
            return ::open(path.constData(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
                          0644);
        });
        if (m_descriptor < 0 && errno != EEXIST)
            return qt_error_string();
    }
    return {};
}

qsizetype OutputFile::write(const QByteArray &lines, QString *error)
{
    qsizetype done = 0;
    while (done < lines.size()) {
        const ssize_t count = retried([this, &lines, done] {
            return ::write(m_descriptor, lines.constData() + done, size_t(lines.size() - done));
        });
        if (count < 0) {
            *error = qt_error_string();
            done = lines.first(done).lastIndexOf('\n') + 1;
            // Half a line is no line. If it cannot be cut off it does no harm: nothing follows it.
            static_cast<void>(!::ftruncate(m_descriptor, off_t(m_size + done)));
            break;
        }
        done += count;
    }
    m_size += done;
    return done;
}

QString OutputFile::syncAndClose()
{
    if (m_descriptor < 0)
        return {};
    std::this_thread::sleep_for(slowness);
    const bool synced = retried([this] { return ::fsync(m_descriptor); }) == 0;
    const QString error = synced ? QString() : qt_error_string();
    ::close(std::exchange(m_descriptor, -1));
    return error;
}
