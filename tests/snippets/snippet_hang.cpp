// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Jobs that take so long that they are named: snippet_hang.txt has what this prints.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>

#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;

static std::atomic<int> started{0};
static std::atomic<bool> warned{false};

static void hang()
{
    ++started;
    warned.wait(false);
}

int main(int argc, char *argv[])
{
    const QCoreApplication app(argc, argv);
    static QtMessageHandler printer = nullptr;
    printer = qInstallMessageHandler(
        [](QtMsgType type, const QMessageLogContext &context, const QString &text) {
            printer(type, context, text);
            warned = true;
            warned.notify_all();
        });
    QJanitor::enter({.name = "gallery", .hangWarningAfter = std::chrono::seconds(2)}, [] {
        QJanitor::spawnDaemon(u"upload"_s, [](QPromise<void> &promise) {
            promise.setProgressRange(0, 250);
            promise.setProgressValueAndText(180, u"photo-180.jpeg"_s);
            hang();
        });
        QJanitor::spawnCleanupJob(u"flush the index"_s, hang);
        while (started < 2)
            std::this_thread::yield();
    });
}
