// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

using QJanitor::AmbientGuard;
using QJanitor::Client;
using QJanitor::SpawnError;
using QJanitor::SpawnException;

static_assert(std::is_nothrow_default_constructible_v<Client>);
static_assert(std::is_nothrow_copy_constructible_v<Client>);
static_assert(std::is_nothrow_move_constructible_v<Client>);
static_assert(std::is_nothrow_copy_assignable_v<Client>);
static_assert(!std::is_copy_constructible_v<AmbientGuard>);
static_assert(!std::is_move_constructible_v<AmbientGuard>);
static_assert(!std::is_convertible_v<Client, AmbientGuard>);
static_assert(noexcept(std::declval<const Client &>().spawnCleanupJob([] {})));

namespace {

/// Returns the client of a janitor that has closed.
Client closedClient()
{
    return QJanitor::enter([] { return Client::current(); });
}

/// Here one janitor at most is open, so this tells them apart.
bool ambientIs(const Client &expected)
{
    return Client::current().isNull() == expected.isNull() &&
           Client::current().isActive() == expected.isActive();
}

} // namespace

class tst_Client : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nullClientRefusesAll();
    void currentIsNullWhereNoneIsAmbient();
    void clientIsActiveAsLongAsItsJanitor();
    void clientThatOutlivesItsJanitorIsAClosedDoor();
    void copiesReferToTheSameJanitor();
    void refusedJobIsNotMovedFrom();
    void clientGivesJobsFromAThreadWithoutAJanitor();
    void eachFutureIsOneOfItsOwn();
    void futureOfAClosedJanitorIsThereAtOnce();
    void boundFunctionRunsUnderItsJanitor();
    void boundFunctionTakesAndReturnsWhatItsFunctionDoes();
    void boundFunctionRestoresTheAmbientJanitorWhenItThrows();
    void boundFunctionThatOutlivesItsJanitorFindsItClosed();
    void guardsNest();
    void nullGuardHidesTheAmbientJanitor();
    void guardIsForItsThreadOnly();
};

void tst_Client::nullClientRefusesAll()
{
    const Client client;
    QVERIFY(client.isNull());
    QVERIFY(!client.isActive());
    bool ran = false;
    QCOMPARE(client.trySpawnDaemon([&ran] { ran = true; }), SpawnError::NoActiveJanitor);
    QCOMPARE(client.trySpawnCleanupJob([&ran] { ran = true; }), SpawnError::NoActiveJanitor);
    try {
        client.spawnDaemon([&ran] { ran = true; });
        QFAIL("It did not throw.");
    } catch (const SpawnException &exception) {
        QCOMPARE(exception.error(), SpawnError::NoActiveJanitor);
    }
    client.requestStop();
    QVERIFY(client.future().isCanceled());
    QVERIFY(!ran);
}

void tst_Client::currentIsNullWhereNoneIsAmbient()
{
    QVERIFY(Client::current().isNull());
    QJanitor::enter([] { QVERIFY(!Client::current().isNull()); });
    QVERIFY(Client::current().isNull());
}

void tst_Client::clientIsActiveAsLongAsItsJanitor()
{
    Client client;
    bool activeInJob = false;
    QJanitor::enter([&] {
        client = Client::current();
        QVERIFY(client.isActive());
        client.spawnDaemon(
            [&] { activeInJob = client.isActive() && Client::current().isActive(); });
    });
    QVERIFY(activeInJob);
    QVERIFY(!client.isActive());
    QVERIFY(!client.isNull());
}

void tst_Client::clientThatOutlivesItsJanitorIsAClosedDoor()
{
    const Client client = closedClient();
    QCOMPARE(client.trySpawnDaemon([] {}), SpawnError::ActiveJanitorTerminating);
    QCOMPARE(client.trySpawnCleanupJob([] {}), SpawnError::ActiveJanitorTerminating);
    QVERIFY_THROWS_EXCEPTION(SpawnException, client.spawnDaemon([] {}));
    client.requestStop();
    QVERIFY(!client.isActive());
}

void tst_Client::copiesReferToTheSameJanitor()
{
    QJanitor::enter([] {
        const Client first = Client::current();
        Client second;
        second = first;
        const Client third = std::move(second);
        second = Client();
        QVERIFY(second.isNull());
        third.requestStop();
        QVERIFY(QJanitor::isStopRequested());
        QVERIFY(first.isActive());
    });
}

void tst_Client::refusedJobIsNotMovedFrom()
{
    const Client client = closedClient();
    auto job = [number = std::make_unique<int>(7)] { return void(*number); };
    QCOMPARE(client.trySpawnDaemon(std::move(job)), SpawnError::ActiveJanitorTerminating);
    job(); // crashes if its number is gone
    QString name = QStringLiteral("a name that is too long for any small buffer");
    const QString copy = name;
    QCOMPARE(client.trySpawnCleanupJob(name, std::move(job)), SpawnError::ActiveJanitorTerminating);
    QCOMPARE(name, copy);
    job();
}

void tst_Client::clientGivesJobsFromAThreadWithoutAJanitor()
{
    std::atomic<int> jobs{0};
    QJanitor::enter([&jobs] {
        std::thread thread([&jobs, client = Client::current()] {
            QVERIFY(Client::current().isNull());
            client.spawnDaemon([&jobs] { ++jobs; });
            client.spawnCleanupJob(QStringLiteral("named"), [&jobs] { ++jobs; });
            QCOMPARE(client.trySpawnDaemon([&jobs] { ++jobs; }), SpawnError::NoError);
            QVERIFY(Client::current().isNull());
        });
        thread.join();
    });
    QCOMPARE(jobs.load(), 3);
}

void tst_Client::eachFutureIsOneOfItsOwn()
{
    QFuture<QJanitor::Report> first;
    QFuture<QJanitor::Report> second;
    int continued = 0;
    QJanitor::enter([&] {
        const Client client = Client::current();
        first = client.future().then([&continued](const QJanitor::Report &report) {
            ++continued;
            return report;
        });
        second = client.future().then([&continued](const QJanitor::Report &report) {
            ++continued;
            return report;
        });
        QVERIFY(!first.isFinished());
        QJanitor::spawnDaemon([] {});
    });
    QCOMPARE(first.result().completedCount(), 1);
    QCOMPARE(second.result().completedCount(), 1);
    QCOMPARE(continued, 2);
}

void tst_Client::futureOfAClosedJanitorIsThereAtOnce()
{
    const QFuture<QJanitor::Report> future = closedClient().future();
    QVERIFY(future.isFinished());
    QVERIFY(!future.isCanceled());
    QVERIFY(future.result().ok());
}

void tst_Client::boundFunctionRunsUnderItsJanitor()
{
    bool found = false;
    QJanitor::enter([&found] {
        auto bound = Client::current().bind([] { return QJanitor::hasActiveJanitor(); });
        std::thread thread([&found, &bound] { found = !QJanitor::hasActiveJanitor() && bound(); });
        thread.join();
    });
    QVERIFY(found);
}

void tst_Client::boundFunctionTakesAndReturnsWhatItsFunctionDoes()
{
    QJanitor::enter([] {
        const Client client = Client::current();
        auto add = client.bind([](int a, int b) { return a + b; });
        QCOMPARE(add(1, 2), 3);

        auto count = client.bind([calls = 0]() mutable { return ++calls; });
        QCOMPARE(count(), 1);
        QCOMPARE(count(), 2);

        int number = 1;
        const auto constant = client.bind([](int a) { return 2 * a; });
        QCOMPARE(constant(4), 8);
        auto reference = client.bind([](int &value) -> int & { return ++value; });
        static_assert(std::is_same_v<decltype(reference(number)), int &>);
        QCOMPARE(&reference(number), &number);
        QCOMPARE(number, 2);

        auto pass = client.bind([](std::unique_ptr<int> value) { return value; });
        QCOMPARE(*pass(std::make_unique<int>(7)), 7);

        auto owner = client.bind([own = std::make_unique<int>(8)] { return *own; });
        auto moved = std::move(owner);
        QCOMPARE(moved(), 8);

        auto member = client.bind(&QString::size);
        QCOMPARE(member(QStringLiteral("abc")), 3);
    });
}

void tst_Client::boundFunctionRestoresTheAmbientJanitorWhenItThrows()
{
    const Client client = closedClient();
    auto bound = client.bind([] { throw std::runtime_error("broken"); });
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, bound());
    QVERIFY(Client::current().isNull());
}

void tst_Client::boundFunctionThatOutlivesItsJanitorFindsItClosed()
{
    auto bound = closedClient().bind([] { return QJanitor::trySpawnDaemon([] {}); });
    QCOMPARE(bound(), SpawnError::ActiveJanitorTerminating);
    QJanitor::enter([&bound] {
        QCOMPARE(bound(), SpawnError::ActiveJanitorTerminating);
        QCOMPARE(QJanitor::trySpawnDaemon([] {}), SpawnError::NoError);
    });
}

void tst_Client::guardsNest()
{
    const Client closed = closedClient();
    QJanitor::enter([&closed] {
        const Client open = Client::current();
        {
            const AmbientGuard outer(closed);
            QVERIFY(ambientIs(closed));
            {
                const AmbientGuard inner(open);
                QVERIFY(ambientIs(open));
            }
            QVERIFY(ambientIs(closed));
        }
        QVERIFY(ambientIs(open));
    });
    QVERIFY(Client::current().isNull());
}

void tst_Client::nullGuardHidesTheAmbientJanitor()
{
    QJanitor::enter([] {
        {
            const AmbientGuard guard{Client()};
            QVERIFY(Client::current().isNull());
            QVERIFY(!QJanitor::hasActiveJanitor());
            QCOMPARE(QJanitor::trySpawnDaemon([] {}), SpawnError::NoActiveJanitor);
        }
        QVERIFY(QJanitor::hasActiveJanitor());
    });
}

void tst_Client::guardIsForItsThreadOnly()
{
    QJanitor::enter([] {
        const AmbientGuard guard(Client::current());
        bool elsewhere = true;
        std::thread([&elsewhere] { elsewhere = QJanitor::hasActiveJanitor(); }).join();
        QVERIFY(!elsewhere);
    });
}

QTEST_GUILESS_MAIN(tst_Client)
#include "tst_client.moc"
