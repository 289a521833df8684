// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "exit/quitsignals_p.h"

#include "report/texts_p.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace QJanitor::Private {

namespace {

constexpr std::array quitSignals{SIGINT, SIGTERM, SIGHUP};
/// Terminals and service managers send signals in pairs: what comes this soon is the same request.
constexpr std::int64_t guardTime = 500; // ms

/// How far it has come. One word, for a signal may come between any two lines.
enum class State {
    Before,     ///< Nobody serves signals yet.
    Remembered, ///< And one has come.
    Serving,    ///< exec() runs.
    Quitting,   ///< It has been asked to quit,
    Stopping,   ///< and to stop waiting.
    Over,       ///< It has returned.
};

std::array<int, 2> channel{-1, -1};
pid_t owner = 0;
std::atomic<State> state{State::Before};
std::atomic<std::int64_t> lastTime{-guardTime}; ///< Of the last signal that had an effect.

static_assert(std::atomic<State>::is_always_lock_free); // used in a signal handler
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t now()
{
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

void enter(State next, std::int64_t time)
{
    lastTime.store(time);
    state.store(next);
}

void send(QuitRequest request)
{
    const char byte = char(request);
    [[maybe_unused]] const ssize_t written = ::write(channel[1], &byte, 1);
}

void takeDefaultEffect(int number)
{
    ::signal(number, SIG_DFL);
    ::raise(number);
}

/// Runs in the middle of anything: only atomics and what POSIX calls async-signal-safe.
void onSignal(int number)
{
    const int savedErrno = errno;
    const std::int64_t time = now();
    const bool isTwin = time - lastTime.load() < guardTime;
    if (::getpid() != owner)
        return takeDefaultEffect(number); // a child that was forked: the pipe is its parent's
    switch (state.load()) {
    case State::Before:
        enter(State::Remembered, time);
        break;
    case State::Remembered:
        takeDefaultEffect(number); // nobody serves the first: the second is not to be held back
        break;
    case State::Serving:
        enter(State::Quitting, time);
        send(QuitRequest::Quit);
        break;
    case State::Quitting:
        if (isTwin)
            break;
        enter(State::Stopping, time);
        send(QuitRequest::StopWaiting);
        break;
    case State::Stopping:
        if (!isTwin)
            ::_exit(128 + number);
        break;
    case State::Over:
        if (!isTwin)
            takeDefaultEffect(number);
        break;
    }
    errno = savedErrno;
}

struct sigaction presentAction(int number)
{
    struct sigaction present = {};
    ::sigaction(number, nullptr, &present);
    return present;
}

bool isHandledBy(const struct sigaction &action, void (*handler)(int))
{
    return !(action.sa_flags & SA_SIGINFO) && action.sa_handler == handler;
}

void installOne(int number)
{
    const struct sigaction present = presentAction(number);
    if (isHandledBy(present, onSignal) || isHandledBy(present, SIG_IGN))
        return;
    if (!isHandledBy(present, SIG_DFL)) {
        qCInfo(lcJanitor, "The program handles %s itself; QJanitor leaves it to it.",
               ::strsignal(number));
        return;
    }
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(number, &action, nullptr);
}

} // namespace

void QuitSignals::install()
{
    if (channel[0] < 0 && ::pipe(channel.data()) == 0) {
        for (const int descriptor : channel) {
            ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
            ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
        }
    }
    if (channel[0] < 0)
        return; // no descriptors left: the signals keep their default effect
    owner = ::getpid();
    State over = State::Over;
    state.compare_exchange_strong(over, State::Before);
    for (const int number : quitSignals)
        installOne(number);
}

QuitRequest QuitSignals::serve()
{
    State before = State::Before;
    if (state.compare_exchange_strong(before, State::Serving))
        return QuitRequest::None;
    state.store(State::Quitting);
    return QuitRequest::Quit;
}

/// The twin of the signal that has ended exec() may be on its way. It must not kill the program now
/// that it destroys its objects: then the handler stays, and takes the default effect itself later.
void QuitSignals::uninstall()
{
    state.store(State::Over);
    const bool mayHaveTwin = now() - lastTime.load() < guardTime;
    for (const int number : quitSignals) {
        if (!mayHaveTwin && isHandledBy(presentAction(number), onSignal))
            ::signal(number, SIG_DFL);
    }
    read(); // what was meant for this time
}

int QuitSignals::descriptor()
{
    return channel[0];
}

QuitRequest QuitSignals::read()
{
    auto newest = QuitRequest::None;
    char byte = 0;
    while (::read(channel[0], &byte, 1) == 1)
        newest = QuitRequest(byte);
    return newest;
}

} // namespace QJanitor::Private
