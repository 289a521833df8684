// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// An asynchronous destructor: what it starts is a coroutine, which awaits timers and signals on this
// thread, and exec() returns when it is through. No thread, no callback, no state machine.

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroTimer>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>

#include <memory>
#include <vector>

using namespace Qt::StringLiterals;

static int loggedOut = 0;

/// A connection to a server, on this thread: its members must not be used on others.
class Connection : public QObject
{
public:
    explicit Connection(const QString &user)
        : m_user(user)
    {}
    QString user() const { return m_user; }

    QJanitor::Task<> say(QString what)
    {
        co_await QCoro::sleepFor(std::chrono::milliseconds(20)); // a round trip
        qInfo().noquote() << m_user << "to the server:" << what;
    }

private:
    QString m_user;
};

/// Says good-bye when it is destroyed. Nobody gave it a janitor: it finds that of exec().
class Session
{
public:
    explicit Session(const QString &user)
        : m_connection(std::make_shared<Connection>(user))
    {}
    ~Session()
    {
        // The coroutine owns all that it uses: its captures live as long as it does.
        QJanitor::spawnCleanupJob(u"log out "_s + m_connection->user(),
                                  [connection = m_connection]() -> QJanitor::Task<> {
                                      co_await connection->say(u"good-bye"_s);
                                      co_await connection->say(u"closing"_s);
                                      ++loggedOut;
                                  });
    }
    Q_DISABLE_COPY_MOVE(Session)

private:
    std::shared_ptr<Connection> m_connection;
};

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    std::vector<std::unique_ptr<Session>> sessions;
    for (const QString &user : {u"ann"_s, u"bob"_s, u"cleo"_s})
        sessions.push_back(std::make_unique<Session>(user));
    QObject::connect(&app, &QCoreApplication::aboutToQuit, [&sessions] { sessions.clear(); });

    QTimer::singleShot(0, &app, &QCoreApplication::quit);
    const int exitCode = QJanitor::exec({.name = "sessions"});
    qInfo("%d sessions have logged out", loggedOut);
    return loggedOut == 3 ? exitCode : 1;
}
