// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Runs the tst_*.qml files beside it inside exec(), with jobs at their disposal.

#include "../contract/gate.h"

#include <qjanitor/qjanitor.h>

#include <QtGui/qguiapplication.h>
#include <QtQml/qqmlengine.h>
#include <QtQuickTest/quicktest.h>

#include <memory>

using namespace QJanitor;
using namespace Contract;

/// What the tests in QML can have done.
class Jobs : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QJanitor::Client other READ other CONSTANT)

public:
    Client other() const { return m_other.client(); }

    /// Spawns a job under the application janitor that lasts until release().
    Q_INVOKABLE void hold(const QString &name) { spawnDaemon(name, held()); }
    Q_INVOKABLE void holdCleanup(const QString &name) { spawnCleanupJob(name, held()); }
    Q_INVOKABLE void holdOther(const QString &name) { other().spawnDaemon(name, held()); }
    Q_INVOKABLE void release() { std::exchange(m_gate, std::make_unique<Gate>())->open(); }
    Q_INVOKABLE void fail(const QString &name, const QString &message)
    {
        spawnDaemon(name, [message] { return Error(message); });
    }
    /// Null if the plugin had a core of its own.
    Q_INVOKABLE bool isStatus(QObject *object) { return qobject_cast<Status *>(object); }

private:
    std::function<void()> held() const
    {
        return [gate = *m_gate] { gate.wait(); };
    }
    std::unique_ptr<Gate> m_gate = std::make_unique<Gate>();
    Supervisor m_other;
};

class Setup : public QObject
{
    Q_OBJECT

public:
    explicit Setup(QObject *parent = nullptr)
        : QObject(parent)
    {}

public Q_SLOTS:
    void qmlEngineAvailable(QQmlEngine *engine)
    {
        engine->addImportPath(QStringLiteral(QJANITOR_QML_IMPORT_PATH));
        qmlRegisterSingletonType<Jobs>("Testing", 1, 0, "Jobs",
                                       [](QQmlEngine *, QJSEngine *) { return new Jobs; });
    }
};

int main(int argc, char *argv[])
{
    QGuiApplication app(argc, argv);
    int failures = 1;
    QTimer::singleShot(0, &app, [&] {
        Setup setup;
        failures =
            quick_test_main_with_setup(argc, argv, "tst_quick", QUICK_TEST_SOURCE_DIR, &setup);
        QCoreApplication::quit();
    });
    (void)tryExec({.failurePolicy = FailurePolicy::KeepGoing, .handleSignals = false});
    return failures;
}

#include "tst_quick.moc"
