// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What several threads do to one mailbox at a time. For tst_mailbox, and for a program that runs
// under the thread sanitizer. Each returns what went wrong; nothing if all is well.

#pragma once

#include "../../support/makejanitor.h"
#include "mail/mailbox_p.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace MailboxRaces {

using QJanitor::Private::Janitor;
using QJanitor::Private::JanitorPointer;
using QJanitor::Private::Mailbox;
using QJanitor::Private::Ticket;

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
    std::vector<JanitorPointer> janitors;
    for (int i = 0; i < threadCount; ++i)
        janitors.push_back(makeJanitor());
    std::map<Janitor *, int> counts;
    std::thread reader([&] {
        bool more = true;
        while (more) {
            more = bell.wait();
            for (;;) {
                const std::vector<Ticket> tickets = mailbox.takeAll();
                if (tickets.empty())
                    break;
                for (const Ticket &ticket : tickets)
                    ++counts[ticket.janitor.data()];
            }
        }
    });
    std::vector<std::thread> posters;
    for (const JanitorPointer &janitor : janitors) {
        posters.emplace_back([&mailbox, &bell, &janitor, ticketsPerThread] {
            for (int i = 0; i < ticketsPerThread; ++i) {
                Ticket ticket{janitor, Ticket::Matter::News};
                if (mailbox.post(ticket, i % 10 == 0) == Mailbox::Answer::Tell)
                    bell.ring();
            }
        });
    }
    for (std::thread &poster : posters)
        poster.join();
    bell.leave();
    reader.join();
    for (const JanitorPointer &janitor : janitors) {
        if (counts[janitor.data()] != ticketsPerThread)
            return std::to_string(counts[janitor.data()]) + " of " +
                   std::to_string(ticketsPerThread);
    }
    return {};
}

/// Closes while others post: what was taken is found, what was refused is still in the poster's
/// hands.
inline std::string closingLosesNothing(int threadCount, int ticketsPerThread)
{
    Mailbox mailbox;
    mailbox.open();
    const JanitorPointer janitor = makeJanitor();
    std::vector<int> refused(std::size_t(threadCount), 0);
    std::vector<std::thread> posters;
    for (int &count : refused) {
        posters.emplace_back([&mailbox, &janitor, &count, ticketsPerThread] {
            for (int i = 0; i < ticketsPerThread; ++i) {
                Ticket ticket{janitor, Ticket::Matter::News};
                count += mailbox.post(ticket, false) == Mailbox::Answer::Closed && ticket.janitor;
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
