// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Who is ambient in a coroutine, and in all that runs between its steps. With PLAIN the coroutines
// are those of QCoro, in a program of which each file includes <qjanitor/qcoro.h>.

#include "../contract/cogate.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroSignal>
#include <QCoroThread>
#include <QCoroTimer>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

#if defined(PLAIN)
#    include <qjanitor/qcoro.h>
template<class T = void>
using Coroutine = QCoro::Task<T>;
#else
template<class T = void>
using Coroutine = Task<T>;
#endif

namespace {

/// Two janitors and the lack of one, told apart by name.
class Names
{
public:
    QString here() const
    {
        const Client client = Client::current();
        return client.isNull()        ? u"none"_s
               : client == a.client() ? u"a"_s
               : client == b.client() ? u"b"_s
                                      : u"another"_s;
    }
    Supervisor a;
    Supervisor b;
};

/// Writes who is ambient when it is destroyed.
class Farewell
{
public:
    Farewell(const Names &names, const Log &log, const QString &what)
        : m_names(names)
        , m_log(log)
        , m_what(what)
    {}
    ~Farewell() { m_log.add(m_what + u": "_s + m_names.here()); }
    Q_DISABLE_COPY_MOVE(Farewell)

private:
    const Names &m_names;
    Log m_log;
    QString m_what;
};

Coroutine<> steps(const Names &names, CoGate first, CoGate second, Log log, QString who)
{
    const Farewell farewell(names, log, who + u" ends"_s);
    log.add(who + u" begins: "_s + names.here());
    co_await first;
    log.add(who + u" goes on: "_s + names.here());
    co_await second;
    log.add(who + u" goes on: "_s + names.here());
}

template<class F>
auto under(const Supervisor &janitor, F function)
{
    const AmbientGuard guard(janitor.client());
    return function();
}

} // namespace

class tst_CoAmbient : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itSeesItsJanitorInEveryStep();
    void withoutAJanitorItSeesNone();
    void interleavedOnOneThread_data();
    void interleavedOnOneThread();
    void theResumersJanitorIsBackAfterEachStep();
    void nestedCoroutinesKeepTheirOwn();
    void aFailingStepUnwindsUnderItsJanitor_data();
    void aFailingStepUnwindsUnderItsJanitor();
    void eventsInBetweenSeeTheThreadsOwn();
    void eventsInBetweenSeeTheThreadsOwnDuringADrain();
    void deferredDeletesInBetweenSeeTheThreadsOwn();
    void itMovesToAnotherThread();
    void itIsResumedOnAThreadThatQtDoesNotKnow();
    void aJanitorThatHasClosedIsStillSeen();
    void theJanitorIsReleasedBeforeTheAwaiterGoesOn();
    void blockingScopesInsideOfIt();
    void itSpawnsIntoItsJanitor();
    void rolesAreKept();
    void randomWalks();
};

void tst_CoAmbient::itSeesItsJanitorInEveryStep()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    auto task = under(names.a, [&] { return steps(names, first, second, log, u"it"_s); });
    QCOMPARE(names.here(), u"none"_s);
    first.open();
    QCOMPARE(names.here(), u"none"_s);
    second.open();
    QCOMPARE(names.here(), u"none"_s);
    QVERIFY(task.isReady());
    QCOMPARE(log.events(), QStringList({u"it begins: a"_s, u"it goes on: a"_s, u"it goes on: a"_s,
                                        u"it ends: a"_s}));
}

void tst_CoAmbient::withoutAJanitorItSeesNone()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    auto task = steps(names, first, second, log, u"it"_s);
    under(names.a, [&] {
        first.open();
        log.add(u"resumer: "_s + names.here());
        second.open();
        log.add(u"resumer: "_s + names.here());
    });
    QCOMPARE(log.events(),
             QStringList({u"it begins: none"_s, u"it goes on: none"_s, u"resumer: a"_s,
                          u"it goes on: none"_s, u"it ends: none"_s, u"resumer: a"_s}));
}

void tst_CoAmbient::interleavedOnOneThread_data()
{
    QTest::addColumn<QByteArray>("order"); // a, b: the next step of that coroutine
    for (const char *order : {"aabb", "abab", "abba", "baab", "baba", "bbaa"})
        QTest::newRow(order) << QByteArray(order);
}

void tst_CoAmbient::interleavedOnOneThread()
{
    QFETCH(const QByteArray, order);
    const Names names;
    const Log log;
    const CoGate gates[2][2];
    auto a = under(names.a, [&] { return steps(names, gates[0][0], gates[0][1], log, u"a"_s); });
    auto b = under(names.b, [&] { return steps(names, gates[1][0], gates[1][1], log, u"b"_s); });
    int done[2] = {0, 0};
    for (const char next : order) {
        const int which = next - 'a';
        gates[which][done[which]++].open();
        QCOMPARE(names.here(), u"none"_s);
    }
    QVERIFY(a.isReady() && b.isReady());
    QCOMPARE(log.sorted(),
             QStringList({u"a begins: a"_s, u"a ends: a"_s, u"a goes on: a"_s, u"a goes on: a"_s,
                          u"b begins: b"_s, u"b ends: b"_s, u"b goes on: b"_s, u"b goes on: b"_s}));
}

void tst_CoAmbient::theResumersJanitorIsBackAfterEachStep()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    auto task = under(names.a, [&] { return steps(names, first, second, log, u"it"_s); });
    under(names.b, [&] {
        first.open();
        log.add(u"resumer: "_s + names.here());
        second.open();
        log.add(u"resumer: "_s + names.here());
    });
    QCOMPARE(log.events(), QStringList({u"it begins: a"_s, u"it goes on: a"_s, u"resumer: b"_s,
                                        u"it goes on: a"_s, u"it ends: a"_s, u"resumer: b"_s}));
}

void tst_CoAmbient::nestedCoroutinesKeepTheirOwn()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    const auto outer = [](const Names &names_, CoGate first_, CoGate second_,
                          Log log_) -> Coroutine<> {
        auto inner =
            under(names_.b, [&] { return steps(names_, first_, second_, log_, u"inner"_s); });
        log_.add(u"outer: "_s + names_.here());
        co_await inner;
        log_.add(u"outer: "_s + names_.here());
    };
    auto task = under(names.a, [&] { return outer(names, first, second, log); });
    QCOMPARE(names.here(), u"none"_s);
    first.open();
    second.open();
    QCOMPARE(names.here(), u"none"_s);
    QVERIFY(task.isReady());
    QCOMPARE(log.events(), QStringList({u"inner begins: b"_s, u"outer: a"_s, u"inner goes on: b"_s,
                                        u"inner goes on: b"_s, u"inner ends: b"_s, u"outer: a"_s}));
}

void tst_CoAmbient::aFailingStepUnwindsUnderItsJanitor_data()
{
    QTest::addColumn<QString>("point");
    for (const QString &point : {u"at its beginning"_s, u"in a step"_s, u"in await_ready"_s,
                                 u"in await_suspend"_s, u"in await_resume"_s})
        QTest::addRow("%s", qPrintable(point)) << point;
}

void tst_CoAmbient::aFailingStepUnwindsUnderItsJanitor()
{
    struct Thrower
    {
        explicit Thrower(const QString &point_, const CoGate &gate_)
            : point(point_)
            , gate(gate_)
        {}
        void fail(const QString &here) const
        {
            if (point == here)
                throw std::runtime_error("failed");
        }
        bool await_ready() const
        {
            fail(u"in await_ready"_s);
            return false;
        }
        void await_suspend(std::coroutine_handle<> handle) const
        {
            fail(u"in await_suspend"_s);
            gate.await_suspend(handle);
        }
        void await_resume() const { fail(u"in await_resume"_s); }
        QString point;
        CoGate gate;
    };
    QFETCH(const QString, point);
    const Names names;
    const Log log;
    const CoGate gate;
    const auto coroutine = [](const Names &names_, QString point_, CoGate gate_,
                              Log log_) -> Coroutine<> {
        const Farewell farewell(names_, log_, u"unwound"_s);
        const Thrower thrower(point_, gate_);
        thrower.fail(u"at its beginning"_s);
        co_await thrower;
        thrower.fail(u"in a step"_s);
    };
    const auto outer = [](Coroutine<> task, const Names &names_, Log log_) -> Coroutine<> {
        try {
            co_await task;
        } catch (const std::runtime_error &) {
            log_.add(u"caught: "_s + names_.here());
        }
    };
    const auto inner = [&] { return coroutine(names, point, gate, log); };
    auto task = under(names.b, [&] { return outer(under(names.a, inner), names, log); });
    QCOMPARE(names.here(), u"none"_s);
    gate.open();
    QCOMPARE(names.here(), u"none"_s);
    QVERIFY(task.isReady());
    QCOMPARE(log.events(), QStringList({u"unwound: a"_s, u"caught: b"_s}));
}

void tst_CoAmbient::eventsInBetweenSeeTheThreadsOwn()
{
    const Names names;
    QStringList seen;
    QTimer ticker;
    connect(&ticker, &QTimer::timeout, this, [&] { seen += names.here(); });
    ticker.start(0);
    const auto coroutine = [](const Names &names_, const QStringList &seen_) -> Coroutine<bool> {
        bool isRight = true;
        for (int i = 0; i < 20; ++i) {
            co_await QtConcurrent::run([] {});
            isRight = isRight && names_.here() == u"a";
            QTimer timer;
            timer.start(0);
            co_await timer;
            isRight = isRight && names_.here() == u"a";
        }
        co_return isRight &&seen_.count(u"none"_s) > 10;
    };
    auto task = under(names.a, [&] { return coroutine(names, seen); });
    pumpUntil([&] { return task.isReady(); });
    QVERIFY(QCoro::waitFor(task));
    QCOMPARE(seen.count(u"none"_s), seen.size());
}

void tst_CoAmbient::eventsInBetweenSeeTheThreadsOwnDuringADrain()
{
    const Names names;
    QStringList seen;
    QTimer ticker;
    connect(&ticker, &QTimer::timeout, this, [&] { seen += names.here(); });
    const auto coroutine = [](const Names &names_, QStringList &seen_) -> Coroutine<> {
        for (int i = 0; i < 5; ++i) {
            co_await QCoro::sleepFor(std::chrono::milliseconds(1));
            if (names_.here() != u"another")
                seen_ += u"coroutine: "_s + names_.here();
        }
    };
    under(names.a, [&] {
        enter([&] {
            spawnDaemon([&] { return coroutine(names, seen); });
            ticker.start(0);
        }); // pumps events under a
    });
    QVERIFY(seen.size() > 0);
    QCOMPARE(seen.count(u"a"_s), seen.size());
}

void tst_CoAmbient::deferredDeletesInBetweenSeeTheThreadsOwn()
{
    const Names names;
    QStringList seen;
    const auto coroutine = [](const Names &names_, QStringList &seen_) -> Coroutine<> {
        for (int i = 0; i < 3; ++i) {
            auto *object = new QObject;
            connect(object, &QObject::destroyed, [&names_, &seen_] { seen_ += names_.here(); });
            object->deleteLater();
            co_await QCoro::sleepFor(std::chrono::milliseconds(1));
        }
    };
    auto task = under(names.a, [&] { return coroutine(names, seen); });
    pumpUntil([&] {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return task.isReady() && seen.size() == 3;
    });
    QCOMPARE(seen, QStringList(3, u"none"_s));
}

void tst_CoAmbient::itMovesToAnotherThread()
{
    const Names names;
    const Log log;
    QThread other;
    other.start();
    const auto coroutine = [](const Names &names_, QThread &other_, Log log_) -> Coroutine<> {
        QThread *home = QThread::currentThread();
        co_await QCoro::moveToThread(&other_);
        log_.add((QThread::currentThread() == &other_ ? u"there: "_s : u"not there: "_s) +
                 names_.here());
        co_await QtConcurrent::run([] {});
        log_.add((QThread::currentThread() == &other_ ? u"there: "_s : u"not there: "_s) +
                 names_.here());
        co_await QCoro::moveToThread(home);
        log_.add((QThread::currentThread() == home ? u"home: "_s : u"not home: "_s) +
                 names_.here());
    };
    auto task = under(names.a, [&] { return coroutine(names, other, log); });
    pumpUntil([&] { return task.isReady(); });
    QString left;
    QMetaObject::invokeMethod(
        &other, [] {}, Qt::QueuedConnection);
    QObject elsewhere;
    elsewhere.moveToThread(&other);
    QMetaObject::invokeMethod(
        &elsewhere, [&] { left = names.here(); }, Qt::BlockingQueuedConnection);
    other.quit();
    other.wait();
    QCOMPARE(left, u"none"_s);
    QCOMPARE(names.here(), u"none"_s);
    QCOMPARE(log.events(), QStringList({u"there: a"_s, u"there: a"_s, u"home: a"_s}));
}

void tst_CoAmbient::itIsResumedOnAThreadThatQtDoesNotKnow()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    auto task = under(names.a, [&] { return steps(names, first, second, log, u"it"_s); });
    onStdThread([&] {
        const AmbientGuard guard(names.b.client());
        first.open();
        log.add(u"resumer: "_s + names.here());
    });
    onStdThread([&] {
        second.open();
        log.add(u"resumer: "_s + names.here());
    });
    QVERIFY(task.isReady());
    QCOMPARE(log.events(), QStringList({u"it begins: a"_s, u"it goes on: a"_s, u"resumer: b"_s,
                                        u"it goes on: a"_s, u"it ends: a"_s, u"resumer: none"_s}));
}

void tst_CoAmbient::aJanitorThatHasClosedIsStillSeen()
{
    const CoGate gate;
    QList<int> answers;
    const auto coroutine = [](CoGate gate_, QList<int> &answers_) -> Coroutine<> {
        answers_ += int(trySpawnDaemon([] {}));
        const Client mine = Client::current();
        co_await gate_;
        answers_ += int(mine == Client::current());
        answers_ += int(trySpawnDaemon([] {}));
    };
    auto task = enter([&] { return std::make_unique<Coroutine<>>(coroutine(gate, answers)); });
    gate.open(); // the janitor has closed, and only the coroutine knows it
    QVERIFY(task->isReady());
    QCOMPARE(answers,
             QList<int>({int(SpawnError::NoError), 1, int(SpawnError::ActiveJanitorTerminating)}));
}

void tst_CoAmbient::theJanitorIsReleasedBeforeTheAwaiterGoesOn()
{
    const Names names;
    const Log log;
    const CoGate first, second;
    const auto outer = [](Coroutine<> task, const Names &names_, Log log_) -> Coroutine<> {
        co_await task;
        log_.add(u"outer: "_s + names_.here());
    };
    auto task = outer(under(names.a, [&] { return steps(names, first, second, log, u"it"_s); }),
                      names, log);
    first.open();
    second.open();
    QVERIFY(task.isReady());
    QCOMPARE(log.events().last(), u"outer: none"_s);
}

void tst_CoAmbient::blockingScopesInsideOfIt()
{
    const Names names;
    const Log log;
    const CoGate gate;
    const auto coroutine = [](const Names &names_, CoGate gate_, Log log_) -> Coroutine<> {
        enter([&] { log_.add(u"inside: "_s + names_.here()); });
        log_.add(u"after: "_s + names_.here());
        co_await gate_;
        enter([&] { log_.add(u"inside: "_s + names_.here()); });
        log_.add(u"after: "_s + names_.here());
    };
    auto task = under(names.a, [&] { return coroutine(names, gate, log); });
    gate.open();
    QVERIFY(task.isReady());
    QCOMPARE(names.here(), u"none"_s);
    QCOMPARE(log.events(), QStringList({u"inside: another"_s, u"after: a"_s, u"inside: another"_s,
                                        u"after: a"_s}));
}

void tst_CoAmbient::itSpawnsIntoItsJanitor()
{
    std::atomic<int> ran{0};
    const auto coroutine = [](std::atomic<int> &ran_) -> Coroutine<> {
        spawnDaemon([&] { ++ran_; });
        co_await QtConcurrent::run([] {});
        spawnDaemon([&] { ++ran_; });
        struct Spawner
        {
            std::atomic<int> &ran;
            explicit Spawner(std::atomic<int> &ran_)
                : ran(ran_)
            {}
            ~Spawner()
            {
                spawnCleanupJob([&counter = ran] { ++counter; });
            }
        };
        const Spawner spawner(ran_);
        co_await QCoro::sleepFor(std::chrono::milliseconds(1));
    };
    const auto result = tryEnter({.failurePolicy = FailurePolicy::KeepGoing},
                                 [&] { spawnDaemon([&] { return coroutine(ran); }); });
    QCOMPARE(ran.load(), 3);
    QCOMPARE(result.janitorResult.completedCount(), 4);
    QVERIFY(result.janitorResult.ok());
}

void tst_CoAmbient::rolesAreKept()
{
    const CoGate gate;
    QStringList seen;
    const auto coroutine = [](CoGate gate_, QStringList &seen_, QString name) -> Coroutine<> {
        co_await gate_;
        seen_ += name + (isStopRequested() ? u" is to stop"_s : u" is not"_s);
    };
    Supervisor supervisor;
    supervisor.client().spawnDaemon([&] { return coroutine(gate, seen, u"daemon"_s); });
    supervisor.client().spawnCleanupJob([&] { return coroutine(gate, seen, u"cleanup"_s); });
    supervisor.client().requestStop();
    gate.open();
    seen.sort();
    QCOMPARE(seen, QStringList({u"cleanup is not"_s, u"daemon is to stop"_s}));
}

void tst_CoAmbient::randomWalks()
{
    // Coroutines that call each other under changing janitors; each checks itself after each step.
    struct Walk
    {
        Names names;
        std::vector<CoGate> gates;
        int checks = 0;
        int wrong = 0;
        quint32 seed = 1;
        quint32 random() { return (seed = seed * 1664525 + 1013904223) >> 8; }
        void check(const QString &expected)
        {
            ++checks;
            wrong += names.here() != expected;
        }
        Coroutine<> walk(QString name, int depth)
        {
            for (int i = 0; i < 3; ++i) {
                check(name);
                if (depth > 0 && random() % 2 == 0) {
                    const bool a = random() % 2 == 0;
                    auto inner = under(a ? names.a : names.b,
                                       [&] { return walk(a ? u"a"_s : u"b"_s, depth - 1); });
                    check(name);
                    co_await inner;
                } else {
                    const CoGate gate = gates.emplace_back();
                    co_await gate;
                }
                check(name);
            }
        }
    };
    Walk walk;
    std::vector<Coroutine<>> tasks;
    for (int i = 0; i < 40; ++i) {
        tasks.push_back(i % 3 == 0   ? walk.walk(u"none"_s, 3)
                        : i % 3 == 1 ? under(walk.names.a, [&] { return walk.walk(u"a"_s, 3); })
                                     : under(walk.names.b, [&] { return walk.walk(u"b"_s, 3); }));
    }
    while (!walk.gates.empty()) {
        const auto index = std::ptrdiff_t(walk.random() % walk.gates.size());
        const CoGate gate = walk.gates[std::size_t(index)];
        walk.gates.erase(walk.gates.begin() + index);
        gate.open();
        walk.check(u"none"_s);
    }
    for (const auto &task : tasks)
        QVERIFY(task.isReady());
    QVERIFY(walk.checks > 500);
    QCOMPARE(walk.wrong, 0);
}

QTEST_GUILESS_MAIN(tst_CoAmbient)
#include "tst_coambient.moc"
