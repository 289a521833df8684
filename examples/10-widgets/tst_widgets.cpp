// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Closes the window in mid-import.

#include "window.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qdir.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qtimer.h>
#include <QtGui/qimage.h>
#include <QtTest/qtest.h>
#include <QtWidgets/qpushbutton.h>

#include <condition_variable>
#include <mutex>

using namespace Qt::StringLiterals;

class tst_Widgets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void closedInMidImportItFinishesWhatWasBegun();
    void quitNowGivesUp();
};

namespace {

constexpr QJanitor::Options options{.failurePolicy = QJanitor::FailurePolicy::KeepGoing,
                                    .handleSignals = false,
                                    .quitOnFailure = false};

/// Holds a job up. Copies are the same.
class Gate
{
public:
    void open() const
    {
        const std::lock_guard lock(m_state->mutex);
        m_state->isOpen = true;
        m_state->opened.notify_all();
    }
    void wait() const
    {
        std::unique_lock lock(m_state->mutex);
        m_state->opened.wait(lock, [this] { return m_state->isOpen; });
    }

private:
    struct State
    {
        std::mutex mutex;
        std::condition_variable opened;
        bool isOpen = false;
    };
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

/// Runs exec() with \a function in its event loop, once the statuses made before know of it.
template<class F>
QJanitor::Report reportOfExec(F function)
{
    const QJanitor::Status status;
    QObject::connect(&status, &QJanitor::Status::stateChanged, &status,
                     [function](QJanitor::JanitorState state) {
                         if (state == QJanitor::JanitorState::Running)
                             QTimer::singleShot(0, QCoreApplication::instance(), function);
                     });
    return QJanitor::tryExec(options).janitorResult;
}

template<class F>
void whenShown(const Window &window, F function)
{
    auto *timer = new QTimer(QCoreApplication::instance());
    QObject::connect(timer, &QTimer::timeout, timer, [timer, &window, function] {
        const auto *dialog = window.findChild<QProgressDialog *>();
        if (!dialog->isVisible())
            return;
        timer->stop();
        timer->deleteLater();
        function();
    });
    timer->start(1);
}

} // namespace

void tst_Widgets::closedInMidImportItFinishesWhatWasBegun()
{
    const QTemporaryDir folder;
    QImage image(64, 64, QImage::Format_RGB32);
    image.fill(Qt::blue);
    for (int i = 0; i < 5; ++i)
        QVERIFY(image.save(folder.filePath(u"%1.png"_s.arg(i))));
    QFile broken(folder.filePath(u"broken.png"_s));
    QVERIFY(broken.open(QFile::WriteOnly));
    broken.close();

    Window window;
    window.show();
    const Gate gate;
    QString text;
    const QJanitor::Report report = reportOfExec([&] {
        QJanitor::spawnDaemon(u"held"_s, [gate] { gate.wait(); });
        window.import(folder.path());
        QVERIFY(!window.close());
        whenShown(window, [&] {
            text = window.findChild<QProgressDialog *>()->labelText();
            QVERIFY(window.isVisible());
            QVERIFY(!window.close()); // again
            gate.open();
        });
    });
    QVERIFY(window.isVisible());
    QVERIFY(text.startsWith(u"Finishing "_s));
    QVERIFY(text.contains(u"held"_s));
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 7); // with the list of contents
    QCOMPARE(window.findChild<QListWidget *>()->count(), 1);
    const QStringList files =
        QDir(folder.filePath(u"thumbnails"_s)).entryList(QDir::Files | QDir::Hidden, QDir::Name);
    QCOMPARE(files, QStringList({u"0.png.png"_s, u"1.png.png"_s, u"2.png.png"_s, u"3.png.png"_s,
                                 u"4.png.png"_s, u"album.json"_s}));
}

void tst_Widgets::quitNowGivesUp()
{
    Window window;
    window.show();
    const Gate gate, ended;
    const QJanitor::Report report = reportOfExec([&] {
        QJanitor::spawnDaemon(u"endless"_s, [gate, ended] {
            gate.wait();
            ended.open();
        });
        window.close();
        whenShown(window, [&] { window.findChild<QPushButton *>()->click(); });
    });
    QCOMPARE(report.error().kind(), QJanitor::Error::Kind::DrainTimedOut);
    QCOMPARE(report.unfinished().size(), 1);
    gate.open();
    ended.wait();
}

QTEST_MAIN(tst_Widgets)

#include "tst_widgets.moc"
