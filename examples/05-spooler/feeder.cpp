// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Streams files to the spooler, many at a time, and writes down how many lines of each have been
// acknowledged. Later, with --verify, judges whether the spooler has kept its promise.

#include "stream.h"
#include "verify.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qcoreapplication.h>
#include <QtCore/qdatetime.h>
#include <QtCore/qdiriterator.h>
#include <QtCore/qfile.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <poll.h>
#include <vector>

using namespace Qt::StringLiterals;

namespace {

[[noreturn]] void fail(const QString &message)
{
    std::fprintf(stderr, "feeder: %s\n", qUtf8Printable(message));
    std::exit(2);
}

struct Feed
{
    QHostAddress address;
    quint16 port = 0;
    std::size_t parallel = 64;
    pid_t spooler = 0;         ///< Gets SIGTERM ...
    qint64 terminateAfter = 0; ///< ... after that many lines.
    std::deque<QString> files;
    QFile manifest;

    void run();
    void openStreams();
    void waitForEvents();
    void closeFinished();
    void terminateSpooler();

    std::vector<std::unique_ptr<Stream>> streams;
    qint64 acknowledged = 0; ///< By the streams that are closed.
    qint64 connections = 0;
};

void Feed::run()
{
    for (;;) {
        openStreams();
        terminateSpooler(); // also if all that were left have been acknowledged at once
        if (streams.empty())
            return;
        waitForEvents();
        closeFinished();
    }
}

void Feed::openStreams()
{
    while (streams.size() < parallel && !files.empty()) {
        auto stream = std::make_unique<Stream>(files.front());
        files.pop_front();
        if (!stream->connectTo(address, port)) {
            if (spooler != 0)
                std::fprintf(stderr, "feeder: cannot connect: %s\n",
                             qUtf8Printable(qt_error_string()));
            files.clear(); // the spooler takes no more clients
            return;
        }
        ++connections;
        streams.push_back(std::move(stream));
    }
}

void Feed::waitForEvents()
{
    std::vector<pollfd> polled;
    polled.reserve(streams.size());
    for (const auto &stream : streams)
        polled.push_back({stream->descriptor(), stream->wantedEvents(), 0});
    ::poll(polled.data(), polled.size(), -1);
    for (std::size_t i = 0; i < streams.size(); ++i)
        streams[i]->proceed(polled[i].revents);
}

void Feed::closeFinished()
{
    std::erase_if(streams, [this](const std::unique_ptr<Stream> &stream) {
        if (!stream->isFinished())
            return false;
        acknowledged += stream->acknowledged();
        manifest.write(QByteArray::number(stream->localPort()) + ' ' +
                       QByteArray::number(stream->acknowledged()) + ' ' +
                       QFile::encodeName(stream->path()) + '\n');
        if (!stream->refusal().isEmpty())
            std::fprintf(stderr, "feeder: %s: %s\n", qUtf8Printable(stream->path()),
                         stream->refusal().constData());
        return true;
    });
}

void Feed::terminateSpooler()
{
    if (spooler == 0)
        return;
    qint64 soFar = acknowledged;
    for (const auto &stream : streams)
        soFar += stream->acknowledged();
    if (soFar < terminateAfter)
        return;
    ::kill(std::exchange(spooler, 0), SIGTERM);
    std::printf("terminated-at %lld\nopen-connections %zu\n", QDateTime::currentMSecsSinceEpoch(),
                streams.size());
}

void readEndpoint(const QString &text, Feed *feed)
{
    const qsizetype colon = text.lastIndexOf(u':');
    feed->port = text.sliced(colon + 1).toUShort();
    if (feed->port == 0 || !feed->address.setAddress(text.first(qMax(colon, 0))) ||
        feed->address.protocol() != QHostAddress::IPv4Protocol)
        fail(u"--connect needs an IPv4 ADDRESS:PORT"_s);
}

void addFiles(const QString &path, Feed *feed)
{
    if (QFileInfo(path).isFile())
        return feed->files.push_back(path);
    QStringList found;
    for (QDirIterator it(path, QDir::Files, QDirIterator::Subdirectories); it.hasNext();)
        found.append(it.next());
    found.sort(); // the same order on every machine
    feed->files.insert(feed->files.end(), found.begin(), found.end());
}

int feedAll(const QCommandLineParser &parser)
{
    Feed feed;
    readEndpoint(parser.value(u"connect"_s), &feed);
    feed.parallel = qMax(1u, parser.value(u"parallel"_s).toUInt());
    feed.spooler = parser.value(u"terminate"_s).toInt();
    feed.terminateAfter = parser.value(u"after"_s).toLongLong();
    feed.manifest.setFileName(parser.value(u"manifest"_s));
    if (!feed.manifest.open(QFile::WriteOnly))
        fail(u"cannot write the manifest: "_s + feed.manifest.errorString());
    for (const QString &path : parser.positionalArguments())
        addFiles(path, &feed);
    if (feed.files.empty())
        fail(u"there are no files to send"_s);
    feed.run();
    std::printf("connections %lld\nacknowledged %lld\n", feed.connections, feed.acknowledged);
    return 0;
}

} // namespace

int main(int argc, char *argv[])
{
    const QCoreApplication app(argc, argv);
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Streams files to the spooler; judges its spool."_s);
    parser.addHelpOption();
    parser.addOptions({
        {u"connect"_s, u"Where the spooler listens."_s, u"ADDRESS:PORT"_s},
        {u"parallel"_s, u"At most that many connections at a time."_s, u"COUNT"_s, u"64"_s},
        {u"terminate"_s, u"Send SIGTERM to that process ..."_s, u"PID"_s, u"0"_s},
        {u"after"_s, u"... after that many acknowledged lines."_s, u"LINES"_s, u"0"_s},
        {u"manifest"_s, u"Write down there what is acknowledged: PORT LINES PATH."_s, u"FILE"_s},
        {u"verify"_s, u"Compare the spool with the manifest instead."_s},
        {u"spool"_s, u"The spool directory to verify."_s, u"DIR"_s},
    });
    parser.addPositionalArgument(u"paths"_s, u"Files, or folders of files, to send."_s);
    parser.process(app);
    if (parser.isSet(u"verify"_s))
        return verify(parser.value(u"manifest"_s), parser.value(u"spool"_s)) ? 0 : 1;
    return feedAll(parser);
}
