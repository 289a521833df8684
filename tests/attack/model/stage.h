// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "rules.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qeventloop.h>
#include <QtCore/qpromise.h>
#include <QtCore/qthread.h>
#include <QtCore/qthreadpool.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

// The real thing: threads, jobs and janitors that do what they are told, one command after the
// other, and tell what became of it.

/// Where a frame of a thread gets its commands.
class Desk
{
public:
    /// Returns \c true once it has been the last command.
    using Command = std::function<bool()>;

    void give(Command command)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_commands.push_back(std::move(command));
        }
        m_changed.notify_one();
    }
    void serve()
    {
        for (bool through = false; !through;) {
            std::unique_lock lock(m_mutex);
            m_changed.wait(lock, [this] { return !m_commands.empty(); });
            const Command command = std::move(m_commands.front());
            m_commands.pop_front();
            lock.unlock();
            through = command();
        }
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Command> m_commands;
};
using DeskPointer = std::shared_ptr<Desk>;

/// What is seen of the real program. All members under the mutex.
struct Seen
{
    struct Job
    {
        std::optional<bool> wasAccepted;
        int begun = 0;
        int functionsEnded = 0;
        int destroyed = 0;
        Rules::Id thread = Rules::nobody;
    };
    struct Janitor
    {
        bool isOpened = false;
        QJanitor::Client client;
        QFuture<QJanitor::Report> future;
        std::optional<QJanitor::Report> returned;
    };

    std::mutex mutex;
    std::condition_variable changed;
    std::map<Rules::Id, Job> jobs;
    std::map<Rules::Id, Janitor> janitors;
    std::map<Rules::Id, std::vector<Rules::Activity>> stacks;
    std::map<Rules::Id, DeskPointer> desks; ///< Of the innermost frame of each thread that has one.
    Rules::Id threads = 0;
    std::vector<std::string> complaints;

    template<class F>
    auto with(F function)
    {
        struct Notifier
        {
            std::condition_variable &changed;
            ~Notifier() { changed.notify_all(); }
        } notifier{changed};
        const std::lock_guard lock(mutex);
        return function();
    }
    void complain(std::string text)
    {
        with([&] { complaints.push_back(std::move(text)); });
    }
    /// This thread's number, given when it is first seen. Threads of pools live longer than a
    /// program: \a program tells whose number it is.
    Rules::Id threadHere(int program)
    {
        static thread_local std::pair<int, Rules::Id> here{-1, Rules::nobody};
        if (here.first != program)
            here = {program, with([this] { return threads++; })};
        return here.second;
    }
};

/// One activity on this thread, for as long as it lives, with a desk of its own if it takes
/// commands.
class Performance
{
public:
    Performance(Seen &seen, Rules::Id thread, Rules::Activity activity, DeskPointer desk)
        : m_seen(seen)
        , m_thread(thread)
    {
        m_seen.with([&] {
            m_seen.stacks[thread].push_back(activity);
            m_outerDesk = std::exchange(m_seen.desks[thread], std::move(desk));
            if (activity.what == Rules::Activity::JobRuns) {
                ++m_seen.jobs[activity.id].begun;
                m_seen.jobs[activity.id].thread = thread;
            }
        });
    }
    ~Performance()
    {
        m_seen.with([&] {
            m_seen.stacks[m_thread].pop_back();
            m_seen.desks[m_thread] = m_outerDesk;
        });
    }
    Q_DISABLE_COPY_MOVE(Performance)

    /// The callee or the loop has ended, and its thread waits.
    void becomesDrain()
    {
        m_seen.with([&] {
            m_seen.stacks[m_thread].back().what = Rules::Activity::Drain;
            m_seen.desks[m_thread] = nullptr;
        });
    }

private:
    Seen &m_seen;
    const Rules::Id m_thread;
    DeskPointer m_outerDesk;
};

/// How the function of a job is told to end.
enum class Way { Returns, ReturnsError, Throws, Drops };
/// How a promise that somebody else holds is told to end.
enum class PromiseWay { Finishes, FinishesWithError, Throws, Cancels, IsDropped };
/// What a job is.
enum class Form { Function, ErrorFunction, PromiseFunction, FutureFunction, Future };
constexpr int forms = 5;
/// Of which type the value of a future is.
enum class ValueType { Void, Int, String, ErrorValue, Big };
constexpr int valueTypes = 5;

/// The other end of a future that is a job, whatever its type.
class AnyPromise
{
public:
    virtual ~AnyPromise() = default;
    virtual void end(PromiseWay way) = 0;
};

template<class T>
class TypedPromise : public AnyPromise
{
public:
    QFuture<T> start()
    {
        m_promise.emplace();
        m_promise->start();
        return m_promise->future();
    }
    void end(PromiseWay way) override
    {
        switch (way) {
        case PromiseWay::IsDropped:
            m_promise.reset();
            return;
        case PromiseWay::Throws:
            m_promise->setException(std::make_exception_ptr(42));
            break;
        case PromiseWay::Cancels:
            m_promise->future().cancel();
            break;
        case PromiseWay::Finishes:
        case PromiseWay::FinishesWithError:
            addResults(way);
            break;
        }
        m_promise->finish();
    }

private:
    void addResults(PromiseWay way)
    {
        if constexpr (std::is_same_v<T, QJanitor::Error>) {
            m_promise->addResult(way == PromiseWay::Finishes ? T() : T(QStringLiteral("by value")));
        } else if constexpr (std::is_same_v<T, QList<QByteArray>>) {
            for (int i = 0; i < 50; ++i)
                m_promise->addResult(T(50, QByteArray(50, 'x')));
        } else if constexpr (!std::is_void_v<T>) {
            m_promise->addResult(T());
        }
    }

    std::optional<QPromise<T>> m_promise;
};

/// What a spawn is to do, all that the real program needs to know.
struct Task
{
    Rules::Id id = Rules::nobody;
    QString name;
    Form form = Form::Function;
    ValueType type = ValueType::Void;
    QJanitor::JobKind kind = QJanitor::JobKind::Daemon;
    bool tries = true; ///< A verb that returns the refusal; else one that throws, or rescues.
    bool keepsFuture = false; ///< The spawner keeps its own copy of the future.
    std::shared_ptr<Task> spawnsAtItsEnd;
};
using TaskPointer = std::shared_ptr<Task>;

/// One real program, which is told what to do from another thread.
class Stage
{
    template<class F>
    auto with(F function)
    {
        const std::lock_guard lock(m_mutex);
        return function();
    }

public:
    explicit Stage(int number, int poolSize)
        : m_number(number)
    {
        m_pool.setMaxThreadCount(poolSize);
    }
    ~Stage() { m_pool.waitForDone(); }
    Q_DISABLE_COPY_MOVE(Stage)

    Seen seen;

    QThreadPool *pool() { return &m_pool; }
    Rules::Id threadHere() { return seen.threadHere(m_number); }
    /// Whether the jobs of \a janitor run in the small pool.
    bool runsInPool(Rules::Id janitor)
    {
        return with([&] { return m_pooled.count(janitor) > 0; });
    }
    void setRunsInPool(Rules::Id janitor)
    {
        with([&] { m_pooled.insert(janitor); });
    }

    /// The bottom of a thread: takes commands until it is told to end.
    void playBase(Rules::Id thread)
    {
        const auto desk = std::make_shared<Desk>();
        const Performance performance(seen, thread, {Rules::Activity::Base}, desk);
        desk->serve();
    }
    /// The same, but its commands come as events.
    void playBaseWithLoop(Rules::Id thread, QEventLoop &loop)
    {
        const Performance performance(seen, thread, {Rules::Activity::Base}, nullptr);
        loop.exec();
    }

    // ---- janitors, on the thread that opens them ----

    struct Opening
    {
        Rules::Id id = Rules::nobody;
        QByteArray name;
        QJanitor::Options options;
        bool ensures = false;
    };
    void enter(const Opening &opening)
    {
        const Rules::Id thread = seen.threadHere(m_number);
        std::optional<Performance> performance;
        const auto callee = [&] {
            const auto desk = std::make_shared<Desk>();
            performance.emplace(seen, thread, Rules::Activity{Rules::Activity::Callee, opening.id},
                                desk);
            opened(opening.id, QJanitor::Client::current());
            struct Ending
            {
                Performance &performance;
                ~Ending() { performance.becomesDrain(); }
            } ending{*performance};
            Guards guards; // destroyed first, and while an exception passes
            with([&] { m_guards[opening.id] = &guards; });
            desk->serve();
        };
        QJanitor::Report report;
        if (opening.ensures) {
            const auto result = QJanitor::tryEnsure(opening.options, callee);
            if (!result.janitorResult)
                seen.complain("ensure() has opened no janitor where none is active");
            else
                report = *result.janitorResult;
        } else {
            report = QJanitor::tryEnter(opening.options, callee).janitorResult;
        }
        seen.with([&] { seen.janitors[opening.id].returned = report; });
    }
    void exec(const Opening &opening)
    {
        const Rules::Id thread = seen.threadHere(m_number);
        Performance performance(seen, thread, {Rules::Activity::Loop, opening.id}, nullptr);
        bool hasOpened = false;
        const auto onceInside = [&] {
            hasOpened = true;
            opened(opening.id, QJanitor::Client::current());
        };
        QMetaObject::invokeMethod(qApp, onceInside, Qt::QueuedConnection);
        const auto connection = QObject::connect(qApp, &QCoreApplication::aboutToQuit, qApp,
                                                 [&] { performance.becomesDrain(); });
        const QJanitor::Report report = QJanitor::tryExec(opening.options).janitorResult;
        QObject::disconnect(connection);
        seen.with([&] { seen.janitors[opening.id].returned = report; });
    }
    void makeSupervisor(const Opening &opening)
    {
        auto supervisor = std::make_unique<QJanitor::Supervisor>(opening.options);
        supervisor->moveToThread(qApp->thread());
        opened(opening.id, supervisor->client());
        with([&] { m_supervisors[opening.id] = std::move(supervisor); });
    }
    void terminate(Rules::Id id)
    {
        (void)with([&] { return m_supervisors.at(id).get(); })->terminate();
    }
    void destroySupervisor(Rules::Id id)
    {
        with([&] { return std::move(m_supervisors.at(id)); }).reset();
    }

    /// Registers clean-up in the callee of \a janitor, on whose thread this is.
    void guard(Rules::Id janitor, const Task &task, bool onlyOnFailure)
    {
        std::shared_ptr<void> guard;
        const auto job = functionOf(task);
        if (onlyOnFailure) {
            guard = std::shared_ptr<void>(
                new auto(QJanitor::cleanupOnFailure(task.name, job)),
                [](void *p) { delete static_cast<QJanitor::CleanupGuard<Callable> *>(p); });
        } else {
            guard = std::shared_ptr<void>(
                new auto(QJanitor::cleanupOnExit(task.name, job)),
                [](void *p) { delete static_cast<QJanitor::CleanupGuard<Callable> *>(p); });
        }
        Guards *guards = with([&] { return m_guards.at(janitor); });
        guards->list.push_back(std::move(guard));
    }

    // ---- jobs ----

    /// Hands \a task to \a spawner, the ambient janitor or a client. On any thread.
    template<class Spawner>
    void spawn(const Task &task, const Spawner &spawner)
    {
        switch (task.form) {
        case Form::Function:
            return give(task, spawner, functionOf(task));
        case Form::ErrorFunction:
            return give(task, spawner, [play = playerOf(task)]() {
                return play() == Way::ReturnsError ? QJanitor::Error(QStringLiteral("returned"))
                                                   : QJanitor::Error();
            });
        case Form::PromiseFunction:
            return give(task, spawner,
                        [this, id = task.id, play = playerOf(task)](QPromise<void> &promise) {
                            with([&] { m_futures[id] = promise.future(); });
                            if (play() == Way::Drops)
                                const QPromise<void> dropped(std::move(promise));
                        });
        case Form::FutureFunction:
            return withPromise(task, [&](auto *promise) {
                give(task, spawner, [this, id = task.id, play = playerOf(task), promise]() {
                    (void)play();
                    auto future = promise->start();
                    with([&] { m_futures[id] = QFuture<void>(future); });
                    return future;
                });
            });
        case Form::Future:
            return withPromise(task, [&](auto *promise) {
                auto future = promise->start();
                with([&] { m_futures[task.id] = QFuture<void>(future); });
                if (task.keepsFuture)
                    keep(future);
                give(task, spawner, std::move(future));
            });
        }
    }
    /// Whether the future of \a job, which lives, has been cancelled; nothing while there is none.
    std::optional<bool> isCanceled(Rules::Id job)
    {
        return with([&]() -> std::optional<bool> {
            const auto found = m_futures.find(job);
            return found == m_futures.end() ? std::nullopt
                                            : std::optional(found->second.isCanceled());
        });
    }
    void endPromise(Rules::Id job, PromiseWay way)
    {
        with([&] { return m_promises.at(job).get(); })->end(way);
    }
    /// Has the function of a job end, from the desk of its frame.
    static Desk::Command ending(const std::shared_ptr<Way> &way, Way wanted)
    {
        return [way, wanted] {
            *way = wanted;
            return true;
        };
    }
    std::shared_ptr<Way> wayOf(Rules::Id job)
    {
        return with([&] {
            auto &way = m_ways[job];
            if (!way)
                way = std::make_shared<Way>(Way::Returns);
            return way;
        });
    }

private:
    using Callable = std::function<void()>;

    /// Goes with the captures of a callable: once it has run, its end may spawn clean-up.
    class Captured
    {
    public:
        Captured(Stage &stage, const Task &task)
            : m_stage(stage)
            , m_id(task.id)
            , m_spawned(task.spawnsAtItsEnd)
        {}
        ~Captured()
        {
            if (!hasRun)
                return;
            if (m_spawned)
                m_stage.spawn(*m_spawned, Ambient());
            m_stage.seen.with([this] { ++m_stage.seen.jobs[m_id].destroyed; });
        }
        Q_DISABLE_COPY_MOVE(Captured)

        bool hasRun = false;

    private:
        Stage &m_stage;
        const Rules::Id m_id;
        const TaskPointer m_spawned;
    };
    /// What the function of a job does before it returns: it takes commands.
    std::function<Way()> playerOf(const Task &task)
    {
        return [this, id = task.id, captured = std::make_shared<Captured>(*this, task)] {
            const Rules::Id thread = seen.threadHere(m_number);
            const auto desk = std::make_shared<Desk>();
            const std::shared_ptr<Way> way = wayOf(id);
            {
                const Performance performance(seen, thread, {Rules::Activity::JobRuns, id}, desk);
                captured->hasRun = true;
                desk->serve();
            }
            seen.with([&] { ++seen.jobs[id].functionsEnded; });
            if (*way == Way::Throws)
                throw 42;
            return *way;
        };
    }
    Callable functionOf(const Task &task)
    {
        return [play = playerOf(task)] { (void)play(); };
    }

public:
    /// The verbs for the ambient janitor, in the form of a client's.
    struct Ambient
    {
        template<class Job>
        QJanitor::SpawnError trySpawnDaemon(QString name, Job &&job) const
        {
            return QJanitor::trySpawnDaemon(std::move(name), std::forward<Job>(job));
        }
        template<class Job>
        QJanitor::SpawnError trySpawnCleanupJob(QString name, Job &&job) const
        {
            return QJanitor::trySpawnCleanupJob(std::move(name), std::forward<Job>(job));
        }
        template<class Job>
        void spawnDaemon(QString name, Job &&job) const
        {
            QJanitor::spawnDaemon(std::move(name), std::forward<Job>(job));
        }
        template<class Job>
        void spawnCleanupJob(QString name, Job &&job) const
        {
            QJanitor::spawnCleanupJob(std::move(name), std::forward<Job>(job));
        }
    };

private:
    template<class Spawner, class Job>
    void give(const Task &task, const Spawner &spawner, Job job)
    {
        bool isAccepted = true;
        if (task.kind == QJanitor::JobKind::Daemon && task.tries) {
            isAccepted =
                spawner.trySpawnDaemon(task.name, std::move(job)) == QJanitor::SpawnError::NoError;
        } else if (task.kind == QJanitor::JobKind::Daemon) {
            try {
                spawner.spawnDaemon(task.name, std::move(job));
            } catch (const QJanitor::SpawnException &) {
                isAccepted = false;
            }
        } else if (task.tries) {
            isAccepted = spawner.trySpawnCleanupJob(task.name, std::move(job)) ==
                         QJanitor::SpawnError::NoError;
        } else {
            spawner.spawnCleanupJob(task.name, std::move(job));
        }
        seen.with([&] { seen.jobs[task.id].wasAccepted = isAccepted; });
    }
    template<class F>
    void withPromise(const Task &task, F function)
    {
        const auto withType = [&]<class T>(std::type_identity<T>) {
            auto owned = std::make_unique<TypedPromise<T>>();
            TypedPromise<T> *promise = owned.get();
            with([&] { m_promises[task.id] = std::move(owned); });
            function(promise);
        };
        switch (task.type) {
        case ValueType::Void:
            return withType(std::type_identity<void>());
        case ValueType::Int:
            return withType(std::type_identity<int>());
        case ValueType::String:
            return withType(std::type_identity<QString>());
        case ValueType::ErrorValue:
            return withType(std::type_identity<QJanitor::Error>());
        case ValueType::Big:
            return withType(std::type_identity<QList<QByteArray>>());
        }
    }
    template<class T>
    void keep(const QFuture<T> &future)
    {
        with([&] { m_kept.push_back(std::make_shared<QFuture<T>>(future)); });
    }
    void opened(Rules::Id id, const QJanitor::Client &client)
    {
        const QFuture<QJanitor::Report> future = client.future();
        seen.with([&] {
            Seen::Janitor &janitor = seen.janitors[id];
            janitor.client = client;
            janitor.future = future;
            janitor.isOpened = true;
        });
    }

    /// The guards of a callee, used on its thread only; the last one goes first.
    struct Guards
    {
        ~Guards()
        {
            while (!list.empty())
                list.pop_back();
        }
        std::vector<std::shared_ptr<void>> list;
    };
    const int m_number;
    QThreadPool m_pool;
    std::mutex m_mutex;
    std::map<Rules::Id, Guards *> m_guards;
    std::set<Rules::Id> m_pooled;
    std::map<Rules::Id, std::unique_ptr<QJanitor::Supervisor>> m_supervisors;
    std::map<Rules::Id, std::unique_ptr<AnyPromise>> m_promises;
    std::map<Rules::Id, std::shared_ptr<Way>> m_ways;
    std::map<Rules::Id, QFuture<void>> m_futures; ///< No typed ones: they hold no result.
    std::vector<std::shared_ptr<void>> m_kept;
};
