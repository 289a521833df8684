// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Handing work over: the four spawn verbs, what can be a job, and how a job learns that it should end.

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <memory>

using namespace Qt::StringLiterals;

static std::atomic<int> jobsRun = 0;

static void makeThumbnail(const QString &)
{
    ++jobsRun;
}

static void logOut(const QByteArray &)
{
    ++jobsRun;
}

static void compress()
{
    ++jobsRun;
}

static bool save()
{
    return ++jobsRun > 0;
}

static QFuture<void> startUpload()
{
    return QtConcurrent::run([] { ++jobsRun; });
}

static bool sendOnePing()
{
    return ++jobsRun < 100;
}

//! [hand-over]
static void showAlbum(const QStringList &pictures)
{
    for (const QString &picture : pictures)
        QJanitor::spawnDaemon(u"thumbnail of "_s + picture, [picture] { makeThumbnail(picture); });
} // returns at once: the janitor in which it was called waits
//! [hand-over]

//! [clean-up]
class Session : public QObject
{
public:
    ~Session() override
    {
        QJanitor::spawnCleanupJob(u"log out"_s, [token = m_token] { logOut(token); });
    }

private:
    QByteArray m_token = "secret";
};
//! [clean-up]

//! [try-spawn]
static QString prefetch(const QString &picture)
{
    switch (QJanitor::trySpawnDaemon([picture] { makeThumbnail(picture); })) {
    case QJanitor::SpawnError::NoError:
        return u"accepted"_s;
    case QJanitor::SpawnError::NoActiveJanitor:
        return u"nobody would wait for it"_s;
    case QJanitor::SpawnError::ActiveJanitorTerminating:
        return u"too late"_s;
    }
    Q_UNREACHABLE();
}
//! [try-spawn]

static void allKinds()
{
    //! [kinds]
    // returns void: fails by throwing
    QJanitor::spawnDaemon([] { compress(); });

    // returns an Error, or an expected-like value: fails by what it returns
    QJanitor::spawnDaemon([] { return save() ? QJanitor::Error() : QJanitor::Error(u"disk full"_s); });

    // takes a promise: it can be cancelled, and tells its progress
    QJanitor::spawnDaemon([](QPromise<void> &promise) {
        promise.setProgressRange(0, 10);
        for (int done = 0; done < 10 && !promise.isCanceled(); ++done) {
            compress();
            promise.setProgressValue(done + 1);
        }
    });

    // returns a future: the job ends when that future has finished
    QJanitor::spawnDaemon([] { return startUpload(); });

    // is a future: something that runs already
    QJanitor::spawnDaemon(startUpload());
    //! [kinds]
}

static void startService()
{
    //! [service]
    QJanitor::spawnDaemon(u"ping"_s, [] {
        while (!QJanitor::isStopRequested() && !QJanitor::isDraining())
            sendOnePing();
    });
    //! [service]
}

//! [long-job]
static void indexFolder(const QStringList &files)
{
    for (const QString &file : files) {
        if (QJanitor::isStopRequested())
            return; // another job has failed, or somebody called requestStop()
        makeThumbnail(file);
    }
}
//! [long-job]

class snippet_spawn : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { jobsRun = 0; }
    void theCallerDoesNotWait();
    void aDestructorHandsOverItsCleanUp();
    void aRefusalIsAValue();
    void allKindsOfJobs();
    void aServiceEndsWithTheCleanUp();
    void aLongJobAsks();
};

void snippet_spawn::theCallerDoesNotWait()
{
    QJanitor::enter([] { showAlbum({u"a"_s, u"b"_s}); });
    QCOMPARE(jobsRun.load(), 2);
}

void snippet_spawn::aDestructorHandsOverItsCleanUp()
{
    QJanitor::enter([] { const Session session; });
    QCOMPARE(jobsRun.load(), 1);
}

void snippet_spawn::aRefusalIsAValue()
{
    QCOMPARE(prefetch(u"a"_s), u"nobody would wait for it"_s);
    QJanitor::enter([] { QCOMPARE(prefetch(u"a"_s), u"accepted"_s); });
    QCOMPARE(jobsRun.load(), 1);
}

void snippet_spawn::allKindsOfJobs()
{
    QJanitor::enter(allKinds);
    QCOMPARE(jobsRun.load(), 14);
}

void snippet_spawn::aServiceEndsWithTheCleanUp()
{
    QJanitor::enter([] {
        startService();
        QJanitor::spawnCleanupJob([] { logOut({}); });
    });
    QVERIFY(jobsRun > 0);
}

void snippet_spawn::aLongJobAsks()
{
    QJanitor::enter([] {
        QJanitor::Client::current().requestStop();
        QJanitor::spawnDaemon([] { indexFolder({u"a"_s}); });
    });
    QCOMPARE(jobsRun.load(), 0);
}

QTEST_GUILESS_MAIN(snippet_spawn)
#include "snippet_spawn.moc"
