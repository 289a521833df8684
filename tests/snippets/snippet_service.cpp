// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program of the guides for systemd and Kubernetes, which is terminated by a signal that it sends
// to itself here.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>

#include <csignal>
#include <memory>

using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

struct Mailer : QObject
{
    Mailer()
    {
        QTimer::singleShot(0, this, [] { std::raise(SIGTERM); });
    }
    ~Mailer() override
    {
        QJanitor::spawnCleanupJob(u"save the queue"_s, [] { qInfo("saved"); });
    }
};

//! [main]
int main(int argc, char *argv[])
{
    QJanitor::catchQuitSignals(); // first of all: a SIGTERM may come at any time
    QCoreApplication app(argc, argv);
    auto mailer = std::make_unique<Mailer>(); // its destructor spawns cleanup jobs
    QObject::connect(&app, &QCoreApplication::aboutToQuit, [&mailer] { mailer.reset(); });
    QJanitor::notifyReady(); // does nothing where no service manager listens
    return QJanitor::exec({.name = "mailer",
                           .hangWarningAfter = 5s,
                           .drainTimeout = 20s,        // without any progress
                           .drainTimeoutLimit = 60s}); // with it
}
//! [main]
