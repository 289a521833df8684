// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Random programs, run by the library and by the rules side by side. A director gives one command
// after the other to threads, jobs, janitors, promises and supervisors, and after each of them
// waits until the real program looks as the rules say: who was accepted, who runs, who waits, who
// is asked to stop, and what each report says. At times it gives several commands at once; then the
// program must look as after some order of them.
//
//     attack_model [--seconds N] [--seed N] [--programs N] [--trace]
//
// Each program has a seed of its own. That of one that fails is printed: --seed with that number
// begins with that program, and does the same with it.

#include "../../support/seededprogram.h"
#include "rules.h"
#include "stage.h"

#include <QtCore/qtimer.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <future>
#include <numeric>
#include <cstring>
#include <random>
#include <sstream>
#include <thread>

using namespace std::chrono_literals;
using Rules::Activity;
using Rules::Id;
using Rules::nobody;
using Rules::World;

namespace {

constexpr Id mainThread = 0;
constexpr auto patience = 20s;
constexpr int mostJobs = 12; ///< At a time; the library's pool has more threads.
bool isTraced = false;

class Random
{
public:
    explicit Random(quint32 seed)
        : m_engine(seed)
    {}
    int below(int end) { return int(m_engine() % unsigned(end)); }
    bool oneIn(int count) { return below(count) == 0; }
    template<class List>
    auto &of(List &list)
    {
        return list[std::size_t(below(int(list.size())))];
    }

private:
    std::mt19937 m_engine;
};

/// A command: what the rules say of it, and what the real program is told.
struct Move
{
    std::string text;
    std::function<void(World &)> rule;
    std::function<void()> tell;
    std::shared_ptr<std::atomic<bool>> isDone; ///< Set by the real program once it has been told.
    Id thread = nobody;                        ///< Who is told, if it matters.
    Id job = nobody;                           ///< Whose end it is.
};

class Failure : public std::exception
{
};

/// Runs one program.
class Director
{
public:
    Director(Stage &stage, quint32 seed)
        : m_stage(stage)
        , m_random(seed)
    {
        m_worlds.emplace_back();
        m_worlds.front().threads[mainThread].stack = {{Activity::Base}};
    }
    ~Director()
    {
        for (Extra &extra : m_extras)
            extra.thread.join();
    }
    Q_DISABLE_COPY_MOVE(Director)

    /// Returns whether all was as the rules say.
    bool run()
    {
        try {
            addThreads();
            await({}); // until they take commands
            play(begin());
            const bool runsExec = world().application != nobody;
            for (int moves = 10 + m_random.below(50); moves > 0; --moves) {
                if (!(runsExec && m_quits) && m_random.oneIn(4))
                    playTogether();
                else
                    play(pick(anything()));
                if (m_random.oneIn(3))
                    look();
            }
            windDown();
            return true;
        } catch (const Failure &) {
            return false;
        }
    }
    int moves() const { return m_moves; }

private:
    struct Extra
    {
        Id id = nobody;
        std::thread thread;
        QEventLoop *loop = nullptr; ///< If its commands come as events.
    };

    const World &world() const { return m_worlds.front(); }

    // ---- threads ----

    void addThreads()
    {
        for (int count = m_random.below(3); count > 0; --count) {
            const bool withLoop = m_random.oneIn(2);
            Extra &extra = m_extras.emplace_back();
            std::promise<std::pair<Id, QEventLoop *>> begun;
            extra.thread = std::thread([this, withLoop, &begun] {
                const Id id = m_stage.threadHere();
                if (!withLoop) {
                    begun.set_value({id, nullptr});
                    m_stage.playBase(id);
                    return;
                }
                QEventLoop loop;
                begun.set_value({id, &loop});
                m_stage.playBaseWithLoop(id, loop);
            });
            std::tie(extra.id, extra.loop) = begun.get_future().get();
            for (World &world : m_worlds)
                world.threads[extra.id].stack = {{Activity::Base}};
        }
    }
    QObject *receiverOf(Id thread) const
    {
        if (thread == mainThread)
            return qApp;
        for (const Extra &extra : m_extras) {
            if (extra.id == thread)
                return extra.loop;
        }
        return nullptr;
    }
    /// Whether the innermost code on \a thread takes commands.
    bool takesCommands(Id thread, bool alsoAsEvents = true) const
    {
        const auto &stack = world().threads.at(thread).stack;
        if (stack.empty())
            return false;
        const Activity::What what = stack.back().what;
        if (what == Activity::Drain)
            return alsoAsEvents && receiverOf(thread);
        return what != Activity::Loop || alsoAsEvents;
    }
    std::vector<Id> commandable(bool alsoAsEvents = true) const
    {
        std::vector<Id> found;
        for (const auto &[id, thread] : world().threads) {
            if (takesCommands(id, alsoAsEvents))
                found.push_back(id);
        }
        return found;
    }
    void tell(Id thread, Desk::Command command)
    {
        const DeskPointer desk = m_stage.seen.with([&] { return m_stage.seen.desks[thread]; });
        if (desk)
            desk->give(std::move(command));
        else
            QMetaObject::invokeMethod(
                receiverOf(thread), [command = std::move(command)] { command(); },
                Qt::QueuedConnection);
    }
    /// A move that has \a function called on \a thread. It is done when that has returned, unless
    /// \a function says so earlier.
    template<class Rule, class F>
    Move onThread(Id thread, std::string text, Rule rule, F function, bool isDoneAtOnce = false)
    {
        auto done = std::make_shared<std::atomic<bool>>(isDoneAtOnce);
        return {"thread " + std::to_string(thread) + ": " + std::move(text), std::move(rule),
                [this, thread, done, function = std::move(function)] {
                    tell(thread, [done, function] {
                        const bool isLast = function();
                        done->store(true);
                        return isLast;
                    });
                },
                done, thread};
    }
    /// A move that is made by this thread.
    template<class Rule, class F>
    Move fromOutside(std::string text, Rule rule, F function)
    {
        auto done = std::make_shared<std::atomic<bool>>(true);
        return {"outside: " + std::move(text), std::move(rule), std::move(function), done};
    }

    // ---- what there is to do ----

    using Maker = std::function<Move()>;

    Move pick(std::vector<Maker> makers) { return m_random.of(makers)(); }

    Move begin() { return m_random.oneIn(3) ? exec() : enter(mainThread); }
    std::vector<Maker> anything()
    {
        std::vector<Maker> makers = endings();
        const std::vector<Id> threads = commandable();
        const auto often = [&](int times, const Maker &maker) {
            makers.insert(makers.end(), std::size_t(times), maker);
        };
        if (living() < mostJobs) {
            if (!threads.empty())
                often(12, [this, threads] { return spawn(nobody, m_random.of(threads)); });
            often(3, [this] { return spawn(someJanitor(), nobody); });
            if (!threads.empty()) {
                often(2, [this, threads] { return spawn(someJanitor(), m_random.of(threads)); });
                often(2, [this, threads] { return spawnGuarded(m_random.of(threads)); });
            }
        }
        if (!threads.empty() && world().janitors.size() < 12) {
            often(5, [this, threads] { return enter(m_random.of(threads)); });
            often(2, [this, threads] { return makeSupervisor(m_random.of(threads)); });
        }
        for (const Id thread : threads) {
            if (world().threads.at(thread).stack.back().what == Activity::Callee)
                often(1, [this, thread] { return addGuard(thread); });
        }
        if (m_random.oneIn(4))
            often(2, [this] { return requestStop(someJanitor()); });
        return makers;
    }
    /// What brings the program nearer to its end.
    std::vector<Maker> endings(bool forGood = false)
    {
        std::vector<Maker> makers;
        for (const auto &[id, thread] : world().threads) {
            if (thread.stack.empty())
                continue;
            const Activity &top = thread.stack.back();
            if (top.what == Activity::JobRuns) {
                for (int i = 0; i < 2; ++i)
                    makers.push_back(
                        [this, id = id, job = top.id] { return endFunction(id, job); });
            } else if (top.what == Activity::Callee) {
                makers.push_back([this, id = id] { return endCallee(id); });
            } else if (top.what == Activity::Loop && (forGood || m_random.oneIn(10))) {
                makers.push_back([this] { return quit(); });
            }
        }
        for (Id job = 0; job < Id(world().jobs.size()); ++job) {
            if (canEndPromise(job))
                makers.push_back([this, job] { return endPromise(job); });
        }
        for (Id id = 1; id < Id(world().janitors.size()); ++id) {
            if (world().at(id).level != Rules::Level::Supervisor)
                continue;
            if (world().at(id).phase == Rules::Phase::Open)
                makers.push_back([this, id] { return terminate(id); });
            if (!world().at(id).left && takesCommands(mainThread) && !m_goneSupervisors.count(id))
                makers.push_back([this, id] { return destroySupervisor(id); });
        }
        return makers;
    }
    int living() const
    {
        return int(std::count_if(world().jobs.begin(), world().jobs.end(),
                                 [](const Rules::Job &job) { return job.isPending; }));
    }
    Id someJanitor() { return 1 + m_random.below(int(world().janitors.size()) - 1); }

    // ---- janitors ----

    Rules::Janitor newJanitor(Rules::Level level, Stage::Opening &opening)
    {
        static constexpr std::array policies{Rules::Policy::FailFast, Rules::Policy::CancelAndWait,
                                             Rules::Policy::KeepGoing};
        Rules::Janitor janitor;
        opening.id = Id(world().janitors.size());
        janitor.name = "J" + std::to_string(opening.id);
        janitor.level = level;
        janitor.policy = policies[std::size_t(m_random.below(3))];
        janitor.waitsForNothing = level != Rules::Level::Exec && m_random.oneIn(8);
        janitor.quitsOnFailure = level == Rules::Level::Exec && m_quits;
        opening.name = QByteArray::fromStdString(janitor.name);
        opening.options.failurePolicy = QJanitor::FailurePolicy(janitor.policy);
        opening.options.quitOnFailure = janitor.quitsOnFailure;
        opening.options.handleSignals = false;
        // Whoever waits would look again when that is due, and hide wake-ups that are lost.
        opening.options.hangWarningAfter = 0ms;
        if (janitor.waitsForNothing)
            opening.options.drainTimeout = 0ms;
        if (m_random.oneIn(3)) {
            opening.options.threadPool = m_stage.pool();
            m_stage.setRunsInPool(opening.id);
        }
        return janitor;
    }
    static std::string describe(const Rules::Janitor &janitor, const Stage::Opening &opening)
    {
        static constexpr std::array policies{"FailFast", "CancelAndWait", "KeepGoing"};
        return janitor.name + " " + policies[std::size_t(janitor.policy)] +
               (janitor.waitsForNothing ? ", waits for nothing" : "") +
               (opening.options.threadPool ? ", pool" : "");
    }
    Move enter(Id thread)
    {
        const bool ensures =
            m_random.oneIn(4) && !world().accepts(world().ambientOn(thread), Rules::Kind::Daemon);
        Stage::Opening opening;
        const Rules::Janitor janitor = newJanitor(Rules::Level::Enter, opening);
        opening.ensures = ensures;
        return onThread(
            thread, (ensures ? "ensure " : "enter ") + describe(janitor, opening),
            [=](World &world) { world.enter(thread, janitor); },
            [this, opening] {
                Stage::Opening named = opening;
                named.options.name = named.name.constData();
                m_stage.enter(named);
                return false;
            },
            true);
    }
    Move exec()
    {
        m_quits = m_random.oneIn(2);
        Stage::Opening opening;
        const Rules::Janitor janitor = newJanitor(Rules::Level::Exec, opening);
        return onThread(
            mainThread, "exec " + describe(janitor, opening) + (m_quits ? ", quits" : ""),
            [=](World &world) { world.enter(mainThread, janitor); },
            [this, opening] {
                Stage::Opening named = opening;
                named.options.name = named.name.constData();
                m_stage.exec(named);
                return false;
            },
            true);
    }
    Move quit()
    {
        return fromOutside(
            "quit", [](World &world) { world.wantsToQuit = true; },
            [] { QMetaObject::invokeMethod(qApp, &QCoreApplication::quit, Qt::QueuedConnection); });
    }
    Move endCallee(Id thread)
    {
        const bool throws = m_random.oneIn(4);
        return onThread(
            thread, std::string("callee ") + (throws ? "throws" : "returns"),
            [=](World &world) { world.endCalleeOn(thread, throws); },
            [throws] {
                if (throws)
                    throw 43;
                return true;
            },
            true);
    }
    Move addGuard(Id thread)
    {
        const Id janitor = world().threads.at(thread).stack.back().id;
        Rules::Job job;
        const TaskPointer task = newTask(job, true);
        const bool onlyOnFailure = m_random.oneIn(2);
        return onThread(
            thread, "guard for " + job.name + (onlyOnFailure ? " on failure" : ""),
            [=](World &world) {
                world.jobs.push_back(job);
                world.threads[thread].stack.back().guards.push_back(
                    {task->id, janitor, onlyOnFailure});
            },
            [this, janitor, task, onlyOnFailure] {
                m_stage.guard(janitor, *task, onlyOnFailure);
                return false;
            });
    }
    Move makeSupervisor(Id thread)
    {
        Stage::Opening opening;
        const Rules::Janitor janitor = newJanitor(Rules::Level::Supervisor, opening);
        return onThread(
            thread, "supervisor " + describe(janitor, opening),
            [=](World &world) { world.enter(thread, janitor); },
            [this, opening] {
                Stage::Opening named = opening;
                named.options.name = named.name.constData();
                m_stage.makeSupervisor(named);
                return false;
            });
    }
    Move terminate(Id supervisor)
    {
        return fromOutside(
            "terminate " + world().at(supervisor).name,
            [=](World &world) { world.endCallee(supervisor); },
            [this, supervisor] { m_stage.terminate(supervisor); });
    }
    Move destroySupervisor(Id supervisor)
    {
        m_goneSupervisors.insert(supervisor);
        return onThread(
            mainThread, "destroy " + world().at(supervisor).name,
            [=](World &world) { world.leave(supervisor); },
            [this, supervisor] {
                m_stage.destroySupervisor(supervisor);
                return false;
            });
    }
    Move requestStop(Id janitor)
    {
        return fromOutside(
            "stop " + world().at(janitor).name, [=](World &world) { world.requestStop(janitor); },
            [this, janitor] { clientOf(janitor).requestStop(); });
    }
    QJanitor::Client clientOf(Id janitor)
    {
        return m_stage.seen.with([&] { return m_stage.seen.janitors[janitor].client; });
    }

    // ---- jobs ----

    TaskPointer newTask(Rules::Job &job, bool isFunction = false)
    {
        const auto task = std::make_shared<Task>();
        task->id = m_jobs++;
        job.name = "j" + std::to_string(task->id);
        task->name = QString::fromStdString(job.name);
        task->form = isFunction ? Form::Function : Form(m_random.below(forms));
        task->type = ValueType(m_random.below(valueTypes));
        const bool isDaemon = !isFunction && m_random.below(3) > 0;
        task->kind = isDaemon ? QJanitor::JobKind::Daemon : QJanitor::JobKind::CleanupJob;
        task->tries = !isFunction && m_random.oneIn(2);
        task->keepsFuture = m_random.oneIn(2);
        job.kind = isDaemon ? Rules::Kind::Daemon : Rules::Kind::CleanupJob;
        job.isCallable = task->form != Form::Future;
        job.hasFuture = task->form == Form::Future || task->form == Form::PromiseFunction;
        m_tasks.push_back(task);
        return task;
    }
    /// Spawns a job into the ambient janitor of \a thread, or else with a client of \a janitor.
    Move spawn(Id janitor, Id thread)
    {
        Rules::Job job;
        const TaskPointer task = newTask(job);
        const Rules::Job spawned = withSpawningEnd(*task, job);
        const auto rule = [=, this](World &world) {
            add(world, job, spawned);
            const Id to = janitor == nobody ? world.ambientOn(thread) : janitor;
            handOver(world, *task, to);
        };
        const auto act = [this, janitor, task] {
            if (janitor == nobody)
                m_stage.spawn(*task, Stage::Ambient());
            else
                m_stage.spawn(*task, clientOf(janitor));
            return false;
        };
        const std::string text =
            describe(*task, job) + (janitor == nobody ? std::string(" into the ambient one")
                                                      : " into " + world().at(janitor).name);
        if (thread != nobody)
            return onThread(thread, text, rule, act);
        return fromOutside(text, rule, act);
    }
    Move spawnGuarded(Id thread)
    {
        const Id janitor = someJanitor();
        const bool binds = m_random.oneIn(2);
        Rules::Job job;
        const TaskPointer task = newTask(job);
        return onThread(
            thread,
            describe(*task, job) + (binds ? " bound to " : " guarded for ") +
                world().at(janitor).name,
            [=, this](World &world) {
                add(world, job, {});
                // A job that guards its own janitor stays the job that it is.
                Rules::Frame frame = world.frameOn(thread);
                if (frame.janitor != janitor)
                    frame = {janitor, Rules::Role::Callee};
                handOver(world, *task, world.seenFrom(frame));
            },
            [this, janitor, task, binds] {
                const QJanitor::Client client = clientOf(janitor);
                if (binds) {
                    client.bind([this, task] { m_stage.spawn(*task, Stage::Ambient()); })();
                } else {
                    const QJanitor::AmbientGuard guard(client);
                    m_stage.spawn(*task, Stage::Ambient());
                }
                return false;
            });
    }
    static void add(World &world, const Rules::Job &job, const Rules::Job &spawned)
    {
        world.jobs.push_back(job);
        if (!spawned.name.empty())
            world.jobs.push_back(spawned);
    }
    static void handOver(World &world, const Task &task, Id janitor)
    {
        const bool isRescued = task.kind == QJanitor::JobKind::CleanupJob && !task.tries;
        if (isRescued)
            world.rescue(task.id, janitor);
        else
            world.offer(task.id, janitor);
    }
    /// Some callables have an end that spawns clean-up: returns that.
    Rules::Job withSpawningEnd(Task &task, Rules::Job &job)
    {
        Rules::Job spawned;
        if (task.form != Form::Future && m_random.oneIn(6)) {
            task.spawnsAtItsEnd = newTask(spawned, true);
            job.spawnsAtItsEnd = task.spawnsAtItsEnd->id;
        }
        return spawned;
    }
    static std::string describe(const Task &task, const Rules::Job &job)
    {
        static constexpr std::array forms{"function", "error function", "promise function",
                                          "future function", "future"};
        static constexpr std::array types{"void", "int", "string", "error", "big"};
        std::string text = std::string(task.tries ? "try " : "") +
                           (job.kind == Rules::Kind::Daemon ? "daemon " : "cleanup job ") +
                           job.name + ", " + forms[std::size_t(task.form)];
        if (task.form == Form::Future || task.form == Form::FutureFunction)
            text += std::string(" of ") + types[std::size_t(task.type)];
        if (task.spawnsAtItsEnd)
            text += ", spawns j" + std::to_string(task.spawnsAtItsEnd->id) + " at its end";
        return text;
    }
    Move endFunction(Id thread, Id job)
    {
        const Task &task = *m_tasks[std::size_t(job)];
        Way way = Way::Returns;
        if (m_random.oneIn(3)) {
            switch (task.form) {
            case Form::Function:
                way = Way::Throws;
                break;
            case Form::ErrorFunction:
                way = Way::ReturnsError;
                break;
            case Form::PromiseFunction:
                way = Way::Drops;
                break;
            case Form::FutureFunction:
            case Form::Future:
                break;
            }
        }
        const bool goesOn = task.form == Form::FutureFunction;
        static constexpr std::array ways{"returns", "returns an error", "throws",
                                         "drops its promise"};
        const Rules::End end = way == Way::Returns ? Rules::End::Succeeds
                               : way == Way::Drops ? Rules::End::IsCanceled
                                                   : Rules::End::Fails;
        Move move = onThread(
            thread, "j" + std::to_string(job) + " " + ways[std::size_t(way)],
            [=](World &world) { world.endFunction(thread, job, end, goesOn); },
            Stage::ending(m_stage.wayOf(job), way), true);
        move.job = job;
        return move;
    }
    bool canEndPromise(Id job) const
    {
        const Rules::Job &j = world().jobs[std::size_t(job)];
        const Form form = m_tasks[std::size_t(job)]->form;
        return j.isPending && !j.isCallable &&
               (form == Form::Future || form == Form::FutureFunction);
    }
    Move endPromise(Id job)
    {
        static constexpr std::array texts{"finishes", "finishes with an error", "has an exception",
                                          "is cancelled", "is dropped"};
        const bool canFailByValue = m_tasks[std::size_t(job)]->type == ValueType::ErrorValue;
        auto way = m_random.oneIn(2) ? PromiseWay::Finishes : PromiseWay(m_random.below(5));
        if (way == PromiseWay::FinishesWithError && !canFailByValue)
            way = PromiseWay::Finishes;
        const Rules::End end = way == PromiseWay::Finishes ? Rules::End::Succeeds
                               : way == PromiseWay::Cancels || way == PromiseWay::IsDropped
                                   ? Rules::End::IsCanceled
                                   : Rules::End::Fails;
        Move move = fromOutside(
            "j" + std::to_string(job) + " " + texts[std::size_t(way)],
            [=](World &world) { world.settle(job, end); },
            [this, job, way] { m_stage.endPromise(job, way); });
        move.job = job;
        return move;
    }

    // ---- playing ----

    void play(Move move) { play(std::vector<Move>{std::move(move)}); }
    /// Tells the real program all of \a moves at once, and waits until it looks as after some order
    /// of them.
    void play(std::vector<Move> moves)
    {
        m_moves += int(moves.size());
        std::vector<World> worlds;
        std::vector<std::size_t> order(moves.size());
        std::iota(order.begin(), order.end(), 0);
        do {
            for (const World &before : m_worlds) {
                if (moves.size() == 1)
                    addNew(worlds, played(before, moves, order));
                else
                    addLags(worlds, before, moves, order);
            }
        } while (std::next_permutation(order.begin(), order.end()));
        for (const Move &move : moves) {
            note((moves.size() > 1 ? "+ " : "") + move.text);
            move.tell();
        }
        m_worlds = std::move(worlds);
        await(moves);
    }
    /// Failures hand on after so many of the moves, or with 0 at once.
    static World played(World world, const std::vector<Move> &moves,
                        const std::vector<std::size_t> &order, std::size_t handingOn = 0)
    {
        world.handsOnLater = handingOn > 0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            moves[order[i]].rule(world);
            world.unwind();
            if (i + 1 == handingOn) {
                world.handOnNow();
                world.unwind();
            }
        }
        world.endedUnstopped.clear();
        world.endingNow.clear();
        return world;
    }
    /// The same with each of the steps that are none, see World.
    static void addLags(std::vector<World> &worlds, const World &before,
                        const std::vector<Move> &moves, const std::vector<std::size_t> &order)
    {
        std::vector<Id> futures; // that end
        for (const Move &move : moves) {
            const Id job = move.job;
            if (job != nobody && before.jobs[std::size_t(job)].hasFuture)
                futures.push_back(job);
        }
        for (unsigned early = 0; early < 1U << futures.size(); ++early) {
            for (std::size_t handingOn = 0; handingOn <= moves.size(); ++handingOn) {
                World world = before;
                for (std::size_t i = 0; i < futures.size(); ++i) {
                    const Rules::Job &job = before.jobs[std::size_t(futures[i])];
                    if (early >> i & 1 && !before.isStopRequested({job.acceptor, job.role()}))
                        world.endedUnstopped.insert(futures[i]);
                }
                world.endingNow = {futures.begin(), futures.end()};
                addNew(worlds, played(std::move(world), moves, order, handingOn));
            }
        }
    }
    static void addNew(std::vector<World> &worlds, World world)
    {
        if (std::none_of(worlds.begin(), worlds.end(),
                         [&](const World &other) { return isSame(other, world); }))
            worlds.push_back(std::move(world));
    }
    void note(std::string text)
    {
        if (isTraced)
            std::printf("    %s\n", text.c_str());
        m_trace.push_back(std::move(text));
    }
    /// Moves that can be told at once: each on a thread of its own, each an atomic step of the
    /// rules.
    void playTogether()
    {
        std::vector<Move> moves;
        std::set<Id> threads;
        std::set<Id> jobs;
        const std::vector<Id> able = commandable(false);
        for (int tries = 2 + m_random.below(3); tries > 0 && moves.size() < 3; --tries) {
            std::vector<Maker> makers;
            for (const Id id : able) {
                if (threads.count(id))
                    continue;
                const Activity &top = world().threads.at(id).stack.back();
                if (top.what == Activity::JobRuns &&
                    world().jobs[std::size_t(top.id)].spawnsAtItsEnd == nobody)
                    makers.push_back([this, id, job = top.id] { return endFunction(id, job); });
                else if (top.what == Activity::Callee && top.guards.empty())
                    makers.push_back([this, id] { return endCallee(id); });
            }
            for (Id job = 0; job < Id(world().jobs.size()); ++job) {
                if (canEndPromise(job) && !jobs.count(job))
                    makers.push_back([this, job] { return endPromise(job); });
            }
            for (int i = 0; i < 3; ++i)
                makers.push_back([this] { return requestStopOrTerminate(); });
            Move move = pick(makers);
            if (move.thread != nobody)
                threads.insert(move.thread);
            if (move.job != nobody)
                jobs.insert(move.job);
            moves.push_back(std::move(move));
        }
        if (living() < mostJobs) { // one, for jobs are numbered as they come
            std::vector<Id> free;
            std::copy_if(able.begin(), able.end(), std::back_inserter(free),
                         [&](Id id) { return !threads.count(id); });
            if (free.empty() || m_random.oneIn(2))
                moves.push_back(spawn(someJanitor(), nobody));
            else
                moves.push_back(spawn(nobody, m_random.of(free)));
        }
        play(std::move(moves));
    }
    Move requestStopOrTerminate()
    {
        std::vector<Id> open;
        for (Id id = 1; id < Id(world().janitors.size()); ++id) {
            if (world().at(id).level == Rules::Level::Supervisor && !m_goneSupervisors.count(id))
                open.push_back(id);
        }
        if (!open.empty() && !m_random.oneIn(3))
            return terminate(m_random.of(open));
        return requestStop(someJanitor());
    }
    /// Ends all that lives, until nothing is left.
    void windDown()
    {
        note("winding down");
        for (;;) {
            std::vector<Maker> makers = endings(true);
            if (makers.empty())
                break;
            play(pick(std::move(makers)));
        }
        // Jobs in a small pool may have to wait for a thread; then there is nothing to do but that.
        for (auto deadline = std::chrono::steady_clock::now() + patience; living() > 0;) {
            if (std::chrono::steady_clock::now() > deadline)
                fail("there are jobs that do not begin");
            await({});
            for (std::vector<Maker> makers = endings(true); !makers.empty(); makers = endings(true))
                play(pick(std::move(makers)));
        }
        for (const Extra &extra : m_extras) {
            if (extra.loop)
                QMetaObject::invokeMethod(extra.loop, &QEventLoop::quit, Qt::QueuedConnection);
            else
                tell(extra.id, [] { return true; });
        }
        tell(mainThread, [] { return true; });
    }

    // ---- comparing ----

    void await(const std::vector<Move> &moves)
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        std::set<std::string> differences;
        for (int turn = 0;; ++turn) {
            const bool areDone = std::all_of(moves.begin(), moves.end(),
                                             [](const Move &move) { return move.isDone->load(); });
            if (areDone && !fitting(differences).empty()) {
                // Once more, for while they were looked at one after the other something may have
                // ended.
                m_worlds = fitting(differences);
                if (!m_worlds.empty())
                    return;
                fail("It was as expected, and then no longer:" + joined(differences, "\n"));
            }
            if (std::chrono::steady_clock::now() > deadline)
                fail(areDone ? joined(differences, "\n") : "A command has not come to its end.");
            std::unique_lock lock(m_stage.seen.mutex);
            m_stage.seen.changed.wait_for(lock, turn < 20 ? 20us : 500us);
        }
    }
    /// The worlds that the real program looks like, and what is different in the others.
    std::vector<World> fitting(std::set<std::string> &differences)
    {
        std::vector<World> fitting;
        differences.clear();
        for (World world : m_worlds) {
            std::string difference;
            if (!fits(world, difference))
                differences.insert(difference);
            else
                addNew(fitting, world);
        }
        return fitting;
    }
    /// Equal enough not to be kept twice.
    static bool isSame(const World &a, const World &b)
    {
        const auto janitorsAre = [](const Rules::Janitor &x, const Rules::Janitor &y) {
            return x.phase == y.phase && x.failed == y.failed && x.stopped == y.stopped &&
                   x.told == y.told && x.taker == y.taker && x.completed == y.completed &&
                   x.canceled == y.canceled && x.errors == y.errors && x.cause == y.cause &&
                   x.unfinished == y.unfinished && x.perhapsUnnamed == y.perhapsUnnamed;
        };
        const auto jobsAre = [](const Rules::Job &x, const Rules::Job &y) {
            return x.acceptor == y.acceptor && x.owner == y.owner && x.isPending == y.isPending &&
                   x.isRefused == y.isRefused && x.isGivenUp == y.isGivenUp &&
                   x.hasBegun == y.hasBegun;
        };
        const auto threadsAre = [](const auto &x, const auto &y) {
            return x.first == y.first && x.second.stack == y.second.stack;
        };
        return std::equal(a.janitors.begin(), a.janitors.end(), b.janitors.begin(),
                          b.janitors.end(), janitorsAre) &&
               std::equal(a.jobs.begin(), a.jobs.end(), b.jobs.begin(), b.jobs.end(), jobsAre) &&
               std::equal(a.threads.begin(), a.threads.end(), b.threads.begin(), b.threads.end(),
                          threadsAre);
    }
    [[noreturn]] void fail(const std::string &difference)
    {
        std::printf("%s\nThe program:\n", difference.c_str());
        for (const std::string &line : m_trace)
            std::printf("    %s\n", line.c_str());
        std::fflush(stdout);
        throw Failure();
    }

    /// Whether the real program looks as \a world says. Jobs that have begun meanwhile get their
    /// frames in \a world: when and where is not for the rules to say.
    bool fits(World &world, std::string &difference)
    {
        std::map<Id, QJanitor::Client> clients;
        {
            const std::lock_guard lock(m_stage.seen.mutex);
            const Seen &seen = m_stage.seen;
            if (!seen.complaints.empty()) {
                difference = seen.complaints.front();
                return false;
            }
            if (!jobsFit(world, seen, difference) || !threadsFit(world, seen, difference) ||
                !reportsFit(world, seen, difference))
                return false;
            for (const auto &[id, janitor] : seen.janitors)
                clients[id] = janitor.client;
        }
        return livesFit(world, clients, difference) && cancellationsFit(world, difference);
    }
    bool jobsFit(World &world, const Seen &seen, std::string &difference) const
    {
        for (Id id = 0; id < Id(world.jobs.size()); ++id) {
            Rules::Job &job = world.jobs[std::size_t(id)];
            const auto found = seen.jobs.find(id);
            const Seen::Job real = found == seen.jobs.end() ? Seen::Job() : found->second;
            const bool isKnown = job.isRefused || job.acceptor != nobody;
            if (real.wasAccepted && (!isKnown || *real.wasAccepted == job.isRefused)) {
                difference = job.name + (job.isRefused ? " was accepted" : " was refused");
                return false;
            }
            if (real.begun > 0 && !job.hasBegun) {
                if (!job.isPending || !job.isCallable) {
                    difference = job.name + " has begun";
                    return false;
                }
                job.hasBegun = true;
                auto &stack = world.threads[real.thread].stack;
                keepClosedDrains(world, stack, seen.stacks.at(real.thread));
                stack.push_back({Activity::JobRuns, id});
            }
            const bool hasFunction = m_tasks[std::size_t(id)]->form != Form::Future;
            const bool hasEnded = job.hasBegun && hasFunction && !job.isCallable;
            if (real.begun != int(job.hasBegun) || real.functionsEnded != int(hasEnded) ||
                real.destroyed != int(hasEnded)) {
                std::ostringstream text;
                text << job.name << " has begun " << real.begun << " times, has ended "
                     << real.functionsEnded << " times, was destroyed " << real.destroyed
                     << " times";
                difference = text.str();
                return false;
            }
            if (job.isPending && job.isCallable && !job.hasBegun && hasThreadFor(job)) {
                difference = job.name + " does not begin";
                return false;
            }
        }
        return true;
    }
    /// A thread that waits may have begun a job just before its wait was over.
    static void keepClosedDrains(const World &world, std::vector<Activity> &stack,
                                 const std::vector<Activity> &real)
    {
        while (real.size() > stack.size() + 1 &&
               std::equal(stack.begin(), stack.end(), real.begin()) &&
               real[stack.size()].what == Activity::Drain &&
               world.at(real[stack.size()].id).phase == Rules::Phase::Closed)
            stack.push_back(real[stack.size()]);
    }
    /// In the library's own pool there is a thread for each. In a small one that was passed in it
    /// may have to wait.
    bool hasThreadFor(const Rules::Job &job) const
    {
        return job.acceptor == Rules::root || !m_stage.runsInPool(job.acceptor);
    }
    static std::string textOf(const std::vector<Activity> &stack)
    {
        static constexpr std::array whats{"base", "loop", "callee of J", "drain of J", "j"};
        std::string text;
        for (const Activity &activity : stack) {
            text += std::string(text.empty() ? "" : ", ") + whats[std::size_t(activity.what)];
            if (activity.id != nobody && activity.what != Activity::Loop)
                text += std::to_string(activity.id);
        }
        return text.empty() ? "nothing" : text;
    }
    static bool threadsFit(World &world, const Seen &seen, std::string &difference)
    {
        for (const auto &[id, stack] : seen.stacks)
            world.threads.try_emplace(id);
        for (const auto &[id, thread] : world.threads) {
            const auto found = seen.stacks.find(id);
            const std::vector<Activity> none;
            const std::vector<Activity> &real = found == seen.stacks.end() ? none : found->second;
            if (real != thread.stack) {
                difference = "On thread " + std::to_string(id) + ": " + textOf(real) +
                             ". Expected: " + textOf(thread.stack);
                return false;
            }
        }
        return true;
    }
    static bool reportsFit(const World &world, const Seen &seen, std::string &difference)
    {
        for (Id id = 1; id < Id(world.janitors.size()); ++id) {
            const Rules::Janitor &janitor = world.at(id);
            const auto found = seen.janitors.find(id);
            if (found == seen.janitors.end() || !found->second.isOpened) {
                difference = janitor.name + " is not open";
                return false;
            }
            const bool isClosed = janitor.phase == Rules::Phase::Closed;
            if (found->second.future.isFinished() != isClosed) {
                difference = janitor.name + (isClosed ? " does not close" : " has closed");
                return false;
            }
            if (isClosed && !reportFits(janitor, found->second.future.result(), difference))
                return false;
            if (found->second.returned &&
                (!isClosed || !reportFits(janitor, *found->second.returned, difference))) {
                difference = "What was returned: " + difference;
                return false;
            }
        }
        return true;
    }
    template<class Names>
    static std::string joined(const Names &names, const char *separator = " ")
    {
        std::string text;
        for (const std::string &name : names)
            text += separator + (name.empty() ? "(nameless)" : name);
        return text;
    }
    static bool reportFits(const Rules::Janitor &janitor, const QJanitor::Report &report,
                           std::string &difference)
    {
        std::vector<std::string> errors;
        for (const QJanitor::Error &error : report.errors())
            errors.push_back(error.jobName().toStdString());
        std::vector<std::string> unfinished;
        for (const QJanitor::JobInfo &job : report.unfinished())
            unfinished.push_back(job.name.toStdString());
        for (const std::string &name : janitor.perhapsUnnamed) {
            if (std::find(unfinished.begin(), unfinished.end(), name) == unfinished.end())
                unfinished.push_back(name);
        }
        std::sort(unfinished.begin(), unfinished.end());
        const std::string cause = janitor.cause    ? *janitor.cause
                                  : errors.empty() ? std::string()
                                                   : errors.front();
        const bool isOk = janitor.errors.empty() && janitor.unfinished.empty();
        if (errors == janitor.errors && unfinished == janitor.unfinished &&
            report.completedCount() == janitor.completed &&
            report.canceledCount() == janitor.canceled &&
            report.errorCount() == qsizetype(janitor.errors.size()) && report.ok() == isOk &&
            report.error().jobName().toStdString() == cause)
            return true;
        std::ostringstream text;
        text << janitor.name << " reports errors" << joined(errors) << ", unfinished"
             << joined(unfinished) << ", " << report.completedCount() << " completed, "
             << report.canceledCount() << " cancelled, cause \""
             << report.error().jobName().toStdString() << "\". Expected: errors"
             << joined(janitor.errors) << ", unfinished" << joined(janitor.unfinished) << ", "
             << janitor.completed << " completed, " << janitor.canceled << " cancelled, cause \""
             << cause << "\"";
        difference = text.str();
        return false;
    }
    static bool livesFit(const World &world, const std::map<Id, QJanitor::Client> &clients,
                         std::string &difference)
    {
        for (const auto &[id, client] : clients) {
            const Rules::Janitor &janitor = world.at(id);
            if (client.isActive() != world.accepts(id, Rules::Kind::Daemon)) {
                difference = janitor.name + (client.isActive() ? " is active" : " is not active");
                return false;
            }
            if (janitor.phase == Rules::Phase::Closed)
                continue;
            const QJanitor::Status status(client);
            const int pending = int(world.pending(id).size());
            const bool isDraining = janitor.phase == Rules::Phase::Draining;
            if (status.isDraining() != isDraining ||
                status.failedJobs() != int(janitor.errors.size()) ||
                status.pendingJobs() != pending) {
                std::ostringstream text;
                text << janitor.name << " says draining " << status.isDraining() << ", failed "
                     << status.failedJobs() << ", pending " << status.pendingJobs()
                     << ". Expected: draining " << isDraining << ", failed "
                     << int(janitor.errors.size()) << ", pending " << pending;
                difference = text.str();
                return false;
            }
            std::multiset<std::string> names;
            for (const QJanitor::JobInfo &job : client.jobs())
                names.insert(job.name.toStdString());
            std::multiset<std::string> expected;
            for (const Id job : world.pending(id))
                expected.insert(world.jobs[std::size_t(job)].name);
            if (names != expected) {
                difference = janitor.name + " has the jobs" + joined(names) +
                             ". Expected:" + joined(expected);
                return false;
            }
        }
        return true;
    }
    /// A future that lives is cancelled as soon as its job is asked to stop.
    bool cancellationsFit(const World &world, std::string &difference)
    {
        for (Id id = 0; id < Id(world.jobs.size()); ++id) {
            const Rules::Job &job = world.jobs[std::size_t(id)];
            if (!job.isPending)
                continue;
            const std::optional<bool> isCanceled = m_stage.isCanceled(id);
            const bool expected = world.isStopRequested({job.acceptor, job.role()});
            if (isCanceled && *isCanceled != expected) {
                difference = "The future of " + job.name +
                             (expected ? " is not cancelled" : " is cancelled");
                return false;
            }
        }
        return true;
    }

    std::string nameOf(const QJanitor::Client &client)
    {
        for (Id id = 1; id < Id(world().janitors.size()); ++id) {
            if (clientOf(id) == client)
                return world().at(id).name;
        }
        return client.isNull() ? "none" : "one that is not ours";
    }
    /// Has somebody say what it sees, and compares that.
    void look()
    {
        const std::vector<Id> threads = commandable();
        if (threads.empty() || m_worlds.size() > 1)
            return;
        const Id thread = m_random.of(threads);
        struct View
        {
            bool stop = false;
            bool drain = false;
            bool active = false;
            QJanitor::Client current;
        };
        const auto deadline = std::chrono::steady_clock::now() + patience;
        for (;;) {
            const auto view = std::make_shared<std::promise<View>>();
            std::future<View> answer = view->get_future();
            tell(thread, [view] {
                view->set_value({QJanitor::isStopRequested(), QJanitor::isDraining(),
                                 QJanitor::hasActiveJanitor(), QJanitor::Client::current()});
                return false;
            });
            if (answer.wait_for(patience) != std::future_status::ready)
                fail("thread " + std::to_string(thread) + " does not answer");
            const View seen = answer.get();
            const Rules::Frame frame = world().frameOn(thread);
            const Id ambient = world().seenFrom(frame);
            const bool isAmbient = ambient == nobody        ? seen.current.isNull()
                                   : ambient == Rules::root ? !seen.current.isNull()
                                                            : seen.current == clientOf(ambient);
            const bool active = world().accepts(ambient, Rules::Kind::Daemon);
            if (seen.stop == world().isStopRequested(frame) &&
                seen.drain == world().isDraining(frame) && seen.active == active && isAmbient)
                return;
            if (std::chrono::steady_clock::now() > deadline) {
                std::ostringstream text;
                text << "Seen on thread " << thread << ": stop " << seen.stop << ", draining "
                     << seen.drain << ", active " << seen.active << ", ambient "
                     << nameOf(seen.current) << ". Expected: stop "
                     << world().isStopRequested(frame) << ", draining " << world().isDraining(frame)
                     << ", active " << active << ", ambient "
                     << (ambient == nobody ? "none" : world().at(ambient).name);
                fail(text.str());
            }
        }
    }

    Stage &m_stage;
    Random m_random;
    std::vector<World> m_worlds; ///< More than one while it cannot be told in which we are.
    std::deque<Extra> m_extras;
    std::vector<TaskPointer> m_tasks;
    std::set<Id> m_goneSupervisors;
    std::vector<std::string> m_trace;
    Id m_jobs = 0;
    bool m_quits = false;
    int m_moves = 0;
};

} // namespace

int main(int argc, char *argv[])
{
    QThreadPool::globalInstance()->setMaxThreadCount(64); // the library's own is sized like it
    QCoreApplication application(argc, argv);
    silenceTheLibrary();
    const quint32 first = firstSeed("attack_model");
    const auto seconds = std::chrono::seconds(argument(QStringLiteral("--seconds"), 10));
    const quint64 programs = argument(QStringLiteral("--programs"), ~0ULL);
    isTraced = QCoreApplication::arguments().contains(QStringLiteral("--trace"));
    const auto end = std::chrono::steady_clock::now() + seconds;
    quint64 moves = 0;
    quint32 seed = first;
    for (; std::chrono::steady_clock::now() < end && seed - first < programs; ++seed) {
        Random random(seed);
        Stage stage(int(seed - first), 1 + random.below(3));
        const Id thread = stage.threadHere();
        bool isWell = false;
        std::thread director([&] {
            Director play(stage, seed);
            isWell = play.run();
            moves += quint64(play.moves());
            if (!isWell) {
                std::printf("failed: attack_model --seed %u --programs 1 --trace\n", seed);
                std::fflush(stdout);
                std::_Exit(1); // its threads wait for commands that nobody will give
            }
        });
        stage.playBase(thread);
        director.join();
    }
    std::printf("attack_model: %u programs, %llu moves, seeds %u to %u\n", seed - first,
                static_cast<unsigned long long>(moves), first, seed - 1);
    return 0;
}
