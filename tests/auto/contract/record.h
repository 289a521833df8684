// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/report.h>

#include <QtCore/qlogging.h>
#include <QtCore/qstringlist.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <variant>

// What tests compare: logs of events, log lines of the library, names in reports.

namespace Contract {

/// What has happened, in order. Copies are the same log, so that jobs may outlive a test.
class Log
{
public:
    void add(const QString &event) const
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->events.append(event);
    }
    QStringList events() const
    {
        const std::lock_guard lock(m_state->mutex);
        return m_state->events;
    }
    QStringList sorted() const
    {
        QStringList list = events();
        list.sort();
        return list;
    }

private:
    struct State
    {
        std::mutex mutex;
        QStringList events;
    };
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

/// Catches the log lines of the library for as long as it lives.
class LogLines
{
public:
    LogLines() { previous() = qInstallMessageHandler(&LogLines::handle); }
    ~LogLines()
    {
        qInstallMessageHandler(previous());
        const std::lock_guard lock(mutex());
        lines().clear();
    }
    Q_DISABLE_COPY_MOVE(LogLines)

    /// Returns how many lines of \a type, which may be any, contain \a text.
    static int count(QtMsgType type, const QString &text)
    {
        const std::lock_guard lock(mutex());
        return int(std::count_if(lines().cbegin(), lines().cend(), [&](const Line &line) {
            return line.type == type && line.text.contains(text);
        }));
    }
    static int count(const QString &text)
    {
        const std::lock_guard lock(mutex());
        return int(std::count_if(lines().cbegin(), lines().cend(),
                                 [&](const Line &line) { return line.text.contains(text); }));
    }

private:
    struct Line
    {
        QtMsgType type;
        QString text;
    };
    static std::mutex &mutex()
    {
        static std::mutex mutex;
        return mutex;
    }
    static QList<Line> &lines()
    {
        static QList<Line> lines;
        return lines;
    }
    static QtMessageHandler &previous()
    {
        static QtMessageHandler handler = nullptr;
        return handler;
    }
    static void handle(QtMsgType type, const QMessageLogContext &context, const QString &text)
    {
        if (qstrcmp(context.category, "qjanitor") != 0)
            return previous()(type, context, text);
        const std::lock_guard lock(mutex());
        lines().append({type, text});
    }
};

/// An expected-like type as std::expected will be.
template<class T, class E>
class Expected
{
public:
    static Expected success(T value) { return Expected(std::in_place_index<0>, std::move(value)); }
    static Expected failure(E error) { return Expected(std::in_place_index<1>, std::move(error)); }

    bool has_value() const { return m_content.index() == 0; }
    const T &value() const { return std::get<0>(m_content); }
    const E &error() const { return std::get<1>(m_content); }

private:
    template<class... Args>
    explicit Expected(Args &&...args)
        : m_content(std::forward<Args>(args)...)
    {
    }
    std::variant<T, E> m_content;
};

inline QStringList namesOf(const QList<QJanitor::JobInfo> &jobs)
{
    QStringList names;
    for (const QJanitor::JobInfo &job : jobs)
        names.append(job.name);
    names.sort();
    return names;
}

inline QStringList namesOf(const QList<QJanitor::Error> &errors)
{
    QStringList names;
    for (const QJanitor::Error &error : errors)
        names.append(error.jobName());
    return names;
}

} // namespace Contract
