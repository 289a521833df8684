// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "../../support/gate.h"
#include "injection.h"

#include <qjanitor/qjanitor.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <utility>

// The books of one scenario. They take no memory, so that there is always some for them.

/// What is known of one job.
struct Record
{
    /// What the verb has said. Lost is a cleanup job's that nobody asks: it must run all the same.
    enum class Answer { None, Accepted, Refused, Threw, Unasked };

    const char *kind = "";
    bool runs = true;                ///< It is a callable, and its run can be seen.
    bool mayBeCountedAnyway = false; ///< See limitedCount.
    bool mayBeGivenUp = false;       ///< Nobody need count it then, and it may never run.
    std::atomic<Answer> answer{Answer::None};
    std::atomic<int> started{0};
    std::atomic<int> destroyed{0};
    std::atomic<bool> isMovedFrom{false}; ///< After the verb, as the spawner sees it.
};

class Books
{
public:
    Record &record(const char *kind)
    {
        Record &record = m_records[std::size_t(m_count.fetch_add(1))];
        record.kind = kind;
        return record;
    }
    /// Adds what a janitor has counted of its own jobs, and of those that it took over.
    void count(const QJanitor::Report &report)
    {
        const Injection::Own own;
        m_counted += report.completedCount() + report.errorCount() + report.canceledCount();
        for (const QJanitor::Error &error : report.errors())
            m_counted -= error.kind() == QJanitor::Error::Kind::DrainTimedOut;
        if (report.ok() && report.errorCount() > 0)
            complain("a report with errors says that it is ok");
    }
    /// A janitor has run jobs, and there was no memory for its report.
    void loseReport() { m_hasLostReport = true; }
    void complain(const char *complaint)
    {
        const Injection::Own own;
        m_complaints.fetch_add(1);
        std::fprintf(stderr, "%s\n", complaint);
    }
    void expect(bool condition, const char *complaint)
    {
        if (!condition)
            complain(complaint);
    }
    /// Returns whether all is well, once all is over.
    bool areWell()
    {
        int fewest = 0;
        int most = 0;
        for (int i = 0; i < m_count.load(); ++i) {
            const Record &record = m_records[std::size_t(i)];
            const bool isAccepted = record.answer == Record::Answer::Accepted;
            const bool isUnasked = record.answer == Record::Answer::Unasked;
            fewest += isAccepted && !record.mayBeGivenUp;
            most += isAccepted || isUnasked || record.mayBeCountedAnyway;
            check(record, isAccepted || isUnasked);
        }
        const int counted = int(m_counted.load());
        if (counted > most || (counted < fewest && !m_hasLostReport)) {
            m_complaints.fetch_add(1);
            std::fprintf(stderr, "counted %d jobs, of at least %d and at most %d\n", counted,
                         fewest, most);
        }
        return m_complaints == 0;
    }

private:
    void check(const Record &record, bool isToRun)
    {
        const int runs = record.runs && isToRun ? 1 : 0;
        const bool isTaken = !isToRun && record.isMovedFrom;
        const bool isGivenUp = record.mayBeGivenUp && record.started == 0;
        if ((record.started == runs || isGivenUp) && record.destroyed <= 1 && !isTaken)
            return;
        m_complaints.fetch_add(1);
        constexpr std::array answers{"not offered", "accepted", "refused", "refused for memory",
                                     "offered without a question"};
        std::fprintf(stderr, "%s, %s, started %d times, destroyed %d times%s\n", record.kind,
                     answers[std::size_t(record.answer.load())], record.started.load(),
                     record.destroyed.load(), isTaken ? ", moved from" : "");
    }

    std::array<Record, 1000> m_records;
    std::atomic<int> m_count{0};
    std::atomic<qsizetype> m_counted{0};
    std::atomic<int> m_complaints{0};
    std::atomic<bool> m_hasLostReport{false};
};
