// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Futures that have finished by the time at which a janitor fails: their ends count, and none of
// them is reported as unfinished.

#include "../contract/gate.h"
#include "../contract/heldagent.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

using Callee = std::function<void()>;
/// Has a callee run in a janitor, and returns how that ended.
using Runner = std::function<Report(const Callee &callee)>;

Runner entering(Options options)
{
    return [options](const Callee &callee) { return tryEnter(options, callee).janitorResult; };
}

Report onThread(const Callee &callee)
{
    Report report;
    onStdThread([&] { report = tryEnter(callee).janitorResult; });
    return report;
}

Report inAJob(const Callee &callee)
{
    Report report;
    (void)tryEnter([&] { spawnDaemon([&] { report = tryEnter(callee).janitorResult; }); });
    return report;
}

Report inExec(const Callee &callee)
{
    QTimer::singleShot(0, qApp, [callee] {
        callee();
        QCoreApplication::quit();
    });
    return tryExec().janitorResult;
}

Report inASupervisor(const Callee &callee)
{
    Supervisor supervisor;
    {
        const AmbientGuard guard(supervisor.client());
        callee();
    }
    const QFuture<Report> report = supervisor.terminate();
    pumpUntil([&] { return report.isFinished(); });
    return report.result();
}

/// How a future is handed over.
enum class As { Daemon, NamedDaemon, CleanupJob, Mixed };

void handOver(As as, int index, const QFuture<void> &future)
{
    if (as == As::Mixed)
        as = As(index % 3);
    switch (as) {
    case As::Daemon:
        return spawnDaemon(future);
    case As::NamedDaemon:
        return spawnDaemon(QString::number(index), future);
    case As::CleanupJob:
    case As::Mixed:
        return spawnCleanupJob(future);
    }
}

void handOver(As as, int index, const QFuture<int> &future)
{
    if (as == As::Mixed)
        as = As(index % 3);
    if (as == As::CleanupJob)
        spawnCleanupJob(future);
    else if (as == As::NamedDaemon)
        spawnDaemon(QString::number(index), future);
    else
        spawnDaemon(future);
}

/// A promise of one type or the other, which ends in one way or the other.
class Ending
{
public:
    Ending(int index, bool fails)
        : m_index(index)
        , m_fails(fails)
    {
        m_plain.start();
        m_typed.start();
    }
    void handOver(As as) const
    {
        // Half of them from one place, half from another, by turns.
        if (m_index % 2)
            ::handOver(as, m_index, m_plain.future());
        else
            ::handOver(as, m_index, m_typed.future());
    }
    void finish()
    {
        finish(m_plain);
        m_typed.addResult(m_index);
        finish(m_typed);
    }

private:
    template<class T>
    void finish(QPromise<T> &promise) const
    {
        if (m_fails)
            promise.setException(
                std::make_exception_ptr(std::runtime_error("failure " + std::to_string(m_index))));
        promise.finish();
    }

    const int m_index;
    const bool m_fails;
    QPromise<void> m_plain;
    QPromise<int> m_typed;
};

/// Some of which those with the indices in \a failing fail.
std::vector<std::unique_ptr<Ending>> endings(int count, const QList<int> &failing)
{
    std::vector<std::unique_ptr<Ending>> all;
    for (int i = 0; i < count; ++i)
        all.push_back(std::make_unique<Ending>(i, failing.contains(i)));
    return all;
}

QStringList messagesOf(const Report &report)
{
    QStringList messages;
    for (const Error &error : report.errors())
        messages.append(error.message());
    messages.sort();
    return messages;
}

QStringList messagesOf(const QList<int> &failing)
{
    QStringList messages;
    for (const int index : failing)
        messages.append(u"failure %1"_s.arg(index));
    messages.sort();
    return messages;
}

} // namespace

Q_DECLARE_METATYPE(Runner)
Q_DECLARE_METATYPE(As)

class tst_FinishedFutures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void beforeTheCalleeHasEnded_data();
    void beforeTheCalleeHasEnded();
    void allInOneStepWhileDraining_data();
    void allInOneStepWhileDraining();
    void byTheFailingOneItself_data();
    void byTheFailingOneItself();
};

struct Where
{
    const char *name;
    Runner runner;
    bool isAwaited; ///< By a thread that looks itself, so that the agent may come late.
};

static QList<Where> places()
{
    return {
        {"enter()", entering({}), true},
        {"enter(), CancelAndWait", entering({.failurePolicy = FailurePolicy::CancelAndWait}), true},
        {"enter(), KeepGoing", entering({.failurePolicy = FailurePolicy::KeepGoing}), true},
        {"exec()", inExec, true},
        {"enter() on a thread", onThread, false},
        {"enter() in a job", inAJob, false},
        {"a Supervisor", inASupervisor, false},
    };
}

static QList<std::pair<const char *, As>> ways()
{
    return {{"daemons", As::Daemon},
            {"named daemons", As::NamedDaemon},
            {"cleanup jobs", As::CleanupJob},
            {"jobs of all kinds", As::Mixed}};
}

void tst_FinishedFutures::beforeTheCalleeHasEnded_data()
{
    QTest::addColumn<Runner>("runner");
    QTest::addColumn<bool>("isAwaited");
    QTest::addColumn<As>("as");
    QTest::addColumn<int>("watched");
    QTest::addColumn<int>("count");
    QTest::addColumn<QList<int>>("failing");
    const auto addRows = [](const char *what, int watched, int count, const QList<int> &failing) {
        for (const Where &where : places()) {
            for (const auto &[kind, as] : ways())
                QTest::addRow("%s, %s, %s", where.name, kind, what)
                    << where.runner << where.isAwaited << as << watched << count << failing;
        }
    };
    addRows("the first has failed", 0, 6, {0});
    addRows("the last has failed", 0, 6, {5});
    addRows("three have failed", 0, 6, {0, 2, 5});
    addRows("all have failed", 0, 6, {0, 1, 2, 3, 4, 5});
    addRows("one of a thousand has failed", 0, 1000, {1});
    addRows("the first has failed, some are watched", 3, 6, {0});
    addRows("the last has failed, some are watched", 3, 6, {5});
    addRows("three have failed, all are watched", 6, 6, {1, 2, 5});
}

void tst_FinishedFutures::beforeTheCalleeHasEnded()
{
    QFETCH(const Runner, runner);
    QFETCH(const bool, isAwaited);
    QFETCH(const As, as);
    QFETCH(const int, watched);
    QFETCH(const int, count);
    QFETCH(const QList<int>, failing);
    const auto all = endings(count, failing);
    std::unique_ptr<HeldAgent> agent;
    const Report report = runner([&] {
        for (int i = 0; i < watched; ++i)
            all[std::size_t(i)]->handOver(as);
        if (watched > 0)
            HeldAgent::waitUntilItHasRead();
        // A failure that is seen earlier would close the janitor, and cancel those that go on.
        agent = std::make_unique<HeldAgent>();
        for (const auto &ending : all)
            ending->finish();
        for (int i = watched; i < count; ++i)
            all[std::size_t(i)]->handOver(as);
        if (watched > 0 || !isAwaited)
            agent->release();
    });
    agent.reset();
    QCOMPARE(namesOf(report.unfinished()), QStringList());
    QCOMPARE(messagesOf(report), messagesOf(failing));
    QCOMPARE(report.errorCount(), failing.size());
    QCOMPARE(report.completedCount(), count - failing.size());
    QCOMPARE(report.canceledCount(), 0);
}

void tst_FinishedFutures::allInOneStepWhileDraining_data()
{
    QTest::addColumn<Runner>("runner");
    QTest::addColumn<As>("as");
    QTest::addColumn<bool>("watched");
    QTest::addColumn<QList<int>>("failing");
    for (const Where &where : places()) {
        for (const auto &[kind, as] : ways()) {
            for (const bool watched : {false, true}) {
                const char *whether = watched ? "watched" : "new";
                QTest::addRow("%s, %s, %s, the first fails", where.name, kind, whether)
                    << where.runner << as << watched << QList<int>{0};
                QTest::addRow("%s, %s, %s, three fail", where.name, kind, whether)
                    << where.runner << as << watched << QList<int>{0, 2, 5};
            }
        }
    }
}

void tst_FinishedFutures::allInOneStepWhileDraining()
{
    QFETCH(const Runner, runner);
    QFETCH(const As, as);
    QFETCH(const bool, watched);
    QFETCH(const QList<int>, failing);
    const auto all = endings(6, failing);
    qsizetype count = 6;
    std::unique_ptr<HeldAgent> agent;
    std::thread finisher;
    const auto finishAll = [&] {
        for (const auto &ending : all)
            ending->finish();
        agent->release();
    };
    const Report report = runner([&] {
        for (const auto &ending : all)
            ending->handOver(as);
        if (watched)
            HeldAgent::waitUntilItHasRead();
        agent = std::make_unique<HeldAgent>();
        if (QThread::currentThread() == qApp->thread()) {
            // In a slot: who waits cannot see the first one without the others.
            QMetaObject::invokeMethod(qApp, finishAll, Qt::QueuedConnection);
            return;
        }
        // Who waits here leaves it to the agent, once it waits: a daemon hears of that, but not as
        // long as there is clean-up.
        if (as == As::CleanupJob || as == As::Mixed)
            return finishAll();
        ++count;
        const Gate draining;
        spawnDaemon([draining] {
            blockUntil([] { return isDraining(); });
            draining.open();
        });
        finisher = std::thread([&, draining, client = Client::current()] {
            draining.wait();
            blockUntil([&] { return client.jobs().size() == 6; });
            finishAll();
        });
    });
    if (finisher.joinable())
        finisher.join();
    agent.reset();
    QCOMPARE(namesOf(report.unfinished()), QStringList());
    QCOMPARE(messagesOf(report), messagesOf(failing));
    QCOMPARE(report.errorCount(), failing.size());
    QCOMPARE(report.completedCount(), count - failing.size());
    QCOMPARE(report.canceledCount(), 0);
}

namespace {

/// Expected-like: a failure that has others finish as soon as somebody asks for it.
struct Trigger
{
    bool has_value() const
    {
        if (const auto once = std::exchange(*finishOthers, nullptr))
            once();
        return false;
    }
    QString error() const { return u"failure 0"_s; }

    std::shared_ptr<std::function<void()>> finishOthers;
};

} // namespace

void tst_FinishedFutures::byTheFailingOneItself_data()
{
    QTest::addColumn<Runner>("runner");
    QTest::addColumn<As>("as");
    for (const Where &where : places()) {
        for (const auto &[kind, as] : ways())
            QTest::addRow("%s, %s", where.name, kind) << where.runner << as;
    }
}

void tst_FinishedFutures::byTheFailingOneItself()
{
    QFETCH(const Runner, runner);
    QFETCH(const As, as);
    const auto all = endings(6, {});
    const auto finishAll = std::make_shared<std::function<void()>>([&] {
        for (const auto &ending : all)
            ending->finish();
    });
    std::unique_ptr<HeldAgent> agent;
    const Report report = runner([&] {
        agent = std::make_unique<HeldAgent>();
        QPromise<Trigger> trigger;
        trigger.start();
        trigger.addResult(Trigger{finishAll});
        trigger.finish();
        spawnDaemon(trigger.future());
        for (const auto &ending : all)
            ending->handOver(as);
        agent->release();
    });
    agent.reset();
    QCOMPARE(namesOf(report.unfinished()), QStringList());
    QCOMPARE(messagesOf(report), messagesOf({0}));
    QCOMPARE(report.completedCount(), 6);
    QCOMPARE(report.canceledCount(), 0);
}

QTEST_GUILESS_MAIN(tst_FinishedFutures)

#include "tst_finishedfutures.moc"
