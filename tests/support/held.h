// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "rules/held_p.h"

/// For tests of a part that one thread has to itself.
inline QJanitor::Private::Held held()
{
    static std::mutex mutex;
    return QJanitor::Private::JanitorLock(mutex);
}
