// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// How a message reaches the service manager. Built twice: with libsystemd and without.

#include "notifysocket.h"
#include "servicemanager_p.h"

#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;
using QJanitor::Private::ServiceManager;

class tst_ServiceManager : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messageArrives_data();
    void messageArrives();
    void nobodyIsThere();
    void badAddress_data();
    void badAddress();

private:
    QTemporaryDir m_directory;
};

void tst_ServiceManager::messageArrives_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("message");
    const QString path = m_directory.filePath(u"notify"_s);
    const QString abstract = u"@qjanitor-test/%1"_s.arg(QCoreApplication::applicationPid());
    QTest::newRow("at a path") << path << QByteArray("READY=1");
    QTest::newRow("at an abstract name") << abstract << QByteArray("READY=1");
    QTest::newRow("at the longest path")
        << path.leftJustified(sizeof sockaddr_un::sun_path - 1, u'x') << QByteArray("READY=1");
    QTest::newRow("several lines") << path << QByteArray("STOPPING=1\nSTATUS=über\n");
}

void tst_ServiceManager::messageArrives()
{
    QFETCH(const QString, name);
    QFETCH(const QByteArray, message);
    QVERIFY(!ServiceManager::isThere());
    {
        const NotifySocket socket(name);
        qputenv("NOTIFY_SOCKET", QFile::encodeName(name));
        QVERIFY(ServiceManager::isThere());
        QVERIFY(ServiceManager::send(message));
        QCOMPARE(socket.receive(), message);
        QVERIFY(ServiceManager::send("STOPPING=1")); // the name is still in the environment
        QCOMPARE(socket.receive(), QByteArray("STOPPING=1"));
        QCOMPARE(socket.receiveAll(), QByteArrayList());
        qunsetenv("NOTIFY_SOCKET");
    }
    QFile::remove(name);
}

void tst_ServiceManager::nobodyIsThere()
{
    QVERIFY(!ServiceManager::isThere());
    QVERIFY(!ServiceManager::send("READY=1"));
}

void tst_ServiceManager::badAddress_data()
{
    QTest::addColumn<QByteArray>("address");
    QTest::newRow("empty") << QByteArray("");
    QTest::newRow("relative") << QByteArray("notify");
    QTest::newRow("nothing there") << m_directory.filePath(u"nothing"_s).toLocal8Bit();
    QTest::newRow("no socket") << m_directory.path().toLocal8Bit();
    QTest::newRow("nobody has the name") << QByteArray("@qjanitor-test/nobody");
    QTest::newRow("too long") << QByteArray(1000, '/');
}

void tst_ServiceManager::badAddress()
{
    QFETCH(const QByteArray, address);
    qputenv("NOTIFY_SOCKET", address);
    QVERIFY(!ServiceManager::send("READY=1"));
    qunsetenv("NOTIFY_SOCKET");
}

QTEST_GUILESS_MAIN(tst_ServiceManager)

#include "tst_servicemanager.moc"
