// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/jobqueue_p.h"

#include "../../support/held.h"
#include "jobqueueraces.h"

#include <QtTest/qtest.h>

#include <set>

using namespace JobQueueRaces;
using QJanitor::JobState;

static_assert(!std::is_copy_constructible_v<JobQueue>);
static_assert(sizeof(JobCell) == 64, "one cache line per job");
static_assert(std::is_trivially_copyable_v<JobQueue::Place>);

class tst_JobQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void emptyQueueGivesNothing();
    void jobsAreTakenInTheirOrder_data();
    void jobsAreTakenInTheirOrder();
    void jobThatIsBeingBuiltIsPassedOver();
    void lateJobsComeInTheOrderOfTheirPublishing();
    void chunksAreRecycled();
    void chunkWithARunningJobIsNotRecycled();
    void chunkInTheMiddleIsRecycledFirst();
    void chunkWithAPassedOverJobIsNotRecycled();
    void listTellsWhereEachJobIs();
    void nameIsTakenOnce();
    void jobWithoutNameHasItsSite();
    void everyJobIsTakenOnce_data();
    void everyJobIsTakenOnce();
};

void tst_JobQueue::emptyQueueGivesNothing()
{
    Owned queue;
    QVERIFY(!queue.take());
    QVERIFY(!queue.hasLate());
    QVERIFY(queue.list().empty());
    queue.spawn(1);
    queue.end(queue.take());
    QVERIFY(!queue.take());
    QVERIFY(queue.list().empty());
}

void tst_JobQueue::jobsAreTakenInTheirOrder_data()
{
    QTest::addColumn<int>("count");
    for (const int count : {1, 2, 63, 64, 65, 128, 129, 1000})
        QTest::addRow("%d jobs", count) << count;
}

void tst_JobQueue::jobsAreTakenInTheirOrder()
{
    QFETCH(int, count);
    Owned queue;
    for (int job = 0; job < count; ++job)
        queue.spawn(job);
    QCOMPARE(int(queue.list().size()), count);
    for (int job = 0; job < count; ++job) {
        const JobQueue::Place place = queue.take();
        QVERIFY(place);
        QCOMPARE(numberIn(place), job);
        QCOMPARE(place.cell().type(), &numberType);
        queue.end(place);
    }
    QVERIFY(!queue.take());
    QVERIFY(queue.list().empty());
}

void tst_JobQueue::jobThatIsBeingBuiltIsPassedOver()
{
    Owned queue;
    const JobQueue::Place slow = queue.reserve();
    queue.spawn(2);
    const JobQueue::Place other = queue.take();
    QCOMPARE(numberIn(other), 2);
    QVERIFY(!queue.take());
    QVERIFY(!queue.hasLate());

    build(slow, 1);
    QVERIFY(!queue.publish(slow));
    QVERIFY(queue.hasLate());
    const JobQueue::Place late = queue.take();
    QCOMPARE(numberIn(late), 1);
    QCOMPARE(late.cell().type(), &numberType);
    QVERIFY(!queue.hasLate());
    QVERIFY(!queue.take());
    queue.end(late);
    queue.end(other);
}

void tst_JobQueue::lateJobsComeInTheOrderOfTheirPublishing()
{
    Owned queue;
    const std::array places = {queue.reserve(), queue.reserve("named"), queue.reserve()};
    QVERIFY(!queue.take());
    for (const int job : {2, 0, 1}) {
        build(places[std::size_t(job)], job);
        QVERIFY(!queue.publish(places[std::size_t(job)]));
    }
    for (const int job : {2, 0, 1}) {
        const JobQueue::Place place = queue.take();
        QCOMPARE(numberIn(place), job);
        QCOMPARE(place.cell().origin.hasName(), job == 1);
        queue.end(place);
    }
}

void tst_JobQueue::chunksAreRecycled()
{
    Owned queue;
    std::set<JobQueue::Chunk *> chunks;
    for (int job = 0; job < 50 * JobQueue::Chunk::size; ++job) {
        queue.spawn(job);
        const JobQueue::Place place = queue.take();
        QCOMPARE(numberIn(place), job);
        chunks.insert(place.chunk);
        queue.end(place);
    }
    QVERIFY(chunks.size() <= 3);
}

void tst_JobQueue::chunkWithARunningJobIsNotRecycled()
{
    Owned queue;
    queue.spawn(-1, "slow");
    const JobQueue::Place slow = queue.take();
    for (int job = 0; job < 10 * JobQueue::Chunk::size; ++job) {
        queue.spawn(job);
        const JobQueue::Place place = queue.take();
        QVERIFY(place.chunk != slow.chunk || job < JobQueue::Chunk::size - 1);
        queue.end(place);
    }
    QCOMPARE(numberIn(slow), -1);
    QCOMPARE(int(queue.list().size()), 1);
    QCOMPARE(queue.list()[0].name, QStringLiteral("slow"));
    queue.end(slow);
    QVERIFY(queue.list().empty());
}

void tst_JobQueue::chunkInTheMiddleIsRecycledFirst()
{
    Owned queue;
    std::vector<JobQueue::Place> places;
    for (int job = 0; job < 4 * JobQueue::Chunk::size; ++job)
        queue.spawn(job);
    for (int job = 0; job < 4 * JobQueue::Chunk::size; ++job)
        places.push_back(queue.take());
    const auto endChunk = [&](std::size_t chunk) {
        for (std::size_t i = 0; i < JobQueue::Chunk::size; ++i)
            queue.end(places[chunk * JobQueue::Chunk::size + i]);
    };
    endChunk(1);
    QCOMPARE(int(queue.list().size()), 3 * JobQueue::Chunk::size);
    endChunk(2);
    QCOMPARE(int(queue.list().size()), 2 * JobQueue::Chunk::size);
    endChunk(0);
    QCOMPARE(int(queue.list().size()), JobQueue::Chunk::size);
    endChunk(3);
    QVERIFY(queue.list().empty());
    queue.spawn(7);
    QCOMPARE(numberIn(queue.take()), 7);
}

void tst_JobQueue::chunkWithAPassedOverJobIsNotRecycled()
{
    Owned queue;
    const JobQueue::Place slow = queue.reserve();
    for (int job = 0; job < 5 * JobQueue::Chunk::size; ++job) {
        queue.spawn(job);
        queue.end(queue.take());
    }
    build(slow, -1);
    QVERIFY(!queue.publish(slow));
    const JobQueue::Place place = queue.take();
    QCOMPARE(place.chunk, slow.chunk);
    QCOMPARE(numberIn(place), -1);
    queue.end(place);
    QVERIFY(queue.list().empty());
}

void tst_JobQueue::listTellsWhereEachJobIs()
{
    Owned queue;
    const JobQueue::Place reserved = queue.reserve("reserved");
    queue.spawn(1, "running");
    queue.spawn(2, "ended");
    queue.spawn(3, "queued");
    const JobQueue::Place running = queue.take();
    queue.end(queue.take());

    const std::vector<JobInfo> jobs = queue.list();
    QCOMPARE(int(jobs.size()), 3);
    QCOMPARE(jobs[0].name, QStringLiteral("reserved"));
    QCOMPARE(jobs[0].state, JobState::Queued);
    QCOMPARE(jobs[1].name, QStringLiteral("running"));
    QCOMPARE(jobs[1].state, JobState::Running);
    QCOMPARE(jobs[2].name, QStringLiteral("queued"));
    QCOMPARE(jobs[2].state, JobState::Queued);
    for (const JobInfo &job : jobs) {
        QVERIFY(job.age >= std::chrono::milliseconds(0));
        QVERIFY(job.age < std::chrono::minutes(5));
        QVERIFY(job.progress < 0);
    }

    build(reserved, 0);
    QVERIFY(!queue.publish(reserved));
    queue.end(running);
    queue.end(queue.take());
    queue.end(queue.take());
    QVERIFY(queue.list().empty());
}

void tst_JobQueue::nameIsTakenOnce()
{
    JobQueue queue;
    const QString name = QStringLiteral("name");
    const JobQueue::Place place = queue.reserve(held(), Origin(&name, SourceLocation::current()));
    build(place, 1);
    QVERIFY(JobQueue::publish(place, &numberType));
    QVERIFY(queue.take().place.cell().origin.hasName());
    QCOMPARE(JobQueue::takeName(held(), place).name(), name);
    QVERIFY(!place.cell().origin.hasName());
    QVERIFY(!JobQueue::takeName(held(), place).hasName());
    QCOMPARE(place.cell().type(), &numberType);
}

void tst_JobQueue::jobWithoutNameHasItsSite()
{
    JobQueue queue;
    const auto site = SourceLocation::current();
    const JobQueue::Place place = queue.reserve(held(), Origin(nullptr, site));
    JobInfo info;
    queue.visit(held(), [&info](const JobCell &, const JobInfo &job) { info = job; });
    QVERIFY(info.name.isEmpty());
    QVERIFY2(!qstrlen(site.file_name()) || info.spawnSite.startsWith(u"tst_jobqueue.cpp:"),
             qPrintable(info.spawnSite));
    build(place, 1);
    JobQueue::publish(place, &numberType);
}

void tst_JobQueue::everyJobIsTakenOnce_data()
{
    QTest::addColumn<int>("spawners");
    QTest::addColumn<int>("takers");
    for (const int spawners : {1, 2, 4}) {
        for (const int takers : {1, 2, 4})
            QTest::addRow("%d spawners, %d takers", spawners, takers) << spawners << takers;
    }
}

void tst_JobQueue::everyJobIsTakenOnce()
{
    QFETCH(int, spawners);
    QFETCH(int, takers);
    for (int round = 0; round < 20; ++round)
        QCOMPARE(JobQueueRaces::everyJobIsTakenOnce(spawners, takers, 10 * round), std::string());
    QCOMPARE(JobQueueRaces::everyJobIsTakenOnce(spawners, takers, 10'000), std::string());
}

QTEST_APPLESS_MAIN(tst_JobQueue)
#include "tst_jobqueue.moc"
