// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/ambient.h>
#include <qjanitor/cohooks.h>
#include <qjanitor/scope.h>
#include <qjanitor/servicemanager.h>

#include "agentthread_p.h"
#include "core_p.h"
#include "quitsignals_p.h"
#include "servicemanager_p.h"
#include "spawn_p.h"
#include "texts_p.h"
#include "wait_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthread.h>

#include <utility>

namespace QJanitor {

namespace Private {

Scope::Scope(const Options &options)
    : m_core(new Core(options, ambientFrame(), Core::Level::Nested))
{
    Frame &slot = ambientSlot();
    m_outerCore = std::exchange(slot.core, m_core);
    m_outerRole = quintptr(std::exchange(slot.role, Role::Callee));
}

Scope::~Scope()
{
    if (m_core)
        leave();
}

Report Scope::leave()
{
    // First of all, so that what the event loop brings while draining sees the enclosing janitor.
    ambientSlot() = {m_outerCore, Role(m_outerRole)};
    m_core->endCallee();
    waitUntilDone(*m_core, AtBottom::No);
    return std::exchange(m_core, {})->report();
}

CoScope::CoScope(const Options &options)
    : m_client(
          ClientAccess::make(CorePointer(new Core(options, ambientFrame(), Core::Level::Nested))))
{}

CoScope::~CoScope()
{
    if (const CorePointer &core = ClientAccess::core(m_client))
        core->letGo();
}

QFuture<Report> CoScope::close()
{
    const Client client = std::exchange(m_client, {});
    ClientAccess::core(client)->endCallee();
    return client.future();
}

} // namespace Private

namespace {

/// Has the signals that ask to quit served for as long as exec() runs and drains.
class ServedSignals
{
public:
    ServedSignals(const Private::CorePointer &core, bool wanted)
        : m_active(wanted)
    {
        if (!m_active)
            return;
        Private::QuitSignals::install();
        if (Private::QuitSignals::serve() == Private::QuitRequest::Quit)
            core->quit();
        Private::AgentThread::post({core, Private::Ticket::Matter::ServeSignals}, true);
    }
    ~ServedSignals()
    {
        if (m_active)
            Private::QuitSignals::uninstall();
    }
    Q_DISABLE_COPY_MOVE(ServedSignals)

private:
    const bool m_active;
};

/// The outermost exec() begins to drain: the service manager is to be told.
void announceStop(const Private::CorePointer &core)
{
    if (Private::ServiceManager::isThere() && Private::Core::application() == core)
        Private::AgentThread::post({core, Private::Ticket::Matter::Stopping}, true);
}

} // namespace

void catchQuitSignals()
{
    Private::QuitSignals::install();
}

void notifyReady()
{
    if (Private::ServiceManager::isThere())
        Private::ServiceManager::tell("READY=1");
}

EnterResult<int> tryExec(const Options &options)
{
    using namespace Private;
    const CorePointer core(new Core(options, {}, Core::Level::Application));
    const CorePointer previous = Core::application();
    if (!previous || previous->isDone())
        Core::setApplication(core);
    const ServedSignals signals(core, options.handleSignals && Core::application() == core);
    auto exitCode = CalleeResult<int>::of([&core] {
        const FrameSwap frame({core, Role::Callee});
        return QCoreApplication::exec();
    });
    announceStop(core);
    const bool hasApplication = QCoreApplication::instance();
    const bool atBottom = hasApplication && QThread::currentThread()->loopLevel() == 0;
    if (atBottom)
        flushDeferredDeletes(); // their destructors may still spawn
    core->endCallee();
    waitUntilDone(*core, atBottom ? AtBottom::Yes : AtBottom::No);
    if (atBottom) {
        // The last chance for signals of the Status objects here to be delivered.
        core->nudgeObservers();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::MetaCall);
    }
    return {core->report(), std::move(exitCode)};
}

int exec(const Options &options)
{
    const EnterResult<int> result = tryExec(options);
    const Report &report = result.janitorResult;
    if (!report.ok())
        qCCritical(Private::lcJanitor).noquote() << report.toString();
    const int exitCode = result.calleeResult.value();
    return exitCode == 0 && !report.ok() ? 1 : exitCode;
}

} // namespace QJanitor
