// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// exec() with a window: closing it drains, with the overlay in sight.

#include "../contract/gate.h"
#include "../contract/record.h"

#include <qjanitor/qjanitor.h>

#include <QtCore/qtranslator.h>
#include <QtGui/qaccessible.h>
#include <QtGui/qguiapplication.h>
#include <QtQml/qqmlapplicationengine.h>
#include <QtQml/qqmlproperty.h>
#include <QtQuick/qquickitem.h>
#include <QtQuick/qquickwindow.h>
#include <QtTest/qsignalspy.h>
#include <QtTest/qtest.h>

#include <memory>

using namespace QJanitor;
using namespace Contract;
using namespace Qt::StringLiterals;

namespace {

constexpr Options keepGoing{.failurePolicy = FailurePolicy::KeepGoing, .handleSignals = false};

/// A program with one window, and what can be seen in it.
class Program
{
public:
    explicit Program(const QString &file = QStringLiteral(SOURCE_DIR "/Program.qml"))
    {
        m_engine->addImportPath(QStringLiteral(QJANITOR_QML_IMPORT_PATH));
        m_engine->load(file);
        if (m_engine->rootObjects().isEmpty())
            qFatal("the program does not load");
    }
    ~Program()
    {
        m_engine.reset();
        // What windows leave to the event loop: none runs here any more.
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    }
    Q_DISABLE_COPY_MOVE(Program)

    QQuickWindow *window() const
    {
        return qobject_cast<QQuickWindow *>(m_engine->rootObjects().constFirst());
    }
    bool showsOverlay() const
    {
        const QObject *overlay = window()->findChild<QObject *>(u"overlay"_s);
        return overlay->property("opened").toBool() && overlay->property("opacity").toReal() == 1;
    }
    /// Returns all items that can be seen.
    QList<QQuickItem *> items() const
    {
        QList<QQuickItem *> items{window()->contentItem()};
        for (qsizetype i = 0; i < items.size(); ++i) {
            for (QQuickItem *child : items.at(i)->childItems()) {
                if (child->isVisible())
                    items += child;
            }
        }
        return items;
    }
    QQuickItem *itemWithText(const QString &text) const
    {
        for (QQuickItem *item : items()) {
            if (item->property("text").toString() == text)
                return item;
        }
        return nullptr;
    }
    bool shows(const QString &text) const { return itemWithText(text); }

private:
    std::unique_ptr<QQmlApplicationEngine> m_engine = std::make_unique<QQmlApplicationEngine>();
};

/// Runs exec() with \a function in its event loop, once the statuses made before know of it.
template<class F>
Report reportOfExec(F function)
{
    const Status status;
    QObject::connect(&status, &Status::stateChanged, &status, [function](JanitorState state) {
        if (state == JanitorState::Running)
            QTimer::singleShot(0, QCoreApplication::instance(), function);
    });
    return tryExec(keepGoing).janitorResult;
}

/// Calls \a function once, as soon as \a condition holds, in the running event loop.
template<class Condition, class F>
void when(Condition condition, F function)
{
    auto *timer = new QTimer(QCoreApplication::instance());
    QObject::connect(timer, &QTimer::timeout, timer, [timer, condition, function] {
        if (!condition())
            return;
        timer->stop();
        timer->deleteLater();
        function();
    });
    timer->start(1);
}

void hold(const QString &name, const Gate &gate)
{
    spawnDaemon(name, [gate] { gate.wait(); });
}

} // namespace

class tst_Overlay : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void closingDrainsWithTheWindowInSight_data();
    void closingDrainsWithTheWindowInSight();
    void theSnippetDoesTheSame();
    void nothingToFinishShowsNothing();
    void aWindowThatRefusesIsLeftAlone();
    void withoutExecTheWindowCloses();
    void namesErrorsAndProgressAreShown();
    void namesAndTextsForgeNothing();
    void quitNowGivesUp();
    void assistiveTechnologyIsTold();
    void textsAreTranslated();
    void colorsFollowThePalette_data();
    void colorsFollowThePalette();
};

void tst_Overlay::closingDrainsWithTheWindowInSight_data()
{
    QTest::addColumn<bool>("byQuit");
    QTest::newRow("the window is closed") << false;
    QTest::newRow("the application is told to quit") << true;
}

void tst_Overlay::closingDrainsWithTheWindowInSight()
{
    QFETCH(const bool, byQuit);
    const Program program;
    const Gate first, second;
    QSignalSpy hidden(program.window(), &QWindow::visibleChanged);
    QSignalSpy quits(QCoreApplication::instance(), &QCoreApplication::aboutToQuit);
    const Report report = reportOfExec([&] {
        hold(u"first"_s, first);
        hold(u"second"_s, second);
        if (byQuit)
            QCoreApplication::quit();
        else
            QVERIFY(!program.window()->close());
        when([&] { return program.showsOverlay(); },
             [&] {
                 QVERIFY(program.shows(u"Finishing 1 of 2 …"_s));
                 QVERIFY(!program.window()->close()); // again: it drains already
                 QCoreApplication::quit();
                 first.open();
             });
        when([&] { return program.shows(u"Finishing 2 of 2 …"_s); }, [&] { second.open(); });
    });
    QVERIFY(report.ok());
    QCOMPARE(report.completedCount(), 2);
    QCOMPARE(hidden.size(), 0); // it goes with the program
    QVERIFY(program.window()->isVisible());
    QVERIFY(program.showsOverlay());
    QCOMPARE(quits.size(), 1);
}

void tst_Overlay::theSnippetDoesTheSame()
{
    const Program program(QStringLiteral(SOURCE_DIR "/../../snippets/snippet_overlay.qml"));
    const Gate gate;
    const Report report = reportOfExec([&] {
        hold(u"held"_s, gate);
        QVERIFY(!program.window()->close());
        when([&] { return program.shows(u"Finishing 1 of 1 …"_s); },
             [&] {
                 QCOMPARE(program.window()->title(), u"Working …"_s);
                 gate.open();
             });
    });
    QCOMPARE(report.completedCount(), 1);
    QVERIFY(program.window()->isVisible());
}

void tst_Overlay::nothingToFinishShowsNothing()
{
    const Program program;
    QSignalSpy hidden(program.window(), &QWindow::visibleChanged);
    const Report report = reportOfExec([&] { program.window()->close(); });
    QVERIFY(report.ok());
    QVERIFY(!program.showsOverlay());
    QCOMPARE(hidden.size(), 0);
}

void tst_Overlay::aWindowThatRefusesIsLeftAlone()
{
    const Program program;
    program.window()->setProperty("keepsOpen", true);
    JanitorState seen = JanitorState::Closed;
    const Status status;
    (void)reportOfExec([&] {
        QVERIFY(!program.window()->close());
        QTimer::singleShot(0, program.window(), [&] {
            QCoreApplication::processEvents();
            seen = status.state();
            program.window()->setProperty("keepsOpen", false);
            program.window()->close();
        });
    });
    QCOMPARE(seen, JanitorState::Running);
}

void tst_Overlay::withoutExecTheWindowCloses()
{
    const Program program;
    QVERIFY(program.window()->close());
    QVERIFY(!program.window()->isVisible());
}

void tst_Overlay::namesErrorsAndProgressAreShown()
{
    const Program program;
    const Gate gate;
    (void)reportOfExec([&] {
        hold(u"holiday.jpg"_s, gate);
        spawnDaemon(u"talk"_s, [gate](QPromise<void> &promise) {
            promise.setProgressRange(0, 2);
            promise.setProgressValueAndText(1, u"half"_s);
            gate.wait();
        });
        spawnDaemon(u"letter"_s, [] { return Error(u"no paper"_s); });
        program.window()->close();
        when(
            [&] {
                return program.shows(u"holiday.jpg"_s) && program.shows(u"talk: half"_s) &&
                       std::any_of(program.items().cbegin(), program.items().cend(),
                                   [](const QQuickItem *item) {
                                       const QString text = item->property("text").toString();
                                       return text.startsWith(u"Last error: "_s) &&
                                              text.contains(u"letter"_s) &&
                                              text.contains(u"no paper"_s);
                                   });
            },
            [&] { gate.open(); });
    });
}

void tst_Overlay::namesAndTextsForgeNothing()
{
    const Program program;
    const Gate gate;
    const QString odd = u"%2 %1\n$& \u202e<b>"_s;
    const QString shown = u"%2 %1\\n$& \\u202e<b>"_s;
    (void)reportOfExec([&] {
        hold(odd, gate);
        spawnDaemon(odd, [odd, gate](QPromise<void> &promise) {
            promise.setProgressRange(0, 2);
            promise.setProgressValueAndText(1, odd);
            gate.wait();
        });
        spawnDaemon(odd, [odd] { return Error(odd); });
        program.window()->close();
        when(
            [&] {
                return program.shows(shown) && program.shows(shown + u": "_s + shown) &&
                       program.shows(u"Last error: "_s + shown + u": "_s + shown);
            },
            [&] { gate.open(); });
    });
}

void tst_Overlay::quitNowGivesUp()
{
    const LogLines logLines;
    const Program program;
    program.window()->setProperty("patience", 0);
    const Gate gate, ended;
    const Report report = reportOfExec([&] {
        spawnDaemon(u"endless"_s, [gate, ended] {
            gate.wait();
            ended.open();
        });
        program.window()->close();
        when([&] { return program.showsOverlay() && program.shows(u"Quit now"_s); },
             [&] {
                 // By keyboard alone.
                 program.window()->requestActivate();
                 QTest::keyClick(program.window(), Qt::Key_Tab);
                 QVERIFY(program.itemWithText(u"Quit now"_s)->hasActiveFocus());
                 QTest::keyClick(program.window(), Qt::Key_Space);
             });
    });
    QCOMPARE(report.error().kind(), Error::Kind::DrainTimedOut);
    QCOMPARE(namesOf(report.unfinished()), QStringList(u"endless"_s));
    gate.open();
    ended.wait();
}

void tst_Overlay::assistiveTechnologyIsTold()
{
    QAccessible::setActive(true);
    const Program program;
    program.window()->setProperty("patience", 0);
    const Gate gate;
    QHash<QString, QAccessible::Role> roles;
    (void)reportOfExec([&] {
        hold(u"holiday.jpg"_s, gate);
        program.window()->close();
        when(
            [&] {
                return program.showsOverlay() && program.shows(u"Quit now"_s) &&
                       program.shows(u"holiday.jpg"_s);
            },
            [&] {
                for (QQuickItem *item : program.items()) {
                    QAccessibleInterface *interface = QAccessible::queryAccessibleInterface(item);
                    if (interface && !interface->text(QAccessible::Name).isEmpty())
                        roles.insert(interface->text(QAccessible::Name) + u'/' +
                                         QString::fromLatin1(item->metaObject()->className())
                                             .section(u'_', 0, 0),
                                     interface->role());
                }
                gate.open();
            });
    });
    QAccessible::setActive(false);
    const QList<QAccessible::Role> all = roles.values();
    const auto has = [&](const QString &name, QAccessible::Role role) {
        for (auto it = roles.cbegin(); it != roles.cend(); ++it) {
            if (it.key().startsWith(name) && it.value() == role)
                return true;
        }
        return false;
    };
    QVERIFY(has(u"Finishing 1 of 1"_s, QAccessible::AlertMessage));
    QVERIFY(has(u"Finishing 1 of 1"_s, QAccessible::ProgressBar));
    QVERIFY(has(u"Still to be finished"_s, QAccessible::List));
    QVERIFY(has(u"holiday.jpg"_s, QAccessible::StaticText));
    QVERIFY(has(u"Quit now"_s, QAccessible::Button));
}

/// Translates into a language with a plural.
class Translator : public QTranslator
{
public:
    bool isEmpty() const override { return false; }
    QString translate(const char *context, const char *text, const char *, int n) const override
    {
        if (qstrcmp(context, "ShutdownOverlay") != 0 ||
            QByteArrayView(text) != "Finishing %1 of %n …")
            return {};
        return n == 1 ? u"Noch eine Aufgabe (%1)"_s : u"Aufgabe %1 von "_s + QString::number(n);
    }
};

void tst_Overlay::textsAreTranslated()
{
    Translator translator;
    QCoreApplication::installTranslator(&translator);
    const Program program;
    const Gate gate;
    const Report report = reportOfExec([&] {
        hold(u"a"_s, gate);
        hold(u"b"_s, gate);
        program.window()->close();
        when([&] { return program.shows(u"Aufgabe 1 von 2"_s); }, [&] { gate.open(); });
    });
    QCoreApplication::removeTranslator(&translator);
    QVERIFY(report.ok());
}

void tst_Overlay::colorsFollowThePalette_data()
{
    QTest::addColumn<QColor>("window");
    QTest::addColumn<QColor>("text");
    QTest::newRow("light") << QColor(0xf0f0f0) << QColor(Qt::black);
    QTest::newRow("dark") << QColor(0x202020) << QColor(Qt::white);
}

void tst_Overlay::colorsFollowThePalette()
{
    QFETCH(const QColor, window);
    QFETCH(const QColor, text);
    QImage image;
    {
        const Program program;
        for (const char *role : {"palette.window", "palette.base", "palette.button"})
            QVERIFY(QQmlProperty::write(program.window(), QString::fromLatin1(role), window));
        for (const char *role : {"palette.windowText", "palette.text", "palette.buttonText"})
            QVERIFY(QQmlProperty::write(program.window(), QString::fromLatin1(role), text));
        const Gate gate;
        (void)reportOfExec([&] {
            hold(u"a"_s, gate);
            program.window()->close();
            when([&] { return program.showsOverlay(); },
                 [&] {
                     const QQuickItem *title = program.itemWithText(u"Finishing 1 of 1 …"_s);
                     const QRectF area = title->mapRectToScene(
                         QRectF(0, 0, title->property("contentWidth").toReal(), title->height()));
                     image = program.window()->grabWindow().copy(area.toRect());
                     gate.open();
                 });
        });
    }
    int darkest = 255;
    int lightest = 0;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            darkest = std::min(darkest, qGray(image.pixel(x, y)));
            lightest = std::max(lightest, qGray(image.pixel(x, y)));
        }
    }
    QVERIFY2(lightest - darkest > 120, qPrintable(u"%1 %2"_s.arg(darkest).arg(lightest)));
    QVERIFY(qAbs(qGray(image.pixel(0, 0)) - qGray(window.rgb())) < 40); // the background
}

QTEST_MAIN(tst_Overlay)

#include "tst_overlay.moc"
