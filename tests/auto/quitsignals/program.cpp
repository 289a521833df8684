// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The program that tst_quitsignals sends signals to. It prints "ready" when the next one may come,
// and reads a byte once that has been sent.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qsocketnotifier.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <sys/wait.h>
#include <unistd.h>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

void say(const char *event)
{
    std::puts(event);
    std::fflush(stdout);
}

/// Before exec(): waits for one signal, which does not interrupt the reading.
void getSignalled()
{
    say("ready");
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) < 0) {
    }
}

std::atomic<bool> holdsBack{false}; ///< The prompter has to wait.

/// Says "ready" when signals of before are no twins of the next one any more.
void promptLater(QObject *context)
{
    QTimer::singleShot(700, context, [context] {
        if (holdsBack)
            promptLater(context);
        else
            say("ready");
    });
}

/// Asks for \a count more signals, each when the one before is older than those that come in pairs.
/// On a thread of its own, which is never ended, for that of the application may be blocked.
void startPrompter(int count)
{
    auto *thread = new QThread;
    auto *prompter = new QObject;
    prompter->moveToThread(thread);
    QObject::connect(thread, &QThread::started, prompter, [prompter, count] {
        auto *notifier = new QSocketNotifier(STDIN_FILENO, QSocketNotifier::Read, prompter);
        QObject::connect(notifier, &QSocketNotifier::activated, prompter,
                         [=, left = count]() mutable {
                             char byte = 0;
                             if (::read(STDIN_FILENO, &byte, 1) != 1 || --left < 0)
                                 return notifier->setEnabled(false);
                             promptLater(prompter);
                         });
    });
    thread->start();
}

[[noreturn]] void blockForEver()
{
    static auto &mutex = *new std::mutex;
    static auto &never = *new std::condition_variable;
    std::unique_lock lock(mutex);
    for (;;)
        never.wait(lock);
}

/// Runs exec(), in which \a function is called first.
template<class F>
int execWith(F function, const Options &options = {})
{
    QTimer::singleShot(0, qApp, function);
    return QJanitor::exec(options);
}

int drains()
{
    return execWith([] {
        spawnDaemon([] {
            while (!isDraining())
                QThread::yieldCurrentThread();
            spawnCleanupJob([] { say("drained"); });
        });
        say("ready");
    });
}

int stuck()
{
    return execWith([] {
        spawnDaemon(u"stuck"_s, [] { blockForEver(); });
        say("ready");
    });
}

int blocked()
{
    return execWith([] {
        say("ready");
        blockForEver();
    });
}

/// Once a hang warning has come, lets the prompter go on.
void awaitWarning()
{
    qInstallMessageHandler([](QtMsgType, const QMessageLogContext &, const QString &text) {
        if (text.contains(u"has been draining"_s) && holdsBack.exchange(false))
            say("warned");
    });
}

/// A slot in the drain that never returns.
int blockedDrain()
{
    holdsBack = true;
    return execWith(
        [] {
            spawnDaemon(u"stuck"_s, [] { blockForEver(); });
            QObject::connect(qApp, &QCoreApplication::aboutToQuit, [] {
                QTimer::singleShot(0, qApp, [] {
                    say("blocked");
                    awaitWarning();
                    blockForEver();
                });
            });
            say("ready");
        },
        {.hangWarningAfter = std::chrono::milliseconds(50)});
}

int deaf()
{
    return execWith(
        [] {
            spawnDaemon(u"deaf"_s, [] { blockForEver(); });
            spawnCleanupJob(u"deaf, too"_s, [] { blockForEver(); });
            say("ready");
        },
        {.drainTimeout = std::chrono::milliseconds(100)});
}

/// The deadline passes while the captures of a job are destroyed.
int stuckInDestructor()
{
    struct Sticky
    {
        ~Sticky()
        {
            say("ready");
            blockForEver();
        }
    };
    return execWith([] { spawnDaemon(u"sticky"_s, [sticky = std::make_shared<Sticky>()] {}); },
                    {.drainTimeout = std::chrono::milliseconds(100)});
}

/// The deadline passes while an object is destroyed in the drain, which then cleans up all the
/// same.
int lateCleanup()
{
    static std::atomic<bool> cleanedUp{false};
    struct Object : QObject
    {
        Client janitor = Client::current();
        ~Object() override
        {
            while (!janitor.future().isFinished())
                QThread::yieldCurrentThread();
            spawnCleanupJob(u"late"_s, [] {
                say("cleaned up");
                cleanedUp = true;
            });
        }
    };
    const int code = execWith(
        [] {
            spawnDaemon(u"deaf"_s, [] { blockForEver(); });
            auto *object = new Object;
            QObject::connect(qApp, &QCoreApplication::aboutToQuit, [object] {
                QTimer::singleShot(0, object, [object] { object->deleteLater(); });
            });
            say("ready");
        },
        {.drainTimeout = std::chrono::milliseconds(100)});
    while (!cleanedUp)
        QThread::yieldCurrentThread();
    return code;
}

/// exit(3), and in the drain a signal and exit(9).
int exitCode()
{
    return execWith([] {
        QCoreApplication::exit(3);
        spawnCleanupJob([] {
            getSignalled();
            QMetaObject::invokeMethod(
                qApp, [] { QCoreApplication::exit(9); }, Qt::BlockingQueuedConnection);
            say("drained");
        });
    });
}

/// exit(3), and then nothing ends.
int exitStuck()
{
    return execWith([] {
        QCoreApplication::exit(3);
        spawnDaemon(u"stuck"_s, [] { blockForEver(); });
        say("ready");
    });
}

int pair()
{
    return execWith([] {
        auto *timer = new QTimer(qApp);
        auto through = std::make_shared<std::atomic<bool>>(false);
        spawnCleanupJob([through] {
            while (!*through)
                QThread::yieldCurrentThread();
            say("drained");
        });
        QObject::connect(qApp, &QCoreApplication::aboutToQuit, timer, [timer] { timer->start(1); });
        int ticks = 0;
        QObject::connect(timer, &QTimer::timeout, timer, [=]() mutable {
            if (++ticks == 20) // the agent has long seen what there is to see
                *through = true;
        });
        std::raise(SIGINT);
        std::raise(SIGTERM);
    });
}

int remembered()
{
    catchQuitSignals();
    getSignalled();
    say("goes on");
    return QJanitor::exec();
}

int rememberedTwice()
{
    catchQuitSignals();
    getSignalled();
    getSignalled();
    return 0;
}

int rememberedStuck()
{
    catchQuitSignals();
    getSignalled();
    QObject::connect(qApp, &QCoreApplication::aboutToQuit, [] {
        spawnDaemon(u"stuck"_s, [] { blockForEver(); });
        promptLater(qApp);
    });
    return QJanitor::exec();
}

int notCaught()
{
    getSignalled();
    return 0;
}

int ownHandler()
{
    std::signal(SIGTERM, [](int) { [[maybe_unused]] auto written = ::write(1, "own\n", 4); });
    catchQuitSignals();
    return drains();
}

/// Handlers that come later than the library's, and stay longer.
int laterHandler()
{
    static std::atomic<int> handled{0};
    const auto getHandled = [](int times) {
        getSignalled();
        while (handled < times)
            QThread::yieldCurrentThread();
    };
    catchQuitSignals();
    std::signal(SIGTERM, [](int) { ++handled; });
    const int code = execWith([getHandled] {
        spawnCleanupJob([getHandled] {
            getHandled(1);
            say("drained");
        });
        QCoreApplication::quit();
    });
    getHandled(2);
    say("handled");
    return code;
}

/// A child that is forked dies of its signals, and its parent does not hear of them.
int forked()
{
    return execWith([] {
        const pid_t child = ::fork();
        while (child == 0)
            ::pause();
        ::kill(child, SIGTERM);
        int status = 0;
        ::waitpid(child, &status, 0);
        say(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? "killed" : "lives");
        QTimer::singleShot(100, qApp, [] { QCoreApplication::exit(5); }); // unless it quits before
    });
}

int ignored()
{
    std::signal(SIGHUP, SIG_IGN);
    catchQuitSignals();
    return drains();
}

int notHandled()
{
    return execWith([] { say("ready"); }, {.handleSignals = false});
}

int afterwards()
{
    (void)execWith([] { QCoreApplication::quit(); });
    getSignalled();
    return 0;
}

int afterSignalled()
{
    (void)execWith([] { std::raise(SIGTERM); });
    QThread::msleep(600); // now it is no twin
    getSignalled();
    return 0;
}

/// The twin comes when exec() has just returned.
int lateTwin()
{
    (void)execWith([] { std::raise(SIGTERM); });
    std::raise(SIGTERM);
    std::raise(SIGHUP);
    say("lives");
    return 0;
}

int twoExecs()
{
    const int first = drains();
    say("again");
    return first + drains();
}

struct Mode
{
    const char *name;
    int (*run)();
    int prompts; ///< How many signals it is to be sent in exec(), but for the first.
};

constexpr Mode modes[] = {
    {"drains", drains, 0},
    {"stuck", stuck, 1},
    {"blocked", blocked, 2},
    {"pair", pair, 0},
    {"remembered", remembered, 0},
    {"rememberedTwice", rememberedTwice, 0},
    {"notCaught", notCaught, 0},
    {"ownHandler", ownHandler, 1},
    {"ignored", ignored, 2},
    {"notHandled", notHandled, 0},
    {"afterwards", afterwards, 0},
    {"twoExecs", twoExecs, 0},
    {"blockedDrain", blockedDrain, 2},
    {"deaf", deaf, 0},
    {"stuckInDestructor", stuckInDestructor, 0},
    {"lateCleanup", lateCleanup, 0},
    {"exitCode", exitCode, 0},
    {"exitStuck", exitStuck, 1},
    {"rememberedStuck", rememberedStuck, 0},
    {"laterHandler", laterHandler, 0},
    {"forked", forked, 0},
    {"afterSignalled", afterSignalled, 0},
    {"lateTwin", lateTwin, 0},
};

} // namespace

int main(int argc, char *argv[])
{
    QCoreApplication application(argc, argv);
    for (const Mode &mode : modes) {
        if (argc < 2 || std::strcmp(mode.name, argv[1]) != 0)
            continue;
        if (mode.prompts > 0)
            startPrompter(mode.prompts);
        ::_exit(mode.run()); // some leave threads that are blocked for ever
    }
    return 2;
}
