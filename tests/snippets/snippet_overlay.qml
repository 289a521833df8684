// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT
import QtQuick.Controls
import QJanitor

ApplicationWindow {
    visible: true
    title: JanitorStatus.pendingJobs > 0 ? qsTr("Working …") : qsTr("Ready")

    ShutdownOverlay {
    }
}
