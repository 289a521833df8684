// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "janitor/janitor_p.h"

#include "../../support/held.h"

#include <QtTest/qtest.h>

using namespace QJanitor;
using namespace QJanitor::Private;

class tst_StopRelay : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itJoinsForGood();
    void itKnowsWhoIsInside();
    void aJanitorIsKnownWhileAStopOutsideConcernsIt_data();
    void aJanitorIsKnownWhileAStopOutsideConcernsIt();
};

void tst_StopRelay::itJoinsForGood()
{
    StopRelay relay;
    QVERIFY(!relay.hasJoined());
    relay.join(held());
    QVERIFY(relay.hasJoined());
}

void tst_StopRelay::itKnowsWhoIsInside()
{
    Janitor one(Options(), {}, Janitor::Level::Nested);
    Janitor other(Options(), {}, Janitor::Level::Nested);
    StopRelay relay;
    QVERIFY(relay.inner(held()).empty());
    relay.add(held(), &one);
    relay.add(held(), &other);
    relay.remove(held(), &one);
    relay.remove(held(), &one); // has left already
    QCOMPARE(relay.inner(held()), std::vector<Janitor *>{&other});
}

void tst_StopRelay::aJanitorIsKnownWhileAStopOutsideConcernsIt_data()
{
    QTest::addColumn<int>("role");
    QTest::addColumn<bool>("isCancelled");
    QTest::newRow("inside a callee") << int(Role::Callee) << true;
    QTest::newRow("inside a daemon") << int(Role::Daemon) << true;
    QTest::newRow("inside a cleanup job") << int(Role::CleanupJob) << false;
}

/// The futures of its daemons are cancelled with the stop of the janitor outside.
void tst_StopRelay::aJanitorIsKnownWhileAStopOutsideConcernsIt()
{
    QFETCH(const int, role);
    QFETCH(const bool, isCancelled);
    const JanitorPointer outer(new Janitor(Options(), {}, Janitor::Level::Nested));
    const JanitorPointer inner(new Janitor(Options(), {outer, Role(role)}, Janitor::Level::Nested));
    QPromise<void> promise;
    promise.start();
    QFuture<void> future = promise.future();
    const auto offer =
        makeOffer(JobKind::Daemon, nullptr, std::move(future), SourceLocation::current());
    QCOMPARE(inner->spawn(offer), SpawnError::NoError);
    outer->requestStop();
    QCOMPARE(promise.isCanceled(), isCancelled);
    QCOMPARE(inner->isStopRequested(Role::Daemon), isCancelled);
    promise.finish();
    inner->endCallee();
    while (!inner->isDone())
        inner->lookAfterFutures();
}

QTEST_APPLESS_MAIN(tst_StopRelay)

#include "tst_stoprelay.moc"
