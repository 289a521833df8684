// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A Task: what it returns, what it awaits, who awaits it, and when its frame goes.

#include "../contract/cogate.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroSignal>
#include <QCoroTimer>

#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <functional>
#include <memory>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

static_assert(!std::is_copy_constructible_v<Task<int>>);
static_assert(std::is_nothrow_move_constructible_v<Task<std::unique_ptr<int>>>);
static_assert(std::is_nothrow_move_assignable_v<Task<>>);
static_assert(std::is_nothrow_default_constructible_v<Task<>>);
static_assert(std::is_nothrow_destructible_v<Task<int>>);
static_assert(std::same_as<Task<>, Task<void>>);
static_assert(QCoro::Awaitable<Task<int>>);

namespace {

Task<int> ready(int value)
{
    co_return value;
}

Task<int> later(int value, CoGate &gate)
{
    co_await gate;
    co_return value;
}

Task<> failing(CoGate &gate)
{
    co_await gate;
    throw std::runtime_error("failed");
}

template<class T>
T waitFor(Task<T> task)
{
    pumpUntil([&] { return task.isReady(); });
    return QCoro::waitFor(task);
}

} // namespace

class Bell : public QObject
{
    Q_OBJECT
Q_SIGNALS:
    void rung(const QString &text);
};

class tst_Task : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itBeginsAtOnce();
    void itIsReadyOnceItHasEnded();
    void anEmptyOneIsReadyAndThrows();
    void moveOnlyResults();
    void resultsWithoutADefault();
    void exceptionsReachWhoAwaits_data();
    void exceptionsReachWhoAwaits();
    void itAwaits_data();
    void itAwaits();
    void aQCoroTaskAwaitsIt();
    void severalAwaitOne();
    void waitForAwaitsIt();
    void droppedAtOnceItGoesOn();
    void droppedWhileAwaitedItGoesOn();
    void anExceptionThatNobodyAsksForIsLogged();
    void parametersLiveAsLongAsTheFrame();
    void aHundredThousandInARow();
};

void tst_Task::itBeginsAtOnce()
{
    const Log log;
    CoGate gate;
    const auto coroutine = [](Log log_, CoGate &gate_) -> Task<> {
        log_.add(u"begins"_s);
        co_await gate_;
        log_.add(u"goes on"_s);
    };
    const auto task = coroutine(log, gate);
    log.add(u"called"_s);
    gate.open();
    QCOMPARE(log.events(), QStringList({u"begins"_s, u"called"_s, u"goes on"_s}));
    QVERIFY(task.isReady());
}

void tst_Task::itIsReadyOnceItHasEnded()
{
    CoGate gate;
    const auto now = ready(1);
    const auto then = later(2, gate);
    QVERIFY(now.isReady());
    QVERIFY(!then.isReady());
    gate.open();
    QVERIFY(then.isReady());
    QCOMPARE(QCoro::waitFor(now), 1);
    QCOMPARE(QCoro::waitFor(then), 2);
}

void tst_Task::anEmptyOneIsReadyAndThrows()
{
    Task<int> task = ready(3);
    Task<int> other = std::move(task);
    QVERIFY(task.isReady());
    QVERIFY(Task<>().isReady());
    bool hasThrown = false;
    [](Task<int> empty, bool &hasThrown_) -> Task<> {
        try {
            co_await empty;
        } catch (const std::logic_error &) {
            hasThrown_ = true;
        }
    }(std::move(task), hasThrown);
    QVERIFY(hasThrown);
    task = std::move(other);
    QCOMPARE(QCoro::waitFor(task), 3);
}

void tst_Task::moveOnlyResults()
{
    CoGate gate;
    const auto inner = [](CoGate &gate_) -> Task<std::unique_ptr<int>> {
        auto result = std::make_unique<int>(4);
        co_await gate_;
        co_return result;
    };
    const auto outer = [](Task<std::unique_ptr<int>> task) -> Task<std::unique_ptr<int>> {
        auto result = co_await std::move(task);
        ++*result;
        co_return std::move(result);
    };
    auto task = outer(inner(gate));
    gate.open();
    QCOMPARE(*QCoro::waitFor(std::move(task)), 5);
}

void tst_Task::resultsWithoutADefault()
{
    struct Number
    {
        explicit Number(int value_)
            : value(value_)
        {}
        int value;
    };
    int sum = 0;
    [](int &sum_) -> Task<> {
        const auto number = [](int value) -> Task<Number> { co_return value; };
        sum_ += (co_await number(6)).value;
    }(sum);
    QCOMPARE(sum, 6);
}

void tst_Task::exceptionsReachWhoAwaits_data()
{
    QTest::addColumn<bool>("suspends");
    QTest::newRow("before its first suspension") << false;
    QTest::newRow("after a suspension") << true;
}

void tst_Task::exceptionsReachWhoAwaits()
{
    QFETCH(const bool, suspends);
    const Log log;
    CoGate gate;
    if (!suspends)
        gate.open();
    const auto outer = [](CoGate &gate_, Log log_) -> Task<> {
        try {
            co_await failing(gate_);
        } catch (const std::runtime_error &error) {
            log_.add(QString::fromUtf8(error.what()));
        }
        log_.add(u"went on"_s);
    };
    const auto task = outer(gate, log);
    gate.open();
    QCOMPARE(log.events(), QStringList({u"failed"_s, u"went on"_s}));
    QVERIFY(task.isReady());
}

using Make = std::function<Task<QString>()>;
Q_DECLARE_METATYPE(Make)

void tst_Task::itAwaits_data()
{
    QTest::addColumn<Make>("make");
    const auto row = [](const char *name, Make make) { QTest::newRow(name) << std::move(make); };
    row("a future",
        []() -> Task<QString> { co_return co_await QtConcurrent::run([] { return u"done"_s; }); });
    row("a future without a value", []() -> Task<QString> {
        co_await QtConcurrent::run([] {});
        co_return u"done"_s;
    });
    row("a future that is kept", []() -> Task<QString> {
        const QFuture<QString> future = QtConcurrent::run([] { return u"done"_s; });
        co_return co_await future;
    });
    row("a timer", []() -> Task<QString> {
        QTimer timer;
        timer.start(1);
        co_await timer;
        co_return u"done"_s;
    });
    row("a pointer to a timer", []() -> Task<QString> {
        QTimer timer;
        timer.start(1);
        co_await &timer;
        co_return u"done"_s;
    });
    row("a signal", []() -> Task<QString> {
        Bell bell;
        QTimer::singleShot(0, &bell, [&bell] { Q_EMIT bell.rung(u"done"_s); });
        co_return co_await qCoro(&bell, &Bell::rung);
    });
    row("a signal with a timeout", []() -> Task<QString> {
        Bell bell;
        QTimer::singleShot(0, &bell, [&bell] { Q_EMIT bell.rung(u"done"_s); });
        const auto text = co_await qCoro(&bell, &Bell::rung, std::chrono::seconds(30));
        co_return text.value_or(u"timeout"_s);
    });
    row("a signal that never comes", []() -> Task<QString> {
        Bell bell;
        const auto text = co_await qCoro(&bell, &Bell::rung, std::chrono::milliseconds(1));
        co_return text.value_or(u"done"_s);
    });
    row("a QCoro task", []() -> Task<QString> {
        const auto inner = []() -> QCoro::Task<QString> {
            co_await QCoro::sleepFor(std::chrono::milliseconds(1));
            co_return u"done"_s;
        };
        co_return co_await inner();
    });
    row("a QCoro task that is kept", []() -> Task<QString> {
        const auto inner = []() -> QCoro::Task<QString> {
            co_await QCoro::sleepFor(std::chrono::milliseconds(1));
            co_return u"done"_s;
        };
        auto task = inner();
        co_return co_await task;
    });
    row("a QCoro task that has ended", []() -> Task<QString> {
        co_return co_await []() -> QCoro::Task<QString> { co_return u"done"_s; }();
    });
    row("another task", []() -> Task<QString> {
        const auto inner = []() -> Task<QString> {
            co_await QtConcurrent::run([] {});
            co_return u"done"_s;
        };
        auto task = inner();
        co_return co_await task;
    });
    row("what the standard has", []() -> Task<QString> {
        co_await std::suspend_never();
        co_return u"done"_s;
    });
    row("what decides not to suspend", []() -> Task<QString> {
        struct Indecisive : std::suspend_always
        {
            bool await_suspend(std::coroutine_handle<>) const noexcept { return false; }
        };
        co_await Indecisive();
        co_return u"done"_s;
    });
    row("what hands its turn on", []() -> Task<QString> {
        struct Returning : std::suspend_always
        {
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> handle) const noexcept
            {
                return handle;
            }
        };
        co_await Returning();
        co_return u"done"_s;
    });
    row("what throws instead of suspending", []() -> Task<QString> {
        struct Throwing : std::suspend_always
        {
            void await_suspend(std::coroutine_handle<>) const { throw std::runtime_error("no"); }
        };
        try {
            co_await Throwing();
        } catch (const std::runtime_error &) {
            co_return u"done"_s;
        }
        co_return u"not thrown"_s;
    });
}

void tst_Task::itAwaits()
{
    QFETCH(const Make, make);
    QCOMPARE(waitFor(make()), u"done"_s);
    // And so under a janitor that outlives it.
    Supervisor supervisor;
    const auto task = supervisor.client().bind(make)();
    pumpUntil([&] { return task.isReady(); });
    QCOMPARE(QCoro::waitFor(task), u"done"_s);
    QVERIFY(Client::current().isNull());
}

void tst_Task::aQCoroTaskAwaitsIt()
{
    CoGate gate;
    const auto outer = [](CoGate &gate_) -> QCoro::Task<int> {
        const int first = co_await later(7, gate_);
        auto kept = later(8, gate_);
        co_return first + co_await kept;
    };
    auto task = outer(gate);
    QVERIFY(!task.isReady());
    gate.open();
    QVERIFY(task.isReady());
    QCOMPARE(QCoro::waitFor(task), 15);
}

void tst_Task::severalAwaitOne()
{
    const Log log;
    CoGate gate;
    const auto one = later(9, gate);
    const auto awaits = [](const Task<int> &task, Log log_, QString name) -> Task<> {
        log_.add(name + QString::number(co_await task));
    };
    const auto first = awaits(one, log, u"first "_s);
    const auto second = awaits(one, log, u"second "_s);
    const auto third = awaits(one, log, u"third "_s);
    gate.open();
    QCOMPARE(log.events(), QStringList({u"first 9"_s, u"second 9"_s, u"third 9"_s}));
}

void tst_Task::waitForAwaitsIt()
{
    const auto task = []() -> Task<int> {
        co_await QCoro::sleepFor(std::chrono::milliseconds(1));
        co_return 10;
    };
    QCOMPARE(QCoro::waitFor(task()), 10);
    const auto nothing = []() -> Task<> { co_await QCoro::sleepFor(std::chrono::milliseconds(1)); };
    QCoro::waitFor(nothing());
}

void tst_Task::droppedAtOnceItGoesOn()
{
    const Log log;
    CoGate gate;
    [](CoGate &gate_, Log log_) -> Task<> {
        const Witness witness(log_, u"local"_s);
        co_await gate_;
        log_.add(u"goes on"_s);
    }(gate, log);
    QCOMPARE(log.events(), QStringList());
    gate.open();
    QCOMPARE(log.events(), QStringList({u"goes on"_s, u"local ends"_s}));
}

void tst_Task::droppedWhileAwaitedItGoesOn()
{
    CoGate gate;
    int result = 0;
    auto one = std::make_unique<Task<int>>(later(11, gate));
    [](const Task<int> &task, int &result_) -> Task<> { result_ = co_await task; }(*one, result);
    one.reset();
    gate.open();
    QCOMPARE(result, 11);
}

void tst_Task::anExceptionThatNobodyAsksForIsLogged()
{
    const LogLines lines;
    CoGate gate;
    failing(gate);
    {
        const auto kept = failing(gate);
        gate.open();
        QCOMPARE(LogLines::count(u"failed"_s), 1);
    }
    QCOMPARE(LogLines::count(QtWarningMsg, u"that nobody has asked for: failed"_s), 2);
}

void tst_Task::parametersLiveAsLongAsTheFrame()
{
    const Log log;
    CoGate gate;
    const auto coroutine = [](Witness, CoGate &gate_) -> Task<> { co_await gate_; };
    coroutine(Witness(log, u"dropped"_s), gate);
    auto kept = std::make_unique<Task<>>(coroutine(Witness(log, u"kept"_s), gate));
    gate.open();
    QCOMPARE(log.events(), QStringList({u"dropped ends"_s}));
    kept.reset();
    QCOMPARE(log.events(), QStringList({u"dropped ends"_s, u"kept ends"_s}));
}

void tst_Task::aHundredThousandInARow()
{
    const auto sum = []() -> Task<qint64> {
        qint64 total = 0;
        for (int i = 0; i < 100'000; ++i)
            total += co_await ready(i);
        co_return total;
    };
    QCOMPARE(QCoro::waitFor(sum()), qint64(100'000) * 99'999 / 2);
}

QTEST_GUILESS_MAIN(tst_Task)
#include "tst_task.moc"
