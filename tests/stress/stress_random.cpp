// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Everything at random: jobs of all kinds, nested janitors with all policies, threads, supervisors
// that are destroyed with jobs, requests to stop, failures. In each round every accepted job must
// run once and be counted once in some report, and a refused one must never run.
//
//     stress_random [--seed N] [--seconds N]
//
// The seed of a round that fails is printed: --seed with that number begins with that round. ctest
// runs it for ten seconds. For three minutes under the address sanitizer:
//
//     cmake -G Ninja -B build -C cmake/cache/asan.cmake -S . && cmake --build build
//     build/tests/stress/stress_random --seconds 180

#include "../support/seededprogram.h"
#include "finisher.h"
#include "round.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

void act(const RoundPointer &round, Random random, int depth);

/// Waits as a service does, until its janitor drains or asks it to stop; but not for ever, for a
/// service that keeps a thread may keep it from daemons of a janitor inside its own.
void serve()
{
    for (int turns = 0; turns < 10'000 && !isDraining() && !isStopRequested(); ++turns)
        QThread::yieldCurrentThread();
}

/// What the callables of all kinds do: they act, and then tell how they want to end.
End perform(const RoundPointer &round, Record &record, Random &random, int depth)
{
    record.started.fetch_add(1);
    if (Client::current().isNull())
        round->complain("a job without a janitor");
    act(round, Random(random()), depth - 1);
    const End end = endOf(random);
    record.ended.fetch_add(1);
    return end;
}

/// Offers one job of a random kind to \a spawn, which returns whether it was accepted.
template<class Spawn>
void offer(const RoundPointer &round, Random &random, int depth, bool mayServe, Spawn spawn)
{
    Random own(random());
    switch (random() % 7) {
    case 0: {
        Record &record = round->record("callable");
        record.accepted = spawn([=, &record]() mutable {
            if (perform(round, record, own, depth) == End::Fails)
                throw 42;
        });
        break;
    }
    case 1: {
        Record &record = round->record("callable that returns an Error");
        record.accepted = spawn([=, &record]() mutable {
            return perform(round, record, own, depth) == End::Fails ? Error(u"e"_s) : Error();
        });
        break;
    }
    case 2: {
        Record &record = round->record("callable with a promise");
        record.accepted = spawn([=, &record](QPromise<void> &promise) mutable {
            const End end = perform(round, record, own, depth);
            if (end == End::Elsewhere)
                round->finisher.take(std::move(promise), own());
            else if (end == End::Fails)
                const QPromise<void> dropped(std::move(promise));
        });
        break;
    }
    case 3: {
        Record &record = round->record("future");
        QPromise<Error> promise;
        const QFuture<Error> future = promise.future();
        record.isFuture = true;
        record.accepted = spawn(future);
        round->finisher.take(std::move(promise), random());
        break;
    }
    case 4: {
        Record &record = round->record("callable that returns a future");
        record.accepted = spawn([=, &record]() mutable {
            (void)perform(round, record, own, depth);
            QPromise<Error> promise;
            const QFuture<Error> future = promise.future();
            round->finisher.take(std::move(promise), own());
            return future;
        });
        break;
    }
    case 5: {
        Record &record = round->record("finished future");
        record.isFuture = true;
        QPromise<int> promise;
        promise.start();
        promise.finish();
        record.accepted = spawn(promise.future());
        break;
    }
    default: {
        Record &record = round->record(mayServe ? "service" : "short callable");
        record.accepted = spawn([=, &record] {
            record.started.fetch_add(1);
            if (mayServe)
                serve();
            record.ended.fetch_add(1);
        });
    }
    }
}

/// Hands one job to \a client with a random verb.
void spawnOne(const RoundPointer &round, Random &random, int depth, const Client &client)
{
    const auto verb = random() % 4;
    const QString name = random() % 2 ? QString() : u"a name"_s;
    offer(round, random, depth, verb < 2, [&](auto &&job) {
        using Job = decltype(job);
        switch (verb) {
        case 0:
            return client.trySpawnDaemon(name, std::forward<Job>(job)) == SpawnError::NoError;
        case 1:
            try {
                client.spawnDaemon(std::forward<Job>(job));
                return true;
            } catch (const SpawnException &) {
                return false;
            }
        case 2:
            return client.trySpawnCleanupJob(name, std::forward<Job>(job)) == SpawnError::NoError;
        default:
            client.spawnCleanupJob(std::forward<Job>(job));
            return true;
        }
    });
}

/// Hands so many futures to \a client that they are counted while others come.
void spawnManyFutures(const RoundPointer &round, Random &random, const Client &client)
{
    for (int i = 0; i < 600; ++i) {
        Record &record = round->record("one of many futures");
        record.isFuture = true;
        QPromise<Error> promise;
        promise.start();
        // As what it is: a QFuture<void> of it would not keep its results while the agent reads
        // them.
        record.accepted = client.trySpawnDaemon(promise.future()) == SpawnError::NoError;
        if (i % 8 == 0)
            round->finisher.take(std::move(promise), random());
        else
            promise.finish();
    }
}

/// Whoever waits looks again when a hang warning is due, and that would hide wake-ups that are
/// lost.
constexpr std::chrono::milliseconds noAlarm(0);

Options optionsOf(const RoundPointer &round, Random &random)
{
    static constexpr std::array policies{FailurePolicy::FailFast, FailurePolicy::CancelAndWait,
                                         FailurePolicy::KeepGoing};
    return {.failurePolicy = policies[random() % 3],
            .hangWarningAfter = noAlarm,
            .threadPool = random() % 3 == 0 ? round->pool : nullptr};
}

void openJanitor(const RoundPointer &round, Random &random, int depth)
{
    const Options options = optionsOf(round, random);
    const Random own(random());
    const Report report = tryEnter(options, [&] { act(round, own, depth - 1); }).janitorResult;
    round->count(report);
    if (options.failurePolicy != FailurePolicy::FailFast && !report.unfinished().isEmpty())
        round->complain("a janitor that waits has not waited");
}

/// A supervisor that is destroyed when this function returns, in whatever state it is.
void supervise(const RoundPointer &round, Random &random, int depth)
{
    Supervisor supervisor(optionsOf(round, random));
    round->futures.add(supervisor.future());
    for (auto jobs = random() % 4; jobs > 0; --jobs)
        spawnOne(round, random, depth - 1, supervisor.client());
    if (random() % 3 == 0)
        supervisor.client().requestStop();
    if (random() % 2 == 0)
        (void)supervisor.terminate();
    if (random() % 2 == 0)
        spawnOne(round, random, depth - 1, supervisor.client());
}

void ensureJanitor(const RoundPointer &round, Random &random, int depth)
{
    const auto result = tryEnsure([&] { spawnOne(round, random, depth - 1, Client::current()); });
    if (result.janitorResult)
        round->count(*result.janitorResult);
}

/// The callee of all janitors, and the body of most jobs.
void act(const RoundPointer &round, Random random, int depth)
{
    if (depth <= 0)
        return;
    const Client client = Client::current();
    for (auto steps = random() % 4; steps > 0; --steps) {
        switch (random() % 12) {
        case 0:
        case 1:
            openJanitor(round, random, depth);
            break;
        case 2:
            supervise(round, random, depth);
            break;
        case 3:
            if (random() % 4 == 0)
                client.requestStop();
            break;
        case 4: // it opens no janitor: the job that joins it keeps a thread of the pool
            std::thread([&] { spawnOne(round, random, depth - 1, client); }).join();
            break;
        case 5:
            ensureJanitor(round, random, depth);
            break;
        case 6:
            if (random() % 16 == 0)
                spawnManyFutures(round, random, client);
            else
                spawnOne(round, random, depth, client);
            break;
        default:
            spawnOne(round, random, depth, client);
        }
    }
}

/// The callee of the outermost janitor: several threads, and this one.
void actOutermost(const RoundPointer &round, Random random)
{
    std::vector<std::thread> threads;
    for (auto count = random() % 4; count > 0; --count) {
        threads.emplace_back(
            Client::current().bind([&round, own = Random(random())] { act(round, own, 4); }));
    }
    act(round, Random(random()), 5);
    for (std::thread &thread : threads)
        thread.join();
}

/// Runs one round, and returns whether all was well.
bool runRound(quint32 seed, Watchdog &watchdog)
{
    Random random(seed);
    QThreadPool pool;
    pool.setMaxThreadCount(1 + int(random() % 3));
    const auto round = std::make_shared<Round>();
    round->pool = &pool;
    watchdog.watch(seed, round);
    // This one takes all that the others hand on, and waits for it whatever fails.
    const Options outermost{.failurePolicy = FailurePolicy::KeepGoing,
                            .hangWarningAfter = noAlarm,
                            .quitOnFailure = false};
    if (random() % 4 == 0) {
        QTimer::singleShot(0, qApp, [&] {
            actOutermost(round, random);
            QCoreApplication::quit();
        });
        round->count(tryExec(outermost).janitorResult);
    } else {
        const Report report =
            tryEnter(outermost, [&] { actOutermost(round, random); }).janitorResult;
        round->count(report);
        if (!report.unfinished().isEmpty())
            round->complain("the outermost janitor has not waited");
    }
    for (const Report &report : round->futures.wait())
        round->count(report);
    return round->isWell();
}

} // namespace

int main(int argc, char *argv[])
{
    QThreadPool::globalInstance()->setMaxThreadCount(4); // the library's own is sized like it
    QCoreApplication application(argc, argv);
    silenceTheLibrary();
    const quint32 first = firstSeed("stress_random");
    const auto seconds = std::chrono::seconds(argument(u"--seconds"_s, 10));
    Watchdog watchdog;
    const auto end = std::chrono::steady_clock::now() + seconds;
    quint32 seed = first;
    for (; std::chrono::steady_clock::now() < end; ++seed) {
        if (!runRound(seed, watchdog)) {
            std::printf("failed: stress_random --seed %u\n", seed);
            return 1;
        }
    }
    std::printf("%u rounds, seeds %u to %u\n", seed - first, first, seed - 1);
    std::fflush(stdout);
    return 0;
}
