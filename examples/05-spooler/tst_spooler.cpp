// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Drives the spooler from outside, as its clients and its administrator do.

#include <QtCore/qdir.h>
#include <QtCore/qprocess.h>
#include <QtCore/qregularexpression.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qthread.h>
#include <QtNetwork/qtcpserver.h>
#include <QtNetwork/qtcpsocket.h>
#include <QtTest/qtest.h>

#include <csignal>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace Qt::StringLiterals;

static constexpr int patience = 30'000;

/// A running spooler.
class Spooler
{
public:
    explicit Spooler(const QString &directory, const QStringList &options = {})
        : m_directory(directory)
        , m_options(options)
    {}
    ~Spooler() { stop(); }

    /// Limits the size of its files, as a full disk does, but for each file on its own.
    void limitFileSize(rlim_t bytes)
    {
        m_process.setChildProcessModifier([bytes] {
            const rlimit limit = {bytes, bytes};
            ::setrlimit(RLIMIT_FSIZE, &limit);
            std::signal(SIGXFSZ, SIG_IGN); // then write() fails with EFBIG
        });
    }
    bool start(const QString &endpoint = u"127.0.0.1:0"_s)
    {
        m_process.start(QStringLiteral(SPOOLER),
                        QStringList{u"--listen"_s, endpoint, u"--spool"_s, m_directory} +
                            m_options);
        while (!m_process.canReadLine() && m_process.waitForReadyRead(patience)) {
        }
        const QByteArray greeting = m_process.readLine();
        m_port = greeting.mid(greeting.lastIndexOf(':') + 1).trimmed().toUShort();
        return greeting.startsWith("listening on 127.0.0.1:") && m_port != 0;
    }
    void send(int signal) { ::kill(pid_t(m_process.processId()), signal); }
    /// Waits for a line on stderr that begins with \a beginning, and returns it.
    QString waitForLogLine(const QString &beginning)
    {
        m_process.setReadChannel(QProcess::StandardError);
        for (;;) {
            while (m_process.canReadLine()) {
                const QByteArray line = m_process.readLine();
                m_log += line;
                if (QString::fromUtf8(line).startsWith(beginning))
                    return QString::fromUtf8(line).trimmed();
            }
            if (!m_process.waitForReadyRead(patience))
                return u"there was no such line"_s;
        }
    }
    /// Ends it as an administrator does. Returns its exit code; -1 if it crashed or hung.
    int stop(int signal = SIGTERM)
    {
        if (m_process.state() == QProcess::Running)
            send(signal);
        if (m_process.state() != QProcess::NotRunning && !m_process.waitForFinished(patience))
            return -1;
        m_report += m_process.readAllStandardOutput();
        m_log += m_process.readAllStandardError();
        return m_process.exitStatus() == QProcess::NormalExit ? m_process.exitCode() : -1;
    }

    quint16 port() const { return m_port; }
    QString report() const { return QString::fromUtf8(m_report); }
    QString log() const { return QString::fromUtf8(m_log); }
    QByteArray spooledFrom(quint16 clientPort) const
    {
        QFile file(u"%1/%2.spool"_s.arg(m_directory, QString::number(clientPort)));
        return file.open(QFile::ReadOnly) ? file.readAll() : QByteArray("there is no such file");
    }

private:
    const QString m_directory;
    const QStringList m_options;
    QProcess m_process;
    QByteArray m_report;
    QByteArray m_log;
    quint16 m_port = 0;
};

/// A client that sends lines and reads answers.
class Client
{
public:
    explicit Client(const Spooler &spooler)
    {
        m_socket.connectToHost(u"127.0.0.1"_s, spooler.port());
        m_connected = m_socket.waitForConnected(patience);
        m_port = m_socket.localPort();
    }
    void send(const QByteArray &bytes) { m_socket.write(bytes); }
    QByteArray nextAnswer()
    {
        while (!m_socket.canReadLine() && m_socket.waitForReadyRead(patience)) {
        }
        return m_socket.readLine();
    }
    /// Sends \a lines one by one until one is refused. Returns how many have been acknowledged.
    int sendUntilRefused(const QByteArray &line, int most, QByteArray *refusal)
    {
        for (int count = 0; count < most; ++count) {
            send(line);
            *refusal = nextAnswer();
            if (*refusal != "OK " + QByteArray::number(count + 1) + '\n')
                return count;
        }
        return most;
    }
    /// Returns what was answered beside, until the spooler has closed the connection.
    QByteArray otherAnswers()
    {
        while (m_socket.waitForReadyRead(patience)) {
        }
        return m_socket.readAll();
    }
    bool leave()
    {
        m_socket.disconnectFromHost();
        return m_socket.state() == QTcpSocket::UnconnectedState ||
               m_socket.waitForDisconnected(patience);
    }

    bool isConnected() const { return m_connected; }
    quint16 port() const { return m_port; }

private:
    QTcpSocket m_socket;
    bool m_connected = false;
    quint16 m_port = 0;
};

class tst_Spooler : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void acknowledgedLinesAreOnDisk_data();
    void acknowledgedLinesAreOnDisk();
    void keepsTheOrderOfManyBatches();
    void overwritesNothing();
    void badUsageIsExplained_data();
    void badUsageIsExplained();
    void portInUseIsExplained();
    void lineOverOneMebibyteIsRefused();
    void lineOfOneMebibyteIsTaken();
    void clientThatLeavesInMidLineLosesOnlyThatLine();
    void fullFileStopsOneConnectionOnly();
    void fullDiskNamesTheLostLines();
    void statusLineNamesWhatIsLeft();
    void secondSignalStopsWaiting();
    void drainTimeoutStopsWaiting();
    void drainTimeoutThatIsNotNeeded();

private:
    QTemporaryDir m_directory;
    static QByteArray padded(int number);
};

QByteArray tst_Spooler::padded(int number)
{
    return QByteArray::number(number).rightJustified(99, '.') + '\n';
}

void tst_Spooler::acknowledgedLinesAreOnDisk_data()
{
    QTest::addColumn<int>("signal");
    QTest::newRow("after SIGTERM") << SIGTERM;
    QTest::newRow("after SIGINT") << SIGINT;
    QTest::newRow("after SIGHUP") << SIGHUP;
}

void tst_Spooler::acknowledgedLinesAreOnDisk()
{
    QFETCH(const int, signal);
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client client(spooler);
    const QByteArray lines = "one\n\n" + QByteArray("t\0wo\xff\n", 6);
    client.send(lines + "half a li");
    QCOMPARE(client.nextAnswer(), "OK 1\n");
    QCOMPARE(client.nextAnswer(), "OK 2\n");
    QCOMPARE(client.nextAnswer(), "OK 3\n");

    QCOMPARE(spooler.stop(signal), 0); // with the connection open
    QCOMPARE(spooler.spooledFrom(client.port()), lines);
    QVERIFY2(spooler.report().contains(u"1 job completed"_s), qPrintable(spooler.report()));
}

void tst_Spooler::keepsTheOrderOfManyBatches()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client client(spooler);
    QByteArray lines;
    for (int i = 0; i < 20'000; ++i)
        lines += padded(i);
    client.send(lines);
    for (int i = 0; i < 20'000; ++i)
        QCOMPARE(client.nextAnswer(), "OK " + QByteArray::number(i + 1) + '\n');

    QCOMPARE(spooler.stop(), 0);
    QVERIFY(spooler.spooledFrom(client.port()) == lines); // too long to print
}

void tst_Spooler::overwritesNothing()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    // As if a client of yesterday had had that port, whichever it will be.
    QTcpServer reservation;
    QVERIFY(reservation.listen(QHostAddress::LocalHost));
    const quint16 port = reservation.serverPort();
    reservation.close();
    QFile yesterday(directory.filePath(u"%1.spool"_s.arg(port)));
    QVERIFY(yesterday.open(QFile::WriteOnly));
    yesterday.write("precious\n");
    yesterday.close();

    QTcpSocket socket;
    QVERIFY(socket.bind(QHostAddress::LocalHost, port));
    socket.connectToHost(QHostAddress::LocalHost, spooler.port());
    socket.write("new\n");
    QVERIFY(socket.waitForReadyRead(patience));
    QCOMPARE(socket.readAll(), "OK 1\n");

    QCOMPARE(spooler.stop(), 0);
    QCOMPARE(spooler.spooledFrom(port), "precious\n");
    QFile today(directory.filePath(u"%1-2.spool"_s.arg(port)));
    QVERIFY(today.open(QFile::ReadOnly));
    QCOMPARE(today.readAll(), "new\n");
}

void tst_Spooler::badUsageIsExplained_data()
{
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("message");
    const QString good = m_directory.path();
    QTest::newRow("missing directory") << QStringList{u"--spool"_s, good + u"/none"_s}
                                       << u"spooler: the spool directory .*/none does not exist"_s;
    QTest::newRow("unwritable directory")
        << QStringList{u"--spool"_s, u"/proc"_s}
        << u"spooler: cannot write to the spool directory /proc: ."_s;
    QTest::newRow("directory that is a file")
        << QStringList{u"--spool"_s, QStringLiteral(SPOOLER)}
        << u"spooler: cannot write to the spool directory .*spooler: ."_s;
    QTest::newRow("no directory") << QStringList() << u"spooler: --spool DIR is missing"_s;
    QTest::newRow("unknown option")
        << QStringList{u"--spool"_s, good, u"--fast"_s} << u"spooler: Unknown option 'fast'"_s;
    QTest::newRow("stray argument")
        << QStringList{u"--spool"_s, good, u"stray"_s} << u"spooler: unexpected argument: stray"_s;
    for (const QString &option : {u"--drain-timeout"_s, u"--slow-disk"_s})
        QTest::addRow("%s without a number", qPrintable(option))
            << QStringList{u"--spool"_s, good, option, u"soon"_s}
            << u"spooler: %1 needs a number of milliseconds, not \"soon\""_s.arg(option);
    for (const QString &endpoint :
         {u"127.0.0.1"_s, u"127.0.0.1:"_s, u"nowhere:1"_s, u":1"_s, u"127.0.0.1:70000"_s, u""_s})
        QTest::addRow("endpoint \"%s\"", qPrintable(endpoint))
            << QStringList{u"--spool"_s, good, u"--listen"_s, endpoint}
            << u"spooler: --listen needs ADDRESS:PORT"_s;
}

void tst_Spooler::badUsageIsExplained()
{
    QFETCH(const QStringList, arguments);
    QFETCH(const QString, message);
    QProcess process;
    process.start(QStringLiteral(SPOOLER), arguments);
    QVERIFY(process.waitForFinished(patience));
    const QString said = QString::fromUtf8(process.readAllStandardError());
    QVERIFY2(QRegularExpression(message).match(said).hasMatch(), qPrintable(said));
    QCOMPARE(process.exitStatus(), QProcess::NormalExit);
    QCOMPARE(process.exitCode(), 2);
    QCOMPARE(process.readAllStandardOutput(), QByteArray());
}

void tst_Spooler::portInUseIsExplained()
{
    QTcpServer occupant;
    QVERIFY(occupant.listen(QHostAddress::LocalHost));
    Spooler spooler(m_directory.path());
    QVERIFY(!spooler.start(u"127.0.0.1:%1"_s.arg(occupant.serverPort())));
    QCOMPARE(spooler.stop(), 2);
    const QString expected =
        u"spooler: cannot listen on 127.0.0.1 port %1: "_s.arg(occupant.serverPort());
    QVERIFY2(spooler.log().startsWith(expected), qPrintable(spooler.log()));
}

void tst_Spooler::lineOverOneMebibyteIsRefused()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client careful(spooler);
    Client careless(spooler);
    careless.send("before\n" + QByteArray(1024 * 1024 + 1, 'x') + "\nafter\n");
    QCOMPARE(careless.nextAnswer(), "OK 1\n");
    QCOMPARE(careless.nextAnswer(), "ERR a line is longer than 1048576 bytes\n");
    careful.send("fine\n");
    QCOMPARE(careful.nextAnswer(), "OK 1\n");

    QCOMPARE(spooler.stop(), 0); // every promise was kept
    QCOMPARE(careless.otherAnswers(), QByteArray());
    QCOMPARE(spooler.spooledFrom(careless.port()), "before\n");
    QCOMPARE(spooler.spooledFrom(careful.port()), "fine\n");
}

void tst_Spooler::lineOfOneMebibyteIsTaken()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client client(spooler);
    const QByteArray line = QByteArray(1024 * 1024, 'x') + '\n';
    client.send(line);
    QCOMPARE(client.nextAnswer(), "OK 1\n");

    QCOMPARE(spooler.stop(), 0);
    QVERIFY(spooler.spooledFrom(client.port()) == line);
}

void tst_Spooler::clientThatLeavesInMidLineLosesOnlyThatLine()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client stayer(spooler);
    Client leaver(spooler);
    leaver.send("whole\nha");
    QCOMPARE(leaver.nextAnswer(), "OK 1\n");
    QVERIFY(leaver.leave());
    stayer.send("still here\n");
    QCOMPARE(stayer.nextAnswer(), "OK 1\n");
    // It is on disk without waiting for the end of the program.
    const auto isOnDisk = [&] { return spooler.spooledFrom(leaver.port()) == "whole\n"; };
    QVERIFY(QTest::qWaitFor(isOnDisk, patience));

    QCOMPARE(spooler.stop(), 0);
    QCOMPARE(spooler.spooledFrom(leaver.port()), "whole\n");
    QCOMPARE(spooler.spooledFrom(stayer.port()), "still here\n");
    QVERIFY2(spooler.log().contains(u"the client left in mid-line; 2 bytes"_s),
             qPrintable(spooler.log()));
}

void tst_Spooler::fullFileStopsOneConnectionOnly()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path());
    spooler.limitFileSize(50'050); // 500 lines and a half
    QVERIFY(spooler.start());
    Client modest(spooler);
    Client greedy(spooler);
    modest.send("first\n");
    QCOMPARE(modest.nextAnswer(), "OK 1\n");
    QByteArray refusal;
    const int acknowledged = greedy.sendUntilRefused(padded(0), 100'000, &refusal);
    QVERIFY(acknowledged >= 500 && acknowledged < 100'000);
    const QString port = QString::number(greedy.port());
    QCOMPARE(QString::fromUtf8(refusal),
             u"ERR cannot write %1.spool: File too large\n"_s.arg(port));
    greedy.send("is anybody there?\n");
    modest.send("second\n");
    QCOMPARE(modest.nextAnswer(), "OK 2\n");

    QCOMPARE(spooler.stop(), 1);
    QCOMPARE(greedy.otherAnswers(), QByteArray());
    QCOMPARE(spooler.spooledFrom(modest.port()), "first\nsecond\n");
    QVERIFY(spooler.spooledFrom(greedy.port()) == padded(0).repeated(500)); // no half line
    const QString expected = u"%1.spool: File too large; lines 501 to %2 were acknowledged, "
                             "but are not on disk"_s.arg(port)
                                 .arg(acknowledged);
    QVERIFY2(spooler.report().contains(expected), qPrintable(spooler.report()));
}

/// The same with a real file system, where the disk is full for everybody.
void tst_Spooler::fullDiskNamesTheLostLines()
{
    QTemporaryDir directory;
    const QByteArray disk = QFile::encodeName(directory.path());
    if (::mount("tmpfs", disk.constData(), "tmpfs", 0, "size=128k") != 0)
        QSKIP("mounting a small disk needs root");
    const auto unmount = qScopeGuard([&disk] { ::umount(disk.constData()); });
    Spooler spooler(directory.path());
    QVERIFY(spooler.start());
    Client modest(spooler);
    modest.send("first\n");
    QCOMPARE(modest.nextAnswer(), "OK 1\n");
    QVERIFY(modest.leave());
    const auto isOnDisk = [&] { return spooler.spooledFrom(modest.port()) == "first\n"; };
    QVERIFY(QTest::qWaitFor(isOnDisk, patience));
    Client greedy(spooler);
    QByteArray refusal;
    const int acknowledged = greedy.sendUntilRefused(padded(0), 100'000, &refusal);
    const QString port = QString::number(greedy.port());
    QCOMPARE(QString::fromUtf8(refusal),
             u"ERR cannot write %1.spool: No space left on device\n"_s.arg(port));

    QCOMPARE(spooler.stop(), 1);
    QCOMPARE(spooler.spooledFrom(modest.port()), "first\n");
    const QByteArray spooled = spooler.spooledFrom(greedy.port());
    QVERIFY(spooled == padded(0).repeated(spooled.count('\n')));
    const QString expected =
        u"lines %1 to %2 were acknowledged, but are not on disk"_s.arg(spooled.count('\n') + 1)
            .arg(acknowledged);
    QVERIFY2(spooler.report().contains(expected), qPrintable(spooler.report()));
}

/// A disk that does not come back as long as the test runs.
static const QStringList hungDisk{u"--slow-disk"_s, u"3600000"_s};

void tst_Spooler::statusLineNamesWhatIsLeft()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path(), hungDisk);
    QVERIFY(spooler.start());
    Client first(spooler);
    Client second(spooler);
    for (Client *client : {&first, &second}) {
        client->send("line\n");
        QCOMPARE(client->nextAnswer(), "OK 1\n");
    }
    spooler.send(SIGINT);
    QCOMPARE(spooler.waitForLogLine(u"2 jobs left"_s),
             u"2 jobs left: flush connection-%1, flush connection-%2"_s.arg(first.port())
                 .arg(second.port()));
    QCOMPARE(spooler.stop(SIGKILL), -1);
}

void tst_Spooler::secondSignalStopsWaiting()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path(), hungDisk);
    QVERIFY(spooler.start());
    Client client(spooler);
    client.send("line\n");
    QCOMPARE(client.nextAnswer(), "OK 1\n");

    spooler.send(SIGINT);
    const QString name = u"flush connection-%1"_s.arg(client.port());
    QCOMPARE(spooler.waitForLogLine(u"1 job left"_s), u"1 job left: "_s + name);
    QThread::msleep(600); // what comes sooner is taken for the same key press
    QCOMPARE(spooler.stop(SIGINT), 1);
    QVERIFY2(spooler.report().contains(name), qPrintable(spooler.report()));
}

void tst_Spooler::drainTimeoutStopsWaiting()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path(), hungDisk + QStringList{u"--drain-timeout"_s, u"100"_s});
    QVERIFY(spooler.start());
    Client client(spooler);
    client.send("line\n");
    QCOMPARE(client.nextAnswer(), "OK 1\n");

    QCOMPARE(spooler.stop(), 1);
    QVERIFY2(spooler.report().contains(u"flush connection-%1"_s.arg(client.port())),
             qPrintable(spooler.report()));
}

void tst_Spooler::drainTimeoutThatIsNotNeeded()
{
    QTemporaryDir directory;
    Spooler spooler(directory.path(), {u"--drain-timeout"_s, u"3600000"_s});
    QVERIFY(spooler.start());
    Client client(spooler);
    client.send("line\n");
    QCOMPARE(client.nextAnswer(), "OK 1\n");

    QCOMPARE(spooler.stop(), 0);
    QCOMPARE(spooler.spooledFrom(client.port()), "line\n");
}

QTEST_GUILESS_MAIN(tst_Spooler)
#include "tst_spooler.moc"
