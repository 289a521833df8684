// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A class that has background work for as long as it lives owns a Supervisor. The work of one
// object is ended, and waited for, without touching that of another.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfuturewatcher.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

using namespace Qt::StringLiterals;

/// Makes thumbnails of the pictures in one album. The jobs own what they use: they may outlive it.
class Album : public QObject
{
public:
    explicit Album(const QString &name)
        : m_name(name)
    {
        connect(&m_janitor, &QJanitor::Supervisor::jobFailed, this,
                [this](const QJanitor::Error &error) {
                    qInfo().noquote() << m_name + u": "_s + error.jobName() << error.message();
                });
    }

    void add(const QString &picture)
    {
        m_janitor.client().spawnDaemon(picture, [picture] {
            QThread::msleep(20); // scales it
            return picture.endsWith(u".txt"_s) ? QJanitor::Error(u"is no picture"_s)
                                               : QJanitor::Error();
        });
    }

    /// Finishes when all thumbnails are made; nothing more can be added then.
    QFuture<QJanitor::Report> close() { return m_janitor.terminate(); }

private:
    const QString m_name;
    QJanitor::Supervisor m_janitor{
        {.name = "thumbnails", .failurePolicy = QJanitor::FailurePolicy::KeepGoing}};
};

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    Album holidays(u"holidays"_s);
    for (const QString &picture : {u"beach.jpg"_s, u"notes.txt"_s, u"sunset.jpg"_s})
        holidays.add(picture);

    bool closed = false;
    QFutureWatcher<QJanitor::Report> closing;
    QObject::connect(&closing, &QFutureWatcher<QJanitor::Report>::finished, &app, [&] {
        const QJanitor::Report report = closing.result();
        qInfo("closed: %d made, %d failed", int(report.completedCount()), int(report.errorCount()));
        closed = true;
        QCoreApplication::quit();
    });
    QTimer::singleShot(0, &app, [&] {
        Album draft(u"draft"_s); // destroyed at once: exec() takes its job, and waits for it
        draft.add(u"sketch.jpg"_s);
        closing.setFuture(holidays.close());
    });
    const int exitCode = QJanitor::exec();
    return closed ? exitCode : 1;
}
