// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "exit/servicemanager_p.h"

#include <QtCore/qbytearraylist.h>

#include <functional>

namespace QJanitor::Private {

/*!
    What the service manager is still to be told. Of each key only the newest counts, so that there
    are never more than a few, however long nobody reads.

    READY= and STOPPING= go out first, in their order and each by itself: of two in one message
    systemd sees only the second. All the rest is one message.
*/
class Notices
{
public:
    using Send = std::function<ServiceManager::Answer(const QByteArray &)>;

    /// Adds the assignments in \a message, one per line.
    void add(const QByteArray &message);
    /// Gives \a send one message after the other, until the manager is busy. Returns those that
    /// have failed, which are forgotten.
    QByteArrayList send(const Send &send);
    bool isEmpty() const { return m_steps.isEmpty() && m_details.isEmpty(); }

private:
    QByteArrayList m_steps;   ///< READY= and STOPPING=, the oldest first.
    QByteArrayList m_details; ///< One for each other key.
};

} // namespace QJanitor::Private
