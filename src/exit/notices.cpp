// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "exit/notices_p.h"

namespace QJanitor::Private {

void Notices::add(const QByteArray &message)
{
    for (const QByteArray &line : message.trimmed().split('\n')) {
        const QByteArray key = line.first(line.indexOf('=') + 1);
        Q_ASSERT(!key.isEmpty());
        QByteArrayList &list = key == "READY=" || key == "STOPPING=" ? m_steps : m_details;
        list.removeIf([&key](const QByteArray &older) { return older.startsWith(key); });
        list.append(line);
    }
}

QByteArrayList Notices::send(const Send &send)
{
    using Answer = ServiceManager::Answer;
    QByteArrayList failed;
    while (!isEmpty()) {
        const QByteArray message =
            m_steps.isEmpty() ? m_details.join('\n') + '\n' : m_steps.constFirst();
        const Answer answer = send(message);
        if (answer == Answer::Busy)
            break;
        if (answer == Answer::Failed)
            failed.append(message);
        if (m_steps.isEmpty())
            m_details.clear();
        else
            m_steps.removeFirst();
    }
    return failed;
}

} // namespace QJanitor::Private
