// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Quits at random moments, in all ways, while threads, jobs and destructors spawn: every accepted
// job must have run once when exec() returns, and the exit code must be the right one.
//
//     stress_quit [--seed N] [--rounds N] [--children N]
//
// The rounds are exec()s of this program; the children are programs of their own that get a real
// SIGTERM. The seed of one that fails is printed: --seed with that number begins with it.

#include "finisher.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qfile.h>
#include <QtCore/qprocess.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <set>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

void pass(Random::result_type turns)
{
    for (; turns > 0; --turns)
        std::this_thread::yield();
}

/// One exec(), and what has been accepted and run in it.
class Round
{
public:
    explicit Round(quint32 seed)
        : m_name("stress_quit --seed " + QByteArray::number(seed))
        , m_random(seed)
    {}
    bool isWell();

private:
    enum class Way { Quit, Exit, Signal, SignalFromThread, SignalAndQuit };

    template<class Spawn>
    void offer(Random &random, int depth, Spawn spawn);
    void spawnOne(Random &random, int depth);
    void quit(Way way);

    const QByteArray m_name; ///< A hang warning says it.
    Random m_random;
    std::atomic<qsizetype> m_accepted{0};
    std::atomic<qsizetype> m_run{0};
    std::vector<std::thread> m_threads;
};

/// Offers a job that spawns more, to \a depth.
template<class Spawn>
void Round::offer(Random &random, int depth, Spawn spawn)
{
    const bool accepted = spawn([this, own = Random(random()), depth]() mutable {
        m_run.fetch_add(1);
        pass(own() % 8);
        for (auto more = depth > 0 ? own() % 3 : 0; more > 0; --more)
            spawnOne(own, depth - 1);
    });
    m_accepted.fetch_add(accepted);
}

void Round::spawnOne(Random &random, int depth)
{
    switch (random() % 3) {
    case 0:
        return offer(random, depth, [](auto job) {
            return trySpawnDaemon(std::move(job)) == SpawnError::NoError;
        });
    case 1:
        return offer(random, depth, [](auto job) {
            return trySpawnCleanupJob(std::move(job)) == SpawnError::NoError;
        });
    default:
        return offer(random, depth, [](auto job) {
            struct Object
            {
                decltype(job) cleanUp;
                bool &accepted;
                ~Object()
                {
                    accepted = trySpawnCleanupJob(std::move(cleanUp)) == SpawnError::NoError;
                }
            };
            bool accepted = false;
            delete new Object{std::move(job), accepted};
            return accepted;
        });
    }
}

void Round::quit(Way way)
{
    switch (way) {
    case Way::Quit:
        return QCoreApplication::quit();
    case Way::Exit:
        return QCoreApplication::exit(7);
    case Way::SignalAndQuit:
        QCoreApplication::quit();
        [[fallthrough]];
    case Way::Signal:
        std::raise(SIGTERM);
        return;
    case Way::SignalFromThread:
        m_threads.emplace_back([moment = m_random() % 100] {
            pass(moment);
            ::kill(::getpid(), SIGINT);
        });
        return;
    }
}

bool Round::isWell()
{
    const auto way = Way(m_random() % 5);
    for (auto count = m_random() % 3; count > 0; --count) {
        m_threads.emplace_back([this, own = Random(m_random())]() mutable {
            for (auto jobs = own() % 40; jobs > 0; --jobs) {
                spawnOne(own, 2);
                pass(own() % 20);
            }
        });
    }
    QTimer timer;
    auto ticks = m_random() % 20;
    QObject::connect(&timer, &QTimer::timeout, &timer, [&] {
        spawnOne(m_random, 3);
        if (ticks-- == 0) {
            timer.stop();
            quit(way);
        }
    });
    timer.start(0);
    const auto [report, code] = tryExec({.name = m_name.constData(), .quitOnFailure = false});
    const qsizetype run = m_run;
    for (std::thread &thread : m_threads)
        thread.join(); // what they offer now is refused
    const bool right = report.ok() && code.value() == (way == Way::Exit ? 7 : 0);
    if (right && run == m_accepted && m_run == run && report.completedCount() == run)
        return true;
    std::printf(
        "%lld accepted, %lld run when exec() returned and %lld in the end, exit code %d\n%s\n",
        qlonglong(m_accepted), qlonglong(run), qlonglong(m_run), code.value(),
        qPrintable(report.toString()));
    return false;
}

// ---- a program of its own

void append(const QByteArray &path, int number)
{
    const int descriptor =
        ::open(path.constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    const QByteArray line = QByteArray::number(number) + '\n';
    if (::write(descriptor, line.constData(), std::size_t(line.size())) != line.size())
        throw std::runtime_error("cannot write");
    ::close(descriptor);
}

/// Prints each number whose line in \a path it owes from then on, until a signal comes.
int beChild(const QByteArray &path, quint32 seed)
{
    catchQuitSignals();
    std::puts("ready");
    std::fflush(stdout);
    Random random(seed);
    int argc = 1;
    char name[] = "child";
    char *argv[] = {name, nullptr};
    const QCoreApplication application(argc, argv);
    QTimer timer;
    int number = 0;
    QObject::connect(&timer, &QTimer::timeout, &timer, [&] {
        const auto write = [path, number] { append(path, number); };
        if (random() % 2)
            spawnDaemon(write);
        else
            spawnCleanupJob(write);
        std::printf("%d\n", number++);
        std::fflush(stdout);
    });
    QObject::connect(&application, &QCoreApplication::aboutToQuit, &timer, &QTimer::stop);
    timer.start(0);
    return QJanitor::exec();
}

/// Signals a child at a random moment, and compares what it owes with what is there.
bool childIsWell(const QString &program, quint32 seed)
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(u"lines"_s);
    Random random(seed);
    QProcess child;
    child.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    child.start(program, {u"--child"_s, path, QString::number(seed)});
    QByteArray owed;
    for (auto lines = 1 + random() % 200; lines > 0; --lines) { // the first is "ready"
        while (!child.canReadLine() && child.waitForReadyRead()) {
        }
        owed += child.readLine();
        if (random() % 50 == 0)
            break;
    }
    pass(random() % 100);
    ::kill(pid_t(child.processId()), SIGTERM);
    child.waitForFinished();
    owed += child.readAll();
    QFile file(path);
    QByteArrayList there;
    if (file.open(QFile::ReadOnly))
        there = file.readAll().split('\n');
    const std::set<QByteArray> found(there.begin(), there.end());
    const QByteArrayList numbers = owed.split('\n').sliced(1); // without "ready"
    const auto lost = std::count_if(numbers.begin(), numbers.end(), [&found](const QByteArray &n) {
        return !n.isEmpty() && !found.contains(n);
    });
    if (lost == 0 && child.exitStatus() == QProcess::NormalExit && child.exitCode() == 0)
        return true;
    std::printf("a child ended with %d, %lld of %lld lines are lost\n", child.exitCode(),
                qlonglong(lost), qlonglong(numbers.size()));
    return false;
}

quint32 argument(const QStringList &arguments, const QString &name, quint32 otherwise)
{
    const qsizetype index = arguments.indexOf(name);
    return index < 0 ? otherwise : arguments.value(index + 1).toUInt();
}

} // namespace

int main(int argc, char *argv[])
{
    if (argc == 4 && qstrcmp(argv[1], "--child") == 0)
        return beChild(argv[2], QByteArray(argv[3]).toUInt());
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    const auto clock = std::chrono::system_clock::now().time_since_epoch();
    const quint32 first = argument(arguments, u"--seed"_s, quint32(clock.count() % 1'000'000'000));
    const quint32 rounds = argument(arguments, u"--rounds"_s, 1000);
    const quint32 children = argument(arguments, u"--children"_s, 20);
    std::printf("stress_quit --seed %u\n", first);
    std::fflush(stdout);
    for (quint32 i = 0; i < std::max(rounds, children); ++i) {
        const quint32 seed = first + i;
        if ((i < rounds && !Round(seed).isWell()) ||
            (i < children && !childIsWell(QCoreApplication::applicationFilePath(), seed))) {
            std::printf("failed: stress_quit --seed %u\n", seed);
            return 1;
        }
    }
    std::printf("%u rounds and %u children lost nothing\n", rounds, children);
    return 0;
}
