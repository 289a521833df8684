// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Instantiates the templates under a strict consumer's flags.

#include <qjanitor/qjanitor.h>

#include <memory>

static_assert(std::is_same_v<decltype(QJanitor::enter([] { return 1; })), int>);
static_assert(std::is_same_v<decltype(QJanitor::enter([] {})), void>);
static_assert(std::is_same_v<decltype(QJanitor::tryEnter([] { return 1.0; })),
                             QJanitor::EnterResult<double>>);

int useAll();

int useAll()
{
    const QString name = QStringLiteral("name");
    const QJanitor::Options options{.name = "strict"};
    QJanitor::Client client;
    auto enterResult = QJanitor::tryEnter(options, [&name, &client] {
        QJanitor::spawnDaemon([] {});
        QJanitor::spawnDaemon(name, [] { return QJanitor::Error(); });
        QJanitor::spawnCleanupJob([number = std::make_unique<int>(1)] { Q_UNUSED(number) });
        QJanitor::spawnCleanupJob(name, [] {});
        client = QJanitor::Client::current();
        const auto first = QJanitor::trySpawnDaemon([] {});
        const auto second = client.trySpawnCleanupJob(name, [] {});
        client.spawnDaemon([] {});
        return std::make_unique<bool>(first == second);
    });
    auto [report, callee] = std::move(enterResult).toTuple();
    const auto bound = QJanitor::ensure([&client] { return client.bind([](int x) { return x; }); });
    const QJanitor::AmbientGuard guard(client);
    auto ensureResult = QJanitor::tryEnsure([] { return 3; });
    auto copy = bound;
    return copy(1) + std::move(ensureResult).unwrap() + int(report.ok()) + int(callee.hasValue()) +
           int(QJanitor::hasActiveJanitor()) + int(QJanitor::isStopRequested());
}
