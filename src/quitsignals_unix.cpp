// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "quitsignals_p.h"

#include "texts_p.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <utility>

namespace QJanitor::Private {

namespace {

constexpr std::array quitSignals{SIGINT, SIGTERM, SIGHUP};
/// Terminals and service managers send signals in pairs: what comes this soon is the same request.
constexpr std::int64_t guardTime = 500; // ms

std::array<int, 2> channel{-1, -1};
std::array<bool, quitSignals.size()> caught{};
std::atomic<bool> serving{false};
std::atomic<int> count{0};
std::atomic<std::int64_t> lastTime{0};

static_assert(std::atomic<std::int64_t>::is_always_lock_free); // used in a signal handler

std::int64_t now()
{
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

void send(QuitRequest request)
{
    const char byte = char(request);
    [[maybe_unused]] const ssize_t written = ::write(channel[1], &byte, 1);
}

/// Runs in the middle of anything: only atomics and what POSIX calls async-signal-safe.
void onSignal(int number)
{
    const int savedErrno = errno;
    const std::int64_t time = now();
    const int earlier = count.load();
    const bool again = earlier > 0 && time - lastTime.load() < guardTime;
    if (earlier >= 2 && !again)
        ::_exit(128 + number);
    if (serving.load() ? earlier < 2 && !again : earlier == 0) {
        count.store(earlier + 1);
        lastTime.store(time);
        if (serving.load())
            send(earlier == 0 ? QuitRequest::Quit : QuitRequest::StopWaiting);
    } else if (!serving.load()) {
        ::signal(number, SIG_DFL); // nobody serves the first: the second is not to be held back
        ::raise(number);
    }
    errno = savedErrno;
}

void installOne(std::size_t index)
{
    const int number = quitSignals[index];
    struct sigaction present = {};
    if (caught[index] || ::sigaction(number, nullptr, &present) != 0)
        return;
    if (present.sa_handler == SIG_IGN)
        return;
    if (present.sa_handler != SIG_DFL || (present.sa_flags & SA_SIGINFO)) {
        qCInfo(lcJanitor, "The program handles %s itself; QJanitor leaves it to it.",
               ::strsignal(number));
        return;
    }
    struct sigaction action = {};
    action.sa_handler = onSignal;
    action.sa_flags = SA_RESTART;
    ::sigemptyset(&action.sa_mask);
    caught[index] = ::sigaction(number, &action, nullptr) == 0;
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
    for (std::size_t index = 0; index < quitSignals.size(); ++index)
        installOne(index);
}

QuitRequest QuitSignals::serve()
{
    serving.store(true);
    return count.load() > 0 ? QuitRequest::Quit : QuitRequest::None;
}

void QuitSignals::uninstall()
{
    for (std::size_t index = 0; index < quitSignals.size(); ++index) {
        if (std::exchange(caught[index], false))
            ::signal(quitSignals[index], SIG_DFL);
    }
    serving.store(false);
    count.store(0);
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
