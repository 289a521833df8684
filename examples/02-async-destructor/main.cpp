// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A program with an event loop, whose objects clean up after themselves in the background. exec()
// returns when all of them are through; the event loop goes on turning meanwhile.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>

using namespace Qt::StringLiterals;

static std::atomic<int> loggedOut = 0;

/// Logs out when it is destroyed. Nobody gave it a janitor: it finds that of exec().
class Session : public QObject
{
public:
    Session(const QString &user, QObject *parent)
        : QObject(parent)
    {
        setObjectName(user);
    }
    ~Session() override
    {
        QJanitor::spawnCleanupJob(u"log out "_s + objectName(), [user = objectName()] {
            QThread::msleep(100); // a round trip to a server; the job owns all that it uses
            qInfo().noquote() << user << "has logged out";
            ++loggedOut;
        });
    }
};

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);

    // Whatever spawns in its destructor must be destroyed while exec() runs: aboutToQuit() is the
    // place. Children of the application would be destroyed too late.
    QObject sessions;
    QObject::connect(&app, &QCoreApplication::aboutToQuit, &sessions,
                     [&sessions] { qDeleteAll(sessions.children()); });
    for (const QString &user : {u"ann"_s, u"bob"_s, u"cleo"_s})
        new Session(user, &sessions);

    int ticks = 0; // while draining, too
    QTimer clock;
    QObject::connect(&clock, &QTimer::timeout, [&ticks] { ++ticks; });
    clock.start(10);

    QTimer::singleShot(0, &app, &QCoreApplication::quit);
    const int exitCode = QJanitor::exec({.name = "sessions"});
    qInfo("%d sessions have logged out; the event loop was alive: %s", loggedOut.load(),
          ticks > 0 ? "yes" : "no");
    return loggedOut == 3 && ticks > 0 ? exitCode : 1;
}
