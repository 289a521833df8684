// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "quitsignals.h"

#include <QtCore/qcoreapplication.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

static int pipeEnds[2];

static void onSignal(int)
{
    const int savedError = errno;
    const char byte = 0;
    static_cast<void>(!::write(pipeEnds[1], &byte, 1)); // if the pipe is full, it says enough
    errno = savedError;
}

static int openPipe()
{
    if (::pipe2(pipeEnds, O_CLOEXEC | O_NONBLOCK) != 0)
        qFatal("cannot make a pipe for signals");
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return pipeEnds[0];
}

QuitSignals::QuitSignals()
    : m_notifier(openPipe(), QSocketNotifier::Read)
{
    QObject::connect(&m_notifier, &QSocketNotifier::activated, [](QSocketDescriptor pipe) {
        char bytes[16];
        while (::read(int(pipe), bytes, sizeof bytes) > 0) {
        }
        QCoreApplication::quit();
    });
}
