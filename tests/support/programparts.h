// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// For programs that suites run: what most of their modes are made of.

#pragma once

#include "gate.h"

#include <qjanitor/scope.h>

#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>

#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <unistd.h>

/// Not by stdio: some speak while the program ends. One write is one line.
inline void say(const char *event)
{
    char line[256];
    const int length = std::snprintf(line, sizeof line, "%s\n", event);
    [[maybe_unused]] const auto written = ::write(STDOUT_FILENO, line, std::size_t(length));
}

/// \a format has one %d.
inline void sayNumber(const char *format, int number)
{
    char event[200];
    std::snprintf(event, sizeof event, format, number);
    say(event);
}

/// A gate for jobs that may still wait when static objects go: never destroyed, but reachable.
inline Gate &lastingGate()
{
    static auto &gates = *new std::deque<Gate>;
    return gates.emplace_back();
}

struct Application
{
    int argc = 1;
    char name[8] = "program";
    char *argv[2] = {name, nullptr};
    QCoreApplication application{argc, argv};
};

inline void sayExec(int code)
{
    sayNumber("exec returned %d", code);
}

/// Runs exec() with \a function in its event loop, which then quits.
template<class F>
void execWith(F function, const QJanitor::Options &options = {})
{
    QTimer::singleShot(0, qApp, [&] {
        function();
        QCoreApplication::quit();
    });
    sayExec(QJanitor::exec(options));
}

/// Computes for \a seconds of this thread's own time.
inline void work(double seconds)
{
    const auto used = [] {
        timespec time;
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return double(time.tv_sec) + double(time.tv_nsec) / 1e9;
    };
    const double end = used() + seconds;
    while (used() < end) {
    }
}

struct Mode
{
    const char *name;
    void (*run)();
};

/// Runs the one of \a modes that is named \a name. Returns 2 if there is none.
template<std::size_t count>
int runMode(const Mode (&modes)[count], const char *name)
{
    for (const Mode &mode : modes) {
        if (name && std::strcmp(mode.name, name) == 0) {
            mode.run();
            return 0;
        }
    }
    return 2;
}
