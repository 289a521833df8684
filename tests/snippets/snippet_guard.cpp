// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Clean-up that is registered when something is acquired.

#include <qjanitor/qjanitor.h>

#include <QtTest/qtest.h>

#include <atomic>

using namespace Qt::StringLiterals;

static std::atomic<int> cleanedUp = 0;

struct Account
{
    QString name;
    void close() const { ++cleanedUp; }
};

static Account createAccount(const QString &name)
{
    return {name};
}

static void fill(const Account &account)
{
    if (account.name.isEmpty())
        throw std::runtime_error("no name");
}

static void deleteFolder(const QString &)
{
    ++cleanedUp;
}

//! [scope]
static Account openAccount(const QString &name)
{
    const Account account = createAccount(name);
    const auto guard =
        QJanitor::cleanupOnFailure(u"undo "_s + name, [account] { account.close(); });
    fill(account); // should it throw, the account is closed, and the janitor waits for that
    return account;
}
//! [scope]

//! [object]
static void giveFolder(QObject *view, const QString &folder)
{
    QJanitor::cleanupWhenDestroyed(view, u"delete "_s + folder, [folder] { deleteFolder(folder); });
}
//! [object]

class SnippetGuard : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void runs()
    {
        QJanitor::enter([] { QCOMPARE(openAccount(u"savings"_s).name, u"savings"_s); });
        QCOMPARE(cleanedUp.load(), 0);
        QVERIFY_THROWS_EXCEPTION(std::runtime_error, QJanitor::enter([] { openAccount({}); }));
        QCOMPARE(cleanedUp.load(), 1);
        QJanitor::enter([] {
            QObject view;
            giveFolder(&view, u"/tmp/x"_s);
        });
        QCOMPARE(cleanedUp.load(), 2);
    }
};

QTEST_GUILESS_MAIN(SnippetGuard)

#include "snippet_guard.moc"
