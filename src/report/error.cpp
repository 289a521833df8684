// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/error.h>
#include <qjanitor/report.h>

#include "report/texts_p.h"

#include <QtCore/qexception.h>

#include <utility>

namespace QJanitor {

using namespace Qt::StringLiterals;

Error::Error(QString message)
    : m_kind(Kind::JobReturnedError)
    , m_message(std::move(message))
{}

static QString textOfKind(Error::Kind kind)
{
    switch (kind) {
    case Error::Kind::NoError:
        return u"no error"_s;
    case Error::Kind::JobReturnedError:
        return u"returned an error"_s;
    case Error::Kind::JobThrew:
        return u"threw an exception"_s;
    case Error::Kind::JobCanceled:
        return u"was cancelled although nobody had asked it to stop"_s;
    case Error::Kind::JobAbandoned:
        return u"was abandoned"_s;
    case Error::Kind::DrainTimedOut:
        return u"draining timed out"_s;
    case Error::Kind::Internal:
        return u"internal error"_s;
    }
    return {};
}

QString Error::toString() const
{
    if (!isValid())
        return textOfKind(Kind::NoError);
    QString text;
    if (m_kind != Kind::DrainTimedOut && m_kind != Kind::Internal)
        text = m_jobName.isEmpty() ? u"a job"_s : u"job \"%1\""_s.arg(Private::shown(m_jobName));
    if (!m_spawnSite.isEmpty())
        text += u" spawned at "_s + Private::shown(m_spawnSite);
    if (!text.isEmpty())
        text += u' ';
    text += textOfKind(m_kind);
    if (!m_message.isEmpty())
        text += u": "_s + Private::shown(m_message, Private::longestText);
    return text;
}

QDebug operator<<(QDebug debug, const Error &error)
{
    const QDebugStateSaver saver(debug);
    return debug.noquote() << error.toString();
}

SpawnException::SpawnException(SpawnError error) noexcept
    : m_error(error)
{}

SpawnException::~SpawnException() = default;

const char *SpawnException::what() const noexcept
{
    switch (m_error) {
    case SpawnError::NoActiveJanitor:
        return "QJanitor: no janitor is ambient on this thread. Is QJanitor::enter() or "
               "QJanitor::exec() missing around this code, or does the code run on a thread that "
               "no janitor started?";
    case SpawnError::ActiveJanitorTerminating:
        return "QJanitor: the janitor has failed or has closed and takes no such jobs any "
               "more; or the job is a QFuture that has been moved from.";
    case SpawnError::NoError:
        break;
    }
    return "QJanitor: no error";
}

struct Exception::Parts
{
    Report report;
    std::exception_ptr calleeException;
    Error error;
    QByteArray what;
};

Exception::Exception(const Report &report, std::exception_ptr calleeException)
{
    QString what = u"QJanitor: a job failed; "_s + report.toString();
    if (calleeException)
        what += u"\nThe callee failed as well: "_s +
                Private::shown(Private::messageOfException(calleeException), Private::longestText);
    m_parts = std::make_shared<const Parts>(
        Parts{report, std::move(calleeException), report.error(), what.toUtf8()});
}

Exception::Exception(const Report &report, const Error &calleeError)
    : m_parts(std::make_shared<const Parts>(
          Parts{report, calleeError.exception(), calleeError,
                (u"QJanitor: the callee returned an error: "_s +
                 Private::shown(calleeError.message(), Private::longestText))
                    .toUtf8()}))
{}

Exception::Exception(const Exception &) noexcept = default;
Exception &Exception::operator=(const Exception &) noexcept = default;
Exception::~Exception() = default;

const Report &Exception::report() const noexcept
{
    return m_parts->report;
}

const Error &Exception::error() const noexcept
{
    return m_parts->error;
}

std::exception_ptr Exception::calleeException() const noexcept
{
    return m_parts->calleeException;
}

const char *Exception::what() const noexcept
{
    return m_parts->what.constData();
}

namespace Private {

Q_LOGGING_CATEGORY(lcJanitor, "qjanitor")

QString siteText(const SourceLocation &site)
try {
    const QString file = QString::fromUtf8(site.file_name());
    if (file.isEmpty())
        return file;
    return file.sliced(file.lastIndexOf(u'/') + 1) + u':' + QString::number(site.line());
} catch (const std::bad_alloc &) {
    return {}; // whoever settles a job has to go on
}

Error ErrorParts::make(Error::Kind kind, const QString &message, std::exception_ptr exception)
{
    Error error;
    error.m_kind = kind;
    error.m_message = message;
    error.m_exception = std::move(exception);
    return error;
}

Error ErrorParts::named(Error error, const QString &jobName, const QString &spawnSite)
{
    error.m_jobName = jobName;
    error.m_spawnSite = spawnSite;
    return error;
}

QString messageOfException(const std::exception_ptr &exception)
{
    try {
        std::rethrow_exception(exception);
    } catch (const QUnhandledException &unhandled) {
        if (unhandled.exception())
            return messageOfException(unhandled.exception());
        return u"an exception that is no std::exception"_s;
    } catch (const std::exception &known) {
        return QString::fromUtf8(known.what());
    } catch (...) {
        return u"an exception that is no std::exception"_s;
    }
}

} // namespace Private
} // namespace QJanitor
