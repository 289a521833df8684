// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT
import QtQml
import QtQuick
import QtTest
import QJanitor
import Testing

TestCase {
    id: root

    property int patience: 30000
    property var observer: null

    name: "JanitorStatus"

    SignalSpy {
        id: changed

        target: JanitorStatus
        signalName: "changed"
    }

    SignalSpy {
        id: jobFailed

        target: JanitorStatus
        signalName: "jobFailed"
    }

    Instantiator {
        id: jobs

        model: JanitorStatus.jobs

        delegate: QtObject {
            required property string name
            required property int kind
            required property string spawnSite
            required property double age
            required property double progress
            required property string progressText
            required property int state
            required property string display
        }
    }

    Component {
        id: observerComponent

        JanitorObserver {}
    }

    function cleanup() {
        Jobs.release();
        tryCompare(JanitorStatus, "pendingJobs", 0, patience);
        tryCompare(jobs, "count", 0, patience);
    }

    function test_aSharedCore() {
        verify(Jobs.isStatus(JanitorStatus));
        observer = createTemporaryObject(observerComponent, root);
        verify(Jobs.isStatus(observer));
    }

    function test_numbers() {
        const finished = JanitorStatus.finishedJobs;
        changed.clear();
        Jobs.hold("one");
        Jobs.hold("two");
        tryCompare(JanitorStatus, "pendingJobs", 2, patience);
        verify(changed.count > 0);
        compare(JanitorStatus.oldestJob, "one");
        verify(JanitorStatus.progress < 1);
        verify(!JanitorStatus.draining);
        Jobs.release();
        tryCompare(JanitorStatus, "finishedJobs", finished + 2, patience);
        compare(JanitorStatus.progress, 1);
    }

    function test_jobs() {
        Jobs.holdCleanup("a job");
        tryCompare(jobs, "count", 1, patience);
        const job = jobs.objectAt(0) as QtObject;
        compare(job.name, "a job");
        compare(job.display, "a job");
        compare(job.kind, Janitor.JobKind.CleanupJob);
        verify(job.spawnSite.startsWith("tst_quick.cpp:"));
        compare(job.progress, -1);
        compare(job.progressText, "");
        tryCompare(job, "state", Janitor.JobState.Running, patience);
        tryVerify(() => job.age > 0, patience);
    }

    function test_lastError() {
        const failed = JanitorStatus.failedJobs;
        jobFailed.clear();
        Jobs.fail("letter", "no paper");
        tryCompare(JanitorStatus, "failedJobs", failed + 1, patience);
        compare(jobFailed.count, 1);
        compare(jobFailed.signalArguments[0][0].message, "no paper");
        verify(JanitorStatus.lastError.valid);
        compare(JanitorStatus.lastError.jobName, "letter");
        compare(JanitorStatus.lastError.message, "no paper");
        verify(JanitorStatus.lastError.toString().includes("no paper"));
        compare(JanitorStatus.state, Janitor.JanitorState.Failed);
    }

    function test_observer() {
        observer = createTemporaryObject(observerComponent, root);
        compare(observer.state, Janitor.JanitorState.Closed);
        compare(observer.pendingJobs, 0);
        observer.client = Jobs.other;
        compare(observer.state, Janitor.JanitorState.Running);
        Jobs.holdOther("elsewhere");
        tryCompare(observer, "pendingJobs", 1, patience);
        compare(observer.oldestJob, "elsewhere");
        compare(JanitorStatus.pendingJobs, 0);
        Jobs.release();
        tryCompare(observer, "finishedJobs", 1, patience);
    }

    function test_observerGoesFirst() {
        observer = observerComponent.createObject(root, {
            "client": Jobs.other
        });
        Jobs.holdOther("elsewhere");
        observer.destroy();
        tryVerify(() => observer === null, patience);
    }
}
