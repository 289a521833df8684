// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// A client that is asked to quit while most of its requests are in flight: each of them is finished,
// and its answer is used, before the program ends.

#include "server.h"

#include <qjanitor/qjanitor.h>
#include <qjanitor/task.h>

#include <QCoroNetworkReply>
#include <QtCore/qcoreapplication.h>
#include <QtNetwork/qnetworkaccessmanager.h>
#include <QtNetwork/qnetworkproxy.h>
#include <QtNetwork/qnetworkreply.h>
#include <QtNetwork/qnetworkrequest.h>

#include <memory>
#include <stdexcept>

using namespace Qt::StringLiterals;

static constexpr int requests = 20;
static int inFlight = 0;
static int answered = 0;

/// Fetches \a url and looks at the answer. All of it happens on this thread.
static QJanitor::Task<> fetch(QNetworkAccessManager &manager, QUrl url)
{
    ++inFlight;
    const std::unique_ptr<QNetworkReply> reply(manager.get(QNetworkRequest(url)));
    co_await reply.get();
    --inFlight;
    if (reply->error() != QNetworkReply::NoError)
        throw std::runtime_error(reply->errorString().toStdString()); // named in the report
    if (reply->readAll() == url.path().toUtf8())
        ++answered;
}

int main(int argc, char *argv[])
{
    QCoreApplication app(argc, argv);
    Server server; // stands in for one somewhere else
    // Before exec(), so that it outlives the drain.
    QNetworkAccessManager manager;
    manager.setProxy(QNetworkProxy::NoProxy);

    QMetaObject::invokeMethod(
        &app,
        [&] {
            for (int i = 0; i < requests; ++i) {
                const QUrl url = server.url(u"/file-%1"_s.arg(i));
                QJanitor::spawnDaemon(url.toString(),
                                      [&manager, url] { return fetch(manager, url); });
            }
        },
        Qt::QueuedConnection);
    QObject::connect(
        &server, &Server::answered, &app,
        [] {
            qInfo("asked to quit with %d requests in flight", inFlight);
            QCoreApplication::quit();
        },
        Qt::SingleShotConnection);

    const int exitCode = QJanitor::exec({.name = "client"});
    qInfo("%d of %d requests were answered", answered, requests);
    return answered == requests ? exitCode : 1;
}
