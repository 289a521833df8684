// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "jobs/origin_p.h"

#include <QtTest/qtest.h>

using namespace QJanitor;
using QJanitor::Private::Origin;
using QJanitor::Private::SourceLocation;
using namespace Qt::StringLiterals;

static_assert(sizeof(Origin) == sizeof(void *));
static_assert(!std::is_copy_constructible_v<Origin>);

class tst_Origin : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void itHasWhatItIsGiven_data();
    void itHasWhatItIsGiven();
    void anEmptyOneHasNothing();
    void itSignsErrors();
    void aNameIsTakenAndTheSiteStays();
    void itIsMoved();
};

/// Where the compiler cannot tell a call site, its text is empty.
static QString textOf(const SourceLocation &site)
{
    const QString file = QString::fromUtf8(site.file_name()).section(u'/', -1);
    return file.isEmpty() ? QString() : file + u':' + QString::number(site.line());
}

void tst_Origin::itHasWhatItIsGiven_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("no name") << QString();
    QTest::newRow("an empty name") << u""_s;
    QTest::newRow("a name") << u"job"_s;
}

void tst_Origin::itHasWhatItIsGiven()
{
    QFETCH(const QString, name);
    const auto site = SourceLocation::current();
    const Origin origin(&name, site);
    QCOMPARE(origin.hasName(), !name.isEmpty());
    QCOMPARE(origin.name(), name);
    QCOMPARE(origin.site().line(), site.line());
    QCOMPARE(origin.siteText(), textOf(site));
    QCOMPARE(Origin(nullptr, site).siteText(), textOf(site));
}

void tst_Origin::anEmptyOneHasNothing()
{
    const Origin origin;
    QVERIFY(!origin.hasName());
    QVERIFY(!origin.isOnHeap());
    QVERIFY(origin.name().isEmpty());
}

void tst_Origin::itSignsErrors()
{
    const QString name = u"job"_s;
    const auto site = SourceLocation::current();
    const Error error = Origin(&name, site).sign(Error(u"bad"_s));
    QCOMPARE(error.jobName(), name);
    QCOMPARE(error.spawnSite(), textOf(site));
    QCOMPARE(error.message(), u"bad"_s);
    QVERIFY(Origin(nullptr, site).sign(Error(u"bad"_s)).jobName().isEmpty());
}

void tst_Origin::aNameIsTakenAndTheSiteStays()
{
    const QString name = u"job"_s;
    const auto site = SourceLocation::current();
    Origin origin(&name, site);
    const Origin taken = origin.takeName();
    QCOMPARE(taken.name(), name);
    QVERIFY(!origin.hasName());
    QCOMPARE(origin.siteText(), textOf(site));
    QVERIFY(!origin.takeName().hasName());
}

void tst_Origin::itIsMoved()
{
    const QString name = u"job"_s;
    Origin origin(&name, SourceLocation::current());
    Origin other(std::move(origin));
    QCOMPARE(other.name(), name);
    const QString second = u"second"_s;
    Origin third(&second, SourceLocation::current());
    third = std::move(other);
    QCOMPARE(third.name(), name);
}

QTEST_APPLESS_MAIN(tst_Origin)

#include "tst_origin.moc"
