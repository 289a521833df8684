// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A line spooler: what it has acknowledged is on disk once it has ended.

#include "drainstatus.h"
#include "handover.h"
#include "outputfile.h"
#include "server.h"
#include "settings.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qelapsedtimer.h>

#include <csignal>
#include <cstdio>
#include <optional>

static void print(const QString &line)
{
    std::puts(qUtf8Printable(line));
    std::fflush(stdout);
}

static volatile std::sig_atomic_t quitRequested = 0;

/// As it is often written: a handler that sets a flag and a timer that looks at it; the server is a
/// child of the application and ends with it.
static int execWithoutJanitor()
{
    Handover::mode = Handover::Mode::FireAndForget;
    for (const int number : {SIGINT, SIGTERM})
        std::signal(number, [](int) { quitRequested = 1; });
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, qApp, [] {
        if (quitRequested)
            QCoreApplication::quit();
    });
    timer.start(10);
    return QCoreApplication::exec();
}

/// One client's full file must not end the service for the others, hence KeepGoing.
static int execWithJanitor(const Settings &settings, Server *server)
{
    QElapsedTimer drainTimer;
    std::optional<DrainStatus> drainStatus;
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, server, [&] {
        drainTimer.start();
        drainStatus.emplace(QJanitor::Client::current());
        server->shutDown(); // here, while exec() runs, so that the cleanup jobs find its janitor
    });
    const auto [report, exitCode] =
        QJanitor::tryExec({.name = "spooler",
                           .failurePolicy = QJanitor::FailurePolicy::KeepGoing,
                           .drainTimeout = settings.drainTimeout,
                           .quitOnFailure = false})
            .toTuple();
    print(report.toString());
    print(QStringLiteral("drained in %1 ms").arg(drainTimer.elapsed()));
    return exitCode.value() == 0 && !report.ok() ? 1 : exitCode.value();
}

int main(int argc, char *argv[])
{
    QJanitor::catchQuitSignals(); // one that comes while it starts is not lost, and loses nothing
    QCoreApplication app(argc, argv);
    QCoreApplication::setApplicationName(QStringLiteral("spooler"));
    const Settings settings = Settings::fromArguments(QCoreApplication::arguments());
    OutputFile::slowness = settings.slowness;

    auto *server = new Server(settings.spoolDirectory, &app);
    if (!server->listen(settings.address, settings.port))
        Settings::fail(QStringLiteral("cannot listen on %1 port %2: %3")
                           .arg(settings.address.toString(), QString::number(settings.port),
                                server->errorString()));
    print(QStringLiteral("listening on %1:%2")
              .arg(server->serverAddress().toString(), QString::number(server->serverPort())));
    QJanitor::notifyReady(); // for systemd, if that has started it
    return settings.useJanitor ? execWithJanitor(settings, server) : execWithoutJanitor();
}
