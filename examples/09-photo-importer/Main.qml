// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Controls
import QtQuick.Dialogs
import QtQuick.Layouts
import PhotoImporter
import QJanitor

ApplicationWindow {
    id: window

    /// What to import at once; none if empty.
    property string folder

    visible: true
    width: 840
    height: 560
    title: qsTr("Photo importer")

    // In the event loop: exec() has a janitor by then.
    Timer {
        interval: 0
        running: window.folder !== ""

        onTriggered: importer.importFolder(window.folder)
    }

    Importer {
        id: importer
    }

    FolderDialog {
        id: dialog

        title: qsTr("Import the pictures of a folder")

        onAccepted: importer.importFolder(selectedFolder)
    }

    header: ToolBar {
        RowLayout {
            anchors.fill: parent
            anchors.margins: 6
            spacing: 12

            Button {
                text: qsTr("Import folder …")

                onClicked: dialog.open()
            }

            ProgressBar {
                Layout.fillWidth: true
                opacity: JanitorStatus.pendingJobs > 0 ? 1 : 0
                value: JanitorStatus.progress
                Accessible.name: qsTr("Progress of the import")
            }

            Label {
                text: qsTr("%1 imported, %2 broken").arg(JanitorStatus.finishedJobs - JanitorStatus.failedJobs).arg(JanitorStatus.failedJobs)
            }
        }
    }

    GridView {
        id: grid

        anchors.fill: parent
        anchors.margins: 8
        cellWidth: 205
        cellHeight: 185
        clip: true
        model: importer

        delegate: Column {
            id: picture

            required property string name
            required property url thumbnail
            required property string error

            width: 195
            spacing: 4

            Image {
                width: parent.width
                height: 144
                visible: !picture.error
                source: picture.thumbnail
                fillMode: Image.PreserveAspectFit
            }

            Label {
                width: parent.width
                height: 144
                visible: picture.error
                text: picture.error
                textFormat: Text.PlainText
                wrapMode: Text.Wrap
                horizontalAlignment: Text.AlignHCenter
                verticalAlignment: Text.AlignVCenter
                color: "firebrick"
            }

            Label {
                width: parent.width
                text: picture.name
                textFormat: Text.PlainText
                elide: Text.ElideMiddle
                horizontalAlignment: Text.AlignHCenter
            }
        }

        ScrollBar.vertical: ScrollBar {
        }
    }

    ShutdownOverlay {
    }
}
