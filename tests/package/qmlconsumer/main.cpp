// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qdebug.h>
#include <QtCore/qtimer.h>
#include <QtQml/qqmlcomponent.h>
#include <QtQml/qqmlengine.h>

int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QQmlEngine engine;
    engine.addImportPath(QStringLiteral(QJANITOR_QML_IMPORT_PATH));
    QQmlComponent component(&engine);
    component.setData("import QtQml\n"
                      "import QJanitor\n"
                      "QtObject {\n"
                      "    property var status: JanitorStatus\n"
                      "    property var observer: JanitorObserver {}\n"
                      "    property bool running: JanitorStatus.state === Janitor.JanitorState.Running\n"
                      "}\n",
                      QUrl());
    const std::unique_ptr<QObject> object(component.create());
    if (!object)
        qFatal("%s", qPrintable(component.errorString()));
    // Null if the plugin had found another core than this program.
    const auto *status = qobject_cast<QJanitor::Status *>(object->property("status").value<QObject *>());
    const auto *observer =
        qobject_cast<QJanitor::Status *>(object->property("observer").value<QObject *>());
    bool running = false;
    QObject::connect(status, &QJanitor::Status::stateChanged, &application, [&] {
        running |= object->property("running").toBool();
        QCoreApplication::quit();
    });
    QJanitor::exec();
    return status && observer && running ? 0 : 1;
}
