// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/job_p.h"
#include "report/texts_p.h"

#include <qjanitor/error.h>
#include <qjanitor/report.h>

#include <QtCore/qexception.h>
#include <QtCore/qmetaobject.h>
#include <QtCore/qvariant.h>
#include <QtTest/qtest.h>

#include <stdexcept>

using QJanitor::Error;
using QJanitor::Exception;
using QJanitor::Report;
using QJanitor::SpawnError;
using QJanitor::SpawnException;
using QJanitor::Private::ErrorParts;

static_assert(std::is_nothrow_move_constructible_v<Error>);
static_assert(std::is_nothrow_move_assignable_v<Error>);
static_assert(!std::is_convertible_v<QString, Error>, "a text is no error by accident");
static_assert(!std::is_convertible_v<Error, bool>);
static_assert(std::is_nothrow_copy_constructible_v<Exception>, "thrown by value");
static_assert(std::is_nothrow_copy_constructible_v<SpawnException>);
static_assert(std::is_base_of_v<std::exception, Exception>);
static_assert(std::is_base_of_v<std::exception, SpawnException>);

class tst_Error : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultIsNoError();
    void messageMakesAnError_data();
    void messageMakesAnError();
    void textSaysWhatHappenedWhereToWhom_data();
    void textSaysWhatHappenedWhereToWhom();
    void percentSignsInNamesAreNoPlaceholders();
    void caughtExceptionKeepsItsMessage_data();
    void caughtExceptionKeepsItsMessage();
    void caughtExceptionCanBeRethrown();
    void unhandledExceptionIsUnwrapped();
    void naming();
    void propertiesAreReadable();
    void travelsInAVariant();
    void spawnExceptionNamesTheLikelyMistake_data();
    void spawnExceptionNamesTheLikelyMistake();
    void exceptionShowsBothFailures();
    void exceptionOfAReturnedError();
};

void tst_Error::defaultIsNoError()
{
    const Error error;
    QVERIFY(!error);
    QVERIFY(!error.isValid());
    QCOMPARE(error.kind(), Error::Kind::NoError);
    QVERIFY(error.message().isEmpty());
    QVERIFY(error.jobName().isEmpty());
    QVERIFY(error.spawnSite().isEmpty());
    QVERIFY(!error.exception());
    QCOMPARE(error.toString(), QStringLiteral("no error"));
}

void tst_Error::messageMakesAnError_data()
{
    QTest::addColumn<QString>("message");
    QTest::newRow("a message") << QStringLiteral("disk full");
    QTest::newRow("an empty message is an error as well") << QString();
}

void tst_Error::messageMakesAnError()
{
    QFETCH(QString, message);
    const Error error(message);
    QVERIFY(error);
    QVERIFY(error.isValid());
    QCOMPARE(error.kind(), Error::Kind::JobReturnedError);
    QCOMPARE(error.message(), message);
    QVERIFY(!error.exception());
}

void tst_Error::textSaysWhatHappenedWhereToWhom_data()
{
    using Kind = Error::Kind;
    QTest::addColumn<Error::Kind>("kind");
    QTest::addColumn<QString>("message");
    QTest::addColumn<QString>("jobName");
    QTest::addColumn<QString>("spawnSite");
    QTest::addColumn<QStringList>("parts"); // in this order

    const QString none;
    const QString message = QStringLiteral("disk full");
    const QString name = QStringLiteral("flush");
    const QString site = QStringLiteral("cache.cpp:42");
    QTest::newRow("all parts") << Kind::JobReturnedError << message << name << site
                               << QStringList{QStringLiteral("\"flush\""), site, message};
    QTest::newRow("no name") << Kind::JobThrew << message << none << site
                             << QStringList{QStringLiteral("a job"), site,
                                            QStringLiteral("exception"), message};
    QTest::newRow("no site") << Kind::JobCanceled << none << name << none
                             << QStringList{QStringLiteral("\"flush\""),
                                            QStringLiteral("cancelled")};
    QTest::newRow("abandoned") << Kind::JobAbandoned << none << name << site
                               << QStringList{QStringLiteral("\"flush\""), site,
                                              QStringLiteral("abandoned")};
    QTest::newRow("timed out") << Kind::DrainTimedOut << none << none << none
                               << QStringList{QStringLiteral("timed out")};
    QTest::newRow("internal") << Kind::Internal << message << none << none
                              << QStringList{QStringLiteral("internal"), message};
}

void tst_Error::textSaysWhatHappenedWhereToWhom()
{
    QFETCH(Error::Kind, kind);
    QFETCH(QString, message);
    QFETCH(QString, jobName);
    QFETCH(QString, spawnSite);
    QFETCH(QStringList, parts);
    const Error error = ErrorParts::named(ErrorParts::make(kind, message), jobName, spawnSite);
    const QString text = error.toString();
    QVERIFY(!text.contains(u'\n'));
    QVERIFY2(text == text.simplified(), qPrintable(text));
    qsizetype from = 0;
    for (const QString &part : std::as_const(parts)) {
        from = text.indexOf(part, from);
        QVERIFY2(from >= 0, qPrintable(text + QStringLiteral(" lacks ") + part));
        from += part.size();
    }
}

void tst_Error::percentSignsInNamesAreNoPlaceholders()
{
    const QString odd = QStringLiteral("%1 100% %2");
    const Error error = ErrorParts::named(Error(odd), odd, QStringLiteral("a.cpp:1"));
    QCOMPARE(error.toString().count(odd), 2);
}

void tst_Error::caughtExceptionKeepsItsMessage_data()
{
    QTest::addColumn<std::exception_ptr>("exception");
    QTest::addColumn<QString>("message");
    QTest::newRow("std::exception")
        << std::make_exception_ptr(std::runtime_error("it broke")) << QStringLiteral("it broke");
    QTest::newRow("UTF-8") << std::make_exception_ptr(std::runtime_error("pi\xc3\xb1"
                                                                         "a"))
                           << QStringLiteral(u"pi\u00f1a");
    QTest::newRow("a number") << std::make_exception_ptr(42)
                              << QStringLiteral("an exception that is no std::exception");
}

void tst_Error::caughtExceptionKeepsItsMessage()
{
    QFETCH(std::exception_ptr, exception);
    QFETCH(QString, message);
    try {
        std::rethrow_exception(exception);
    } catch (...) {
        const Error error = QJanitor::Private::errorOfCurrentException();
        QCOMPARE(error.kind(), Error::Kind::JobThrew);
        QCOMPARE(error.message(), message);
        QVERIFY(error.exception());
    }
}

void tst_Error::caughtExceptionCanBeRethrown()
{
    Error copy;
    try {
        throw std::out_of_range("outside");
    } catch (...) {
        copy = QJanitor::Private::errorOfCurrentException();
    }
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, std::rethrow_exception(copy.exception()));
}

void tst_Error::unhandledExceptionIsUnwrapped()
{
    try {
        throw QUnhandledException(std::make_exception_ptr(std::out_of_range("outside")));
    } catch (...) {
        const Error error = QJanitor::Private::errorOfCurrentException();
        QCOMPARE(error.message(), QStringLiteral("outside"));
        QVERIFY_THROWS_EXCEPTION(std::out_of_range, std::rethrow_exception(error.exception()));
    }
    try {
        throw QUnhandledException();
    } catch (...) {
        const Error error = QJanitor::Private::errorOfCurrentException();
        QCOMPARE(error.kind(), Error::Kind::JobThrew);
        QVERIFY(!error.message().isEmpty());
        QVERIFY_THROWS_EXCEPTION(QUnhandledException, std::rethrow_exception(error.exception()));
    }
}

void tst_Error::naming()
{
    const Error bare(QStringLiteral("disk full"));
    const Error named = ErrorParts::named(bare, QStringLiteral("flush"), QStringLiteral("a.cpp:1"));
    QCOMPARE(named.jobName(), QStringLiteral("flush"));
    QCOMPARE(named.spawnSite(), QStringLiteral("a.cpp:1"));
    QCOMPARE(named.message(), bare.message());
    QCOMPARE(named.kind(), bare.kind());
    QVERIFY(bare.jobName().isEmpty());
}

void tst_Error::propertiesAreReadable()
{
    const Error error = ErrorParts::named(Error(QStringLiteral("disk full")),
                                          QStringLiteral("flush"), QStringLiteral("a.cpp:1"));
    const auto read = [&error](const char *name) {
        const QMetaObject &meta = Error::staticMetaObject;
        return meta.property(meta.indexOfProperty(name)).readOnGadget(&error);
    };
    QCOMPARE(read("valid"), QVariant(true));
    QCOMPARE(read("message"), QVariant(QStringLiteral("disk full")));
    QCOMPARE(read("jobName"), QVariant(QStringLiteral("flush")));
    QCOMPARE(read("spawnSite"), QVariant(QStringLiteral("a.cpp:1")));
    QCOMPARE(read("kind").value<Error::Kind>(), Error::Kind::JobReturnedError);
}

void tst_Error::travelsInAVariant()
{
    const QVariant variant = QVariant::fromValue(Error(QStringLiteral("disk full")));
    QCOMPARE(variant.typeName(), "QJanitor::Error");
    QCOMPARE(variant.value<Error>().message(), QStringLiteral("disk full"));
}

void tst_Error::spawnExceptionNamesTheLikelyMistake_data()
{
    QTest::addColumn<SpawnError>("error");
    QTest::addColumn<QByteArray>("part");
    QTest::newRow("none ambient") << SpawnError::NoActiveJanitor << QByteArray("exec()");
    QTest::newRow("terminating") << SpawnError::ActiveJanitorTerminating << QByteArray("failed");
}

void tst_Error::spawnExceptionNamesTheLikelyMistake()
{
    QFETCH(SpawnError, error);
    QFETCH(QByteArray, part);
    const SpawnException exception(error);
    QCOMPARE(exception.error(), error);
    QVERIFY2(QByteArray(exception.what()).contains(part), exception.what());
}

void tst_Error::exceptionShowsBothFailures()
{
    const Error jobError(QStringLiteral("disk full"));
    const Report report = QJanitor::Private::ReportParts::make({}, {jobError}, 1, {}, 0, 0);
    const Exception exception(report, std::make_exception_ptr(std::runtime_error("no network")));
    const QByteArray what = exception.what();
    QVERIFY2(what.contains("disk full") && what.contains("no network"), what.constData());
    QCOMPARE(exception.error().message(), jobError.message());
    QCOMPARE(exception.report().errorCount(), 1);
    QVERIFY_THROWS_EXCEPTION(std::runtime_error,
                             std::rethrow_exception(exception.calleeException()));

    const Exception alone(report);
    QVERIFY(!alone.calleeException());
    QVERIFY(QByteArray(alone.what()).contains("disk full"));
}

void tst_Error::exceptionOfAReturnedError()
{
    const Exception exception(Report(), Error(QStringLiteral("no network")));
    QVERIFY(exception.report().ok());
    QCOMPARE(exception.error().message(), QStringLiteral("no network"));
    QVERIFY2(QByteArray(exception.what()).contains("no network"), exception.what());
}

QTEST_APPLESS_MAIN(tst_Error)
#include "tst_error.moc"
