// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A million jobs, spawned on another thread, while the application's thread looks at them: what the
// jobs pay for it, and for how long its event loop is held up at most.

#include <qjanitor/qjanitor.h>

#include <QtCore/qabstractitemmodel.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qtimer.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

namespace {

constexpr int jobs = 1'000'000;
using Clock = std::chrono::steady_clock;

double milliseconds(Clock::duration duration)
{
    return std::chrono::duration<double, std::milli>(duration).count();
}

enum class Look { Nobody, AtNumbers, AtJobs };

/// Turns as often as it can, and notes the longest time between two turns.
class Pulse
{
public:
    Pulse()
    {
        QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
            const Clock::time_point now = Clock::now();
            longest = std::max(longest, now - m_last);
            m_last = now;
        });
        m_timer.start(1);
    }
    Clock::duration longest{};

private:
    QTimer m_timer;
    Clock::time_point m_last = Clock::now();
};

void run(const char *name, Look look)
{
    QJanitor::Supervisor supervisor({.failurePolicy = QJanitor::FailurePolicy::KeepGoing});
    const QJanitor::Client client = supervisor.client();
    std::unique_ptr<QJanitor::Status> status;
    int changes = 0;
    int rows = 0;
    if (look != Look::Nobody) {
        status = std::make_unique<QJanitor::Status>(client);
        QObject::connect(status.get(), &QJanitor::Status::changed, status.get(), [&] { ++changes; });
    }
    if (look == Look::AtJobs) {
        QObject::connect(status->jobs(), &QAbstractItemModel::rowsInserted, status.get(),
                         [&](const QModelIndex &, int first, int last) { rows += last - first + 1; });
    }
    Pulse pulse;
    const Clock::time_point begin = Clock::now();
    std::thread spawner([client] {
        for (int i = 0; i < jobs; ++i)
            client.spawnDaemon([] {});
    });
    QEventLoop loop;
    QTimer end;
    QObject::connect(&end, &QTimer::timeout, &end, [&] {
        const QJanitor::Status now(client);
        if (now.finishedJobs() == jobs)
            loop.quit();
    });
    end.start(5);
    loop.exec();
    const double time = milliseconds(Clock::now() - begin);
    spawner.join();
    std::printf("%-26s %7.0f ms, %4.0f ns per job; longest gap of the GUI's thread %5.1f ms; "
                "%d changes, %d rows\n",
                name, time, time * 1e6 / jobs, milliseconds(pulse.longest), changes, rows);
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication app(argc, argv);
    for (int round = 0; round < 3; ++round) {
        run("nobody looks", Look::Nobody);
        run("a status is looked at", Look::AtNumbers);
        run("the list of jobs as well", Look::AtJobs);
    }
    return 0;
}
