// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_qmllife runs. Makes an engine, a status, a janitor and an application, and
// destroys them in the order that its argument tells with their first letters, jobs pending.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtQml/qqmlcomponent.h>
#include <QtQml/qqmlcontext.h>
#include <QtQml/qqmlengine.h>

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

/// Never destroyed: jobs may outlive main().
struct Gate
{
    std::mutex mutex;
    std::condition_variable opened;
    bool isOpen = false;
    void open()
    {
        const std::lock_guard lock(mutex);
        isOpen = true;
        opened.notify_all();
    }
    void wait()
    {
        std::unique_lock lock(mutex);
        opened.wait(lock, [this] { return isOpen; });
    }
};

struct Everything
{
    int argc = 1;
    char name[8] = "qmllife";
    char *argv[2] = {name, nullptr};

    std::unique_ptr<QCoreApplication> application{std::make_unique<QCoreApplication>(argc, argv)};
    std::unique_ptr<Supervisor> janitor{
        std::make_unique<Supervisor>(Options{.failurePolicy = FailurePolicy::KeepGoing})};
    std::unique_ptr<Status> status{std::make_unique<Status>(janitor->client())};
    std::unique_ptr<QQmlEngine> engine{std::make_unique<QQmlEngine>()};

    void destroy(char what)
    {
        switch (what) {
        case 'a':
            return application.reset();
        case 'j':
            return janitor.reset();
        case 's':
            return status.reset();
        case 'e':
            return engine.reset();
        default:
            qFatal("what is %c?", what);
        }
    }
};

constexpr auto source = R"(
import QtQml
import QJanitor
QtObject {
    id: root
    property var client
    property QtObject observer: JanitorObserver { client: root.client }
    property int pending: observer.pendingJobs + JanitorStatus.pendingJobs
    property string lastError: observer.lastError.message + JanitorStatus.lastError.message
    property QtObject list: Instantiator {
        model: root.observer.jobs
        delegate: QtObject { required property string name; required property double age }
    }
})";

QObject *load(Everything &all)
{
    all.engine->addImportPath(QStringLiteral(QJANITOR_QML_IMPORT_PATH));
    QQmlComponent component(all.engine.get());
    component.setData(source, QUrl());
    QObject *object = component.createWithInitialProperties(
        {{u"client"_s, QVariant::fromValue(all.janitor->client())}});
    if (!object)
        qFatal("%s", qPrintable(component.errorString()));
    object->setParent(all.engine.get());
    return object;
}

} // namespace

int main(int argc, char *argv[])
{
    static auto &gate = *new Gate;
    Everything all;
    const QObject *object = load(all);
    const Client client = all.janitor->client();
    all.status->jobs();
    client.spawnDaemon(u"broken"_s, [] { return Error(u"broken"_s); });
    client.spawnDaemon([] {});
    client.spawnDaemon(u"held"_s, [] { gate.wait(); }); // last: the pool may have one thread
    QEventLoop loop;
    while (object->property("pending").toInt() != 1 ||
           object->property("lastError").toString() != u"broken"_s ||
           all.status->finishedJobs() != 2)
        loop.processEvents(QEventLoop::WaitForMoreEvents);
    client.spawnDaemon([] { return Error(u"news on the way"_s); });
    for (const char *what = argc > 1 ? argv[1] : ""; *what; ++what) {
        // What is under way when the application goes would wait for ever.
        if (*what == 'a')
            gate.open();
        all.destroy(*what);
        std::printf("%c", *what);
    }
    gate.open();
    std::puts(" done");
    return 0;
}
