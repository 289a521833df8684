// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A service that is terminated by a signal, which it sends to itself here.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>

#include <csignal>
#include <memory>

using namespace Qt::StringLiterals;

struct Service : QObject
{
    Service()
    {
        QTimer::singleShot(0, this, [] { std::raise(SIGTERM); });
    }
    ~Service() override
    {
        QJanitor::spawnCleanupJob(u"flush"_s, [] { qInfo("flushed"); });
    }
};

//! [main]
int main(int argc, char *argv[])
{
    QJanitor::catchQuitSignals(); // also remembers a SIGTERM that comes before exec()
    QCoreApplication app(argc, argv);
    auto service = std::make_unique<Service>(); // its destructor spawns a cleanup job
    QObject::connect(&app, &QCoreApplication::aboutToQuit, [&service] { service.reset(); });
    return QJanitor::exec({.name = "service", .drainTimeout = std::chrono::seconds(30)});
}
//! [main]
