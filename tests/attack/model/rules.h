// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The rules of the contract, as a machine of plain values: what a janitor must be like after each
// move of a program, whatever the threads did meanwhile. No Qt, nothing of the library, no clock.
//
// A rule is a row of the table or one function. Whoever adds one to the contract adds it here.

namespace Rules {

using Id = int; ///< Of a job, a janitor, a thread: an index.
constexpr Id nobody = -1;
constexpr Id root = 0; ///< The janitor that takes what nobody else does.

enum class Kind { Daemon, CleanupJob };
enum class Role { Callee, Daemon, CleanupJob };
enum class Policy { FailFast, CancelAndWait, KeepGoing };
enum class Level { Root, Enter, Exec, Supervisor };
enum class Phase { Open, Draining, Closed };
/// How a job wants to end; as what it counts is settle()'s.
enum class End { Succeeds, Fails, IsCanceled };

// ---- What is accepted, decided before anything starts ----

enum Row { Runs, FailedAndWaits, FailedAndGoes, Closed };
struct Takes
{
    bool daemons;
    bool cleanupJobs;
};
constexpr Takes table[] = {
    {true, true},   // Runs: waits for jobs as well, or has failed and disturbs nobody
    {false, true},  // FailedAndWaits
    {false, false}, // FailedAndGoes
    {false, false}, // Closed
};

struct Frame
{
    Id janitor = nobody;
    Role role = Role::Callee;
};

struct Janitor
{
    std::string name;
    Level level = Level::Enter;
    Policy policy = Policy::FailFast;
    bool waitsForNothing = false; ///< Its drain timeout is 0.
    bool quitsOnFailure = false;
    Frame outer;
    bool outerIsFallback = false; ///< Its thread had none of its own.
    Phase phase = Phase::Open;
    bool failed = false;
    bool stopped = false;
    bool told = false; ///< Its daemons see isDraining().
    bool left = false; ///< Its owner has gone.
    Id taker = nobody;
    int completed = 0;
    int canceled = 0;
    std::vector<std::string> errors;
    std::optional<std::string> cause;
    std::vector<std::string> unfinished;
    /// Of those, futures that ended while they were handed on: they need not be named any more.
    std::set<std::string> perhapsUnnamed = {};

    bool stopsOnFailure() const { return policy != Policy::KeepGoing && level != Level::Root; }
    bool waitsAfterFailure() const
    {
        return policy != Policy::FailFast || level == Level::Exec || level == Level::Root;
    }
};

struct Job
{
    std::string name;
    Kind kind = Kind::Daemon;
    bool isCallable = true; ///< Has a function that has not returned yet.
    bool hasBegun = false;
    bool hasFuture = false; ///< Cancelled when it is asked to stop, whatever it says after that.
    Id acceptor = nobody;
    Id owner = nobody; ///< Who waits for it.
    bool isRefused = false;
    bool isPending = false;
    bool isGivenUp = false;
    Id spawnsAtItsEnd = nobody; ///< The clean-up that the destructor of its captures spawns.

    Role role() const { return kind == Kind::Daemon ? Role::Daemon : Role::CleanupJob; }
};

/// Clean-up that a guard in a callee will spawn.
struct Guard
{
    Id job = nobody;
    Id janitor = nobody;
    bool onlyOnFailure = false;
};

struct Activity
{
    enum What { Base, Loop, Callee, Drain, JobRuns } what = Base;
    Id id = nobody; ///< Of the janitor, or of the job.
    std::vector<Guard> guards = {};

    friend bool operator==(const Activity &a, const Activity &b)
    {
        return a.what == b.what && a.id == b.id;
    }
};

/// A thread is a stack of what goes on there, the innermost last.
struct Thread
{
    std::vector<Activity> stack;
};

struct World
{
    World() { janitors.front().level = Level::Root; }

    std::vector<Janitor> janitors = std::vector<Janitor>(1);
    std::vector<Job> jobs;
    std::map<Id, Thread> threads;
    Id application = nobody; ///< The janitor of the exec() that runs, or else has run.
    bool wantsToQuit = false;

    // What is not one step, but has some time in it:

    /// From a failure to the handing on that it causes: futures that have ended are counted there,
    /// and others may come.
    bool handsOnLater = false;
    /// From the end of a future to its counting: these ended before anybody asked them to stop.
    std::set<Id> endedUnstopped;
    /// These end while the others of the same moment happen.
    std::set<Id> endingNow;

    // ---- who is around whom ----

    /// Who waits for the jobs of \a janitor now.
    Id effective(Id janitor) const
    {
        while (janitor != nobody && janitors[std::size_t(janitor)].taker != nobody)
            janitor = janitors[std::size_t(janitor)].taker;
        return janitor;
    }
    /// Until it has closed, exec()'s janitor is seen where no other is.
    Frame fallback() const
    {
        const bool runs = application != nobody && at(application).phase != Phase::Closed;
        return {runs ? application : nobody, Role::Callee};
    }
    /// What the code sees that runs on \a thread next: as its frame, before handing on is looked
    /// at.
    Frame frameOn(Id thread) const
    {
        const Frame frame = ownFrameOn(thread);
        return frame.janitor == nobody ? fallback() : frame;
    }
    Frame ownFrameOn(Id thread) const
    {
        const std::vector<Activity> &stack = threads.at(thread).stack;
        const Activity &top = stack.back();
        Frame frame;
        switch (top.what) {
        case Activity::Base:
            break;
        case Activity::Loop:
            frame = {top.id, Role::Callee};
            break;
        case Activity::Callee:
            frame = {top.id, Role::Callee};
            break;
        case Activity::Drain: // what events bring sees who is around it
            if (at(top.id).level != Level::Exec && !at(top.id).outerIsFallback)
                frame = at(top.id).outer;
            break;
        case Activity::JobRuns:
            frame = {jobs[std::size_t(top.id)].acceptor, jobs[std::size_t(top.id)].role()};
            break;
        }
        return frame;
    }
    /// A job sees who has taken it over, a callee its own janitor.
    Id seenFrom(Frame frame) const
    {
        return frame.role == Role::Callee ? frame.janitor : effective(frame.janitor);
    }
    Id ambientOn(Id thread) const { return seenFrom(frameOn(thread)); }

    // ---- spawning ----

    Row row(Id janitor) const
    {
        const Janitor &j = at(janitor);
        if (j.phase == Phase::Closed)
            return Closed;
        if (!j.failed || (j.waitsAfterFailure() && !j.stopsOnFailure()))
            return Runs;
        return j.waitsAfterFailure() ? FailedAndWaits : FailedAndGoes;
    }
    bool accepts(Id janitor, Kind kind) const
    {
        if (janitor == nobody)
            return false;
        const Takes &takes = table[row(janitor)];
        return kind == Kind::Daemon ? takes.daemons : takes.cleanupJobs;
    }
    /// Offers \a job to \a janitor alone.
    void offer(Id job, Id janitor)
    {
        Job &j = jobs[std::size_t(job)];
        j.isRefused = !accepts(janitor, j.kind);
        j.isPending = !j.isRefused;
        if (j.isPending)
            j.acceptor = j.owner = janitor;
    }
    /// Clean-up is never lost: the nearest one around it that accepts it, else the root.
    void rescue(Id job, Id janitor)
    {
        while (janitor != nobody && !accepts(janitor, Kind::CleanupJob))
            janitor = at(janitor).outer.janitor;
        offer(job, janitor == nobody ? root : janitor);
    }

    // ---- stopping and telling: what is asked of one is asked of the janitors inside it ----

    bool isStopRequested(Frame frame) const
    {
        for (; frame.janitor != nobody && frame.role != Role::CleanupJob;
             frame = at(frame.janitor).outer) {
            if (at(frame.janitor).stopped)
                return true;
        }
        return false;
    }
    bool isDraining(Frame frame) const
    {
        for (; frame.janitor != nobody && frame.role != Role::CleanupJob;
             frame = at(frame.janitor).outer) {
            if (frame.role == Role::Daemon && at(frame.janitor).told)
                return true;
        }
        return false;
    }
    void requestStop(Id janitor)
    {
        if (at(janitor).phase != Phase::Closed)
            at(janitor).stopped = true;
    }

    // ---- ending ----

    std::vector<Id> pending(Id janitor) const
    {
        std::vector<Id> found;
        for (Id job = 0; job < Id(jobs.size()); ++job) {
            const Job &j = jobs[std::size_t(job)];
            if (j.isPending && !j.isGivenUp && j.owner == janitor)
                found.push_back(job);
        }
        return found;
    }
    /// The end of a job. Being cancelled is no failure for who was asked to stop.
    void settle(Id job, End end)
    {
        Job &j = jobs[std::size_t(job)];
        const bool wasStopped =
            isStopRequested({j.acceptor, j.role()}) && !endedUnstopped.count(job);
        if (wasStopped && j.hasFuture)
            end = End::IsCanceled;
        j.isPending = false;
        if (j.isGivenUp)
            return; // a log line
        Janitor &owner = at(j.owner);
        if (end == End::Succeeds) {
            ++owner.completed;
        } else if (end == End::IsCanceled && wasStopped) {
            ++owner.canceled;
        } else {
            owner.errors.push_back(j.name);
            // A daemon that was handed on has been asked to stop: that it fails then trips nobody.
            if (j.owner == j.acceptor || j.kind == Kind::CleanupJob) {
                if (!owner.cause)
                    owner.cause = j.name;
                owner.failed = true;
            }
        }
        advance(j.owner);
    }
    void endCallee(Id janitor)
    {
        if (at(janitor).phase == Phase::Open)
            at(janitor).phase = Phase::Draining;
        advance(janitor);
        if (at(janitor).waitsForNothing && at(janitor).phase == Phase::Draining)
            giveUp(janitor);
    }
    /// The owner goes: nobody waits for what is left here.
    void leave(Id janitor)
    {
        if (at(janitor).phase == Phase::Closed)
            return;
        at(janitor).phase = Phase::Draining;
        at(janitor).left = true;
        advance(janitor);
    }
    /// All that is due after a change.
    void advance(Id janitor)
    {
        Janitor &j = at(janitor);
        if (j.phase == Phase::Closed)
            return;
        if (j.failed && j.stopsOnFailure())
            j.stopped = true;
        if (j.failed && j.quitsOnFailure && j.phase == Phase::Open)
            wantsToQuit = true;
        if (j.phase == Phase::Open)
            return;
        const std::vector<Id> left = pending(janitor);
        if (!left.empty() && (j.left || (j.failed && !j.waitsAfterFailure()))) {
            if (!handsOnLater || j.left)
                handOn(janitor, left);
            return;
        }
        if (std::none_of(left.begin(), left.end(), [this](Id job) {
                return jobs[std::size_t(job)].kind == Kind::CleanupJob;
            }))
            j.told = true;
        if (left.empty() && j.level != Level::Root)
            j.phase = Phase::Closed;
    }
    void handOnNow()
    {
        handsOnLater = false;
        for (Id janitor = Id(janitors.size()) - 1; janitor > root; --janitor)
            advance(janitor);
    }
    /// To the nearest one around it that waits for its jobs, else to that of exec(), else to the
    /// root.
    void handOn(Id janitor, const std::vector<Id> &left)
    {
        Id taker = at(janitor).outer.janitor;
        while (taker != nobody && !accepts(taker, Kind::CleanupJob))
            taker = at(taker).outer.janitor;
        if (taker == nobody)
            taker = accepts(application, Kind::CleanupJob) ? application : root;
        name(janitor, left);
        for (const Id job : left)
            jobs[std::size_t(job)].owner = taker;
        at(janitor).taker = taker;
        at(janitor).told = true;
        at(janitor).phase = Phase::Closed;
    }
    /// The drain timeout: whoever is left is named, and waited for by nobody.
    void giveUp(Id janitor)
    {
        Janitor &j = at(janitor);
        const std::vector<Id> left = pending(janitor);
        name(janitor, left);
        for (const Id job : left)
            jobs[std::size_t(job)].isGivenUp = true;
        j.errors.push_back(std::string());
        if (!j.cause)
            j.cause = std::string();
        j.stopped = true;
        j.told = true;
        j.phase = Phase::Closed;
    }

    // ---- threads ----

    void enter(Id thread, Janitor janitor)
    {
        janitor.outer = janitor.level == Level::Exec ? Frame() : frameOn(thread);
        janitor.outerIsFallback = ownFrameOn(thread).janitor == nobody;
        janitors.push_back(std::move(janitor));
        const Id id = Id(janitors.size()) - 1;
        if (at(id).level == Level::Supervisor)
            return;
        if (at(id).level == Level::Exec)
            application = id;
        threads[thread].stack.push_back(
            {at(id).level == Level::Exec ? Activity::Loop : Activity::Callee, id});
    }
    /// The callee returns or throws, after what its guards spawn.
    void endCalleeOn(Id thread, bool throws)
    {
        Activity callee = threads[thread].stack.back();
        for (; !callee.guards.empty(); callee.guards.pop_back()) {
            const Guard &guard = callee.guards.back();
            if (throws || !guard.onlyOnFailure)
                rescue(guard.job, guard.janitor);
        }
        threads[thread].stack.back() = {Activity::Drain, callee.id};
        endCallee(callee.id);
    }
    /// The function of a job has returned; its captures go, and then it counts, unless it goes on
    /// as a future.
    void endFunction(Id thread, Id job, End end, bool goesOn)
    {
        Job &j = jobs[std::size_t(job)];
        const Id spawned = j.spawnsAtItsEnd;
        const Id ambient = ambientOn(thread);
        threads[thread].stack.pop_back();
        if (spawned != nobody)
            rescue(spawned, ambient);
        jobs[std::size_t(job)].isCallable = false;
        jobs[std::size_t(job)].hasFuture |= goesOn;
        if (!goesOn)
            settle(job, end);
    }
    /// What threads do by themselves: waits end, and loops.
    void unwind()
    {
        for (auto &[id, thread] : threads) {
            while (!thread.stack.empty()) {
                Activity &top = thread.stack.back();
                if (top.what == Activity::Loop && wantsToQuit) {
                    wantsToQuit = false;
                    top.what = Activity::Drain;
                    endCallee(top.id);
                } else if (top.what == Activity::Drain && at(top.id).phase == Phase::Closed) {
                    thread.stack.pop_back();
                } else {
                    break;
                }
            }
        }
    }

    Janitor &at(Id janitor) { return janitors[std::size_t(janitor)]; }
    const Janitor &at(Id janitor) const { return janitors[std::size_t(janitor)]; }

private:
    void name(Id janitor, const std::vector<Id> &left)
    {
        for (const Id job : left) {
            at(janitor).unfinished.push_back(jobs[std::size_t(job)].name);
            if (endingNow.count(job))
                at(janitor).perhapsUnnamed.insert(jobs[std::size_t(job)].name);
        }
        std::sort(at(janitor).unfinished.begin(), at(janitor).unfinished.end());
    }
};

} // namespace Rules
