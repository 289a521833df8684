// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// What people read: names and messages may come from anywhere, and there may be very many of them.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qpromise.h>
#include <QtTest/qtest.h>

#include <stdexcept>
#include <vector>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;
using namespace std::chrono_literals;

class tst_Texts : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesForgeNothing_data();
    void namesForgeNothing();
    void messagesForgeNothing();
    void whatIsNotCutShortByANul();
    void percentSignsInAJanitorsNameAreNoPlaceholders();
    void namesForgeNothingInAHangWarning();
    void namesForgeNothingWhereJobsAreHandedOn();
    void namesForgeNothingWhereAJobIsRescued();
    void namesForgeNothingInTheErrorOfATimeout();
    void longNamesAreCut();
    void longMessagesAreCut();
    void veryManyUnfinishedJobsAreCounted();
    void veryManyErrorsAreCounted();
    void theCauseIsAmongTheErrorsThatAreListed();
};

namespace {

constexpr Options keepGoing{.failurePolicy = FailurePolicy::KeepGoing};

/// Names as nobody should have to expect, and how they are shown.
constexpr char janitorName[] = "100%2\n\x1b[31m";
const QString shownJanitorName = u"100%2\\n\\u001b[31m"_s;
const QString jobName = u"a\r\nerror: %1"_s;
const QString shownJobName = u"a\\r\\nerror: %1"_s;

/// Returns the report of a janitor in which a job of this name has failed with this message.
Report reportOf(const QString &name, const QString &message)
{
    return tryEnter(keepGoing, [&] { spawnDaemon(name, [message] { return Error(message); }); })
        .janitorResult;
}

/// Returns the report of a janitor that gives up on \a count futures.
Report reportOfUnfinished(std::size_t count, const Options &options)
{
    std::vector<QPromise<void>> promises(count);
    const Report report = tryEnter(options, [&] {
                              for (QPromise<void> &promise : promises) {
                                  promise.start();
                                  spawnCleanupJob(jobName, promise.future());
                              }
                          }).janitorResult;
    for (QPromise<void> &promise : promises)
        promise.finish();
    return report;
}

} // namespace

void tst_Texts::namesForgeNothing_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("shown");
    QTest::newRow("a plain name") << u"flush"_s << u"flush"_s;
    QTest::newRow("a new line") << u"a\nb"_s << u"a\\nb"_s;
    QTest::newRow("a return") << u"a\rb"_s << u"a\\rb"_s;
    QTest::newRow("a tab") << u"a\tb"_s << u"a\\tb"_s;
    QTest::newRow("a NUL") << QString(QChar(u'\0')) << u"\\0"_s;
    QTest::newRow("a terminal's sequence") << u"\u001b[2J"_s << u"\\u001b[2J"_s;
    QTest::newRow("a control character beyond ASCII") << QString(QChar(0x9b)) << u"\\u009b"_s;
    QTest::newRow("a line separator") << u"a\u2028b"_s << u"a\\u2028b"_s;
    QTest::newRow("a paragraph separator") << u"a\u2029b"_s << u"a\\u2029b"_s;
    QTest::newRow("from right to left") << u"\u202egpj.exe"_s << u"\\u202egpj.exe"_s;
    QTest::newRow("an isolate") << u"\u2067a\u2069"_s << u"\\u2067a\\u2069"_s;
    QTest::newRow("a mark") << u"a\u200f"_s << u"a\\u200f"_s;
    QTest::newRow("percent signs") << u"%1 %2 100%"_s << u"%1 %2 100%"_s;
    QTest::newRow("a backslash") << u"C:\\new"_s << u"C:\\new"_s;
    QTest::newRow("no ASCII") << u"\u00e4\u05d0\U0001f600"_s << u"\u00e4\u05d0\U0001f600"_s;
}

void tst_Texts::namesForgeNothing()
{
    QFETCH(const QString, name);
    QFETCH(const QString, shown);
    const Report report = reportOf(name, u"broken"_s);
    QCOMPARE(report.error().jobName(), name); // for programs as it is
    const QString text = report.error().toString();
    QVERIFY2(text.startsWith(u"job \""_s + shown + u"\" spawned at "_s), qPrintable(text));
    QVERIFY2(report.toString().endsWith(u"\n  error: "_s + text), qPrintable(report.toString()));
    QCOMPARE(report.toString().count(u'\n'), 1);
}

void tst_Texts::messagesForgeNothing()
{
    const QString message = u"no disk\n  unfinished: daemon \"%1\""_s;
    const Report report = reportOf(u"a"_s, message);
    QCOMPARE(report.error().message(), message);
    const QString shown = u": no disk\\n  unfinished: daemon \"%1\""_s;
    QVERIFY2(report.error().toString().endsWith(shown), qPrintable(report.error().toString()));
    QCOMPARE(report.toString().count(u'\n'), 1);
}

void tst_Texts::whatIsNotCutShortByANul()
{
    const QString message = u"a"_s + QChar(u'\0') + u"b"_s;
    QVERIFY(QByteArray(Exception(reportOf(message, message)).what()).endsWith(": a\\0b"));
    QVERIFY(QByteArray(Exception(Report(), Error(message)).what()).endsWith(": a\\0b"));
    const Exception both(reportOf(u"a"_s, u"b"_s),
                         std::make_exception_ptr(std::runtime_error("c\nd")));
    QVERIFY2(QByteArray(both.what()).endsWith("\nThe callee failed as well: c\\nd"), both.what());
}

void tst_Texts::percentSignsInAJanitorsNameAreNoPlaceholders()
{
    const LogLines logLines;
    enter({.name = "%4 %3 %2 %1", .hangWarningAfter = 1ms}, [] {
        spawnDaemon([] { blockUntil([] { return LogLines::count(QtWarningMsg, {}) > 0; }); });
    });
    const QString text = u"Janitor \"%4 %3 %2 %1\" has been draining for 0."_s;
    QVERIFY(LogLines::count(QtWarningMsg, text) > 0);
    QCOMPARE(LogLines::count(QtWarningMsg, u" s and waits for 1 job:\n  daemon spawned at "_s),
             LogLines::count(QtWarningMsg, {}));
}

void tst_Texts::namesForgeNothingInAHangWarning()
{
    const LogLines logLines;
    enter({.name = janitorName, .hangWarningAfter = 1ms}, [] {
        const Gate begun;
        spawnDaemon(jobName, [begun](QPromise<void> &promise) {
            promise.setProgressRange(0, 2);
            promise.setProgressValueAndText(1, u"page\n3"_s);
            begun.open();
            blockUntil([] { return LogLines::count(QtWarningMsg, u"page"_s) > 0; });
        });
        begun.wait();
    });
    const int all = LogLines::count(QtWarningMsg, {});
    QCOMPARE(LogLines::count(QtWarningMsg, u"Janitor \""_s + shownJanitorName + u'"'), all);
    QCOMPARE(LogLines::count(QtWarningMsg, u"\n  daemon \""_s + shownJobName + u'"'), all);
    QCOMPARE(LogLines::count(QtWarningMsg, u"page\\n3"_s), all);
}

void tst_Texts::namesForgeNothingWhereJobsAreHandedOn()
{
    const LogLines logLines;
    const Gate gate;
    {
        const Supervisor supervisor({.name = janitorName});
        supervisor.client().spawnCleanupJob(jobName, [gate] { gate.wait(); });
    }
    gate.open();
    const QString text = u"Janitor \""_s + shownJanitorName + u"\" was destroyed"_s;
    QCOMPARE(LogLines::count(QtWarningMsg, text), 1);
    QCOMPARE(LogLines::count(QtWarningMsg, u": "_s + shownJobName), 1);
}

void tst_Texts::namesForgeNothingWhereAJobIsRescued()
{
    const LogLines logLines;
    const Gate ran;
    spawnCleanupJob(jobName, [ran] { ran.open(); });
    ran.wait();
    QCOMPARE(LogLines::count(QtCriticalMsg, u"A cleanup job \""_s + shownJobName + u"\" was "_s),
             1);
}

void tst_Texts::namesForgeNothingInTheErrorOfATimeout()
{
    const LogLines logLines;
    const Report report = reportOfUnfinished(2, {.name = janitorName, .drainTimeout = 0ms});
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QVERIFY2(report.error().message().endsWith(u": "_s + shownJobName + u", "_s + shownJobName),
             qPrintable(report.error().message()));
    QVERIFY2(report.toString().startsWith(u"janitor \""_s + shownJanitorName + u"\": "_s),
             qPrintable(report.toString()));
    QCOMPARE(namesOf(report.unfinished()), QStringList({jobName, jobName}));
}

void tst_Texts::longNamesAreCut()
{
    const QString name(1000, u'n');
    const QString text = reportOf(name, u"broken"_s).error().toString();
    QVERIFY2(text.contains(u'"' + name.first(200) + u"…\""_s), qPrintable(text));

    // Neither half of a pair, nor half of what is spelled out.
    const QString pairs = u"x"_s + u"\U0001f600"_s.repeated(200);
    QVERIFY(reportOf(pairs, {}).error().toString().contains(u'"' + pairs.first(199) + u"…\""_s));
    const QString controls(100, QChar(1));
    QVERIFY(reportOf(controls, {})
                .error()
                .toString()
                .contains(u'"' + u"\\u0001"_s.repeated(33) + u"…\""_s));
    const QString fits(200, u'n');
    QVERIFY(reportOf(fits, {}).error().toString().contains(u'"' + fits + u'"'));
}

void tst_Texts::longMessagesAreCut()
{
    const QString message(100'000, u'm');
    QVERIFY(reportOf({}, message).toString().endsWith(u": "_s + message.first(2000) + u'…'));
    const QString fits(2000, u'm');
    QVERIFY(reportOf({}, fits).toString().endsWith(u": "_s + fits));
    const Exception exception{Report(), Error(message)};
    QVERIFY(QByteArray(exception.what()).size() < 2100);
}

void tst_Texts::veryManyUnfinishedJobsAreCounted()
{
    const LogLines logLines;
    constexpr int count = 10'000;
    const Report report = reportOfUnfinished(count, {.drainTimeout = 0ms});
    QCOMPARE(report.unfinished().size(), count);
    const QString text = report.toString();
    QCOMPARE(text.count(u"\n  unfinished: "_s), 20);
    QVERIFY2(text.endsWith(u"\n  … and 9980 unfinished jobs more"_s), qPrintable(text.right(200)));
    QVERIFY(QByteArray(Exception(report).what()).size() < 10'000);
}

void tst_Texts::veryManyErrorsAreCounted()
{
    constexpr int count = 1200;
    const Report report = tryEnter(keepGoing, [] {
                              for (int i = 0; i < count; ++i)
                                  spawnDaemon([i] { return Error(QString::number(i)); });
                          }).janitorResult;
    QCOMPARE(report.errorCount(), count);
    QCOMPARE(report.errors().size(), 1000);
    const QString text = report.toString();
    QCOMPARE(text.count(u"\n  error: "_s), 20);
    QVERIFY2(text.endsWith(u"\n  … and 1180 errors more, 200 of which are only counted"_s), qPrintable(text.right(200)));
}

void tst_Texts::theCauseIsAmongTheErrorsThatAreListed()
{
    const LogLines logLines;
    const Report report =
        tryEnter(keepGoing, [] {
            // Daemons that others have handed on are listed, but no cause.
            for (int i = 0; i < 30; ++i) {
                const Gate begun, left;
                (void)tryEnter([=] {
                    spawnDaemon([=] {
                        begun.open();
                        left.wait();
                        return Error(u"late"_s);
                    });
                    begun.wait();
                    spawnDaemon([] { return Error(u"broken"_s); });
                    blockUntil([] { return isStopRequested(); });
                });
                left.open();
                blockUntil([i] { return LogLines::count(QtCriticalMsg, u"late"_s) == i + 1; });
            }
            spawnDaemon([] { return Error(u"the cause"_s); });
        }).janitorResult;
    QCOMPARE(report.errorCount(), 31);
    QCOMPARE(report.error().message(), u"the cause"_s);
    const QStringList lines = report.toString().split(u'\n');
    QCOMPARE(lines.filter(u"  error: "_s).size(), 21);
    QVERIFY2(lines.at(21).endsWith(u": the cause"_s), qPrintable(lines.at(21)));
    QCOMPARE(lines.at(22), u"  … and 10 errors more"_s);
}

QTEST_GUILESS_MAIN(tst_Texts)

#include "tst_texts.moc"
