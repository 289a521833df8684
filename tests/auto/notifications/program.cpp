// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The service that tst_notifications starts:  program MODE READY...  with one application for each
// READY, which is when it says notifyReady(): "early", "inTime" or "never". It prints "ready" when
// a signal or a byte may come, and "gone" when the application is destroyed.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>
#include <QtCore/qtimer.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <unistd.h>

using namespace QJanitor;
using namespace Qt::StringLiterals;

namespace {

void say(const char *event)
{
    std::puts(event);
    std::fflush(stdout);
}

void awaitByte()
{
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) < 0) {
    }
}

[[noreturn]] void blockForEver()
{
    for (;;)
        ::pause();
}

/// Runs exec(), in which \a function is called first.
template<class F>
int execWith(F function, const Options &options = {})
{
    QTimer::singleShot(0, qApp, function);
    return QJanitor::exec(options);
}

int quits()
{
    return execWith([] {
        spawnCleanupJob([] {});
        QCoreApplication::quit();
    });
}

int deaf()
{
    return execWith(
        [] {
            spawnDaemon(u"deaf"_s, [] { blockForEver(); });
            QCoreApplication::quit();
        },
        {.drainTimeout = std::chrono::milliseconds(100)});
}

int drains()
{
    return execWith([] {
        spawnDaemon([] {
            while (!isDraining())
                QThread::yieldCurrentThread();
        });
        say("ready");
    });
}

/// The loop does not turn before the signal has been sent.
int blocks()
{
    return execWith([] {
        say("ready");
        awaitByte();
    });
}

/// Asks for the second signal when that is no twin of the first any more.
int stuck()
{
    return execWith([] {
        spawnDaemon(u"stuck"_s, [] { blockForEver(); });
        spawnDaemon([] {
            awaitByte();
            QMetaObject::invokeMethod(qApp,
                                      [] { QTimer::singleShot(700, qApp, [] { say("ready"); }); });
        });
        say("ready");
    });
}

/// Two jobs, each of which waits for a byte.
int flushes()
{
    static std::atomic<bool> hasByte{false};
    return execWith([] {
        spawnCleanupJob(u"flush a"_s, [] {
            awaitByte();
            hasByte = true;
        });
        spawnCleanupJob(u"flush b"_s, [] {
            while (!hasByte)
                QThread::yieldCurrentThread();
            say("one job left");
            awaitByte();
        });
        QCoreApplication::quit();
    });
}

/// Has no event loop, and nothing to tell.
int waits()
{
    say("ready");
    awaitByte();
    return 0;
}

struct Mode
{
    const char *name;
    int (*run)();
};

constexpr Mode modes[] = {
    {"quits", quits}, {"deaf", deaf},       {"drains", drains}, {"blocks", blocks},
    {"stuck", stuck}, {"flushes", flushes}, {"waits", waits},
};

/// Returns once the application has been destroyed.
int run(int argc, char *argv[], const Mode &mode, const char *ready)
{
    if (std::strcmp(ready, "early") == 0)
        notifyReady();
    QCoreApplication application(argc, argv);
    if (std::strcmp(ready, "inTime") == 0)
        notifyReady();
    return mode.run();
}

} // namespace

int main(int argc, char *argv[])
{
    for (const Mode &mode : modes) {
        if (argc < 3 || std::strcmp(mode.name, argv[1]) != 0)
            continue;
        int code = 0;
        for (int i = 2; i < argc; ++i) {
            code = run(argc, argv, mode, argv[i]);
            say("gone");
        }
        ::_exit(code); // some leave threads that are blocked for ever
    }
    return 2;
}
