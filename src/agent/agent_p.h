// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "mail/ticket_p.h"

#include <QtCore/qbasictimer.h>
#include <QtCore/qobject.h>

#include <memory>
#include <vector>

QT_BEGIN_NAMESPACE
class QSocketNotifier;
QT_END_NAMESPACE

namespace QJanitor::Private {

enum class QuitRequest;
class Mailbox;
class StopNotice;
class Watcher;

/*!
    Reads the mailbox, on the agent thread, and does what the tickets ask for.

    Watches futures: those that have finished by then cost no watcher, and watchers are used again.
    Of many it watches some, and looks at the others again and again.

    Told of the first ticket by a queued signal, it looks again every 16 ms, and every 1 ms at
    futures that somebody waits for, until it finds nothing.
*/
class Agent : public QObject
{
    Q_OBJECT

public:
    explicit Agent(Mailbox &mailbox);
    ~Agent() override;
    /// Does what the tickets ask for; if \a agent is null, what can be done without one.
    static void deliver(const std::vector<Ticket> &tickets, Agent *agent);
    /// Does what a signal has asked for, on any thread.
    static void obey(QuitRequest request, const JanitorPointer &application);

Q_SIGNALS:
    /// Emitted on any thread, when the mailbox says so.
    void ticketsPosted();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    friend Watcher;
    void onTicketsPosted();
    void read();
    void ringAlarms();
    void serveSignals();
    void onQuitRequest();
    void watchTheEnd(const JanitorPointer &janitor);
    void tellAgain();
    void watchFutures(const JanitorPointer &janitor);
    std::vector<JanitorPointer> takeUnwatched();
    void watch(WatchedJob *job);
    void onFinished(Watcher *watcher);

    Mailbox &m_mailbox;
    QBasicTimer m_pause;
    QBasicTimer m_alarm;
    QBasicTimer m_retry; ///< Runs while the service manager has not taken everything.
    std::unique_ptr<QSocketNotifier> m_signals;
    std::unique_ptr<StopNotice> m_stopNotice;
    std::vector<JanitorPointer> m_unwatched; ///< They have futures that are not watched.
    std::vector<Watcher *> m_watchers; ///< All. Not children: QObject looks for each it loses.
    std::vector<Watcher *> m_idle; ///< Those of them that watch nothing; their number is limited.
};

} // namespace QJanitor::Private
