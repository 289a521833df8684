// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A janitor as seen by a QObject.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtTest/qtest.h>

#include <stdexcept>

using namespace Qt::StringLiterals;

class MainWindow : public QObject
{
    Q_OBJECT
public:
    QStringList messages;
    void showMessage(const QString &message) { messages += message; }

    //! [signals]
    MainWindow()
    {
        auto *status = new QJanitor::Status(this); // follows the application janitor, that of exec()
        connect(status, &QJanitor::Status::jobFailed, this,
                [this](const QJanitor::Error &error) { showMessage(error.toString()); });
        connect(status, &QJanitor::Status::changed, this,
                [this, status] { showMessage(u"%1 jobs"_s.arg(status->pendingJobs())); });
    }
    //! [signals]
};

class snippet_status : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void failuresArriveAsSignals();
};

void snippet_status::failuresArriveAsSignals()
{
    MainWindow window;
    QMetaObject::invokeMethod(
        &window, [] { QJanitor::spawnDaemon(u"sync"_s, [] { throw std::runtime_error("no net"); }); },
        Qt::QueuedConnection);
    const auto result = QJanitor::tryExec(); // the failure quits it
    QCOMPARE(result.janitorResult.errorCount(), 1);
    QVERIFY(window.messages.filter(u"no net"_s).size() == 1);
}

QTEST_GUILESS_MAIN(snippet_status)
#include "snippet_status.moc"
