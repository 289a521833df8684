// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/job_p.h"

#include "rules/memory_p.h"
#include "report/texts_p.h"

#include <QtCore/qexception.h>

#include <limits>

namespace QJanitor::Private {

using namespace Qt::StringLiterals;

Error errorOfCurrentException()
{
    std::exception_ptr exception = std::current_exception();
    try {
        throw;
    } catch (const QUnhandledException &unhandled) {
        if (unhandled.exception())
            exception = unhandled.exception();
    } catch (...) {
    }
    QString message;
    ifThereIsMemory([&] { message = messageOfException(exception); }); // else the exception tells
    return ErrorParts::make(Error::Kind::JobThrew, message, exception);
}

void warnOfEmptyJob(const Offer &offer)
{
    qCCritical(lcJanitor).noquote().nospace()
        << "Refused: the QFuture that was spawned"
        << (offer.name && !offer.name->isEmpty() ? u" as \"%1\""_s.arg(*offer.name) : QString())
        << " at " << siteText(offer.site)
        << " has been moved from, so there is nothing to wait for. Has it been spawned before, or "
           "was another variable meant?";
}

Adoption takeFuture(const Offer &offer)
{
    // This first, for it allocates.
    auto failureByValue = offer.failureOf ? offer.failureOf(offer.source) : nullptr;
    return {offer.adopt(offer.source), std::move(failureByValue), false};
}

Outcome outcomeOf(const Adoption &adoption, bool stopWasRequested)
{
    try {
        // A future that failed is cancelled as well; so this spares the others the wait's lock.
        if (!adoption.future.isCanceled()) {
            const Error error =
                adoption.failureByValue ? adoption.failureByValue->error() : Error();
            return {error.isValid() ? Ledger::End::Failed : Ledger::End::Succeeded, error};
        }
        QFuture<void>(adoption.future).waitForFinished(); // it has: this only rethrows
    } catch (...) {
        return {Ledger::End::Failed, errorOfCurrentException()};
    }
    if (stopWasRequested)
        return {Ledger::End::Canceled, Error()};
    if (!adoption.promised)
        return {Ledger::End::Failed, ErrorParts::make(Error::Kind::JobCanceled, QString())};
    return {Ledger::End::Failed,
            ErrorParts::make(Error::Kind::JobAbandoned,
                             u"its promise was dropped before it had finished"_s)};
}

void cancelUnfinished(QFuture<void> future)
{
    if (!future.isFinished())
        future.cancel();
}

bool Progress::look(const QFuture<void> &future, std::int64_t now)
{
    const auto digestOf = [](int value, const QString &text) {
        return value == 0 && text.isEmpty() ? std::size_t(0) : qHashMulti(1, value, text);
    };
    // Its end is the last progress. To ask for the others takes a lock each.
    const std::size_t digest = future.isFinished()
                                   ? std::numeric_limits<std::size_t>::max()
                                   : digestOf(future.progressValue(), future.progressText());
    if (std::exchange(seen, digest) == digest)
        return false;
    time = now;
    return true;
}

void addProgress(JobInfo &job, const QFuture<void> &future, const Progress &progress)
{
    const int least = future.progressMinimum();
    const int most = future.progressMaximum();
    if (most > least)
        job.progress = double(future.progressValue() - least) / double(most - least);
    job.progressText = future.progressText();
    if (progress.time > 0)
        job.sinceProgress = std::chrono::milliseconds(coarseNow() - progress.time);
    if (future.isSuspended())
        job.state = JobState::Suspended;
}

JobInfo describe(const FutureFacts &facts, const QFuture<void> &future, std::int64_t now)
{
    JobInfo info;
    info.name = facts.name();
    info.kind = facts.kind;
    info.state = future.isFinished()  ? JobState::Finished // and is being counted
                 : future.isRunning() ? JobState::Running
                                      : JobState::Queued;
    info.spawnSite = siteText(facts.site);
    info.age = std::chrono::milliseconds(now - facts.spawned);
    info.sinceProgress = info.age;
    addProgress(info, future, facts.details ? facts.details->progress : Progress());
    return info;
}

JobInfo describe(const Error &error, JobKind kind)
{
    JobInfo info;
    info.name = error.jobName();
    info.kind = kind;
    info.state = JobState::Failed;
    info.spawnSite = error.spawnSite();
    return info;
}

namespace {

struct EmptyInterface : QFutureInterfaceBase
{
    EmptyInterface() { const QFutureInterfaceBase taken(std::move(*this)); }
};

} // namespace

static const EmptyInterface &emptyInterface()
{
    static const EmptyInterface empty; // its destructor does nothing, so it may be asked ever after
    return empty;
}

/// Never destroyed: jobs may end after main().
static const QFuture<void> &noFuture()
{
    static const auto &none = *new QFuture<void>;
    return none;
}

/// Made while the library is loaded: they take memory, and nobody expects that of those who need
/// them.
static void makeTheEmptyOnes()
{
    (void)emptyInterface();
    (void)noFuture();
}
Q_CONSTRUCTOR_FUNCTION(makeTheEmptyOnes)

Adoption noAdoption() noexcept
{
    return {AnyFuture(noFuture()), nullptr, false};
}

bool isMovedFrom(const QFutureInterfaceBase &interface) noexcept
{
    return interface == emptyInterface();
}

/// Tells whether \a promise was moved from. QPromise does not say either.
static bool isMovedFrom(const QPromise<void> &promise)
{
    static_assert(sizeof promise == sizeof(QFutureInterfaceBase));
    return isMovedFrom(reinterpret_cast<const QFutureInterfaceBase &>(promise));
}

static bool isOf(const QPromise<void> &promise, const QFuture<void> &future)
{
    return QFutureInterfaceBase::get(promise.future()) == QFutureInterfaceBase::get(future);
}

void JobContext::runWithPromise(void (*function)(void *, QPromise<void> &), void *callable)
{
    QPromise<void> promise;
    QFuture<void> future = promise.future();
    promise.start();
    if (janitor)
        janitor->addPromise(cell, kind, future);
    try {
        function(callable, promise);
    } catch (...) {
        if (janitor)
            janitor->removePromise(cell);
        throw;
    }
    if (janitor)
        janitor->removePromise(cell);
    // Moved out, or something else in its place: it lives elsewhere, or was dropped.
    const bool goesOn = isMovedFrom(promise) || !isOf(promise, future);
    if (!goesOn)
        promise.finish();
    if (goesOn || future.isCanceled())
        goOnIn({future, nullptr, goesOn});
}

} // namespace QJanitor::Private
