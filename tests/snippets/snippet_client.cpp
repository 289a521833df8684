// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The explicit handle, for places that the ambient janitor does not reach.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <thread>

using namespace Qt::StringLiterals;

static std::atomic<int> jobsRun = 0;

static void store(int)
{
    ++jobsRun;
}

class Sensor : public QObject
{
    Q_OBJECT
Q_SIGNALS:
    void measured(int value);
};

//! [bind]
/// Each value is stored under the janitor in which this was called, whoever emits the signal.
static void record(Sensor *sensor)
{
    const auto storeLater = [](int value) {
        QJanitor::spawnDaemon([value] { store(value); });
    };
    QObject::connect(sensor, &Sensor::measured, sensor,
                     QJanitor::Client::current().bind(storeLater));
}
//! [bind]

//! [guard]
static void measureOnThreadOfItsOwn()
{
    std::thread thread([client = QJanitor::Client::current()] {
        const QJanitor::AmbientGuard guard(client);
        QJanitor::spawnDaemon([] { store(1); }); // finds the janitor of the thread's creator
    });
    thread.join();
}
//! [guard]

//! [request-stop]
static void onCancelButton(const QJanitor::Client &import)
{
    import.requestStop(); // its jobs see isStopRequested(); stopping is no failure
}
//! [request-stop]

//! [future]
static QFuture<QJanitor::Report> whenImported()
{
    return QJanitor::Client::current().future(); // finishes when the janitor has closed
}
//! [future]

class snippet_client : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { jobsRun = 0; }
    void boundCallablesFindTheirJanitor();
    void aGuardMakesAJanitorAmbient();
    void stopIsARequest();
    void theReportArrivesAsAFuture();
    void aClientOutlivesItsJanitor();
};

void snippet_client::boundCallablesFindTheirJanitor()
{
    QJanitor::enter([] {
        Sensor sensor;
        record(&sensor);
        std::thread([&sensor] { Q_EMIT sensor.measured(20); }).join();
        QCoreApplication::processEvents();
    });
    QCOMPARE(jobsRun.load(), 1);
}

void snippet_client::aGuardMakesAJanitorAmbient()
{
    QJanitor::enter(measureOnThreadOfItsOwn);
    QCOMPARE(jobsRun.load(), 1);
}

void snippet_client::stopIsARequest()
{
    const auto result = QJanitor::tryEnter([] {
        QJanitor::spawnDaemon([] {
            while (!QJanitor::isStopRequested())
                std::this_thread::yield();
        });
        onCancelButton(QJanitor::Client::current());
    });
    QVERIFY(result.janitorResult.ok());
}

void snippet_client::theReportArrivesAsAFuture()
{
    const QFuture<QJanitor::Report> report = QJanitor::enter(whenImported);
    QVERIFY(QTest::qWaitFor([&] { return report.isFinished(); }));
    QVERIFY(report.result().ok());
}

void snippet_client::aClientOutlivesItsJanitor()
{
    const auto client = QJanitor::enter([] { return QJanitor::Client::current(); });
    QVERIFY(!client.isNull());
    QVERIFY(!client.isActive());
    QCOMPARE(client.trySpawnDaemon([] { store(1); }), QJanitor::SpawnError::ActiveJanitorTerminating);
    QCOMPARE(jobsRun.load(), 0);
}

QTEST_GUILESS_MAIN(snippet_client)
#include "snippet_client.moc"
