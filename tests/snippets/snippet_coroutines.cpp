// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Code of the README: coroutines.

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroTimer>
#include <QtConcurrent/qtconcurrentrun.h>
#include <QtTest/qtest.h>

#include <chrono>

using namespace Qt::StringLiterals;

static QStringList done;

static void save(const QByteArray &data)
{
    done += QString::fromUtf8(data);
}

static QFuture<QByteArray> startDownload(const QString &name)
{
    return QtConcurrent::run([name] { return name.toUtf8(); });
}

//! [task]
/// Keeps its janitor across every co_await: the job below goes to that of its caller.
static QJanitor::Task<> fetch(QString name)
{
    const QByteArray data = co_await startDownload(name);
    QJanitor::spawnCleanupJob([data] { save(data); });
}
//! [task]

//! [scope]
static QJanitor::Task<int> fetchAll(QStringList names)
{
    const auto callee = [names]() -> QJanitor::Task<int> {
        for (const QString &name : names)
            QJanitor::spawnDaemon(name, [name] { return fetch(name); }); // begins at once
        co_return int(names.size());
    };
    co_return co_await QJanitor::enter(callee); // waits for all of them, and blocks nothing
}
//! [scope]

//! [service]
/// To be spawned as a daemon: runs until everything else is through.
static QJanitor::Task<> logUsage()
{
    co_await QJanitor::whenDraining();
    save("usage");
}
//! [service]

class snippet_Coroutines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { done.clear(); }
    void task();
    void scope();
    void service();
};

void snippet_Coroutines::task()
{
    QJanitor::enter([] { QJanitor::spawnDaemon([] { return fetch(u"a"_s); }); });
    QCOMPARE(done, QStringList({u"a"_s}));
}

void snippet_Coroutines::scope()
{
    QCOMPARE(QCoro::waitFor(fetchAll({u"a"_s})), 1);
    QCOMPARE(done, QStringList({u"a"_s}));
}

void snippet_Coroutines::service()
{
    QJanitor::enter([] {
        QJanitor::spawnDaemon(logUsage);
        QJanitor::spawnDaemon([] { return fetch(u"a"_s); });
    });
    done.sort();
    QCOMPARE(done, QStringList({u"a"_s, u"usage"_s}));
}

QTEST_GUILESS_MAIN(snippet_Coroutines)
#include "snippet_coroutines.moc"
