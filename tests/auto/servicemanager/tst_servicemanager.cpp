// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// How a message reaches the service manager, and that nobody waits for it.

#include "notifysocket.h"
#include "exit/servicemanager_p.h"

#include <QtCore/qdir.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

#include <fcntl.h>
#include <memory>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace Qt::StringLiterals;
using QJanitor::Private::ServiceManager;
using Answer = ServiceManager::Answer;

class tst_ServiceManager : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void messageArrives_data();
    void messageArrives();
    void nobodyIsThere();
    void badAddress_data();
    void badAddress();
    void managerThatDoesNotReadIsBusy();
    void managerThatHasGoneWithoutReadingIsGone();
    void noDescriptorIsBusy();
    void messageThatIsTooLongFails();

private:
    QString path(const QString &name) const { return m_directory.filePath(name); }

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
        QCOMPARE(ServiceManager::send(message), Answer::Taken);
        QCOMPARE(socket.receive(), message);
        // The name is still in the environment.
        QCOMPARE(ServiceManager::send("STOPPING=1"), Answer::Taken);
        QCOMPARE(socket.receive(), QByteArray("STOPPING=1"));
        QCOMPARE(socket.receiveAll(), QByteArrayList());
        qunsetenv("NOTIFY_SOCKET");
    }
    QFile::remove(name);
}

void tst_ServiceManager::nobodyIsThere()
{
    QVERIFY(!ServiceManager::isThere());
    QCOMPARE(ServiceManager::send("READY=1"), Answer::Failed);
}

/// Returns how many descriptors the process has.
static qsizetype descriptorCount()
{
    return QDir(u"/proc/self/fd"_s).entryList(QDir::Files | QDir::System).size();
}

/// A socket that listens for connections, which is nothing for datagrams.
static std::unique_ptr<NotifySocket> streamSocket(const QString &name)
{
    return std::make_unique<NotifySocket>(name, SOCK_STREAM);
}

void tst_ServiceManager::badAddress_data()
{
    QTest::addColumn<QByteArray>("address");
    const auto row = [](const char *name, const QString &address) {
        QTest::newRow(name) << QFile::encodeName(address);
    };
    constexpr qsizetype room = sizeof sockaddr_un::sun_path;
    row("empty", u""_s);
    row("relative", u"notify"_s);
    row("nothing there", path(u"nothing"_s));
    row("a directory", m_directory.path());
    row("a file", path(u"file"_s));
    row("a file as a directory", path(u"file/notify"_s));
    row("a FIFO that nobody reads", path(u"fifo"_s));
    row("a FIFO that somebody reads", path(u"open fifo"_s));
    row("a stream socket", path(u"stream"_s));
    row("an abstract stream socket", u"@qjanitor-test/stream/%1"_s.arg(::getpid()));
    row("a socket whose reader has gone", path(u"gone"_s));
    row("a link to nothing", path(u"link"_s));
    row("links in a circle", path(u"circle"_s));
    row("a device", u"/dev/null"_s);
    row("nobody has the name", u"@qjanitor-test/nobody"_s);
    row("no name", u"@"_s);
    row("too long by one", u"/"_s.leftJustified(room, u'x'));
    row("too long", QString(1000, u'/'));
    row("an abstract name that is too long", u"@"_s.leftJustified(room, u'x'));
    row("very long", QString(100'000, u'/'));
    row("not of this family", u"vsock:2:1"_s);
    row("only a line break", u"\n"_s);
}

void tst_ServiceManager::badAddress()
{
    QFETCH(const QByteArray, address);
    QFile file(path(u"file"_s));
    QVERIFY(file.open(QIODevice::WriteOnly));
    for (const QString &name : {u"fifo"_s, u"open fifo"_s})
        QCOMPARE(::mkfifo(qUtf8Printable(path(name)), 0600), 0);
    const int reader = ::open(qUtf8Printable(path(u"open fifo"_s)), O_RDONLY | O_NONBLOCK);
    const auto stream = streamSocket(path(u"stream"_s));
    const auto abstract = streamSocket(u"@qjanitor-test/stream/%1"_s.arg(::getpid()));
    (void)NotifySocket(path(u"gone"_s));
    QVERIFY(QFile::link(path(u"nothing"_s), path(u"link"_s)));
    QVERIFY(QFile::link(path(u"circle"_s), path(u"circle"_s)));
    const auto tidyUp = qScopeGuard([this, reader] {
        ::close(reader);
        for (const char *name : {"file", "fifo", "open fifo", "stream", "gone", "link", "circle"})
            ::unlink(qUtf8Printable(path(QString::fromLatin1(name))));
    });

    qputenv("NOTIFY_SOCKET", address);
    const qsizetype before = descriptorCount();
    for (int i = 0; i < 3; ++i)
        QCOMPARE(ServiceManager::send("READY=1"), Answer::Failed);
    QCOMPARE(descriptorCount(), before);
    QCOMPARE(file.size(), 0);
    qunsetenv("NOTIFY_SOCKET");
}

void tst_ServiceManager::managerThatDoesNotReadIsBusy()
{
    const TimeLimit limit;
    const NotifySocket socket(path(u"busy"_s));
    qputenv("NOTIFY_SOCKET", QFile::encodeName(path(u"busy"_s)));
    int taken = 0;
    while (ServiceManager::send("STATUS=old") == Answer::Taken)
        ++taken;
    QVERIFY(taken > 0);
    const qsizetype before = descriptorCount();
    for (int i = 0; i < 100; ++i)
        QCOMPARE(ServiceManager::send("STATUS=new"), Answer::Busy);
    QCOMPARE(descriptorCount(), before);

    QCOMPARE(socket.receive(), QByteArray("STATUS=old"));
    QCOMPARE(ServiceManager::send("STOPPING=1"), Answer::Taken);
    QCOMPARE(ServiceManager::send("STATUS=new"), Answer::Busy);
    QCOMPARE(socket.receiveAll(), QByteArrayList(taken - 1, "STATUS=old") << "STOPPING=1");
    QCOMPARE(ServiceManager::send("STATUS=new"), Answer::Taken);
    qunsetenv("NOTIFY_SOCKET");
    QFile::remove(path(u"busy"_s));
}

void tst_ServiceManager::managerThatHasGoneWithoutReadingIsGone()
{
    const TimeLimit limit;
    qputenv("NOTIFY_SOCKET", QFile::encodeName(path(u"busy"_s)));
    {
        const NotifySocket socket(path(u"busy"_s));
        while (ServiceManager::send("STATUS=old") == Answer::Taken) {
        }
        QCOMPARE(ServiceManager::send("READY=1"), Answer::Busy);
    }
    QCOMPARE(ServiceManager::send("READY=1"), Answer::Failed);
    qunsetenv("NOTIFY_SOCKET");
    QFile::remove(path(u"busy"_s));
}

void tst_ServiceManager::noDescriptorIsBusy()
{
    const NotifySocket socket(path(u"notify"_s));
    qputenv("NOTIFY_SOCKET", QFile::encodeName(path(u"notify"_s)));
    rlimit usual = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &usual), 0);
    const rlimit none = {0, usual.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const Answer answer = ServiceManager::send("READY=1");
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &usual), 0);
    QCOMPARE(answer, Answer::Busy);
    QCOMPARE(ServiceManager::send("READY=1"), Answer::Taken);
    QCOMPARE(socket.receiveAll(), QByteArrayList({"READY=1"}));
    qunsetenv("NOTIFY_SOCKET");
    QFile::remove(path(u"notify"_s));
}

void tst_ServiceManager::messageThatIsTooLongFails()
{
    const NotifySocket socket(path(u"notify"_s));
    qputenv("NOTIFY_SOCKET", QFile::encodeName(path(u"notify"_s)));
    QCOMPARE(ServiceManager::send("STATUS=" + QByteArray(100'000'000, 'x')), Answer::Failed);
    QCOMPARE(socket.receiveAll(), QByteArrayList());
    qunsetenv("NOTIFY_SOCKET");
    QFile::remove(path(u"notify"_s));
}

QTEST_GUILESS_MAIN(tst_ServiceManager)

#include "tst_servicemanager.moc"
