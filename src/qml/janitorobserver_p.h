// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/status.h>

#include <QtQml/qqml.h>

namespace QJanitor::Private {

/// A Status for QML of any janitor: of the one that its client refers to, of none without.
class JanitorObserver : public QJanitor::Status
{
    Q_OBJECT
    QML_ELEMENT
    /// Which janitor to show. C++ hands it over, as a property of type QJanitor::Client.
    Q_PROPERTY(QJanitor::Client client READ client WRITE setClient NOTIFY clientChanged FINAL)

public:
    explicit JanitorObserver(QObject *parent = nullptr);

    QJanitor::Client client() const;
    void setClient(const QJanitor::Client &client);

Q_SIGNALS:
    /// Emitted after changed() when client has changed.
    void clientChanged();

private:
    Client m_client;
};

} // namespace QJanitor::Private
