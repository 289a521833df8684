// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What several threads do to one mailbox at a time. For tst_mailbox, and for a program that runs
// under the thread sanitizer. Each returns what went wrong; nothing if all is well.

#pragma once

#include "mail/mailbox_p.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace MailboxRaces {

using QJanitor::Private::Core;
using QJanitor::Private::CorePointer;
using QJanitor::Private::Mailbox;
using QJanitor::Private::Ticket;

inline CorePointer makeCore()
{
    return CorePointer(new Core(QJanitor::Options(), {}, Core::Level::Nested));
}

/// Stands for the queued signal: says how often the reader has been told.
class Bell
{
public:
    void ring()
    {
        const std::lock_guard lock(m_mutex);
        ++m_rings;
        m_condition.notify_one();
    }
    /// Waits until it has rung since the last call. Returns false once everybody has left.
    bool wait()
    {
        std::unique_lock lock(m_mutex);
        m_condition.wait(lock, [this] { return m_rings > m_heard || m_left; });
        const bool rung = m_rings > m_heard;
        m_heard = m_rings;
        return rung;
    }
    void leave()
    {
        const std::lock_guard lock(m_mutex);
        m_left = true;
        m_condition.notify_one();
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_condition;
    int m_rings = 0;
    int m_heard = 0;
    bool m_left = false;
};

/// Posts from several threads. The reader sleeps until it is told, and reads until it finds
/// nothing.
inline std::string everyTicketIsRead(int threadCount, int ticketsPerThread)
{
    Mailbox mailbox;
    mailbox.open();
    Bell bell;
    std::vector<CorePointer> cores;
    for (int i = 0; i < threadCount; ++i)
        cores.push_back(makeCore());
    std::map<Core *, int> counts;
    std::thread reader([&] {
        bool more = true;
        while (more) {
            more = bell.wait();
            for (;;) {
                const std::vector<Ticket> tickets = mailbox.takeAll();
                if (tickets.empty())
                    break;
                for (const Ticket &ticket : tickets)
                    ++counts[ticket.core.data()];
            }
        }
    });
    std::vector<std::thread> posters;
    for (const CorePointer &core : cores) {
        posters.emplace_back([&mailbox, &bell, &core, ticketsPerThread] {
            for (int i = 0; i < ticketsPerThread; ++i) {
                Ticket ticket{core, Ticket::Matter::News};
                if (mailbox.post(ticket, i % 10 == 0) == Mailbox::Answer::Tell)
                    bell.ring();
            }
        });
    }
    for (std::thread &poster : posters)
        poster.join();
    bell.leave();
    reader.join();
    for (const CorePointer &core : cores) {
        if (counts[core.data()] != ticketsPerThread)
            return std::to_string(counts[core.data()]) + " of " + std::to_string(ticketsPerThread);
    }
    return {};
}

/// Closes while others post: what was taken is found, what was refused is still in the poster's
/// hands.
inline std::string closingLosesNothing(int threadCount, int ticketsPerThread)
{
    Mailbox mailbox;
    mailbox.open();
    const CorePointer core = makeCore();
    std::vector<int> refused(std::size_t(threadCount), 0);
    std::vector<std::thread> posters;
    for (int &count : refused) {
        posters.emplace_back([&mailbox, &core, &count, ticketsPerThread] {
            for (int i = 0; i < ticketsPerThread; ++i) {
                Ticket ticket{core, Ticket::Matter::News};
                count += mailbox.post(ticket, false) == Mailbox::Answer::Closed && ticket.core;
            }
        });
    }
    mailbox.close();
    for (std::thread &poster : posters)
        poster.join();
    int found = int(mailbox.takeAll().size());
    for (const int count : refused)
        found += count;
    return found == threadCount * ticketsPerThread ? std::string() : std::to_string(found);
}

} // namespace MailboxRaces
