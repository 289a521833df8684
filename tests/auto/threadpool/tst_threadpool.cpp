// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "run/threadpool_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qsemaphore.h>
#include <QtCore/qthreadpool.h>
#include <QtTest/qtest.h>

using QJanitor::Private::ownThreadPool;

static_assert(std::is_same_v<decltype(ownThreadPool()), QThreadPool *>);

class tst_ThreadPool : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isOneForTheProcess();
    void isAsLargeAsTheGlobalOneAndApartFromIt();
    void runsWithoutAnApplication();
};

void tst_ThreadPool::isOneForTheProcess()
{
    QVERIFY(ownThreadPool());
    QCOMPARE(ownThreadPool(), ownThreadPool());
}

void tst_ThreadPool::isAsLargeAsTheGlobalOneAndApartFromIt()
{
    QVERIFY(ownThreadPool() != QThreadPool::globalInstance());
    QCOMPARE(ownThreadPool()->maxThreadCount(), QThreadPool::globalInstance()->maxThreadCount());
    QVERIFY(ownThreadPool()->maxThreadCount() >= 1);
}

void tst_ThreadPool::runsWithoutAnApplication()
{
    QVERIFY(!QCoreApplication::instance());
    QSemaphore done;
    ownThreadPool()->start([&done] { done.release(); });
    QVERIFY(done.tryAcquire(1, 60'000));
    {
        int argc = 1;
        char name[] = "tst_threadpool";
        char *arguments[] = {name, nullptr};
        const QCoreApplication application(argc, arguments);
        ownThreadPool()->start([&done] { done.release(); });
        QVERIFY(done.tryAcquire(1, 60'000));
    }
    // The end of the application leaves it alone.
    ownThreadPool()->start([&done] { done.release(); });
    QVERIFY(done.tryAcquire(1, 60'000));
}

QTEST_APPLESS_MAIN(tst_ThreadPool)
#include "tst_threadpool.moc"
