// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Imports folders of pictures. Closed in mid-import, it finishes what was begun, with the overlay in sight.
//
//   photo-importer [FOLDER]

#include <qjanitor/qjanitor.h>

#include <QtCore/qdir.h>
#include <QtGui/qguiapplication.h>
#include <QtQml/qqmlapplicationengine.h>

using namespace Qt::StringLiterals;

int main(int argc, char *argv[])
{
    QJanitor::catchQuitSignals();
    const QGuiApplication app(argc, argv);
    QQmlApplicationEngine engine;
    engine.addImportPath(QStringLiteral(QJANITOR_QML_IMPORT_PATH));
    if (argc > 1) {
        const QString folder = QDir(QString::fromLocal8Bit(argv[1])).absolutePath();
        engine.setInitialProperties({{u"folder"_s, QUrl::fromLocalFile(folder).toString()}});
    }
    engine.load(u"qrc:/PhotoImporter/Main.qml"_s);
    if (engine.rootObjects().isEmpty())
        return 2;
    // A picture that is broken is named in the list, and no reason to stop.
    return QJanitor::exec({.name = "photo importer",
                           .failurePolicy = QJanitor::FailurePolicy::KeepGoing,
                           .quitOnFailure = false});
}
