// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Futures that have results: nobody who looks at one finds its results half destroyed, and they
// outlive neither their job, their users nor the janitor.

#include "../contract/gate.h"
#include "../contract/heldagent.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtConcurrent/qtconcurrentfilter.h>
#include <QtConcurrent/qtconcurrentmap.h>
#include <QtConcurrent/qtconcurrentrun.h>
#include <QtCore/qdeadlinetimer.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

#include <array>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

namespace {

/// All ways to hand over a future.
enum class Verb {
    Daemon,
    DaemonByCopy,
    TryDaemon,
    NamedDaemon,
    CleanupJob,
    CleanupJobByCopy,
    TryCleanupJob,
    DaemonOfAClient,
    CleanupJobOfAClient,
    ReturnedByADaemon,
    ReturnedByACleanupJob,
};

constexpr std::pair<Verb, const char *> verbs[] = {
    {Verb::Daemon, "daemon"},
    {Verb::DaemonByCopy, "daemon, by copy"},
    {Verb::TryDaemon, "trySpawnDaemon()"},
    {Verb::NamedDaemon, "named daemon"},
    {Verb::CleanupJob, "cleanup job"},
    {Verb::CleanupJobByCopy, "cleanup job, by copy"},
    {Verb::TryCleanupJob, "trySpawnCleanupJob()"},
    {Verb::DaemonOfAClient, "daemon of a client"},
    {Verb::CleanupJobOfAClient, "cleanup job of a client"},
    {Verb::ReturnedByADaemon, "returned by a daemon"},
    {Verb::ReturnedByACleanupJob, "returned by a cleanup job"},
};

/// Hands \a future over, and keeps no copy.
template<class T>
void handOver(Verb verb, QFuture<T> future)
{
    const auto check = [](SpawnError error) {
        if (error != SpawnError::NoError)
            qFatal("refused");
    };
    switch (verb) {
    case Verb::Daemon:
        return spawnDaemon(std::move(future));
    case Verb::DaemonByCopy:
        return spawnDaemon(future);
    case Verb::TryDaemon:
        return check(trySpawnDaemon(std::move(future)));
    case Verb::NamedDaemon:
        return spawnDaemon(u"job"_s, std::move(future));
    case Verb::CleanupJob:
        return spawnCleanupJob(std::move(future));
    case Verb::CleanupJobByCopy:
        return spawnCleanupJob(future);
    case Verb::TryCleanupJob:
        return check(trySpawnCleanupJob(std::move(future)));
    case Verb::DaemonOfAClient:
        return Client::current().spawnDaemon(std::move(future));
    case Verb::CleanupJobOfAClient:
        return Client::current().spawnCleanupJob(std::move(future));
    case Verb::ReturnedByADaemon:
        return spawnDaemon([f = std::move(future)]() mutable { return std::move(f); });
    case Verb::ReturnedByACleanupJob:
        return spawnCleanupJob([f = std::move(future)]() mutable { return std::move(f); });
    }
}

/// A result whose lives are counted: each ends once.
class Counted
{
public:
    Counted() { ++alive(); }
    Counted(const Counted &)
        : Counted()
    {}
    Counted(Counted &&) noexcept
        : Counted()
    {}
    Counted &operator=(const Counted &) = delete;
    Counted &operator=(Counted &&) = delete;
    ~Counted()
    {
        if (!std::exchange(m_isAlive, false))
            qFatal("a result has been destroyed twice");
        --alive();
    }

    static std::atomic<int> &alive()
    {
        static std::atomic<int> count{0};
        return count;
    }

private:
    volatile bool m_isAlive = true; // volatile: the last write is not optimised away
};

struct Large
{
    Counted counted;
    std::array<char, 4096> rest{};
};

/// Spawns when it is destroyed, as an object in a result may.
class Spawning
{
public:
    explicit Spawning(const Log &log)
        : m_log(new Log(log))
    {}
    Spawning(Spawning &&) noexcept = default;
    Spawning &operator=(Spawning &&) = delete;
    ~Spawning()
    {
        if (!m_log)
            return;
        m_log->add(Client::current().isNull() ? u"destroyed outside"_s : u"destroyed as its job"_s);
        if (!Client::current().isNull())
            spawnCleanupJob([log = *m_log] { log.add(u"cleaned up"_s); });
    }

private:
    std::unique_ptr<Log> m_log;
};

/// Spawns a future with the results that \a make makes, and has it finished on another thread, by
/// whom its promise is dropped.
template<class Make>
Report finishElsewhere(Verb verb, bool draining, Make make)
{
    using T = std::invoke_result_t<Make>;
    std::thread finisher;
    const Gate gate;
    const Report report = tryEnter([&] {
                              QPromise<T> promise;
                              promise.start();
                              handOver(verb, promise.future());
                              finisher = std::thread([=, promise = std::move(promise)]() mutable {
                                  if (draining)
                                      gate.wait();
                                  for (int i = 0; i < 1000; ++i)
                                      promise.addResult(make());
                                  promise.finish();
                                  const QPromise<T> dropped = std::move(promise);
                              });
                              if (draining)
                                  QMetaObject::invokeMethod(
                                      qApp, [gate] { gate.open(); }, Qt::QueuedConnection);
                              else
                                  finisher.join();
                          }).janitorResult;
    if (finisher.joinable())
        finisher.join();
    return report;
}

using Finish = std::function<Report(Verb, bool draining)>;

/// A promise that has started, with \a count results.
QPromise<int> promiseOf(int count)
{
    QPromise<int> promise;
    promise.start();
    for (int i = 0; i < count; ++i)
        promise.addResult(i);
    return promise;
}

/// Whether another thread has the lock of \a future: who connects a watcher has it for as long as
/// it looks at the results.
template<class T>
bool isBeingLookedAt(const QFuture<T> &future)
{
    const QFutureInterfaceBase interface = QFutureInterfaceBase::get(future);
    if (!interface.mutex().tryLock())
        return true;
    interface.mutex().unlock();
    return false;
}

/// Waits for a moment in which a defect would show. It need not come: then nothing is shown.
template<class F>
void awaitMoment(std::chrono::milliseconds longest, F condition)
{
    const QDeadlineTimer end(longest);
    while (!condition() && !end.hasExpired())
        std::this_thread::yield();
}

} // namespace

Q_DECLARE_METATYPE(Verb)
Q_DECLARE_METATYPE(Finish)

class tst_TypedFutures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup();
    void theLastOwnerMayGoWhileTheAgentLooksAtTheResults_data();
    void theLastOwnerMayGoWhileTheAgentLooksAtTheResults();
    void manyFuturesOfAThousandResults_data();
    void manyFuturesOfAThousandResults();
    void futuresOfMappedAndFilteredLists();
    void everyResultIsDestroyedOnce_data();
    void everyResultIsDestroyedOnce();
    void resultsLiveUntilTheJobHasEnded_data();
    void resultsLiveUntilTheJobHasEnded();
    void resultsAreDestroyedAsPartOfTheJob_data();
    void resultsAreDestroyedAsPartOfTheJob();
    void copiesOfTheUserKeepTheResults_data();
    void copiesOfTheUserKeepTheResults();
    void aContinuationGetsTheResults_data();
    void aContinuationGetsTheResults();
    void theUserMayTakeTheResult_data();
    void theUserMayTakeTheResult();
    void resultsOfAFutureThatIsToldToStop();
    void resultsOfAFutureThatIsHandedOn();
    void resultsOfAFutureThatIsGivenUp();
};

static void addVerbs()
{
    QTest::addColumn<Verb>("verb");
    for (const auto &[verb, name] : verbs)
        QTest::newRow(name) << verb;
}

/// Whatever a test has done, no result is left.
void tst_TypedFutures::cleanup()
{
    QCOMPARE(Counted::alive().load(), 0);
}

void tst_TypedFutures::theLastOwnerMayGoWhileTheAgentLooksAtTheResults_data()
{
    addVerbs();
}

void tst_TypedFutures::theLastOwnerMayGoWhileTheAgentLooksAtTheResults()
{
    QFETCH(const Verb, verb);
    constexpr int count = 60; // as many as the agent watches at a time
    const auto callee = [verb] {
        // Two that take so long to look at that the agent is seen doing it.
        QPromise<int> first = promiseOf(60'000);
        QPromise<int> second = promiseOf(60'000);
        std::vector<std::optional<QPromise<int>>> promises;
        for (int i = 0; i < count; ++i)
            promises.emplace_back(promiseOf(3'000));
        // While it is at the first one, it gets the others to watch.
        handOver(verb, first.future());
        awaitMoment(150ms, [&] { return isBeingLookedAt(first.future()); });
        handOver(verb, second.future());
        for (std::optional<QPromise<int>> &promise : promises)
            handOver(verb, promise->future());
        awaitMoment(150ms, [&] { return isBeingLookedAt(second.future()); });
        // It is about to watch them all, so it looks at those that finish now as well.
        for (std::optional<QPromise<int>> &promise : promises)
            promise->finish();
        // Each loses its last owner while the agent is at it.
        const QDeadlineTimer end(80ms);
        while (!end.hasExpired()) {
            for (std::optional<QPromise<int>> &promise : promises) {
                if (promise && isBeingLookedAt(promise->future()))
                    promise.reset();
            }
        }
        first.finish();
        second.finish();
    };
    const Report report = tryEnter(callee).janitorResult;
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), count + 2);
}

void tst_TypedFutures::manyFuturesOfAThousandResults_data()
{
    addVerbs();
}

void tst_TypedFutures::manyFuturesOfAThousandResults()
{
    QFETCH(const Verb, verb);
    constexpr int rounds = 5, count = 40;
    for (int round = 0; round < rounds; ++round) {
        const Report report =
            tryEnter([&] {
                std::vector<std::thread> finishers;
                for (int i = 0; i < count; ++i) {
                    QPromise<int> promise;
                    promise.start();
                    handOver(verb, promise.future());
                    finishers.emplace_back([promise = std::move(promise)]() mutable {
                        for (int k = 0; k < 1000; ++k)
                            promise.addResult(k);
                        promise.finish();
                        const QPromise<int> dropped = std::move(promise);
                    });
                }
                for (std::thread &finisher : finishers)
                    finisher.join();
            }).janitorResult;
        QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
        QCOMPARE(report.completedCount(), count);
    }
}

void tst_TypedFutures::futuresOfMappedAndFilteredLists()
{
    constexpr int rounds = 1000;
    QList<int> numbers(2000);
    std::iota(numbers.begin(), numbers.end(), 0);
    for (int round = 0; round < rounds; ++round) {
        const Report report =
            tryEnter([&] {
                const auto asText = [](int i) { return QString::number(i); };
                spawnDaemon(QtConcurrent::mapped(numbers, asText));
                spawnDaemon(QtConcurrent::filtered(numbers, [](int i) { return i % 2 == 0; }));
                spawnCleanupJob([=] { return QtConcurrent::mapped(numbers, asText); });
            }).janitorResult;
        QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
        QCOMPARE(report.completedCount(), 3);
    }
}

void tst_TypedFutures::everyResultIsDestroyedOnce_data()
{
    QTest::addColumn<Verb>("verb");
    QTest::addColumn<bool>("draining");
    QTest::addColumn<Finish>("finish");
    const auto addRows = [](const char *type, auto make) {
        const Finish finish = [make](Verb verb, bool draining) {
            return finishElsewhere(verb, draining, make);
        };
        for (const auto &[verb, name] : verbs) {
            for (const bool draining : {false, true}) {
                QTest::addRow("%s, %s, %s", type, name,
                              draining ? "while the janitor drains" : "while the callee runs")
                    << verb << draining << finish;
            }
        }
    };
    addRows("int", [] { return 42; });
    addRows("bool", [] { return true; });
    addRows("QString", [] { return u"a text that is not shared"_s + QChar(u'!'); });
    addRows("counted", [] { return Counted(); });
    addRows("large", [] { return Large(); });
    addRows("unique_ptr", [] { return std::make_unique<Counted>(); });
    addRows("shared_ptr", [] { return std::make_shared<Counted>(); });
    addRows("list", [] { return std::vector<Counted>(3); });
}

void tst_TypedFutures::everyResultIsDestroyedOnce()
{
    QFETCH(const Verb, verb);
    QFETCH(const bool, draining);
    QFETCH(const Finish, finish);
    const Report report = finish(verb, draining);
    QCOMPARE(Counted::alive().load(), 0);
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 1);
}

/// Spawns a future as \a verb says, and returns once nobody but the janitor and the promise has it.
template<class T>
static void handOverFor(Verb verb, const QPromise<T> &promise)
{
    handOver(verb, promise.future());
    // In a pool of one thread, a callable that was spawned before has been destroyed by then.
    const Gate gate;
    if (verb == Verb::ReturnedByADaemon)
        spawnDaemon([gate] { gate.open(); });
    else if (verb == Verb::ReturnedByACleanupJob)
        spawnCleanupJob([gate] { gate.open(); });
    else
        return;
    gate.wait();
}

void tst_TypedFutures::resultsLiveUntilTheJobHasEnded_data()
{
    addVerbs();
}

void tst_TypedFutures::resultsLiveUntilTheJobHasEnded()
{
    QFETCH(const Verb, verb);
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    int before = 0;
    const Report report = tryEnter({.threadPool = &pool}, [&] {
                              const HeldAgent agent; // nobody sees the end
                              QPromise<std::unique_ptr<Counted>> promise;
                              promise.start();
                              handOverFor(verb, promise);
                              promise.addResult(std::make_unique<Counted>());
                              promise.finish();
                              {
                                  const auto dropped = std::move(promise);
                              }
                              before = Counted::alive();
                          }).janitorResult;
    QCOMPARE(Counted::alive().load(), 0);
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(before, 1);
}

void tst_TypedFutures::resultsAreDestroyedAsPartOfTheJob_data()
{
    addVerbs();
}

void tst_TypedFutures::resultsAreDestroyedAsPartOfTheJob()
{
    QFETCH(const Verb, verb);
    const Log log;
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    const Report report =
        tryEnter({.threadPool = &pool}, [&] {
            const HeldAgent agent;
            QPromise<Spawning> promise;
            promise.start();
            handOverFor(verb, promise);
            onStdThread([&log, promise = &promise] { // no janitor is ambient there
                promise->addResult(Spawning(log));
                promise->finish();
                const QPromise<Spawning> dropped = std::move(*promise);
            });
        }).janitorResult;
    log.add(u"left"_s);
    QCOMPARE(log.events(), QStringList({u"destroyed as its job"_s, u"cleaned up"_s, u"left"_s}));
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
}

void tst_TypedFutures::copiesOfTheUserKeepTheResults_data()
{
    addVerbs();
}

void tst_TypedFutures::copiesOfTheUserKeepTheResults()
{
    QFETCH(const Verb, verb);
    for (int round = 0; round < 20; ++round) {
        QFuture<QString> texts;
        QFuture<Counted> counted;
        std::thread finisher;
        const Report report = tryEnter([&] {
                                  QPromise<QString> textPromise;
                                  QPromise<Counted> countedPromise;
                                  textPromise.start();
                                  countedPromise.start();
                                  texts = textPromise.future();
                                  counted = countedPromise.future();
                                  handOver(verb, texts);
                                  handOver(verb, counted);
                                  finisher = std::thread([p = std::move(textPromise),
                                                          q = std::move(countedPromise)]() mutable {
                                      for (int i = 0; i < 1000; ++i) {
                                          p.addResult(QString::number(i));
                                          q.addResult(Counted());
                                      }
                                      p.finish();
                                      q.finish();
                                  });
                              }).janitorResult;
        QCOMPARE(report.completedCount(), 2);
        QCOMPARE(texts.resultCount(), 1000);
        QCOMPARE(texts.results().at(999), u"999"_s);
        QCOMPARE(counted.resultCount(), 1000);
        QCOMPARE(Counted::alive().load(), 1000);
        finisher.join();
    }
}

void tst_TypedFutures::aContinuationGetsTheResults_data()
{
    addVerbs();
}

void tst_TypedFutures::aContinuationGetsTheResults()
{
    QFETCH(const Verb, verb);
    QFuture<int> sum;
    std::thread finisher;
    const Report report = tryEnter([&] {
                              QPromise<int> promise;
                              promise.start();
                              QFuture<int> future = promise.future();
                              sum = future.then([](const QFuture<int> &numbers) {
                                  const QList<int> results = numbers.results();
                                  return std::accumulate(results.begin(), results.end(), 0);
                              });
                              handOver(verb, std::exchange(future, {}));
                              handOver(verb, sum);
                              finisher = std::thread([promise = std::move(promise)]() mutable {
                                  for (int i = 0; i < 1000; ++i)
                                      promise.addResult(i);
                                  promise.finish();
                                  const QPromise<int> dropped = std::move(promise);
                              });
                          }).janitorResult;
    finisher.join();
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.completedCount(), 2);
    QCOMPARE(sum.result(), 499'500);
}

void tst_TypedFutures::theUserMayTakeTheResult_data()
{
    addVerbs();
}

void tst_TypedFutures::theUserMayTakeTheResult()
{
    QFETCH(const Verb, verb);
    QThreadPool pool;
    pool.setMaxThreadCount(1);
    for (int round = 0; round < 5; ++round) {
        std::unique_ptr<Counted> result;
        const Report report = tryEnter({.threadPool = &pool}, [&] {
                                  QPromise<std::unique_ptr<Counted>> promise;
                                  promise.start();
                                  QFuture<std::unique_ptr<Counted>> mine = promise.future();
                                  handOverFor(verb, promise);
                                  HeldAgent::waitUntilItHasRead(); // so it watches the future
                                  promise.addResult(std::make_unique<Counted>());
                                  promise.finish();
                                  {
                                      const auto dropped = std::move(promise);
                                  }
                                  result = mine.takeResult(); // while the agent hears of the end
                              }).janitorResult;
        QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
        QCOMPARE(report.errorCount(), 0);
        QVERIFY(result);
        QCOMPARE(Counted::alive().load(), 1);
    }
}

void tst_TypedFutures::resultsOfAFutureThatIsToldToStop()
{
    std::thread finisher;
    const Report report = tryEnter([&] {
                              QPromise<Counted> promise;
                              promise.start();
                              promise.addResult(Counted());
                              spawnDaemon(promise.future());
                              finisher = std::thread([promise = std::move(promise)]() mutable {
                                  blockUntil([&] { return promise.isCanceled(); });
                                  promise.finish();
                              });
                              Client::current().requestStop();
                          }).janitorResult;
    finisher.join();
    QVERIFY2(report.ok(), qUtf8Printable(report.toString()));
    QCOMPARE(report.canceledCount(), 1);
}

void tst_TypedFutures::resultsOfAFutureThatIsHandedOn()
{
    std::thread finisher;
    const Gate left;
    Report inner;
    const Report outer =
        tryEnter([&] {
            inner = tryEnter([&] {
                        QPromise<Counted> promise;
                        promise.start();
                        promise.addResult(Counted());
                        spawnCleanupJob(u"held"_s, promise.future());
                        finisher = std::thread([left, promise = std::move(promise)]() mutable {
                            left.wait();
                            promise.finish();
                            const auto dropped = std::move(promise);
                        });
                        spawnDaemon([] { return Error(u"no disk"_s); });
                    }).janitorResult;
            left.open();
            finisher.join();
        }).janitorResult;
    QCOMPARE(Counted::alive().load(), 0);
    QCOMPARE(namesOf(inner.unfinished()), QStringList(u"held"_s));
    QVERIFY2(outer.ok(), qUtf8Printable(outer.toString()));
    QCOMPARE(outer.completedCount(), 1);
}

void tst_TypedFutures::resultsOfAFutureThatIsGivenUp()
{
    QPromise<Counted> promise;
    promise.start();
    const Report report = tryEnter({.drainTimeout = 0ms}, [&] {
                              promise.addResult(Counted());
                              spawnDaemon(u"held"_s, promise.future());
                          }).janitorResult;
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"held"_s));
    QCOMPARE(Counted::alive().load(), 1);
    promise.finish();
    {
        const auto dropped = std::move(promise);
    }
    blockUntil([] { return Counted::alive() == 0; });
}

QTEST_GUILESS_MAIN(tst_TypedFutures)

#include "tst_typedfutures.moc"
