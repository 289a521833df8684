// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Drives the photo importer in a real window, on a display of its own, and keeps screenshots.

#include <QtCore/qdir.h>
#include <QtCore/qdiriterator.h>
#include <QtCore/qjsonarray.h>
#include <QtCore/qjsondocument.h>
#include <QtCore/qjsonobject.h>
#include <QtCore/qprocess.h>
#include <QtCore/qtemporarydir.h>
#include <QtCore/qthread.h>
#include <QtGui/qimage.h>
#include <QtGui/qpainter.h>
#include <QtTest/qtest.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <xcb/xcb.h>

using namespace Qt::StringLiterals;

namespace {

template<class T>
using Reply = std::unique_ptr<T, decltype(&std::free)>;

template<class T>
Reply<T> own(T *reply)
{
    return {reply, &std::free};
}

/// A connection to an X server, as that of somebody who looks at the screen and has a mouse.
class Screen
{
public:
    explicit Screen(const QByteArray &display)
        : m_connection(xcb_connect(display.constData(), nullptr))
        , m_screen(xcb_setup_roots_iterator(xcb_get_setup(m_connection)).data)
    {}
    ~Screen() { xcb_disconnect(m_connection); }
    Q_DISABLE_COPY_MOVE(Screen)

    QImage shot() const
    {
        const auto reply = own(xcb_get_image_reply(
            m_connection,
            xcb_get_image(m_connection, XCB_IMAGE_FORMAT_Z_PIXMAP, m_screen->root, 0, 0,
                          m_screen->width_in_pixels, m_screen->height_in_pixels, ~0U),
            nullptr));
        if (!reply)
            return {};
        return QImage(xcb_get_image_data(reply.get()), m_screen->width_in_pixels,
                      m_screen->height_in_pixels, QImage::Format_RGB32)
            .copy();
    }

    /// Closes all windows that can be closed, as a window manager does for their button.
    void closeWindows() const
    {
        const xcb_atom_t protocols = atom("WM_PROTOCOLS");
        const xcb_atom_t deleteWindow = atom("WM_DELETE_WINDOW");
        const auto tree = own(xcb_query_tree_reply(
            m_connection, xcb_query_tree(m_connection, m_screen->root), nullptr));
        const xcb_window_t *windows = xcb_query_tree_children(tree.get());
        for (int i = 0; i < xcb_query_tree_children_length(tree.get()); ++i) {
            xcb_client_message_event_t event{};
            event.response_type = XCB_CLIENT_MESSAGE;
            event.format = 32;
            event.window = windows[i];
            event.type = protocols;
            event.data.data32[0] = deleteWindow;
            xcb_send_event(m_connection, false, windows[i], XCB_EVENT_MASK_NO_EVENT,
                           reinterpret_cast<const char *>(&event));
        }
        xcb_flush(m_connection);
    }

private:
    xcb_atom_t atom(const char *name) const
    {
        const auto cookie = xcb_intern_atom(m_connection, false, uint16_t(strlen(name)), name);
        return own(xcb_intern_atom_reply(m_connection, cookie, nullptr))->atom;
    }
    xcb_connection_t *const m_connection;
    const xcb_screen_t *const m_screen;
};

/// A picture that takes some time to decode: hills under a sky, with a grain.
QImage paintPicture(int hue)
{
    QImage image(2400, 1800, QImage::Format_RGB32);
    QPainter painter(&image);
    QLinearGradient sky(0, 0, 0, 1800);
    sky.setColorAt(0, QColor::fromHsv(hue, 160, 160));
    sky.setColorAt(1, QColor::fromHsv((hue + 40) % 360, 90, 250));
    painter.fillRect(image.rect(), sky);
    painter.setPen(Qt::NoPen);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(QColor(255, 250, 220));
    painter.drawEllipse(QPointF(500 + hue * 4, 500), 170, 170);
    for (int hill = 0; hill < 4; ++hill) {
        QPolygonF line;
        line << QPointF(2400, 1800) << QPointF(0, 1800);
        for (int x = 0; x <= 2400; x += 20)
            line << QPointF(x, 900 + 220 * hill + 140 * std::sin(x / 310.0 + hill * 2.1 + hue));
        painter.setBrush(QColor::fromHsv((hue + 100) % 360, 70 + 40 * hill, 170 - 35 * hill));
        painter.drawPolygon(line);
    }
    painter.end();
    unsigned int noise = 1;
    for (int y = 0; y < image.height(); ++y) {
        auto *row = reinterpret_cast<QRgb *>(image.scanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            noise = noise * 1664525U + 1013904223U;
            row[x] ^= (noise >> 8) & 0x030303;
        }
    }
    return image;
}

void writeFile(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY(file.open(QFile::WriteOnly) && file.write(content) == content.size());
}

} // namespace

class tst_PhotoImporter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void closedInMidImportItFinishesWhatWasBegun();
    void closedWithNothingToDoItGoesAtOnce();
    void aSignalInMidImportLosesNothing();

private:
    void makePictures(const QString &folder, int count);
    void closeInMidImport(int count, bool &seen);
    void start(QProcess &program, const QStringList &arguments) const;
    void checkImported(const QString &folder) const;

    QProcess m_xvfb;
    QByteArray m_display;
    QTemporaryDir m_source;
    QStringList m_good;
};

void tst_PhotoImporter::initTestCase()
{
    m_xvfb.start(u"Xvfb"_s, {u"-displayfd"_s, u"1"_s, u"-screen"_s, u"0"_s, u"840x560x24"_s,
                             u"-nolisten"_s, u"tcp"_s});
    while (!m_xvfb.canReadLine())
        QVERIFY2(m_xvfb.waitForReadyRead(60'000), qPrintable(m_xvfb.errorString()));
    m_display = ':' + m_xvfb.readLine().trimmed();
    QVERIFY(QDir().mkpath(QStringLiteral(SCREENSHOTS)));
    for (int i = 0; i < 4; ++i)
        QVERIFY(paintPicture(i * 75 + 20).save(m_source.filePath(u"%1.png"_s.arg(i)), nullptr, 90));
}

void tst_PhotoImporter::cleanupTestCase()
{
    m_xvfb.terminate();
    m_xvfb.waitForFinished();
}

/// Of all good ones two are broken.
void tst_PhotoImporter::makePictures(const QString &folder, int count)
{
    m_good.clear();
    for (int i = 0; i < count; ++i) {
        m_good += u"hills-%1.png"_s.arg(i, 3, 10, QChar(u'0'));
        QVERIFY(
            QFile::link(m_source.filePath(u"%1.png"_s.arg(i % 4)), folder + u'/' + m_good.last()));
    }
    writeFile(folder + u"/hills-002a.png"_s, "this is no picture");
    QFile whole(m_source.filePath(u"0.png"_s));
    QVERIFY(whole.open(QFile::ReadOnly));
    writeFile(folder + u"/hills-000a.png"_s, whole.read(10'000)); // cut off
}

void tst_PhotoImporter::start(QProcess &program, const QStringList &arguments) const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(u"DISPLAY"_s, QString::fromLatin1(m_display));
    environment.insert(u"QT_QPA_PLATFORM"_s, u"xcb"_s);
    environment.insert(u"QT_QUICK_BACKEND"_s, u"software"_s);
    program.setProcessEnvironment(environment);
    program.setProcessChannelMode(QProcess::ForwardedErrorChannel);
    program.start(QStringLiteral(PROGRAM), arguments);
}

/// Each good picture has its thumbnail, each broken one is named, and there is nothing half-written.
void tst_PhotoImporter::checkImported(const QString &folder) const
{
    const QDir thumbnails(folder + u"/thumbnails"_s);
    QStringList expected{u"album.json"_s};
    for (const QString &name : m_good) {
        expected += name + u".png"_s;
        QVERIFY2(!QImage(thumbnails.filePath(expected.last())).isNull(), qPrintable(name));
    }
    QCOMPARE(thumbnails.entryList(QDir::Files | QDir::Hidden, QDir::Name), expected);
    QFile file(thumbnails.filePath(u"album.json"_s));
    QVERIFY(file.open(QFile::ReadOnly));
    const QJsonArray contents = QJsonDocument::fromJson(file.readAll()).array();
    QCOMPARE(contents.size(), m_good.size() + 2);
    QStringList broken;
    for (const QJsonValue &picture : contents) {
        if (!picture[u"error"].toString().isEmpty())
            broken += picture[u"picture"].toString();
    }
    broken.sort();
    QCOMPARE(broken, QStringList({u"hills-000a.png"_s, u"hills-002a.png"_s}));
}

void tst_PhotoImporter::closedInMidImportItFinishesWhatWasBegun()
{
    // How many pictures take longer than it takes to look depends on the machine.
    bool seen = false;
    for (int count = 40 * std::max(2, QThread::idealThreadCount()); !seen; count *= 2) {
        QVERIFY(count < 10'000);
        closeInMidImport(count, seen);
        if (QTest::currentTestFailed())
            return;
    }
}

/// Sets \a seen to whether the overlay was seen: else all was done before.
void tst_PhotoImporter::closeInMidImport(int count, bool &seen)
{
    const QTemporaryDir folder;
    makePictures(folder.path(), count);
    const QDir thumbnails(folder.filePath(u"thumbnails"_s));
    const Screen screen(m_display);
    const auto corner = [&screen] { return qGray(screen.shot().pixel(5, 555)); };
    QProcess program;
    start(program, {folder.path()});
    const auto hasBegun = [&] {
        return corner() > 100 && thumbnails.entryList(QDir::Files).size() > 8;
    };
    QVERIFY(QTest::qWaitFor(hasBegun, 120'000));
    QTest::qWait(200); // for those who look at it later: nothing depends on it
    const QImage importing = screen.shot();
    const int light = corner();

    screen.closeWindows();
    const auto dimmed = [&] { return corner() < light * 3 / 4; }; // by the overlay
    const auto isClosing = [&] { return dimmed() || program.state() == QProcess::NotRunning; };
    QVERIFY(QTest::qWaitFor(isClosing, 120'000));
    QTest::qWait(300);
    const QImage finishing = screen.shot();
    if (program.state() == QProcess::Running) {
        seen = true;
        QVERIFY(importing.save(QStringLiteral(SCREENSHOTS "/importing.png")));
        QVERIFY(finishing.save(QStringLiteral(SCREENSHOTS "/finishing.png")));
        screen.closeWindows(); // again: it is about to go
        QVERIFY(program.waitForFinished(300'000));
    }
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), 1); // two are broken
    checkImported(folder.path());
}

void tst_PhotoImporter::closedWithNothingToDoItGoesAtOnce()
{
    const Screen screen(m_display);
    QProcess program;
    start(program, {});
    const auto isShown = [&screen] { return qGray(screen.shot().pixel(5, 555)) > 100; };
    QVERIFY(QTest::qWaitFor(isShown, 120'000));
    screen.closeWindows();
    QVERIFY(program.waitForFinished(60'000));
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    QCOMPARE(program.exitCode(), 0);
}

void tst_PhotoImporter::aSignalInMidImportLosesNothing()
{
    const QTemporaryDir folder;
    makePictures(folder.path(), 100);
    QProcess program;
    start(program, {folder.path()});
    const QDir thumbnails(folder.filePath(u"thumbnails"_s));
    const auto hasBegun = [&] { return thumbnails.entryList(QDir::Files).size() > 2; };
    QVERIFY(QTest::qWaitFor(hasBegun, 120'000));
    program.terminate();
    QVERIFY(program.waitForFinished(120'000));
    QCOMPARE(program.exitStatus(), QProcess::NormalExit);
    checkImported(folder.path());
}

QTEST_GUILESS_MAIN(tst_PhotoImporter)

#include "tst_photoimporter.moc"
