// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/ambient.h>
#include <qjanitor/spawn.h>

#include "coro/spawnedcoroutine_p.h"
#include "janitor/janitor_p.h"
#include "jobs/job_p.h"
#include "spawn/spawn_p.h"
#include "report/texts_p.h"

#include <QtCore/qthread.h>

namespace QJanitor {

namespace Private {

SpawnError trySpawn(const Offer &offer)
{
    JanitorPointer keep;
    Janitor *janitor = ambientJanitor(keep);
    return janitor ? janitor->spawn(offer) : SpawnError::NoActiveJanitor;
}

void throwRefusal(SpawnError error)
{
    throw SpawnException(error);
}

static void beginHere(const Offer &offer) noexcept
{
    try {
        const SpawnedCoroutinePointer job(new SpawnedCoroutine(JanitorPointer(), offer));
        job->start(offer.source);
        if (!job->isSettled()) {
            qCCritical(lcJanitor).noquote().nospace()
                << "The coroutine that was spawned at " << shown(siteText(offer.site))
                << " is suspended, and no janitor takes it: nobody waits for its end.";
        }
    } catch (...) {
        // No memory for its frame, or the job cannot be moved in.
    }
}

/// Runs a job that nobody can take, on this thread, under \a janitor if there is one.
static void runHere(JanitorPointer janitor, const Offer &offer) noexcept
{
    if (offer.coroutine)
        return beginHere(offer);
    const FrameSwap frame({std::move(janitor), Role::CleanupJob});
    JobContext context;
    context.kind = offer.kind;
    Error error;
    try {
        if (offer.adopt)
            context.goOnIn(takeFuture(offer));
        else if (!offer.run(offer.source, context))
            error = context.error;
        if (context.continuation) {
            waitForFuture(context.continuation->future, [] {});
            error = outcomeOf(*context.continuation, false).error;
        }
    } catch (...) {
        error = errorOfCurrentException();
    }
    if (!error.isValid())
        return;
    try {
        error =
            ErrorParts::named(error, offer.name ? *offer.name : QString(), siteText(offer.site));
        qCCritical(lcJanitor).noquote() << "Run at once, no janitor takes it:" << error.toString();
    } catch (...) {
        // No memory for the text.
    }
}

void spawnOrRescue(Janitor *first, const Offer &offer) noexcept
{
    Janitor *janitor = first;
    JanitorPointer root;
    try {
        if (offer.isEmpty)
            return warnOfEmptyJob(offer);
        for (; janitor; janitor = janitor->enclosing()) {
            if (janitor->spawn(offer) == SpawnError::NoError)
                return;
        }
        root = Janitor::root();
        janitor = root.data();
        if (!first) {
            qCCritical(lcJanitor).noquote().nospace()
                << "A cleanup job"
                << (offer.name ? QStringLiteral(" \"%1\"").arg(shown(*offer.name)) : QString())
                << " was spawned at " << shown(siteText(offer.site))
                << " where no janitor is ambient; "
                << (root ? "the root janitor runs it"
                         : "it runs at once, for there is no application")
                << ". Is QJanitor::exec() or QJanitor::enter() missing, or has it ended already?";
        }
        for (; root; root = Janitor::root()) {
            if (root->spawn(offer) == SpawnError::NoError)
                return; // else it has closed since, and there is a new one, or none
        }
        janitor = nullptr;
    } catch (...) {
        // No memory, or the job cannot be moved in: it stays where it is and runs now.
    }
    runHere(JanitorPointer(janitor), offer);
}

void spawnOrRescue(const Offer &offer) noexcept
{
    JanitorPointer keep;
    spawnOrRescue(ambientJanitor(keep), offer);
}

} // namespace Private

bool hasActiveJanitor()
{
    Private::JanitorPointer keep;
    const Private::Janitor *janitor = Private::ambientJanitor(keep);
    return janitor && janitor->accepts(JobKind::Daemon);
}

bool isStopRequested()
{
    const Private::Frame frame = Private::ambientFrame();
    return frame.janitor && frame.janitor->isStopRequested(frame.role);
}

bool isDraining()
{
    const Private::Frame frame = Private::ambientFrame();
    return frame.janitor && frame.janitor->isDraining(frame.role);
}

QFuture<void> whenStopRequested()
{
    const Private::Frame frame = Private::ambientFrame();
    return frame.janitor ? frame.janitor->whenever(frame.role, Private::Audience::Moment::Stop)
                         : QFuture<void>();
}

QFuture<void> whenDraining()
{
    const Private::Frame frame = Private::ambientFrame();
    return frame.janitor ? frame.janitor->whenever(frame.role, Private::Audience::Moment::Draining)
                         : QFuture<void>();
}

} // namespace QJanitor
