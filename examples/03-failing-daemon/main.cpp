// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Daemons that fail. A failure is known at once, no exception crosses a thread, and both results
// are there at the end: what the callee returned and how its jobs ended.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>

#include <stdexcept>

using namespace Qt::StringLiterals;

static QJanitor::Error upload()
{
    return QJanitor::Error(u"the server said no"_s);
}

static void buildIndex()
{
    throw std::runtime_error("the index is damaged");
}

/// Would run for ever; the first failure asks it to stop.
static void watchFolder()
{
    while (!QJanitor::isStopRequested())
        QThread::msleep(1);
}

static int backUp()
{
    QJanitor::spawnDaemon(u"watch"_s, watchFolder);
    QJanitor::spawnDaemon(u"upload"_s, upload);
    QJanitor::spawnCleanupJob(u"index"_s, buildIndex); // is still accepted after a failure
    return 42;
}

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);

    // As values: nothing that a job does can make tryEnter() throw.
    const QJanitor::Options options{.name = "backup",
                                    .failurePolicy = QJanitor::FailurePolicy::CancelAndWait};
    const auto [report, callee] = QJanitor::tryEnter(options, backUp).toTuple();
    qInfo().noquote() << "callee:" << callee.value();
    qInfo().noquote() << report.toString();

    // As an exception, for those who cannot go on.
    try {
        QJanitor::enter({.name = "second backup"},
                        [] { QJanitor::spawnDaemon(u"upload"_s, upload); });
    } catch (const QJanitor::Exception &exception) {
        qInfo("caught: %s", exception.what());
        return report.errorCount() == 2 && callee.value() == 42 ? 0 : 1;
    }
    return 1;
}
