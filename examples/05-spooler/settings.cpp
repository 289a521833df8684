// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "settings.h"

#include <QtCore/qcommandlineparser.h>
#include <QtCore/qfileinfo.h>
#include <QtCore/qtemporaryfile.h>

#include <cstdio>
#include <cstdlib>

using namespace Qt::StringLiterals;

void Settings::fail(const QString &message)
{
    std::fprintf(stderr, "spooler: %s\n", qUtf8Printable(message));
    std::exit(2);
}

/// Understands ADDRESS:PORT and [IPV6]:PORT.
static void readEndpoint(const QString &text, Settings *settings)
{
    const qsizetype colon = text.lastIndexOf(u':');
    QString host = text.first(qMax(colon, 0));
    if (host.startsWith(u'[') && host.endsWith(u']'))
        host = host.sliced(1).chopped(1);
    bool isNumber = false;
    settings->port = text.sliced(colon + 1).toUShort(&isNumber);
    if (!isNumber || !settings->address.setAddress(host))
        Settings::fail(u"--listen needs ADDRESS:PORT, such as 127.0.0.1:0; not \"%1\""_s.arg(text));
}

static std::chrono::milliseconds milliseconds(const QCommandLineParser &parser,
                                              const QString &option)
{
    bool isNumber = false;
    const uint number = parser.value(option).toUInt(&isNumber);
    if (!isNumber)
        Settings::fail(
            u"--%1 needs a number of milliseconds, not \"%2\""_s.arg(option, parser.value(option)));
    return std::chrono::milliseconds(number);
}

/// Tries it out: permissions alone do not tell whether a file can be made.
static void checkDirectory(const QString &directory)
{
    if (directory.isEmpty())
        Settings::fail(u"--spool DIR is missing"_s);
    if (!QFileInfo::exists(directory))
        Settings::fail(u"the spool directory %1 does not exist"_s.arg(directory));
    QTemporaryFile probe(directory + u"/.probe-XXXXXX"_s);
    if (!probe.open())
        Settings::fail(
            u"cannot write to the spool directory %1: %2"_s.arg(directory, probe.errorString()));
}

Settings Settings::fromArguments(const QStringList &arguments)
{
    const QCommandLineOption listen(u"listen"_s, u"Listen there; port 0 is any."_s,
                                    u"ADDRESS:PORT"_s, u"127.0.0.1:0"_s);
    const QCommandLineOption spool(u"spool"_s, u"Write one file for each client there."_s,
                                   u"DIR"_s);
    const QCommandLineOption drainTimeout(
        u"drain-timeout"_s, u"Give up after that time what is not on disk at the end."_s, u"MS"_s);
    const QCommandLineOption slowDisk(
        u"slow-disk"_s, u"Take that much longer for each file, to have something to see."_s,
        u"MS"_s, u"0"_s);
    const QCommandLineOption noJanitor(u"no-janitor"_s, u"Do as one does without QJanitor."_s);
    QCommandLineParser parser;
    parser.setApplicationDescription(u"Spools lines from TCP clients to disk."_s);
    parser.addOptions({listen, spool, drainTimeout, slowDisk, noJanitor});
    const QCommandLineOption help = parser.addHelpOption();
    if (!parser.parse(arguments))
        fail(parser.errorText());
    if (parser.isSet(help))
        parser.showHelp();
    if (!parser.positionalArguments().isEmpty())
        fail(u"unexpected argument: "_s + parser.positionalArguments().constFirst());

    Settings settings;
    readEndpoint(parser.value(listen), &settings);
    settings.spoolDirectory = parser.value(spool);
    checkDirectory(settings.spoolDirectory);
    if (parser.isSet(drainTimeout))
        settings.drainTimeout = milliseconds(parser, u"drain-timeout"_s);
    settings.slowness = milliseconds(parser, u"slow-disk"_s);
    settings.useJanitor = !parser.isSet(noJanitor);
    return settings;
}
