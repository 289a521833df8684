// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Whether the feeder's verdict on a spool is right: examples/run believes it.

#include <QtCore/qfile.h>
#include <QtCore/qprocess.h>
#include <QtCore/qtemporarydir.h>
#include <QtTest/qtest.h>

using namespace Qt::StringLiterals;

using Files = QList<std::pair<QString, QByteArray>>;

class tst_Verify : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aSpoolIsJudgedByWhatWasAcknowledged_data();
    void aSpoolIsJudgedByWhatWasAcknowledged();
};

static void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY(file.open(QFile::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

void tst_Verify::aSpoolIsJudgedByWhatWasAcknowledged_data()
{
    QTest::addColumn<QByteArray>("manifest"); // PORT ACKNOWLEDGED SOURCE
    QTest::addColumn<Files>("spool");
    QTest::addColumn<QByteArray>("verdict"); // acknowledged, on disk, lost, damaged files
    QTest::addColumn<bool>("isGood");

    // The sources are a: "head\na2\na3\n" and b: "head\nb2\nb3\n".
    QTest::newRow("all of it") << "1 3 a\n"_ba << Files{{u"1.spool"_s, "head\na2\na3\n"}}
                               << "3 3 0 0"_ba << true;
    QTest::newRow("more than was acknowledged")
        << "1 1 a\n"_ba << Files{{u"1.spool"_s, "head\na2\n"}} << "1 2 0 0"_ba << true;
    QTest::newRow("a lost line") << "1 3 a\n"_ba << Files{{u"1.spool"_s, "head\na2\n"}}
                                 << "3 2 1 0"_ba << false;
    QTest::newRow("half a line") << "1 1 a\n"_ba << Files{{u"1.spool"_s, "head\na"}} << "1 1 0 1"_ba
                                 << false;
    QTest::newRow("another line") << "1 1 a\n"_ba << Files{{u"1.spool"_s, "head\nx2\n"}}
                                  << "1 1 0 1"_ba << false;
    QTest::newRow("a lost file") << "1 2 a\n"_ba << Files{} << "2 0 2 0"_ba << false;
    QTest::newRow("never accepted") << "1 0 a\n"_ba << Files{} << "0 0 0 0"_ba << true;
    QTest::newRow("a file nobody sent")
        << "1 3 a\n"_ba << Files{{u"1.spool"_s, "head\na2\na3\n"}, {u"1-2.spool"_s, "x\n"}}
        << "3 3 0 1"_ba << false;
    QTest::newRow("a port used again")
        << "1 3 a\n1 2 b\n"_ba
        << Files{{u"1.spool"_s, "head\nb2\n"}, {u"1-2.spool"_s, "head\na2\na3\n"}} << "5 5 0 0"_ba
        << true;
    QTest::newRow("a port used again by one that was never accepted")
        << "1 0 b\n1 3 a\n"_ba << Files{{u"1.spool"_s, "head\na2\na3\n"}} << "3 3 0 0"_ba << true;
    QTest::newRow("a port used again, files that could be of both")
        << "1 0 b\n1 1 a\n"_ba << Files{{u"1.spool"_s, "head\n"}, {u"1-2.spool"_s, ""}}
        << "1 1 0 0"_ba << true;
    QTest::newRow("a port used again, and a lost file")
        << "1 1 b\n1 3 a\n"_ba << Files{{u"1.spool"_s, "head\na2\na3\n"}} << "4 3 1 0"_ba << false;
}

void tst_Verify::aSpoolIsJudgedByWhatWasAcknowledged()
{
    QFETCH(const QByteArray, manifest);
    QFETCH(const Files, spool);
    QFETCH(const QByteArray, verdict);
    QFETCH(const bool, isGood);
    const QTemporaryDir directory;
    const auto path = [&](const QString &name) { return directory.filePath(name); };
    write(path(u"a"_s), "head\na2\na3\n");
    write(path(u"b"_s), "head\nb2\nb3\n");
    write(path(u"manifest"_s), manifest);
    for (const auto &[name, content] : spool)
        write(path(name), content);

    QProcess feeder;
    feeder.setWorkingDirectory(directory.path());
    feeder.start(QStringLiteral(FEEDER),
                 {u"--verify"_s, u"--manifest"_s, u"manifest"_s, u"--spool"_s, u"."_s});
    QVERIFY(feeder.waitForFinished());
    QByteArrayList numbers;
    for (const QByteArray &line : feeder.readAllStandardOutput().trimmed().split('\n'))
        numbers.append(line.sliced(line.indexOf(' ') + 1));
    QCOMPARE(numbers.join(' '), verdict);
    QCOMPARE(feeder.exitCode(), isGood ? 0 : 1);
}

QTEST_GUILESS_MAIN(tst_Verify)
#include "tst_verify.moc"
