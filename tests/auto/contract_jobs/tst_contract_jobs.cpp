// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What can be a job, and how it fails.

#include "../../support/finishedfuture.h"
#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qexception.h>
#include <QtTest/qtest.h>

#include <array>
#include <functional>
#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

using Job = std::function<void()>; // spawns one job
Q_DECLARE_METATYPE(Job)

enum class Code { Bad = 7 };

struct Described
{
    std::string message() const { return "described"; }
};

static_assert(noexcept(spawnCleanupJob([] {})));
static_assert(noexcept(spawnCleanupJob(QString(), [] {})));
static_assert(noexcept(std::declval<Client &>().spawnCleanupJob([] {})));
static_assert(!noexcept(spawnDaemon([] {})));

class tst_ContractJobs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jobsThatSucceed_data();
    void jobsThatSucceed();
    void jobsThatFail_data();
    void jobsThatFail();
    void theOriginalExceptionIsKept();
    void anUnhandledExceptionIsUnwrapped();
    void everyKindOfCallableIsAJob();
    void aConstJobIsCopied();
    void aJobIsRunOnceAndDestroyedBeforeItCountsAsEnded();
    void aDestructorOfACaptureMaySpawn();
    void aCaptureIsDestroyedOnTheThreadOfTheJob();
    void aJobThatCannotBeCopiedInDoesNotRun();
    void aCleanupJobThatCannotBeCopiedInRunsAtOnce();
    void exceptionsDoNotStopThePool();
};

void tst_ContractJobs::jobsThatSucceed_data()
{
    QTest::addColumn<Job>("spawn");
    using Result = Expected<int, QString>;
    QTest::newRow("void") << Job([] { spawnDaemon([] {}); });
    QTest::newRow("no error") << Job([] { spawnDaemon([] { return Error(); }); });
    QTest::newRow("expected value") << Job([] { spawnDaemon([] { return Result::success(42); }); });
    QTest::newRow("void, cleanup") << Job([] { spawnCleanupJob([] {}); });
    QTest::newRow("no error, cleanup") << Job([] { spawnCleanupJob([] { return Error(); }); });
}

void tst_ContractJobs::jobsThatSucceed()
{
    QFETCH(const Job, spawn);
    const Report report = tryEnter(spawn).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 1);
}

template<class F>
static void addFailing(const char *name, F job, Error::Kind kind, const QString &text)
{
    QTest::addRow("%s", name) << Job([job] { spawnDaemon(u"job"_s, job); }) << kind << text;
    QTest::addRow("%s, cleanup job", name)
        << Job([job] { spawnCleanupJob(u"job"_s, job); }) << kind << text;
}

void tst_ContractJobs::jobsThatFail_data()
{
    QTest::addColumn<Job>("spawn");
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("text");
    const auto returned = Error::Kind::JobReturnedError;
    const auto threw = Error::Kind::JobThrew;

    addFailing(
        "error", [] { return Error(u"no disk"_s); }, returned, u"no disk"_s);
    addFailing(
        "error without a text", [] { return Error(QString()); }, returned, QString());
    addFailing(
        "expected of QString", [] { return Expected<int, QString>::failure(u"no disk"_s); },
        returned, u"no disk"_s);
    addFailing(
        "expected of std::string", [] { return Expected<int, std::string>::failure("no disk"); },
        returned, u"no disk"_s);
    addFailing(
        "expected of Error", [] { return Expected<int, Error>::failure(Error(u"no disk"_s)); },
        returned, u"no disk"_s);
    addFailing(
        "expected of an enum", [] { return Expected<int, Code>::failure(Code::Bad); }, returned,
        u"7"_s);
    addFailing(
        "expected of a class", [] { return Expected<int, Described>::failure(Described()); },
        returned, u"described"_s);
    addFailing(
        "expected of nothing to tell", [] { return Expected<int, std::monostate>::failure({}); },
        returned, QString());
    addFailing(
        "std::exception", [] { throw std::runtime_error("no disk"); }, threw, u"no disk"_s);
    addFailing(
        "throws instead of an error", []() -> Error { throw std::runtime_error("no disk"); }, threw,
        u"no disk"_s);
    addFailing(
        "int", [] { throw 42; }, threw, QString());
    addFailing(
        "const char *", [] { throw "no disk"; }, threw, QString());
    addFailing(
        "QException", [] { throw QException(); }, threw, QString());
    addFailing(
        "a null exception_ptr in QUnhandledException", [] { throw QUnhandledException(); }, threw,
        QString());
    addFailing(
        "QUnhandledException",
        [] { throw QUnhandledException(std::make_exception_ptr(std::runtime_error("no disk"))); },
        threw, u"no disk"_s);
    addFailing(
        "bad_alloc", [] { throw std::bad_alloc(); }, threw, QString());
}

void tst_ContractJobs::jobsThatFail()
{
    QFETCH(const Job, spawn);
    QFETCH(const Error::Kind, kind);
    QFETCH(const QString, text);
    const auto [report, callee] = tryEnter(spawn);
    QVERIFY(callee.hasValue());
    QVERIFY(!report.ok());
    QCOMPARE(report.errorCount(), 1);
    QCOMPARE(report.completedCount(), 0);
    QCOMPARE(report.error().kind(), kind);
    QVERIFY2(report.error().message().contains(text), qPrintable(report.error().message()));
    QCOMPARE(report.error().jobName(), u"job"_s);
    QCOMPARE(bool(report.error().exception()), kind == Error::Kind::JobThrew);
    QVERIFY(report.error().toString().contains(u"job"_s));
    QVERIFY(!report.error().toString().contains(u'\n'));
}

void tst_ContractJobs::theOriginalExceptionIsKept()
{
    const Report report = tryEnter([] { spawnDaemon([] { throw 42; }); }).janitorResult;
    try {
        std::rethrow_exception(report.error().exception());
    } catch (int number) {
        QCOMPARE(number, 42);
    }
}

void tst_ContractJobs::anUnhandledExceptionIsUnwrapped()
{
    const auto job = [] { throw QUnhandledException(std::make_exception_ptr(42)); };
    const Report report = tryEnter([job] { spawnDaemon(job); }).janitorResult;
    QVERIFY_THROWS_EXCEPTION(int, std::rethrow_exception(report.error().exception()));
}

namespace {

std::atomic<int> functionCalls{0};
void function()
{
    ++functionCalls;
}
void functionWithPromise(QPromise<void> &)
{
    ++functionCalls;
}
Error functionWithError()
{
    ++functionCalls;
    return Error();
}
QFuture<void> functionWithFuture()
{
    ++functionCalls;
    return finishedFuture();
}

struct alignas(64) Overaligned
{
    std::shared_ptr<std::atomic<int>> calls;
    void operator()() const
    {
        if (reinterpret_cast<quintptr>(this) % 64 == 0)
            ++*calls;
    }
};

struct Mutable
{
    std::unique_ptr<int> content;
    std::shared_ptr<std::atomic<int>> calls;
    void operator()() { *calls += *std::exchange(content, nullptr); }
};

} // namespace

void tst_ContractJobs::everyKindOfCallableIsAJob()
{
    const auto calls = std::make_shared<std::atomic<int>>(0);
    functionCalls = 0;
    const Report report =
        tryEnter([calls] {
            spawnDaemon(function);
            spawnDaemon(&function);
            spawnDaemon(functionWithPromise);
            spawnDaemon(&functionWithPromise);
            spawnDaemon(functionWithError);
            spawnCleanupJob(functionWithFuture);
            spawnDaemon(std::function<void()>(function));
            spawnDaemon(std::bind([](int) { function(); }, 42));
            spawnDaemon([calls, large = std::array<int, 200>{1}] { *calls += large[0]; });
            spawnDaemon(Overaligned{calls});
            spawnDaemon(Mutable{std::make_unique<int>(1), calls});
            spawnDaemon(
                [content = std::make_unique<int>(1), calls]() mutable { *calls += *content; });
        }).janitorResult;
    QCOMPARE(report.completedCount(), 12);
    QVERIFY(report.ok());
    QCOMPARE(functionCalls.load(), 8);
    QCOMPARE(calls->load(), 4);
}

void tst_ContractJobs::aConstJobIsCopied()
{
    const auto token = std::make_shared<std::atomic<int>>(0);
    const auto job = [token] { ++*token; };
    enter([&] {
        spawnDaemon(job);
        spawnCleanupJob(job);
        job();
    });
    QCOMPARE(token->load(), 3);
}

namespace {

/// Says when it is called and when its last copy goes.
struct Talking
{
    Log log;
    std::shared_ptr<void> atEnd{nullptr, [log = log](void *) { log.add(u"destroyed"_s); }};
    void operator()() const { log.add(u"ran"_s); }
};

} // namespace

void tst_ContractJobs::aJobIsRunOnceAndDestroyedBeforeItCountsAsEnded()
{
    Log log;
    enter([log] { spawnDaemon(Talking{log}); });
    log.add(u"closed"_s);
    QCOMPARE(log.events(), QStringList({u"ran"_s, u"destroyed"_s, u"closed"_s}));
}

void tst_ContractJobs::aDestructorOfACaptureMaySpawn()
{
    const Report report =
        tryEnter([] {
            auto spawning = std::shared_ptr<void>(nullptr, [](void *) { spawnCleanupJob([] {}); });
            spawnDaemon([spawning = std::move(spawning)] {});
        }).janitorResult;
    QCOMPARE(report.completedCount(), 2);
}

void tst_ContractJobs::aCaptureIsDestroyedOnTheThreadOfTheJob()
{
    std::thread::id ran, destroyed;
    enter([&] {
        auto capture =
            std::shared_ptr<void>(nullptr, [&](void *) { destroyed = std::this_thread::get_id(); });
        spawnDaemon([&, capture = std::move(capture)] { ran = std::this_thread::get_id(); });
    });
    QCOMPARE(ran, destroyed);
    QVERIFY(ran != std::this_thread::get_id());
}

namespace {

/// A job that cannot be copied into a janitor.
struct Uncopyable
{
    std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
    Uncopyable() = default;
    Uncopyable(const Uncopyable &) { throw std::bad_alloc(); }
    void operator()() const { ++*calls; }
};

} // namespace

void tst_ContractJobs::aJobThatCannotBeCopiedInDoesNotRun()
{
    const Uncopyable job;
    const Report report =
        tryEnter([&] {
            QVERIFY_THROWS_EXCEPTION(std::bad_alloc, spawnDaemon(job));
            QVERIFY_THROWS_EXCEPTION(std::bad_alloc, (void)trySpawnCleanupJob(job));
            spawnDaemon([] {});
        }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(job.calls->load(), 0);
}

void tst_ContractJobs::aCleanupJobThatCannotBeCopiedInRunsAtOnce()
{
    const Uncopyable job;
    const Report report = tryEnter([&] {
                              spawnCleanupJob(job);
                              QCOMPARE(job.calls->load(), 1);
                          }).janitorResult;
    QVERIFY(report.ok());
    QCOMPARE(job.calls->load(), 1);
}

void tst_ContractJobs::exceptionsDoNotStopThePool()
{
    const auto calls = std::make_shared<std::atomic<int>>(0);
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [calls] {
                              for (int i = 0; i < 200; ++i) {
                                  spawnDaemon([calls, i] {
                                      ++*calls;
                                      if (i % 2)
                                          throw i;
                                  });
                              }
                          }).janitorResult;
    QCOMPARE(calls->load(), 200);
    QCOMPARE(report.errorCount(), 100);
    QCOMPARE(report.completedCount(), 100);
}

QTEST_GUILESS_MAIN(tst_ContractJobs)

#include "tst_contract_jobs.moc"
