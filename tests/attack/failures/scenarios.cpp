// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "scenarios.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <memory>
#include <optional>
#include <thread>

using namespace QJanitor;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;
using Injection::Own;

namespace {

using Answer = Record::Answer;

/// How a job ends.
enum class End { Well, Throws };

/// A callable that takes \a size bytes, and no memory of its own.
template<std::size_t size>
class Work
{
public:
    explicit Work(Record &record, End end = End::Well)
        : m_record(&record)
        , m_end(end)
    {
        record.mayBeCountedAnyway = size > boxedFrom;
    }
    Work(Work &&other) noexcept
        : m_record(std::exchange(other.m_record, nullptr))
        , m_end(other.m_end)
    {}
    ~Work()
    {
        if (m_record)
            ++m_record->destroyed;
    }
    Q_DISABLE_COPY(Work)
    Work &operator=(Work &&) = delete;

    void operator()() const
    {
        const Own own;
        ++m_record->started;
        if (m_end == End::Throws)
            throw std::runtime_error("thrown");
    }
    bool isMovedFrom() const { return !m_record; }

private:
    static constexpr std::size_t boxedFrom = 48;
    Record *m_record;
    const End m_end;
    [[maybe_unused]] std::array<char, size> m_ballast{};
};
using Small = Work<1>;
using Big = Work<200>;

Answer answerOf(SpawnError error)
{
    return error == SpawnError::NoError ? Answer::Accepted : Answer::Refused;
}

/// Asks \a verb, which returns a SpawnError or throws.
template<class Verb>
Answer ask(Verb verb)
{
    try {
        return answerOf(verb());
    } catch (const std::bad_alloc &) {
        return Answer::Threw;
    } catch (const SpawnException &refusal) {
        return answerOf(refusal.error());
    }
}

/// Calls \a function, and returns whether there was memory for it.
template<class F>
bool hasMemoryFor(F function)
{
    try {
        function();
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

/// The ways of handing a callable over.
enum class Verb { SpawnDaemon, TrySpawnDaemon, TrySpawnCleanupJob, SpawnCleanupJob };

template<class Job>
void hand(Verb verb, const QString &name, Record &record, Job &&job)
{
    record.answer = ask([&]() -> SpawnError {
        switch (verb) {
        case Verb::SpawnDaemon:
            name.isEmpty() ? spawnDaemon(std::move(job)) : spawnDaemon(name, std::move(job));
            return SpawnError::NoError;
        case Verb::TrySpawnDaemon:
            return name.isEmpty() ? trySpawnDaemon(std::move(job))
                                  : trySpawnDaemon(name, std::move(job));
        case Verb::TrySpawnCleanupJob:
            return name.isEmpty() ? trySpawnCleanupJob(std::move(job))
                                  : trySpawnCleanupJob(name, std::move(job));
        case Verb::SpawnCleanupJob:
            name.isEmpty() ? spawnCleanupJob(std::move(job))
                           : spawnCleanupJob(name, std::move(job));
            return SpawnError::NoError;
        }
        return SpawnError::NoError;
    });
    if (verb == Verb::SpawnCleanupJob) {
        record.answer = Answer::Unasked;
        return;
    }
    if constexpr (requires { job.isMovedFrom(); })
        record.isMovedFrom = job.isMovedFrom();
}

/// All four sorts of callables: small or not, named or not.
void handAll(Books &books, Verb verb, const char *kind, End end = End::Well)
{
    for (const QString &name : {QString(), QStringLiteral("job")}) {
        Record &small = books.record(kind);
        hand(verb, name, small, Small(small, end));
        Record &big = books.record(kind);
        hand(verb, name, big, Big(big, end));
    }
}

struct Nothing
{
    void operator()(const Report &) const {}
};

/// Runs \a callee in a janitor of its own, whose report is counted and shown to \a look. Returns
/// whether there was memory.
template<class Callee, class Look = Nothing>
bool enterAndCount(Books &books, const Options &options, Callee callee, Look look = {})
{
    bool hasBegun = false;
    const bool hasEnded = hasMemoryFor([&] {
        const auto result = tryEnter(options, [&] {
            hasBegun = true;
            callee();
        });
        books.count(result.janitorResult);
        look(result.janitorResult);
        if (!result.calleeResult.hasValue())
            books.complain("a callee has thrown");
    });
    if (hasBegun && !hasEnded)
        books.loseReport();
    return hasEnded;
}

constexpr Options keepGoing{.failurePolicy = FailurePolicy::KeepGoing};

void daemons(Books &books)
{
    handAll(books, Verb::SpawnDaemon, "daemon");
    handAll(books, Verb::TrySpawnDaemon, "daemon that was tried");
}

void cleanupJobs(Books &books)
{
    handAll(books, Verb::SpawnCleanupJob, "cleanup job");
    handAll(books, Verb::TrySpawnCleanupJob, "cleanup job that was tried");
}

/// Each with nobody behind it who would have it taken along.
void loneJobs(Books &books)
{
    for (const Verb verb : {Verb::TrySpawnDaemon, Verb::TrySpawnCleanupJob}) {
        enterAndCount(books, keepGoing, [&] {
            Record &record = books.record("lone job");
            hand(verb, {}, record, Small(record));
        });
    }
}

/// The guard is made while there is memory: then it is not lost either.
void guards(Books &books)
{
    for (const QString &name : {QString(), QStringLiteral("job")}) {
        std::optional<Own> own(std::in_place);
        Record &record = books.record("cleanup job of a guard");
        record.answer = Answer::Unasked;
        const auto guard = cleanupOnExit(name, Big(record));
        own.reset();
    }
}

/// More than fit into one chunk of a queue.
void manyDaemons(Books &books)
{
    for (int i = 0; i < 150; ++i) {
        Record &record = books.record("one of many daemons");
        hand(Verb::TrySpawnDaemon, {}, record, Small(record));
    }
}

// ---- promises and futures

/// Finishes promises on a thread of its own, once it is told.
class Stranger
{
public:
    template<class F>
    explicit Stranger(F finish)
        : m_thread(start([this, finish = std::move(finish)]() mutable {
            const Own own;
            m_mayFinish.wait();
            finish();
        }))
    {}
    ~Stranger()
    {
        finish();
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Stranger)

    void finish() { m_mayFinish.open(); }

private:
    template<class F>
    static std::thread start(F function)
    {
        const Own own;
        return std::thread(std::move(function));
    }

    Gate m_mayFinish;
    std::thread m_thread;
};

/// What a promise leads to.
enum class Fulfilment { Value, Exception, Dropped };

template<class T>
void fulfil(QPromise<T> &promise, Fulfilment way)
{
    if (way == Fulfilment::Dropped) {
        const QPromise<T> dropped(std::move(promise));
        return;
    }
    if (way == Fulfilment::Exception)
        promise.setException(std::make_exception_ptr(std::runtime_error("set")));
    else if constexpr (!std::is_void_v<T>)
        promise.addResult(T{});
    promise.finish();
}

/// Has a future adopted that is finished before, or later by a stranger.
template<class T>
void adopt(Books &books, const char *kind, Fulfilment way, bool isFinished,
           const QString &name = {})
{
    std::optional<Own> own(std::in_place);
    Record &record = books.record(kind);
    record.runs = false;
    auto promise = std::make_shared<QPromise<T>>();
    promise->start();
    QFuture<T> future = promise->future();
    if (isFinished)
        fulfil(*promise, way);
    own.reset();
    hand(Verb::TrySpawnDaemon, name, record, std::move(future));
    own.emplace();
    if (record.answer != Answer::Accepted && !future.isValid())
        record.isMovedFrom = true;
    if (!isFinished)
        fulfil(*promise, way);
}

void finishedFutures(Books &books)
{
    adopt<void>(books, "finished QFuture<void>", Fulfilment::Value, true);
    adopt<int>(books, "finished QFuture<int>", Fulfilment::Value, true, u"job"_s);
    adopt<Error>(books, "finished QFuture<Error>", Fulfilment::Value, true);
    adopt<QString>(books, "finished QFuture<QString>", Fulfilment::Exception, true);
    adopt<void>(books, "finished named QFuture<void>", Fulfilment::Exception, true, u"job"_s);
}

void futures(Books &books)
{
    adopt<void>(books, "QFuture<void>", Fulfilment::Value, false);
    adopt<void>(books, "QFuture<void> that fails", Fulfilment::Exception, false);
    adopt<int>(books, "named QFuture<int>", Fulfilment::Value, false, u"job"_s);
    adopt<QString>(books, "QFuture<QString> that fails", Fulfilment::Exception, false, u"job"_s);
    adopt<Error>(books, "QFuture<Error>", Fulfilment::Value, false);
    adopt<Error>(books, "named QFuture<Error>", Fulfilment::Dropped, false, u"job"_s);
}

/// More than are looked at together, some before they finish and some after.
void manyFutures(Books &books)
{
    for (int i = 0; i < 300; ++i)
        adopt<int>(books, "one of many futures",
                   i % 50 == 0 ? Fulfilment::Exception : Fulfilment::Value, i % 2 == 0);
}

/// Futures that finish only after their janitor waits for them, so that the agent watches them.
void watchedFutures(Books &books)
{
    std::optional<Own> own(std::in_place);
    auto promises = std::make_shared<std::array<QPromise<Error>, 3>>();
    std::array<QFuture<Error>, 3> futures;
    for (std::size_t i = 0; i < promises->size(); ++i) {
        (*promises)[i].start();
        futures[i] = (*promises)[i].future();
    }
    auto stranger = std::make_unique<Stranger>([promises] {
        fulfil((*promises)[0], Fulfilment::Value);
        fulfil((*promises)[1], Fulfilment::Exception);
        fulfil((*promises)[2], Fulfilment::Dropped);
    });
    own.reset();
    enterAndCount(books, keepGoing, [&] {
        for (QFuture<Error> &future : futures) {
            Record &record = books.record("watched future");
            record.runs = false;
            hand(Verb::TrySpawnDaemon, {}, record, std::move(future));
        }
        Record &record = books.record("daemon beside futures");
        hand(Verb::TrySpawnDaemon, {}, record, Small(record));
        stranger->finish(); // perhaps while draining, perhaps before
    });
    own.emplace();
    stranger.reset();
}

/// A callable that does \a function as the job that is in \a record.
template<class F>
auto recorded(Record &record, F function)
{
    return [&record, function](auto &...promise) {
        {
            const Own own;
            ++record.started;
        }
        return function(promise...);
    };
}

template<class F>
void handRecorded(Books &books, Verb verb, const char *kind, F function, const QString &name = {})
{
    Record &record = books.record(kind);
    hand(verb, name, record, [&record, function] {
        ++record.started;
        return function();
    });
}

template<class F>
void handPromised(Books &books, const char *kind, F function, const QString &name = {})
{
    Record &record = books.record(kind);
    hand(Verb::TrySpawnDaemon, name, record, [&record, function](QPromise<void> &promise) {
        ++record.started;
        const Own own;
        function(promise);
    });
}

void promises(Books &books)
{
    handPromised(books, "promise job", [](QPromise<void> &promise) {
        promise.setProgressRange(0, 2);
        promise.setProgressValueAndText(1, u"half"_s);
    });
    handPromised(
        books, "named promise job that throws",
        [](QPromise<void> &) { throw std::runtime_error("thrown"); }, u"job"_s);
    handPromised(books, "promise job that drops its promise",
                 [](QPromise<void> &promise) { fulfil(promise, Fulfilment::Dropped); });
    handPromised(
        books, "promise job that goes on elsewhere",
        [](QPromise<void> &promise) {
            std::thread([moved = std::move(promise)]() mutable {
                const Own own;
                moved.finish();
            }).detach();
        },
        u"job"_s);
}

template<class T>
auto givingFuture(Fulfilment way, bool isFinished)
{
    return [way, isFinished] {
        const Own own;
        QPromise<T> promise;
        promise.start();
        const QFuture<T> future = promise.future();
        if (isFinished) {
            fulfil(promise, way);
        } else {
            std::thread([way, moved = std::move(promise)]() mutable {
                const Own alsoOwn;
                fulfil(moved, way);
            }).detach();
        }
        return future;
    };
}

void goingOn(Books &books)
{
    handRecorded(books, Verb::TrySpawnDaemon, "job that returns a finished future",
                 givingFuture<void>(Fulfilment::Value, true));
    handRecorded(books, Verb::TrySpawnDaemon, "job that returns a future",
                 givingFuture<int>(Fulfilment::Value, false), u"job"_s);
    handRecorded(books, Verb::TrySpawnDaemon, "job that returns a future that fails",
                 givingFuture<Error>(Fulfilment::Exception, false), u"job"_s);
    handRecorded(books, Verb::TrySpawnCleanupJob, "cleanup job that returns a future",
                 givingFuture<void>(Fulfilment::Exception, false));
    handRecorded(books, Verb::SpawnCleanupJob, "cleanup job that returns a future, not asked",
                 givingFuture<void>(Fulfilment::Value, false), u"job"_s);
}

// ---- failures

Error someError()
{
    const Own own;
    return Error(u"returned"_s);
}

void failures(Books &books)
{
    handAll(books, Verb::TrySpawnDaemon, "daemon that throws", End::Throws);
    handAll(books, Verb::SpawnCleanupJob, "cleanup job that throws", End::Throws);
    handRecorded(books, Verb::TrySpawnDaemon, "daemon that returns an error", someError, u"job"_s);
    handRecorded(books, Verb::TrySpawnCleanupJob, "cleanup job that returns an error", someError);
}

/// The texts of a report, which may be had or not.
void reports(Books &books)
{
    std::optional<Report> report;
    enterAndCount(books, keepGoing, [&] {
        const Own own;
        for (int i = 0; i < 30; ++i)
            handRecorded(books, Verb::TrySpawnDaemon, "one of many that fail", someError, u"job"_s);
    });
    hasMemoryFor([&] {
        const auto result = tryEnter(keepGoing, [&] {
            const Own own;
            for (int i = 0; i < 30; ++i) {
                Record &record = books.record("one of many that throw");
                hand(Verb::TrySpawnDaemon, {}, record, Small(record, End::Throws));
            }
        });
        books.count(result.janitorResult);
        report = result.janitorResult;
    });
    if (!report)
        return books.loseReport();
    QString text;
    if (hasMemoryFor([&] { text = report->toString(); }))
        books.expect(text.contains(u"30"), "the text of a report does not tell of all errors");
    try {
        enter(keepGoing, [&] {
            Record &record = books.record("one that enter() tells of");
            hand(Verb::TrySpawnDaemon, {}, record, Small(record, End::Throws));
        });
    } catch (const Exception &exception) {
        books.count(exception.report());
        books.expect(exception.what()[0] != '\0', "an exception says nothing");
    } catch (const std::bad_alloc &) {
        books.loseReport();
    }
    books.loseReport(); // where its one job was refused, nobody has told of it
}

/// Runs until its janitor asks it to stop, or drains; but not for ever, for where threads are
/// refused it keeps others from theirs.
void serve(Record &record)
{
    ++record.started;
    const Own own;
    for (int turns = 0; turns < 1000 && !isStopRequested() && !isDraining(); ++turns)
        QThread::usleep(100);
}

void failing(Books &books, FailurePolicy policy)
{
    enterAndCount(books, {.name = "inner", .failurePolicy = policy}, [&] {
        for (const QString &name : {QString(), QStringLiteral("service")}) {
            Record &record = books.record("service");
            hand(Verb::TrySpawnDaemon, name, record, [&record] { serve(record); });
        }
        adopt<int>(books, "future in a janitor that fails", Fulfilment::Value, false);
        Record &failing = books.record("the one that fails");
        hand(Verb::TrySpawnDaemon, u"bad"_s, failing, Small(failing, End::Throws));
        handAll(books, Verb::SpawnCleanupJob, "cleanup job of a janitor that fails");
        Record &late = books.record("late daemon");
        hand(Verb::SpawnDaemon, {}, late, Small(late));
    });
}

void failFast(Books &books)
{
    failing(books, FailurePolicy::FailFast);
}

void cancelAndWait(Books &books)
{
    failing(books, FailurePolicy::CancelAndWait);
}

// ---- scopes

void nested(Books &books)
{
    handRecorded(books, Verb::TrySpawnDaemon, "daemon that enters", [&books] {
        enterAndCount(books, keepGoing,
                      [&] { handAll(books, Verb::TrySpawnDaemon, "inner daemon"); });
    });
    handRecorded(books, Verb::TrySpawnDaemon, "daemon that ensures", [&books] {
        hasMemoryFor([&] {
            ensure([&] { handAll(books, Verb::SpawnCleanupJob, "cleanup job in ensure()"); });
        });
    });
    handRecorded(books, Verb::SpawnCleanupJob, "cleanup job that enters", [&books] {
        enterAndCount(books, {},
                      [&] { handAll(books, Verb::SpawnDaemon, "daemon in a cleanup job"); });
    });
    enterAndCount(books, {}, [&] {
        enterAndCount(books, {}, [&] { handAll(books, Verb::SpawnDaemon, "innermost daemon"); });
    });
}

void requests(Books &books)
{
    enterAndCount(books, keepGoing, [&] {
        const Client client = Client::current();
        for (int i = 0; i < 2; ++i) {
            Record &record = books.record("service that is stopped");
            hand(Verb::TrySpawnDaemon, u"service"_s, record, [&record] { serve(record); });
        }
        Record &asking = books.record("daemon that asks for the futures");
        hand(Verb::TrySpawnDaemon, {}, asking, [&asking] {
            ++asking.started;
            hasMemoryFor([] {
                const QFuture<void> stop = whenStopRequested();
                const QFuture<void> draining = whenDraining();
                Q_UNUSED(stop)
                Q_UNUSED(draining)
            });
        });
        hasMemoryFor([] { (void)whenStopRequested(); });
        hasMemoryFor([&client] { (void)client.jobs(); });
        client.requestStop();
        adopt<void>(books, "future after the request", Fulfilment::Value, false);
    });
}

/// Turns the event loop, or waits, until \a future has finished.
template<class T>
void waitFor(const QFuture<T> &future)
{
    while (!future.isFinished()) {
        if (QCoreApplication::instance())
            hasMemoryFor([] { QCoreApplication::processEvents(); });
        QThread::usleep(200);
    }
}

void supervisors(Books &books)
{
    std::optional<Supervisor> supervisor;
    if (!hasMemoryFor([&] { supervisor.emplace(keepGoing); }))
        return;
    const Client client = supervisor->client();
    Record &daemon = books.record("daemon of a supervisor");
    daemon.answer = ask([&] { return client.trySpawnDaemon(Small(daemon)); });
    Record &failing = books.record("daemon of a supervisor that fails");
    failing.answer =
        ask([&] { return client.trySpawnDaemon(u"job"_s, Small(failing, End::Throws)); });
    Record &cleanup = books.record("cleanup job of a supervisor");
    client.spawnCleanupJob(Big(cleanup));
    cleanup.answer = Answer::Unasked;
    std::optional<QFuture<Report>> future;
    while (!hasMemoryFor([&] { future.emplace(supervisor->terminate()); }))
        QThread::usleep(200);
    waitFor(*future);
    books.count(future->result());
    books.expect(supervisor->state() == JanitorState::Closed, "a supervisor has not closed");
}

/// What is left goes to the janitor around it.
void destroyedSupervisors(Books &books)
{
    std::optional<Supervisor> supervisor;
    std::optional<QFuture<Report>> future;
    if (!hasMemoryFor([&] { supervisor.emplace(); }))
        return;
    hasMemoryFor([&] { future.emplace(supervisor->future()); });
    const Client client = supervisor->client();
    Record &service = books.record("service of a supervisor that goes");
    service.answer = ask([&] { return client.trySpawnDaemon([&service] { serve(service); }); });
    Record &daemon = books.record("daemon of a supervisor that goes");
    daemon.answer = ask([&] { return client.trySpawnDaemon(u"job"_s, Small(daemon)); });
    Record &cleanup = books.record("cleanup job of a supervisor that goes");
    client.spawnCleanupJob(u"job"_s, Big(cleanup));
    cleanup.answer = Answer::Unasked;
    supervisor.reset();
    // Who has no memory for what it takes over leaves it to the root, which reports to nobody.
    if (!future || Injection::refused() > 0)
        books.loseReport();
    if (!future)
        return;
    waitFor(*future);
    books.count(future->result());
}

void statuses(Books &books)
{
    const Client client = Client::current();
    std::optional<Status> status;
    if (!hasMemoryFor([&] {
            status.emplace(client);
            (void)status->jobs();
        }))
        return;
    handAll(books, Verb::TrySpawnDaemon, "daemon that is shown");
    handAll(books, Verb::TrySpawnDaemon, "failing daemon that is shown", End::Throws);
    for (int i = 0; i < 20; ++i)
        hasMemoryFor([] { QCoreApplication::processEvents(); });
    hasMemoryFor([&status] { (void)status->oldestJob(); });
}

// ---- time

/// A drain that is given up: the job that is left is named, and ends later in peace.
void timeouts(Books &books)
{
    static Gate mayEnd;
    static std::atomic<bool> hasEnded{false};
    const Options options{.name = "impatient",
                          .failurePolicy = FailurePolicy::KeepGoing,
                          .hangWarningAfter = 5ms,
                          .drainTimeout = 20ms};
    Record &stuck = books.record("daemon that is given up");
    std::optional<Report> report;
    const bool hasReport = enterAndCount(
        books, options,
        [&] {
            hand(Verb::TrySpawnDaemon, u"stuck"_s, stuck, [&stuck] {
                ++stuck.started;
                // Without threads it may run on the one that waits for it.
                Injection::mayLackThreads() ? mayEnd.wait(300ms) : mayEnd.wait();
                hasEnded = true;
            });
            Record &quick = books.record("daemon beside one that is given up");
            quick.mayBeGivenUp = true;
            hand(Verb::TrySpawnDaemon, {}, quick, Small(quick));
        },
        [&](const Report &ofIt) { report = ofIt; });
    stuck.mayBeGivenUp = true;
    if (hasReport && stuck.answer == Answer::Accepted && !hasEnded) {
        const Own own;
        const QList<JobInfo> left = report->unfinished();
        books.expect(!report->ok() && !left.isEmpty() && left.constFirst().name == u"stuck"_s,
                     "a job that was given up is not named");
    }
    mayEnd.open();
}

/// Time enough, whatever the clock on the wall says.
void longTimeouts(Books &books)
{
    const Options options{.failurePolicy = FailurePolicy::KeepGoing, .drainTimeout = 1h};
    enterAndCount(books, options, [&] {
        handAll(books, Verb::TrySpawnDaemon, "daemon with an hour to go");
        adopt<void>(books, "future with an hour to go", Fulfilment::Value, false);
        // Not a gate's affair: time has to pass here, for the clocks to jump in.
        handRecorded(books, Verb::TrySpawnDaemon, "daemon that takes its time",
                     [] { QThread::msleep(20); });
    });
    if (Injection::movesTime())
        books.loseReport(); // some may have been given up
}

// ---- the application

void execs(Books &books)
{
    bool hasBegun = false;
    const bool hasEnded = hasMemoryFor([&] {
        std::optional<Own> own(std::in_place);
        QTimer::singleShot(0, qApp, [&] {
            hasBegun = true;
            handAll(books, Verb::TrySpawnDaemon, "daemon of exec()");
            handAll(books, Verb::SpawnCleanupJob, "cleanup job of exec()");
            adopt<void>(books, "future of exec()", Fulfilment::Value, false);
            const Own alsoOwn;
            QCoreApplication::quit();
        });
        own.reset();
        const auto result = tryExec({.failurePolicy = FailurePolicy::KeepGoing});
        books.count(result.janitorResult);
        // Without memory, its event loop may have ended by an exception.
        books.expect(!result.calleeResult.hasValue() || result.calleeResult.value() == 0,
                     "exec() did not return 0");
    });
    if (!hasBegun)
        QCoreApplication::processEvents();
    if (!hasEnded)
        books.loseReport();
}

// ---- as if nothing had been

/// Everything once, with nothing refused: exact in each number.
void plainRound(Books &books)
{
    std::atomic<int> ran{0};
    const auto run = [&ran] { ++ran; };
    QPromise<int> promise;
    promise.start();
    const auto result = tryEnter({.name = "after", .failurePolicy = FailurePolicy::KeepGoing}, [&] {
        spawnDaemon(run);
        spawnDaemon(u"named"_s, run);
        spawnCleanupJob(run);
        spawnDaemon([&run](QPromise<void> &) { run(); });
        spawnDaemon(promise.future());
        spawnDaemon(u"fails"_s, [&run]() -> Error {
            run();
            return Error(u"returned"_s);
        });
        promise.addResult(1);
        promise.finish();
    });
    const Report &report = result.janitorResult;
    books.expect(ran == 5, "after it, jobs are lost");
    books.expect(report.completedCount() == 5 && report.errorCount() == 1 &&
                     report.canceledCount() == 0 && report.errors().size() == 1,
                 "after it, jobs are counted wrong");
    books.expect(report.error().jobName() == u"fails"_s && report.unfinished().isEmpty(),
                 "after it, the report is wrong");
}

/// The same for a janitor that has a job to wait for and an observer, on the thread of an
/// application.
void plainSupervisor(Books &books)
{
    Supervisor supervisor(keepGoing);
    bool isTerminated = false;
    QObject::connect(&supervisor, &Supervisor::terminated, &supervisor,
                     [&isTerminated] { isTerminated = true; });
    QPromise<void> promise;
    promise.start();
    supervisor.client().spawnDaemon(promise.future());
    supervisor.client().spawnDaemon([] {});
    const QFuture<Report> future = supervisor.terminate();
    promise.finish();
    while (!isTerminated)
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    books.expect(future.result().completedCount() == 2, "after it, a supervisor counts wrong");
}

void runHere(const Scenario &scenario, const Injection::Plan &plan, Books &books)
{
    {
        std::optional<Own> own(std::in_place);
        Injection::arm(plan);
        if (scenario.isOutermost) {
            own.reset();
            scenario.run(books);
        } else {
            auto result =
                tryEnter({.name = "outer", .failurePolicy = FailurePolicy::KeepGoing}, [&] {
                    own.reset();
                    scenario.run(books);
                });
            books.count(result.janitorResult);
            if (!result.calleeResult.hasValue())
                books.complain("the scenario has thrown");
        }
    }
    Injection::disarm();
    plainRound(books);
}

} // namespace

const Scenario scenarios[] = {
    {"daemons", daemons},
    {"cleanupJobs", cleanupJobs},
    {"loneJobs", loneJobs},
    {"guards", guards},
    {"manyDaemons", manyDaemons},
    {"finishedFutures", finishedFutures},
    {"futures", futures},
    {"manyFutures", manyFutures},
    {"watchedFutures", watchedFutures},
    {"promises", promises},
    {"goingOn", goingOn},
    {"failures", failures},
    {"reports", reports},
    {"failFast", failFast},
    {"cancelAndWait", cancelAndWait},
    {"nested", nested},
    {"requests", requests},
    // Without an application, nobody looks for threads that were refused but one that waits.
    {"supervisors", supervisors, 2},
    {"destroyedSupervisors", destroyedSupervisors, 2},
    {"timeouts", timeouts},
    {"longTimeouts", longTimeouts},
    {"statuses", statuses, 1},
    {"execs", execs, 1, true},
};
const std::size_t scenarioCount = std::size(scenarios);

void runAt(Place place, const Scenario &scenario, const Injection::Plan &plan, Books &books)
{
    if (place == Place::Bare)
        return runHere(scenario, plan, books);
    int argc = 1;
    char name[] = "attack_failures";
    char *argv[] = {name, nullptr};
    const QCoreApplication application(argc, argv);
    if (place == Place::Main) {
        runHere(scenario, plan, books);
        plainSupervisor(books);
        return;
    }
    std::atomic<bool> isOver{false};
    std::thread thread([&] {
        runHere(scenario, plan, books);
        isOver = true;
    });
    while (!isOver) {
        hasMemoryFor([] { QCoreApplication::processEvents(); });
        QThread::usleep(200);
    }
    thread.join();
}
