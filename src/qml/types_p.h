// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/status.h>

#include <QtQml/qqml.h>

// What "import QJanitor" brings: Status and what its properties need. The janitor knows nothing of
// Qml.

namespace QJanitor::Private {

struct ForeignError
{
    Q_GADGET
    QML_FOREIGN(QJanitor::Error)
    QML_VALUE_TYPE(janitorError)
};

struct ForeignClient
{
    Q_GADGET
    QML_FOREIGN(QJanitor::Client)
    QML_VALUE_TYPE(janitorClient)
};

namespace ForeignEnums {
Q_NAMESPACE
QML_FOREIGN_NAMESPACE(QJanitor)
QML_NAMED_ELEMENT(Janitor)
} // namespace ForeignEnums

/// The application janitor. Each engine makes one of its own, on its own thread, and destroys it.
struct ForeignStatus
{
    Q_GADGET
    QML_FOREIGN(QJanitor::Status)
    QML_NAMED_ELEMENT(JanitorStatus)
    QML_SINGLETON
};

} // namespace QJanitor::Private
