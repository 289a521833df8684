// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Values: errors, reports, the two results of a janitor kept apart, and the exceptions.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

#include <stdexcept>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

using MoveOnly = std::unique_ptr<int>;

static_assert(std::is_copy_constructible_v<Error> && std::is_nothrow_move_constructible_v<Error>);
static_assert(std::is_constructible_v<Error, QString> && !std::is_convertible_v<QString, Error>);
static_assert(!std::is_convertible_v<Error, bool> && std::is_constructible_v<bool, Error>);
static_assert(std::is_copy_constructible_v<Report> && std::is_default_constructible_v<Report>);
static_assert(std::is_base_of_v<std::exception, Exception>);
static_assert(std::is_base_of_v<std::exception, SpawnException>);
static_assert(std::is_nothrow_copy_constructible_v<Exception>);
static_assert(std::is_nothrow_copy_constructible_v<SpawnException>);
static_assert(std::is_aggregate_v<Options> && std::is_trivially_destructible_v<Options>);
static_assert(std::is_same_v<decltype(EnterResult<int>::janitorResult), Report>);
static_assert(std::is_same_v<decltype(EnsureResult<int>::janitorResult), std::optional<Report>>);
static_assert(std::is_convertible_v<EnterResult<MoveOnly>, EnsureResult<MoveOnly>>);
static_assert(std::is_constructible_v<EnterResult<int>, Report, CalleeResult<int>>);
static_assert(std::is_constructible_v<EnsureResult<int>, std::optional<Report>, CalleeResult<int>>);
static_assert(std::is_same_v<decltype(enter([] { return 1; })), int>);
static_assert(std::is_same_v<decltype(enter([] {})), void>);
static_assert(std::is_same_v<decltype(ensure([] { return MoveOnly(); })), MoveOnly>);
static_assert(std::is_same_v<decltype(tryEnter([] {})), EnterResult<void>>);
static_assert(std::is_same_v<decltype(tryEnsure([] { return 1; })), EnsureResult<int>>);
static_assert(std::is_same_v<decltype(tryExec()), EnterResult<int>>);
static_assert(std::is_same_v<decltype(exec()), int>);
static_assert(std::is_same_v<decltype(std::declval<CalleeResult<int> &>().value()), const int &>);
static_assert(std::is_same_v<decltype(std::declval<CalleeResult<int>>().value()), int &&>);

class tst_ContractResults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aDefaultErrorIsNoError();
    void anErrorWithAMessageIsOne();
    void typesOfSignalsAreRegistered_data();
    void typesOfSignalsAreRegistered();
    void optionsHaveTheirDefaults();
    void aDefaultReportIsFine();
    void aReportCounts();
    void aReportNamesWhatFailed();
    void aCalleesValueComesThrough();
    void aCalleesExceptionIsKept();
    void resultsAreBuiltFromTheirParts();
    void resultsComeApart();
    void enterReturnsAValue();
    void enterReturnsAMoveOnlyValue();
    void enterRethrowsTheCalleesException();
    void enterThrowsWhenTheJanitorFailed();
    void enterShowsBothErrors();
    void unwrapJanitorResultLooksAtTheJanitorOnly();
    void unwrapTakesAReturnedErrorAsFailure_data();
    void unwrapTakesAReturnedErrorAsFailure();
    void aReturnedErrorIsAValueToEnter();
    void ensureOpensAJanitorWhereThereIsNone();
    void ensureUsesALiveJanitor();
    void ensureOpensANewOneWhenTheAmbientOneIsDead();
    void ensureInALiveJanitorRethrowsTheCalleesException();
    void anEnterResultBecomesAnEnsureResult();
    void aSpawnExceptionNamesTheLikelyMistake();
};

void tst_ContractResults::aDefaultErrorIsNoError()
{
    const Error error;
    QVERIFY(!error.isValid());
    QVERIFY(!error);
    QCOMPARE(error.kind(), Error::Kind::NoError);
    QVERIFY(error.message().isEmpty());
    QVERIFY(error.jobName().isEmpty());
    QVERIFY(error.spawnSite().isEmpty());
    QVERIFY(!error.exception());
}

void tst_ContractResults::anErrorWithAMessageIsOne()
{
    const Error error(u"the disk is full"_s);
    const Error copy = error;
    QVERIFY(copy.isValid());
    QVERIFY(bool(copy));
    QCOMPARE(copy.kind(), Error::Kind::JobReturnedError);
    QCOMPARE(copy.message(), u"the disk is full"_s);
    QVERIFY(!copy.exception());
    QVERIFY(copy.toString().contains(u"the disk is full"_s));
    QVERIFY(!copy.toString().contains(u'\n'));
    QVERIFY(Error(QString()).isValid());
}

void tst_ContractResults::typesOfSignalsAreRegistered_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char *name :
         {"QJanitor::Error", "QJanitor::Report", "QJanitor::JobInfo", "QJanitor::JanitorState"})
        QTest::newRow(name) << QByteArray(name);
}

void tst_ContractResults::typesOfSignalsAreRegistered()
{
    QFETCH(const QByteArray, name);
    QVERIFY(QMetaType::fromName(name).isValid());
}

void tst_ContractResults::optionsHaveTheirDefaults()
{
    const Options options;
    QVERIFY(!options.name);
    QCOMPARE(options.failurePolicy, FailurePolicy::FailFast);
    QCOMPARE(options.hangWarningAfter, std::chrono::seconds(10));
    QVERIFY(!options.drainTimeout);
    QVERIFY(!options.threadPool);
    QVERIFY(options.handleSignals);
    QVERIFY(options.quitOnFailure);
}

void tst_ContractResults::aDefaultReportIsFine()
{
    const Report report;
    QVERIFY(report.ok());
    QVERIFY(!report.error());
    QVERIFY(report.errors().isEmpty());
    QVERIFY(report.unfinished().isEmpty());
    QCOMPARE(report.completedCount() + report.errorCount() + report.canceledCount(), 0);
}

void tst_ContractResults::aReportCounts()
{
    const Report report = tryEnter({.failurePolicy = FailurePolicy::KeepGoing}, [] {
                              spawnDaemon([] {});
                              spawnDaemon([] { return Error(u"one"_s); });
                              spawnCleanupJob([] {});
                              spawnCleanupJob([] { throw 2; });
                              spawnCleanupJob([] {});
                          }).janitorResult;
    QVERIFY(!report.ok());
    QCOMPARE(report.completedCount(), 3);
    QCOMPARE(report.errorCount(), 2);
    QCOMPARE(report.errors().size(), 2);
    QCOMPARE(report.canceledCount(), 0);
    QVERIFY(report.unfinished().isEmpty());
}

void tst_ContractResults::aReportNamesWhatFailed()
{
    const Report report = tryEnter({.name = "the import"}, [] {
                              spawnDaemon(u"reader"_s, [] { return Error(u"the disk is full"_s); });
                          }).janitorResult;
    for (const QString &text : {u"the import"_s, u"reader"_s, u"the disk is full"_s})
        QVERIFY2(report.toString().contains(text), qPrintable(report.toString()));
    QCOMPARE(report.error().jobName(), u"reader"_s);
}

void tst_ContractResults::aCalleesValueComesThrough()
{
    const CalleeResult<int> number(42);
    QVERIFY(number.hasValue());
    QVERIFY(!number.exception());
    QCOMPARE(number.value(), 42);
    CalleeResult<MoveOnly> moveOnly(std::make_unique<int>(42));
    QCOMPARE(*moveOnly.value(), 42);
    QCOMPARE(*MoveOnly(std::move(moveOnly).value()), 42);
    const CalleeResult<void> nothing;
    QVERIFY(nothing.hasValue());
    nothing.value();
}

void tst_ContractResults::aCalleesExceptionIsKept()
{
    const CalleeResult<int> number(std::make_exception_ptr(42));
    QVERIFY(!number.hasValue());
    QVERIFY(number.exception());
    QVERIFY_THROWS_EXCEPTION(int, number.value());
    const CalleeResult<void> nothing(std::make_exception_ptr(42));
    QVERIFY(!nothing.hasValue());
    QVERIFY_THROWS_EXCEPTION(int, nothing.value());
    CalleeResult<MoveOnly> moveOnly(std::make_exception_ptr(42));
    QVERIFY_THROWS_EXCEPTION(int, std::move(moveOnly).value());
}

void tst_ContractResults::resultsAreBuiltFromTheirParts()
{
    EnterResult<int> entered(Report(), CalleeResult<int>(42));
    QCOMPARE(std::move(entered).unwrap(), 42);
    EnsureResult<int> ensured(std::nullopt, CalleeResult<int>(42));
    QVERIFY(!ensured.janitorResult);
    QCOMPARE(std::move(ensured).unwrap(), 42);
}

void tst_ContractResults::resultsComeApart()
{
    auto [report, callee] = tryEnter([] { return std::make_unique<int>(42); });
    QVERIFY(report.ok());
    QCOMPARE(*callee.value(), 42);
    auto [second, value] = tryEnter([] { return 42; }).toTuple();
    QVERIFY(second.ok());
    QCOMPARE(value.value(), 42);
    const EnterResult<int> kept = tryEnter([] { return 42; });
    QCOMPARE(std::get<1>(kept.toTuple()).value(), 42);
    auto [none, third] = enter([] { return tryEnsure([] { return 42; }).toTuple(); });
    QVERIFY(!none);
    QCOMPARE(third.value(), 42);
}

void tst_ContractResults::enterReturnsAValue()
{
    QCOMPARE(enter([] { return 42; }), 42);
    QCOMPARE(enter({.name = "named"}, [] { return 42; }), 42);
    bool called = false;
    enter([&] { called = true; });
    QVERIFY(called);
}

void tst_ContractResults::enterReturnsAMoveOnlyValue()
{
    QCOMPARE(*enter([] { return std::make_unique<int>(42); }), 42);
    QCOMPARE(*tryEnter([] { return std::make_unique<int>(42); }).unwrap(), 42);
    QCOMPARE(*enter([value = std::make_unique<int>(42)]() mutable { return std::move(value); }),
             42);
}

void tst_ContractResults::enterRethrowsTheCalleesException()
{
    QVERIFY_THROWS_EXCEPTION(int, enter([] { throw 42; }));
    QVERIFY_THROWS_EXCEPTION(std::runtime_error,
                             tryEnter([]() -> int { throw std::runtime_error("no"); }).unwrap());
    const auto [report, callee] = tryEnter([] { throw 42; });
    QVERIFY(report.ok());
    QVERIFY(!callee.hasValue());
}

void tst_ContractResults::enterThrowsWhenTheJanitorFailed()
{
    try {
        enter([] { spawnDaemon(u"reader"_s, [] { return Error(u"the disk is full"_s); }); });
        QFAIL("the failure of a job was not thrown");
    } catch (const Exception &exception) {
        QCOMPARE(exception.report().errorCount(), 1);
        QCOMPARE(exception.report().error().jobName(), u"reader"_s);
        QVERIFY(!exception.calleeException());
        const QString what = QString::fromUtf8(exception.what());
        QVERIFY2(what.contains(u"the disk is full"_s), exception.what());
    }
}

void tst_ContractResults::enterShowsBothErrors()
{
    try {
        enter([]() -> int {
            spawnDaemon([] { return Error(u"the disk is full"_s); });
            throw std::runtime_error("the network is down");
        });
        QFAIL("nothing was thrown");
    } catch (const Exception &exception) {
        const QString what = QString::fromUtf8(exception.what());
        QVERIFY2(what.contains(u"the disk is full"_s), exception.what());
        QVERIFY2(what.contains(u"the network is down"_s), exception.what());
        QVERIFY_THROWS_EXCEPTION(std::runtime_error,
                                 std::rethrow_exception(exception.calleeException()));
    }
}

void tst_ContractResults::unwrapJanitorResultLooksAtTheJanitorOnly()
{
    auto callee = tryEnter([] { throw 42; }).unwrapJanitorResult();
    QVERIFY(!callee.hasValue());
    QVERIFY_THROWS_EXCEPTION(
        Exception, (void)tryEnter([] { spawnDaemon([] { throw 42; }); }).unwrapJanitorResult());
    QCOMPARE(tryEnter([] { return Error(u"a value"_s); }).unwrapJanitorResult().value().message(),
             u"a value"_s);
}

void tst_ContractResults::unwrapTakesAReturnedErrorAsFailure_data()
{
    QTest::addColumn<bool>("ensured");
    QTest::newRow("enter") << false;
    QTest::newRow("ensure") << true;
}

template<class F>
static QString whatUnwrapThrows(bool ensured, F callee)
{
    try {
        (void)(ensured ? tryEnsure(callee).unwrap() : tryEnter(callee).unwrap());
    } catch (const Exception &exception) {
        return QString::fromUtf8(exception.what());
    }
    return u"nothing"_s;
}

void tst_ContractResults::unwrapTakesAReturnedErrorAsFailure()
{
    using Result = Expected<int, QString>;
    QFETCH(const bool, ensured);
    QVERIFY(whatUnwrapThrows(ensured, [] { return Error(u"no disk"_s); }).contains(u"no disk"_s));
    QVERIFY(whatUnwrapThrows(ensured, [] {
                return Result::failure(u"no disk"_s);
            }).contains(u"no disk"_s));
    QCOMPARE(whatUnwrapThrows(ensured, [] { return Error(); }), u"nothing"_s);
    QCOMPARE(whatUnwrapThrows(ensured, [] { return Result::success(42); }), u"nothing"_s);
}

void tst_ContractResults::aReturnedErrorIsAValueToEnter()
{
    QCOMPARE(enter([] { return Error(u"a value"_s); }).message(), u"a value"_s);
    const auto result = tryEnter([] { return Error(u"a value"_s); });
    QVERIFY(result.janitorResult.ok());
    QVERIFY(result.calleeResult.hasValue());
}

void tst_ContractResults::ensureOpensAJanitorWhereThereIsNone()
{
    const EnsureResult<void> result = tryEnsure([] { spawnDaemon([] {}); });
    QVERIFY(result.janitorResult);
    QCOMPARE(result.janitorResult->completedCount(), 1);
    QCOMPARE(ensure([] { return 42; }), 42);
    QVERIFY_THROWS_EXCEPTION(Exception, ensure([] { spawnDaemon([] { throw 42; }); }));
}

void tst_ContractResults::ensureUsesALiveJanitor()
{
    const Gate gate;
    const Report report = tryEnter([=] {
                              const auto result =
                                  tryEnsure([=] { spawnDaemon([=] { gate.wait(); }); });
                              QVERIFY(!result.janitorResult); // and it has not waited
                              gate.open();
                              QCOMPARE(ensure({.name = "unused"}, [] { return 42; }), 42);
                          }).janitorResult;
    QCOMPARE(report.completedCount(), 1);
}

void tst_ContractResults::ensureOpensANewOneWhenTheAmbientOneIsDead()
{
    const Client closed = enter([] { return Client::current(); });
    const AmbientGuard guard(closed);
    const auto result = tryEnsure([] { spawnDaemon([] {}); });
    QVERIFY(result.calleeResult.hasValue());
    QVERIFY(result.janitorResult);
    QCOMPARE(result.janitorResult->completedCount(), 1);
}

void tst_ContractResults::ensureInALiveJanitorRethrowsTheCalleesException()
{
    enter([] {
        QVERIFY_THROWS_EXCEPTION(int, ensure([] { throw 42; }));
        QVERIFY(!tryEnsure([] { throw 42; }).calleeResult.hasValue());
    });
}

void tst_ContractResults::anEnterResultBecomesAnEnsureResult()
{
    EnsureResult<MoveOnly> result = tryEnter([] { return std::make_unique<int>(42); });
    QVERIFY(result.janitorResult);
    QVERIFY(result.janitorResult->ok());
    QCOMPARE(*std::move(result).unwrap(), 42);
}

void tst_ContractResults::aSpawnExceptionNamesTheLikelyMistake()
{
    try {
        spawnDaemon([] {});
        QFAIL("it was not thrown");
    } catch (const SpawnException &exception) {
        QCOMPARE(exception.error(), SpawnError::NoActiveJanitor);
        QVERIFY(QByteArray(exception.what()).contains("enter()"));
    }
}

QTEST_GUILESS_MAIN(tst_ContractResults)

#include "tst_contract_results.moc"
