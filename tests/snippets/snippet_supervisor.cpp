// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A janitor that lives as long as an object.

#include <qjanitor/qjanitor.h>

#include <QtCore/qcoreapplication.h>
#include <QtTest/qtest.h>

#include <atomic>
#include <stdexcept>

using namespace Qt::StringLiterals;

static std::atomic<int> sent = 0;

static void send(const QString &file)
{
    if (file == u"bad"_s)
        throw std::runtime_error("the server said no");
    ++sent;
}

//! [owner]
/// Uploads files in the background for as long as it lives.
class Uploader : public QObject
{
    Q_OBJECT
public:
    Uploader()
    {
        connect(&m_janitor, &QJanitor::Supervisor::jobFailed, this,
                [this](const QJanitor::Error &error) { Q_EMIT failed(error.toString()); });
    }

    void upload(const QString &file)
    {
        m_janitor.client().spawnDaemon(u"upload "_s + file, [file] { send(file); });
    }
    /// Finishes with a report when all is uploaded; nothing more can be uploaded then.
    QFuture<QJanitor::Report> finish() { return m_janitor.terminate(); }

Q_SIGNALS:
    void failed(const QString &message);

private:
    QJanitor::Supervisor m_janitor{{.name = "uploads",
                                    .failurePolicy = QJanitor::FailurePolicy::KeepGoing}};
};
//! [owner]

class snippet_supervisor : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { sent = 0; }
    void finishWaitsForTheJobs();
    void failuresArriveAsSignals();
    void jobsThatAreLeftAreHandedOn();
};

void snippet_supervisor::finishWaitsForTheJobs()
{
    Uploader uploader;
    uploader.upload(u"a"_s);
    uploader.upload(u"b"_s);
    const auto finished = uploader.finish();
    QVERIFY(QTest::qWaitFor([&] { return finished.isFinished(); }));
    QVERIFY(finished.result().ok());
    QCOMPARE(sent.load(), 2);
}

void snippet_supervisor::failuresArriveAsSignals()
{
    Uploader uploader;
    QStringList messages;
    connect(&uploader, &Uploader::failed, this, [&](const QString &text) { messages += text; });
    uploader.upload(u"bad"_s);
    uploader.upload(u"a"_s);
    QVERIFY(QTest::qWaitFor([&] { return messages.size() == 1; }));
    const auto finished = uploader.finish();
    QVERIFY(QTest::qWaitFor([&] { return finished.isFinished(); }));
    QCOMPARE(finished.result().errorCount(), 1);
    QCOMPARE(sent.load(), 1);
}

void snippet_supervisor::jobsThatAreLeftAreHandedOn()
{
    QJanitor::enter([] {
        Uploader uploader;
        uploader.upload(u"a"_s);
    });
    QCOMPARE(sent.load(), 1);
}

QTEST_GUILESS_MAIN(snippet_supervisor)
#include "snippet_supervisor.moc"
