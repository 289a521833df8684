// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include "janitor/janitor_p.h"

#include <QtCore/qmetaobject.h>
#include <QtCore/qpointer.h>

#include <utility>

namespace QJanitor::Private {

/*!
    Brings the news of a janitor to the thread of a QObject: Status and Supervisor.

    However much happens, one queued call is under way; it fetches what is new at that time.
*/
template<class Owner>
class QueuedObserver : public Observer
{
public:
    explicit QueuedObserver(Owner *owner)
        : q(owner)
    {
        Janitor::addObserver(this);
    }
    ~QueuedObserver() override { Janitor::removeObserver(this); }
    Q_DISABLE_COPY_MOVE(QueuedObserver)

    Error lastError;
    bool hasNewError = false; ///< lastError is another one since somebody has set this to false.

protected:
    /// Fetches and shows the news, on the owner's thread.
    virtual void refresh() = 0;

    /// Emits what is new, one by one: a slot may turn the event loop, and so come back here.
    /// Returns false if a slot has destroyed the owner, and this with it.
    bool emitNews(const Janitor &janitor)
    {
        const QPointer<Owner> alive = q;
        for (;;) {
            const News news = janitor.takeNews(this);
            if (news.error) {
                lastError = *news.error;
                hasNewError = true;
                Q_EMIT q->jobFailed(*news.error);
            } else if (news.cause) {
                Q_EMIT q->failed(*news.cause);
            } else if (!news.hanging.isEmpty()) {
                Q_EMIT q->hanging(news.hanging);
            } else {
                return true;
            }
            if (!alive)
                return false;
        }
    }

    Owner *const q;

private:
    void post() override
    {
        QMetaObject::invokeMethod(
            q,
            [this] {
                takeNudge();
                refresh();
            },
            Qt::QueuedConnection);
    }
};

} // namespace QJanitor::Private
