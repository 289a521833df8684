// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "../../support/held.h"
#include "../../support/makejanitor.h"

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
    const JanitorPointer one = makeJanitor();
    const JanitorPointer other = makeJanitor();
    StopRelay relay;
    QVERIFY(relay.inner(held()).empty());
    relay.add(held(), one.data());
    relay.add(held(), other.data());
    relay.remove(held(), one.data());
    relay.remove(held(), one.data()); // has left already
    QCOMPARE(relay.inner(held()), std::vector<Janitor *>{other.data()});
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
    const JanitorPointer outer = makeJanitor();
    const JanitorPointer inner = makeJanitor({outer, Role(role)});
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
