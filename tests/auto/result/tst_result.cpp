// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "report/texts_p.h"

#include <qjanitor/result.h>

#include <QtTest/qtest.h>

#include <any>
#include <memory>
#include <stdexcept>

using QJanitor::CalleeResult;
using QJanitor::EnsureResult;
using QJanitor::EnterResult;
using QJanitor::Error;
using QJanitor::Exception;
using QJanitor::Report;
using QJanitor::Private::ReportParts;

static_assert(std::is_default_constructible_v<CalleeResult<void>>, "the callee returned");
static_assert(!std::is_default_constructible_v<CalleeResult<int>>);
static_assert(std::is_move_constructible_v<CalleeResult<std::unique_ptr<int>>>);
static_assert(!std::is_copy_constructible_v<CalleeResult<std::unique_ptr<int>>>);
static_assert(std::is_copy_constructible_v<EnterResult<int>>);
static_assert(std::is_convertible_v<EnterResult<int>, EnsureResult<int>>);
static_assert(!std::is_convertible_v<EnsureResult<int>, EnterResult<int>>);
static_assert(!std::is_convertible_v<int, CalleeResult<int>>);
static_assert(std::is_same_v<decltype(std::declval<CalleeResult<int> &>().value()), const int &>);
static_assert(std::is_same_v<decltype(std::declval<CalleeResult<int>>().value()), int &&>);
static_assert(std::is_same_v<decltype(std::declval<CalleeResult<void>>().value()), void>);

namespace {

/// Looks like std::expected.
struct Expected
{
    QString text;
    bool good = true;
    bool has_value() const { return good; }
    QString error() const { return text; }
};

Report goodReport()
{
    return ReportParts::make({}, {}, 0, {}, 1, 0);
}

Report badReport()
{
    return ReportParts::make({}, {Error(QStringLiteral("disk full"))}, 1, {}, 0, 0);
}

template<class T>
CalleeResult<T> thrown()
{
    return CalleeResult<T>(std::make_exception_ptr(std::out_of_range("outside")));
}

/// Returns the text of the exception that \a function throws; empty if it throws none.
template<class F>
QString textOfThrown(F &&function)
{
    try {
        function();
    } catch (const Exception &exception) {
        return QStringLiteral("Exception: ") + QString::fromUtf8(exception.what());
    } catch (const std::exception &exception) {
        return QString::fromUtf8(exception.what());
    }
    return {};
}

} // namespace

class tst_Result : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void calleeReturned();
    void calleeThrew();
    void voidCallee();
    void moveOnlyValue();
    void valueThatIsAnExceptionPointer();
    void valueThatConvertsFromAnything();
    void twoChannelsTogether_data();
    void twoChannelsTogether();
    void returnedErrorIsAValueUntilUnwrapped();
    void expectedLikeErrorIsAValueUntilUnwrapped();
    void resultFallsIntoItsParts();
    void ensureWithoutAJanitorOfItsOwn();
    void ensureFromEnter();
};

void tst_Result::calleeReturned()
{
    const auto result = CalleeResult<int>::of([] { return 7; });
    QVERIFY(result.hasValue());
    QVERIFY(!result.exception());
    QCOMPARE(result.value(), 7);
    QCOMPARE(CalleeResult<QString>(QStringLiteral("x")).value(), QStringLiteral("x"));
}

void tst_Result::calleeThrew()
{
    const auto result = CalleeResult<int>::of([]() -> int { throw std::out_of_range("outside"); });
    QVERIFY(!result.hasValue());
    QVERIFY(result.exception());
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, result.value());
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, CalleeResult<int>(result).value());
}

void tst_Result::voidCallee()
{
    QVERIFY(CalleeResult<void>().hasValue());
    int calls = 0;
    const auto result = CalleeResult<void>::of([&calls] { ++calls; });
    QVERIFY(result.hasValue());
    result.value();
    QCOMPARE(calls, 1);
    const auto failed = CalleeResult<void>::of([] { throw std::out_of_range("outside"); });
    QVERIFY(!failed.hasValue());
    QVERIFY_THROWS_EXCEPTION(std::out_of_range, failed.value());
}

void tst_Result::moveOnlyValue()
{
    auto result = CalleeResult<std::unique_ptr<int>>::of([] { return std::make_unique<int>(7); });
    QCOMPARE(*result.value(), 7);
    const std::unique_ptr<int> value = std::move(result).value();
    QCOMPARE(*value, 7);
    QCOMPARE(
        *EnterResult(goodReport(), CalleeResult<std::unique_ptr<int>>(std::make_unique<int>(8)))
             .unwrap(),
        8);
}

void tst_Result::valueThatIsAnExceptionPointer()
{
    const auto result = CalleeResult<std::exception_ptr>::of(
        [] { return std::make_exception_ptr(std::out_of_range("outside")); });
    QVERIFY(result.hasValue());
    QVERIFY(!result.exception());
    QVERIFY(result.value());
}

void tst_Result::valueThatConvertsFromAnything()
{
    const auto result = CalleeResult<std::any>::of([] { return std::any(7); });
    const CalleeResult<std::any> copy = result;
    QCOMPARE(std::any_cast<int>(copy.value()), 7);
}

void tst_Result::twoChannelsTogether_data()
{
    QTest::addColumn<bool>("janitorFails");
    QTest::addColumn<bool>("calleeFails");
    QTest::addColumn<QStringList>("parts"); // of what is thrown
    const QString ours = QStringLiteral("Exception: ");
    QTest::newRow("both well") << false << false << QStringList();
    QTest::newRow("the janitor failed")
        << true << false << QStringList{ours, QStringLiteral("disk full")};
    QTest::newRow("the callee failed") << false << true << QStringList{QStringLiteral("outside")};
    QTest::newRow("both failed") << true << true
                                 << QStringList{ours, QStringLiteral("disk full"),
                                                QStringLiteral("outside")};
}

void tst_Result::twoChannelsTogether()
{
    QFETCH(bool, janitorFails);
    QFETCH(bool, calleeFails);
    QFETCH(QStringList, parts);
    const EnterResult<int> result(janitorFails ? badReport() : goodReport(),
                                  calleeFails ? thrown<int>() : CalleeResult<int>(7));
    const EnsureResult<int> ensured = result;
    const QStringList texts = {
        textOfThrown([&] { QCOMPARE(EnterResult<int>(result).unwrap(), 7); }),
        textOfThrown([&] { QCOMPARE(EnterResult<int>(result).unwrapJanitorResult().value(), 7); }),
        textOfThrown([&] { QCOMPARE(EnsureResult<int>(ensured).unwrap(), 7); }),
        textOfThrown(
            [&] { QCOMPARE(EnsureResult<int>(ensured).unwrapJanitorResult().value(), 7); }),
    };
    for (const QString &text : texts) {
        QCOMPARE(text.isEmpty(), parts.isEmpty());
        QCOMPARE(text.startsWith(QStringLiteral("Exception: ")), janitorFails);
        for (const QString &part : std::as_const(parts))
            QVERIFY2(text.contains(part), qPrintable(text));
    }
    const QString unwrapped =
        textOfThrown([&] { (void)EnterResult<int>(result).unwrapJanitorResult(); });
    QCOMPARE(unwrapped.isEmpty(), !janitorFails);
}

void tst_Result::returnedErrorIsAValueUntilUnwrapped()
{
    const EnterResult<Error> result(goodReport(),
                                    CalleeResult<Error>(Error(QStringLiteral("no network"))));
    QVERIFY(result.calleeResult.hasValue());
    QVERIFY(EnterResult<Error>(result).unwrapJanitorResult().value());
    const QString text = textOfThrown([&] { EnterResult<Error>(result).unwrap(); });
    QVERIFY2(text.startsWith(QStringLiteral("Exception: ")) &&
                 text.contains(QStringLiteral("no network")),
             qPrintable(text));
    QVERIFY(!EnterResult(goodReport(), CalleeResult<Error>(Error())).unwrap());
}

void tst_Result::expectedLikeErrorIsAValueUntilUnwrapped()
{
    const EnterResult<Expected> result(
        goodReport(), CalleeResult<Expected>(Expected{QStringLiteral("no network"), false}));
    QCOMPARE(EnterResult<Expected>(result).unwrapJanitorResult().value().good, false);
    const QString text = textOfThrown([&] { EnterResult<Expected>(result).unwrap(); });
    QVERIFY2(text.contains(QStringLiteral("no network")), qPrintable(text));
    QVERIFY(EnterResult(goodReport(), CalleeResult<Expected>(Expected())).unwrap().good);
}

void tst_Result::resultFallsIntoItsParts()
{
    const EnterResult<int> result(badReport(), CalleeResult<int>(7));
    const auto &[janitor, callee] = result;
    QVERIFY(!janitor.ok());
    QCOMPARE(callee.value(), 7);
    const auto [report, value] = result.toTuple();
    const EnterResult<int> again(report, value);
    QVERIFY(!again.janitorResult.ok());
    QCOMPARE(again.calleeResult.value(), 7);
    auto movable =
        EnterResult(goodReport(), CalleeResult<std::unique_ptr<int>>(std::make_unique<int>(8)));
    QCOMPARE(*std::get<1>(std::move(movable).toTuple()).value(), 8);
}

void tst_Result::ensureWithoutAJanitorOfItsOwn()
{
    const EnsureResult<int> result{CalleeResult<int>(7)};
    QVERIFY(!result.janitorResult);
    QCOMPARE(EnsureResult<int>(result).unwrap(), 7);
    const auto [report, callee] = result.toTuple();
    QVERIFY(!report);
    QCOMPARE(callee.value(), 7);
    QCOMPARE(textOfThrown([] { EnsureResult<int>(thrown<int>()).unwrap(); }),
             QStringLiteral("outside"));
}

void tst_Result::ensureFromEnter()
{
    const EnsureResult<int> result = EnterResult<int>(badReport(), CalleeResult<int>(7));
    QVERIFY(result.janitorResult);
    QVERIFY(!result.janitorResult->ok());
    QCOMPARE(result.calleeResult.value(), 7);
}

QTEST_APPLESS_MAIN(tst_Result)
#include "tst_result.moc"
