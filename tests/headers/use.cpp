// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Instantiates the templates under a strict consumer's flags.

#include <qjanitor/qjanitor.h>

#if QJANITOR_HAS_COROUTINES
#    include <qjanitor/task.h>
#endif

#include <memory>
#include <string>
#include <version>
#if defined(__cpp_lib_expected)
#    include <expected>
#endif

static_assert(std::is_same_v<decltype(QJanitor::enter([] { return 1; })), int>);
static_assert(std::is_same_v<decltype(QJanitor::enter([] {})), void>);
static_assert(std::is_same_v<decltype(QJanitor::tryEnter([] { return 1.0; })),
                             QJanitor::EnterResult<double>>);

/// Of every kind of job the templates that make one.
static void spawnAll()
{
    QJanitor::spawnDaemon(QFuture<void>());
    QJanitor::spawnDaemon(QFuture<int>());
    QJanitor::spawnDaemon(QFuture<std::unique_ptr<int>>());
    QJanitor::spawnDaemon([] { return QFuture<QJanitor::Error>(); });
    QJanitor::spawnDaemon([](QPromise<void> &promise) { promise.setProgressValue(1); });
#if defined(__cpp_lib_expected)
    QJanitor::spawnDaemon([]() -> std::expected<int, QString> { return 1; });
    QJanitor::spawnDaemon([] { return std::expected<void, std::string>(); });
    QJanitor::spawnCleanupJob([] { return QFuture<std::expected<int, QJanitor::Error>>(); });
    QJanitor::spawnCleanupJob(QFuture<std::expected<std::unique_ptr<int>, int>>());
#endif
#if QJANITOR_HAS_COROUTINES
    QJanitor::spawnDaemon([]() -> QJanitor::Task<> { co_return; });
    QJanitor::spawnDaemon([]() -> QJanitor::Task<int> { co_return 1; });
#endif
    const auto guard = QJanitor::cleanupOnExit([] {});
    const QJanitor::Supervisor supervisor;
    const QJanitor::Status status;
    QObject::connect(
        &supervisor, &QJanitor::Supervisor::failed, &supervisor,
        supervisor.client().bind([](const QJanitor::Error &error) { Q_UNUSED(error) }));
}

int useAll();

int useAll()
{
    const QString name = QStringLiteral("name");
    const QJanitor::Options options{.name = "strict"};
    QJanitor::Client client;
    auto enterResult = QJanitor::tryEnter(options, [&name, &client] {
        spawnAll();
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
