// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT
import QtQuick.Controls
import QJanitor

ApplicationWindow {
    property bool keepsOpen: false
    property alias patience: overlay.patience

    visible: true
    width: 520
    height: 360

    onClosing: close => {
        if (keepsOpen)
            close.accepted = false;
    }

    ShutdownOverlay {
        id: overlay

        objectName: "overlay"
    }
}
