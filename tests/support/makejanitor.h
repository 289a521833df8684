// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "janitor/janitor_p.h"

/// For tests of a part that only needs a janitor to point to.
inline QJanitor::Private::JanitorPointer makeJanitor(const QJanitor::Private::Frame &outer = {})
{
    using QJanitor::Private::Janitor;
    return QJanitor::Private::JanitorPointer(
        new Janitor(QJanitor::Options(), outer, Janitor::Level::Nested));
}
