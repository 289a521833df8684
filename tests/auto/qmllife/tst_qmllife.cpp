// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Engine, status, janitor and application are destroyed in every order, each in a process of its
// own.

#include <QtCore/qprocess.h>
#include <QtTest/qtest.h>

#include <algorithm>
#include <string>

using namespace Qt::StringLiterals;

class tst_QmlLife : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theyGoInAnyOrder_data();
    void theyGoInAnyOrder();
};

void tst_QmlLife::theyGoInAnyOrder_data()
{
    QTest::addColumn<QString>("order");
    std::string order = "aejs"; // application, engine, janitor, status
    do {
        QTest::newRow(order.c_str()) << QString::fromStdString(order);
    } while (std::next_permutation(order.begin(), order.end()));
}

void tst_QmlLife::theyGoInAnyOrder()
{
    QFETCH(const QString, order);
    QProcess program;
    program.start(QStringLiteral(PROGRAM), {order});
    if (!program.waitForFinished(60'000)) {
        program.kill();
        program.waitForFinished();
        QFAIL("hangs");
    }
    const QByteArray log = program.readAllStandardError();
    QVERIFY2(program.exitStatus() == QProcess::NormalExit, log.constData());
    QVERIFY2(program.exitCode() == 0, log.constData());
    QCOMPARE(QString::fromUtf8(program.readAllStandardOutput()), order + u" done\n"_s);
}

QTEST_GUILESS_MAIN(tst_QmlLife)

#include "tst_qmllife.moc"
