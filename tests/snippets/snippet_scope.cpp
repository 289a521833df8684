// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Opening a janitor: enter(), tryEnter(), ensure(), exec().

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

using namespace Qt::StringLiterals;

static std::atomic<int> jobsRun = 0;
static std::atomic<bool> diskIsFull = false;

static void importFile(const QString &)
{
    if (diskIsFull)
        throw std::runtime_error("the disk is full");
    ++jobsRun;
}

static void saveWindow()
{
    ++jobsRun;
}

//! [enter]
static qsizetype importAll(const QStringList &files)
{
    return QJanitor::enter([files] {
        for (const QString &file : files)
            QJanitor::spawnDaemon(u"import "_s + file, [file] { importFile(file); });
        return files.size();
    }); // returns when all files are imported; throws QJanitor::Exception if one could not be
}
//! [enter]

//! [try-enter]
static bool tryImportAll(const QStringList &files)
{
    const auto [report, callee] = QJanitor::tryEnter({.name = "import"}, [files] {
        for (const QString &file : files)
            QJanitor::spawnDaemon(u"import "_s + file, [file] { importFile(file); });
    }).toTuple();
    if (!report.ok())
        qInfo().noquote() << report.toString(); // all errors, and what was not waited for
    return report.ok() && callee.hasValue();
}
//! [try-enter]

//! [ensure]
/// Waits for its jobs if it is called outside of any janitor, and leaves them to its caller otherwise.
static void importOne(const QString &file)
{
    QJanitor::ensure([file] { QJanitor::spawnDaemon([file] { importFile(file); }); });
}
//! [ensure]

struct Window : QObject
{
    ~Window() override { QJanitor::spawnCleanupJob(u"save the window"_s, saveWindow); }
};

//! [exec]
static int runEditor(QCoreApplication &app)
{
    auto window = std::make_unique<Window>(); // its destructor spawns a cleanup job
    QObject::connect(&app, &QCoreApplication::aboutToQuit, [&window] { window.reset(); });
    return QJanitor::exec({.name = "editor"}); // returns when the window is saved
}
//! [exec]

//! [by-reference]
static int countWords(const QStringList &lines)
{
    std::atomic<int> words = 0;
    QJanitor::enter({.failurePolicy = QJanitor::FailurePolicy::CancelAndWait}, [&words, &lines] {
        for (const QString &line : lines)
            QJanitor::spawnDaemon([&words, &line] { words += int(line.split(u' ').size()); });
    }); // under this policy, without a drainTimeout, no job is left here
    return words;
}
//! [by-reference]

class snippet_scope : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init()
    {
        jobsRun = 0;
        diskIsFull = false;
    }
    void enterWaits();
    void enterThrows();
    void tryEnterReports();
    void ensureOpensOrReuses();
    void execDrains();
    void jobsMayReferToLocals();
};

void snippet_scope::enterWaits()
{
    QCOMPARE(importAll({u"a"_s, u"b"_s, u"c"_s}), 3);
    QCOMPARE(jobsRun.load(), 3);
}

void snippet_scope::enterThrows()
{
    diskIsFull = true;
    QVERIFY_THROWS_EXCEPTION(QJanitor::Exception, importAll({u"a"_s}));
}

void snippet_scope::tryEnterReports()
{
    QVERIFY(tryImportAll({u"a"_s}));
    diskIsFull = true;
    QVERIFY(!tryImportAll({u"a"_s}));
}

void snippet_scope::ensureOpensOrReuses()
{
    importOne(u"a"_s);
    QCOMPARE(jobsRun.load(), 1);
    QJanitor::enter([] { importOne(u"b"_s); });
    QCOMPARE(jobsRun.load(), 2);
}

void snippet_scope::execDrains()
{
    QTimer::singleShot(0, qApp, &QCoreApplication::quit);
    QCOMPARE(runEditor(*qApp), 0);
    QCOMPARE(jobsRun.load(), 1);
}

void snippet_scope::jobsMayReferToLocals()
{
    QCOMPARE(countWords({u"one two"_s, u"three"_s}), 3);
}

QTEST_GUILESS_MAIN(snippet_scope)
#include "snippet_scope.moc"
