// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <qjanitor/client.h>

#include <QtCore/qtimer.h>

/// Says every half a second on stderr what the janitor still waits for.
class DrainStatus
{
public:
    explicit DrainStatus(const QJanitor::Client &janitor);

private:
    void print() const;

    const QJanitor::Client m_janitor;
    QTimer m_timer;
};
