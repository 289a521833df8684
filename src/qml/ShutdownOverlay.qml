// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT
import QtQuick
import QtQuick.Controls
import QtQuick.Layouts
import QJanitor
import "texts.js" as Texts

/*!
    Shows what is still being finished, in the window whose closing ends the program.

    The window stays visible while QJanitor::exec() waits for the jobs: it refuses to be closed, asks
    exec() to quit instead, and goes when exec() has returned and the program destroys it. A window
    that has refused for a reason of its own is left alone.
*/
Popup {
    id: overlay

    /// How long to wait before "Quit now" is offered, in milliseconds.
    property int patience: 10000

    QtObject {
        id: drain

        property int finishedBefore: 0
        property bool isLong: false
        readonly property int finished: JanitorStatus.finishedJobs - finishedBefore
        readonly property int total: finished + JanitorStatus.pendingJobs

        function follow() {
            if (JanitorStatus.draining && !overlay.opened) {
                drain.finishedBefore = JanitorStatus.finishedJobs;
                drain.isLong = false;
                overlay.open();
            } else if (JanitorStatus.state === Janitor.JanitorState.Running) {
                overlay.close(); // not as soon as all is done: the window is about to go
            }
        }
    }

    Component.onCompleted: drain.follow()

    Connections {
        target: JanitorStatus

        function onChanged() {
            drain.follow();
        }
    }

    Connections {
        target: overlay.parent ? overlay.parent.Window.window : null

        function onClosing(close) {
            if (!close.accepted || JanitorStatus.state === Janitor.JanitorState.Closed)
                return;
            close.accepted = false;
            JanitorStatus.requestQuit();
        }
    }

    Timer {
        interval: overlay.patience
        running: overlay.visible

        onTriggered: drain.isLong = true
    }

    parent: Overlay.overlay
    anchors.centerIn: parent
    width: parent ? Math.min(420, parent.width - 32) : 420
    padding: 20
    modal: true
    focus: true
    closePolicy: Popup.NoAutoClose

    // What is through in a moment is not shown: it would only flicker.
    enter: Transition {
        SequentialAnimation {
            PropertyAction {
                property: "opacity"
                value: 0
            }
            PauseAnimation {
                duration: 200
            }
            NumberAnimation {
                property: "opacity"
                to: 1
                duration: 150
            }
        }
    }

    dim: false

    Rectangle {
        parent: overlay.parent
        anchors.fill: parent
        visible: overlay.visible
        opacity: overlay.opacity
        color: "#80000000"
    }

    ColumnLayout {
        anchors.fill: parent
        spacing: 12

        Accessible.role: Accessible.AlertMessage
        Accessible.name: title.text
        Accessible.description: lastError.visible ? lastError.text : ""

        Label {
            id: title

            Layout.fillWidth: true
            text: qsTr("Finishing %1 of %n …", "jobs", drain.total).arg(Math.min(drain.finished + 1, drain.total))
            font.bold: true
            elide: Text.ElideRight
        }

        ProgressBar {
            Layout.fillWidth: true
            indeterminate: drain.finished === 0
            to: Math.max(1, drain.total)
            value: drain.finished
            Accessible.name: title.text
        }

        ListView {
            Layout.fillWidth: true
            Layout.preferredHeight: Math.min(contentHeight, 120)
            clip: true
            model: JanitorStatus.jobs
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Still to be finished")

            delegate: Label {
                required property string display
                required property string progressText

                width: ListView.view.width
                text: progressText ? Texts.fill(qsTr("%1: %2", "job: progress"), [display, Texts.shown(progressText)]) : display
                textFormat: Text.PlainText
                elide: Text.ElideMiddle
            }
        }

        Label {
            id: lastError

            Layout.fillWidth: true
            visible: JanitorStatus.lastError.valid
            text: Texts.fill(qsTr("Last error: %1"), [JanitorStatus.lastError.jobName ? Texts.fill(qsTr("%1: %2", "job: error"), [Texts.shown(JanitorStatus.lastError.jobName), Texts.shown(JanitorStatus.lastError.message)]) : JanitorStatus.lastError.toString()])
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
            maximumLineCount: 3
            elide: Text.ElideRight
        }

        Button {
            Layout.alignment: Qt.AlignRight
            visible: drain.isLong
            text: qsTr("Quit now")
            Accessible.role: Accessible.Button
            Accessible.name: text
            Accessible.description: qsTr("Gives up what has not been finished")

            onClicked: JanitorStatus.stopWaiting()
            Keys.onReturnPressed: clicked()
            Keys.onEnterPressed: clicked()
        }
    }
}
