// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/ambient.h>
#include <qjanitor/private/cohooks.h>
#include <qjanitor/scope.h>
#include <qjanitor/servicemanager.h>

#include "agent/agent_p.h"
#include "agent/agentthread_p.h"
#include "janitor/core_p.h"
#include "rules/memory_p.h"
#include "exit/quitsignals_p.h"
#include "exit/servicemanager_p.h"
#include "spawn/spawn_p.h"
#include "report/texts_p.h"
#include "drain/wait_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qscopeguard.h>
#include <QtCore/qsocketnotifier.h>
#include <QtCore/qthread.h>

#include <optional>
#include <utility>

namespace QJanitor {

namespace Private {

Scope::Scope(const Options &options)
    : m_core(new Core(options, ambientFrame(), Core::Level::Nested))
{
    m_core->setCalleeHere();
    Frame &slot = ambientSlot();
    m_outerCore = std::exchange(slot.core, m_core);
    m_outerRole = quintptr(std::exchange(slot.role, Role::Callee));
}

static std::exception_ptr drain(Core &core, Frame outer)
{
    // First of all, so that what the event loop brings while draining sees the enclosing janitor.
    ambientSlot() = std::move(outer);
    core.endCallee();
    return waitUntilDone(core, AtBottom::No);
}

Scope::~Scope()
{
    if (!m_core)
        return;
    if (const std::exception_ptr exception = drain(*m_core, {m_outerCore, Role(m_outerRole)}))
        logSlotException(exception);
}

Report Scope::leave()
{
    const CorePointer core = std::exchange(m_core, {});
    if (const std::exception_ptr exception = drain(*core, {m_outerCore, Role(m_outerRole)}))
        std::rethrow_exception(exception);
    return core->report();
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
        if (Private::AgentThread::isMissing())
            serveThemHere(core);
    }
    ~ServedSignals()
    {
        if (m_active)
            Private::QuitSignals::uninstall();
    }
    Q_DISABLE_COPY_MOVE(ServedSignals)

private:
    /// Caught and read by nobody, signals could not even end the program.
    void serveThemHere(const Private::CorePointer &core)
    {
        const int descriptor = Private::QuitSignals::descriptor();
        if (descriptor < 0)
            return;
        m_substitute.emplace(descriptor, QSocketNotifier::Read);
        QObject::connect(&*m_substitute, &QSocketNotifier::activated, &*m_substitute,
                         [core] { Private::Agent::obey(Private::QuitSignals::read(), core); });
    }

    const bool m_active;
    std::optional<QSocketNotifier> m_substitute; ///< For the agent, while that has no thread.
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
    core->setCalleeHere();
    // Should there be no memory for what is to come, nobody drains what it may have accepted by
    // then.
    const auto letGo = qScopeGuard([&core] {
        if (!core->isDone())
            Private::ifThereIsMemory([&core] { core->letGo(); });
    });
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
    const std::exception_ptr exception =
        waitUntilDone(*core, atBottom ? AtBottom::Yes : AtBottom::No);
    if (exception && exitCode.hasValue())
        exitCode = CalleeResult<int>::of([&]() -> int { std::rethrow_exception(exception); });
    else if (exception)
        logSlotException(exception);
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
