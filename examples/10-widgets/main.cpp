// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The photo importer once more, with widgets: what ShutdownOverlay does, done by hand.

#include "window.h"

#include <qjanitor/qjanitor.h>

#include <QtWidgets/qapplication.h>

int main(int argc, char *argv[])
{
    QJanitor::catchQuitSignals();
    const QApplication app(argc, argv);
    Window window;
    window.show();
    return QJanitor::exec({.name = "widgets",
                           .failurePolicy = QJanitor::FailurePolicy::KeepGoing,
                           .quitOnFailure = false});
}
