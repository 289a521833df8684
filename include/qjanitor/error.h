// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/enums.h>
#include <qjanitor/export.h>

#include <QtCore/qdebug.h>
#include <QtCore/qmetatype.h>
#include <QtCore/qobjectdefs.h>
#include <QtCore/qstring.h>

#include <exception>
#include <memory>

namespace QJanitor {

namespace Private {
struct ErrorParts;
}

/*!
    \brief Tells how one job failed: what happened, which job it was and where it was spawned.

    A default-constructed Error is no error. A job fails by returning one that has a message.

    \b{Threading.} A value; copies may be used on different threads. Registered as a meta-type, so
    it travels through queued signals.

    \b{Lifetime.} Keeps the exception of a job that threw alive; that exception's destructor runs on
    the thread that drops the last copy.

    \since 0.1
*/
class QJANITOR_EXPORT Error
{
    Q_GADGET
    Q_PROPERTY(bool valid READ isValid CONSTANT FINAL)
    Q_PROPERTY(Kind kind READ kind CONSTANT FINAL)
    Q_PROPERTY(QString message READ message CONSTANT FINAL)
    Q_PROPERTY(QString jobName READ jobName CONSTANT FINAL)
    Q_PROPERTY(QString spawnSite READ spawnSite CONSTANT FINAL)

public:
    /// The ways in which a job, or the janitor itself, can fail.
    enum class Kind {
        NoError,          ///< Nothing failed.
        JobReturnedError, ///< The job returned an Error, or an expected-like value without a value.
        JobThrew,         ///< The job ended with an exception; see exception().
        JobCanceled,      ///< The job's future was cancelled although nobody had asked it to stop.
        JobAbandoned,     ///< The job's promise was dropped: it will never tell how it ended.
        DrainTimedOut,    ///< The janitor's drain timeout passed while jobs were still running.
        Internal,         ///< The library could not do what it promises; the message says what.
    };
    Q_ENUM(Kind)

    Error() = default;
    /// Constructs the error that a job returns in order to fail (Kind::JobReturnedError).
    explicit Error(QString message);

    /// Returns \c true if there is an error; otherwise returns \c false.
    bool isValid() const { return m_kind != Kind::NoError; }
    explicit operator bool() const { return isValid(); }

    Kind kind() const { return m_kind; }
    QString message() const { return m_message; }
    /// Returns the name that the job was spawned with; empty if it was given none.
    QString jobName() const { return m_jobName; }
    /// Returns where the job was spawned, as \c "file.cpp:42"; empty if the compiler cannot tell.
    QString spawnSite() const { return m_spawnSite; }
    /// Returns the exception of a job that threw (Kind::JobThrew); otherwise null.
    std::exception_ptr exception() const { return m_exception; }

    /// Returns one line for people: the job, where it was spawned, and what happened. Control
    /// characters are spelled out; a name is cut after 200 characters, a message after 2,000.
    Q_INVOKABLE QString toString() const;

private:
    friend struct Private::ErrorParts;
    Kind m_kind = Kind::NoError;
    QString m_message;
    QString m_jobName;
    QString m_spawnSite;
    std::exception_ptr m_exception;
};

/*!
    \brief Thrown by the spawn verbs without \c try when no janitor accepts the job.

    \since 0.1
*/
class QJANITOR_EXPORT SpawnException : public std::exception
{
public:
    explicit SpawnException(SpawnError error) noexcept;
    ~SpawnException() override;

    SpawnError error() const noexcept { return m_error; }
    /// Returns a sentence that names the likely mistake.
    const char *what() const noexcept override;

private:
    SpawnError m_error;
};

/// Writes error.toString().
QJANITOR_EXPORT QDebug operator<<(QDebug debug, const Error &error);

class Report;

/*!
    \brief Thrown when a janitor failed: carries its Report, and the callee's failure if it failed
    as well.

    \since 0.1
*/
class QJANITOR_EXPORT Exception : public std::exception
{
public:
    /// Constructs the exception of a janitor that ended with \a report while its callee ended with
    /// \a calleeException, which may be null.
    explicit Exception(const Report &report, std::exception_ptr calleeException = nullptr);
    /// Constructs the exception of a callee that returned \a calleeError under a janitor that ended
    /// well with \a report.
    Exception(const Report &report, const Error &calleeError);
    Exception(const Exception &) noexcept;
    Exception &operator=(const Exception &) noexcept;
    ~Exception() override;

    const Report &report() const noexcept;
    /// Returns the janitor's first error, or the callee's if the janitor ended well.
    const Error &error() const noexcept;
    /// Returns the callee's exception if the callee threw; otherwise null.
    std::exception_ptr calleeException() const noexcept;
    /// Returns the texts of what failed, UTF-8; see Report::toString().
    const char *what() const noexcept override;

private:
    struct Parts;
    std::shared_ptr<const Parts> m_parts;
};

} // namespace QJanitor

Q_DECLARE_METATYPE(QJanitor::Error)
