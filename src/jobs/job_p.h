// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <QtCore/qthread.h>

namespace QJanitor::Private {

/// How a job ended, as the ledger counts it, and its error if it failed.
struct Outcome
{
    Ledger::End end = Ledger::End::Succeeded;
    Error error;
};

/// Says that a future was offered that has been moved from.
void warnOfEmptyJob(const Offer &offer);

/// Takes the future that is offered out of the caller's hands.
Adoption takeFuture(const Offer &offer);

/// Returns what stands for no future; a default-constructed one allocates.
Adoption noAdoption() noexcept;

/// Blocks until \a future has finished, and calls \a meanwhile each millisecond. QFuture's own wait
/// needs an application, which may be gone.
template<class F>
void waitForFuture(const QFuture<void> &future, F meanwhile)
{
    while (!future.isFinished()) {
        meanwhile();
        QThread::msleep(1);
    }
}

/// Returns how a job ended whose future has finished.
Outcome outcomeOf(const Adoption &adoption, bool stopWasRequested);

/// Returns the exception that is being handled as the failure of a job. QUnhandledException is
/// unwrapped. Call it in a catch block.
Error errorOfCurrentException();

/// Cancels \a future, unless it has finished: QFuture would change how it ended.
void cancelUnfinished(QFuture<void> future);

JobInfo describe(const FutureFacts &facts, const QFuture<void> &future, std::int64_t now);
/// Describes the job that has just failed with \a error.
JobInfo describe(const Error &error, JobKind kind);
/// Adds what \a future tells of its progress to \a job, and how long ago that was new.
void addProgress(JobInfo &job, const QFuture<void> &future, const Progress &progress);

} // namespace QJanitor::Private
