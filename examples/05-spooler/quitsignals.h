// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qsocketnotifier.h>

/// Quits the application on SIGINT and SIGTERM: the self-pipe of Qt's documentation.
class QuitSignals
{
public:
    QuitSignals();

private:
    QSocketNotifier m_notifier;
};
