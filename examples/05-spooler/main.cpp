// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A line spooler: what it has acknowledged is on disk once it has ended.

#include "handover.h"
#include "quitsignals.h"
#include "server.h"
#include "settings.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qelapsedtimer.h>

#include <cstdio>

static void print(const QString &line)
{
    std::puts(qUtf8Printable(line));
    std::fflush(stdout);
}

/// As it is written today: the server is a child of the application and ends with it.
static int execWithoutJanitor()
{
    Handover::mode = Handover::Mode::FireAndForget;
    return QCoreApplication::exec();
}

/// One client's full file must not end the service for the others, hence KeepGoing.
static int execWithJanitor(Server *server)
{
    QElapsedTimer drainTimer;
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, server, [server, &drainTimer] {
        drainTimer.start();
        server->shutDown(); // here, while exec() runs, so that the cleanup jobs find its janitor
    });
    const auto [report, exitCode] =
        QJanitor::tryExec({.name = "spooler",
                           .failurePolicy = QJanitor::FailurePolicy::KeepGoing,
                           .handleSignals = false, // QuitSignals does, in either mode
                           .quitOnFailure = false})
            .toTuple();
    print(report.toString());
    print(QStringLiteral("drained in %1 ms").arg(drainTimer.elapsed()));
    return exitCode.value() == 0 && !report.ok() ? 1 : exitCode.value();
}

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("spooler"));
    const Settings settings = Settings::fromArguments(QCoreApplication::arguments());

    const QuitSignals quitSignals;
    auto *server = new Server(settings.spoolDirectory, &app);
    if (!server->listen(settings.address, settings.port))
        Settings::fail(QStringLiteral("cannot listen on %1 port %2: %3")
                           .arg(settings.address.toString())
                           .arg(settings.port)
                           .arg(server->errorString()));
    print(QStringLiteral("listening on %1:%2")
              .arg(server->serverAddress().toString())
              .arg(server->serverPort()));
    return settings.useJanitor ? execWithJanitor(server) : execWithoutJanitor();
}
