// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "finisher.h"

#include <qjanitor/report.h>

#include <QtCore/qfuture.h>
#include <QtCore/qthreadpool.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

// The books of one round, and the watchdog that reads them out when nothing moves any more.

/// What is known of one job.
struct Record
{
    explicit Record(const char *what)
        : kind(what)
    {
    }

    const char *const kind;
    bool isFuture = false;
    std::atomic<bool> accepted{false};
    std::atomic<int> started{0};
    std::atomic<int> ended{0};
};

enum class End { Succeeds, Fails, Elsewhere };

inline End endOf(Random &random)
{
    const auto draw = random() % 10;
    return draw == 0 ? End::Fails : draw < 4 ? End::Elsewhere : End::Succeeds;
}

/// Futures of supervisors, which finish soon after the outermost janitor has closed.
class Futures
{
public:
    void add(QFuture<QJanitor::Report> future)
    {
        const std::lock_guard lock(m_mutex);
        m_futures.push_back(std::move(future));
    }
    std::vector<QJanitor::Report> wait()
    {
        const std::lock_guard lock(m_mutex);
        std::vector<QJanitor::Report> reports;
        for (const auto &future : m_futures) {
            while (!future.isFinished())
                std::this_thread::yield();
            reports.push_back(future.result());
        }
        return reports;
    }

private:
    std::mutex m_mutex;
    std::vector<QFuture<QJanitor::Report>> m_futures;
};

class Round
{
public:
    Record &record(const char *kind)
    {
        const std::lock_guard lock(m_mutex);
        return m_records.emplace_back(kind);
    }
    void count(const QJanitor::Report &report)
    {
        m_counted += report.completedCount() + report.errorCount() + report.canceledCount();
    }
    void complain(const char *complaint)
    {
        m_complaints.fetch_add(1);
        std::printf("%s\n", complaint);
    }
    /// Checks the books, once all is through.
    bool isWell()
    {
        const std::lock_guard lock(m_mutex);
        qsizetype accepted = 0;
        for (const Record &record : m_records) {
            accepted += record.accepted;
            const int runs = record.accepted && !record.isFuture ? 1 : 0;
            if (record.started != runs || record.ended != runs) {
                ++m_complaints;
                std::printf("%s, %s, started %d times and ended %d times\n", record.kind,
                            record.accepted ? "accepted" : "refused", record.started.load(),
                            record.ended.load());
            }
        }
        if (m_counted != accepted) {
            ++m_complaints;
            std::printf("%lld jobs accepted, %lld counted\n", static_cast<long long>(accepted),
                        static_cast<long long>(m_counted.load()));
        }
        return m_complaints == 0;
    }
    void printTheLiving()
    {
        const std::lock_guard lock(m_mutex);
        for (const Record &record : m_records) {
            if (record.accepted && record.ended == 0) {
                std::printf("  %s, %s\n", record.kind,
                            record.isFuture       ? "adopted"
                            : record.started == 0 ? "has not started"
                                                  : "is running");
            }
        }
    }

    QThreadPool *pool = nullptr;
    Futures futures;
    Finisher finisher;

private:
    std::mutex m_mutex;
    std::deque<Record> m_records;
    std::atomic<qsizetype> m_counted{0};
    std::atomic<int> m_complaints{0};
};
using RoundPointer = std::shared_ptr<Round>;

/// Ends the program when a round does not.
class Watchdog
{
public:
    Watchdog()
        : m_thread([this] { run(); })
    {
    }
    ~Watchdog()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ends = true;
        }
        m_changed.notify_all();
        m_thread.join();
    }
    Q_DISABLE_COPY_MOVE(Watchdog)

    void watch(quint32 seed, RoundPointer round)
    {
        const std::lock_guard lock(m_mutex);
        m_seed = seed;
        m_round = std::move(round);
        m_since = std::chrono::steady_clock::now();
    }

private:
    void run()
    {
        std::unique_lock lock(m_mutex);
        while (!m_changed.wait_for(lock, std::chrono::seconds(1), [this] { return m_ends; })) {
            if (!m_round || std::chrono::steady_clock::now() - m_since < std::chrono::seconds(60))
                continue;
            std::printf("hangs: stress_random --seed %u\n", m_seed);
            m_round->printTheLiving();
            std::fflush(stdout);
            std::abort();
        }
    }

    std::mutex m_mutex;
    std::condition_variable m_changed;
    bool m_ends = false;
    quint32 m_seed = 0;
    RoundPointer m_round;
    std::chrono::steady_clock::time_point m_since;
    std::thread m_thread; // last: it uses the others
};
