// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// How failures arrive: policies, the two results, exceptions, deadlines.

#include <qjanitor/qjanitor.h>

#include <QtCore/qsemaphore.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <stdexcept>

using namespace Qt::StringLiterals;

static std::atomic<int> uploads = 0;

static void upload(const QString &file)
{
    ++uploads;
    if (file == u"bad"_s)
        throw std::runtime_error("the server said no");
}

static QSemaphore serverAnswers;
static QSemaphore serverHasAnswered;

static void talkToServer()
{
    serverAnswers.acquire();
    serverHasAnswered.release();
}

//! [keep-going]
/// Uploads what can be uploaded, and returns what could not.
static QStringList uploadAll(const QStringList &files)
{
    const QJanitor::Options options{.failurePolicy = QJanitor::FailurePolicy::KeepGoing};
    const auto result = QJanitor::tryEnter(options, [files] {
        for (const QString &file : files)
            QJanitor::spawnDaemon(file, [file] { upload(file); });
    });
    QStringList failed;
    for (const QJanitor::Error &error : result.janitorResult.errors())
        failed += error.jobName();
    return failed;
}
//! [keep-going]

//! [catch]
static int backUp()
{
    try {
        return QJanitor::enter({.name = "backup"}, [] {
            QJanitor::spawnDaemon([] { upload(u"bad"_s); });
            return 0;
        });
    } catch (const QJanitor::Exception &exception) {
        qInfo("%s", exception.what()); // which job, where it was spawned, what happened
        return 1;
    }
}
//! [catch]

//! [both]
static QString whoFailed()
{
    const auto result = QJanitor::tryEnter([]() -> int {
        QJanitor::spawnDaemon([] { upload(u"bad"_s); });
        throw std::logic_error("and so did the callee");
    });
    return u"jobs: %1, callee: %2"_s.arg(result.janitorResult.ok() ? u"well"_s : u"failed"_s,
                                         result.calleeResult.hasValue() ? u"well"_s : u"failed"_s);
}
//! [both]

//! [deadline]
static QStringList synchronize(std::chrono::milliseconds patience)
{
    const auto result = QJanitor::tryEnter({.name = "sync", .drainTimeout = patience}, [] {
        QJanitor::spawnDaemon(u"talk to the server"_s, talkToServer);
    });
    QStringList givenUp;
    for (const QJanitor::JobInfo &job : result.janitorResult.unfinished())
        givenUp += job.name; // also where it was spawned, and for how long it has been running
    return givenUp;
}
//! [deadline]

class snippet_failure : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { uploads = 0; }
    void keepGoingTriesAll();
    void enterThrows();
    void twoChannelsAreKeptApart();
    void aDeadlineNamesWhoHangs();
};

void snippet_failure::keepGoingTriesAll()
{
    QCOMPARE(uploadAll({u"a"_s, u"bad"_s, u"b"_s}), QStringList{u"bad"_s});
    QCOMPARE(uploads.load(), 3);
}

void snippet_failure::enterThrows()
{
    QCOMPARE(backUp(), 1);
}

void snippet_failure::twoChannelsAreKeptApart()
{
    QCOMPARE(whoFailed(), u"jobs: failed, callee: failed"_s);
}

void snippet_failure::aDeadlineNamesWhoHangs()
{
    QCOMPARE(synchronize(std::chrono::milliseconds(10)), QStringList{u"talk to the server"_s});
    serverAnswers.release();
    serverHasAnswered.acquire();
}

QTEST_GUILESS_MAIN(snippet_failure)
#include "snippet_failure.moc"
