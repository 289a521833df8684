// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include <qjanitor/ambient.h>
#include <qjanitor/private/cohooks.h>
#include <qjanitor/scope.h>
#include <qjanitor/servicemanager.h>

#include "agent/agent_p.h"
#include "agent/agentthread_p.h"
#include "janitor/janitor_p.h"
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
    : m_janitor(new Janitor(options, ambientFrame(), Janitor::Level::Nested))
{
    m_janitor->setCalleeHere();
    Frame &slot = ambientSlot();
    m_outerJanitor = std::exchange(slot.janitor, m_janitor);
    m_outerRole = quintptr(std::exchange(slot.role, Role::Callee));
}

static std::exception_ptr drain(Janitor &janitor, Frame outer)
{
    // First of all, so that what the event loop brings while draining sees the enclosing janitor.
    ambientSlot() = std::move(outer);
    janitor.endCallee();
    return waitUntilDone(janitor, AtBottom::No);
}

Scope::~Scope()
{
    if (!m_janitor)
        return;
    if (const std::exception_ptr exception = drain(*m_janitor, {m_outerJanitor, Role(m_outerRole)}))
        logSlotException(exception);
}

Report Scope::leave()
{
    const JanitorPointer janitor = std::exchange(m_janitor, {});
    if (const std::exception_ptr exception = drain(*janitor, {m_outerJanitor, Role(m_outerRole)}))
        std::rethrow_exception(exception);
    return janitor->report();
}

CoScope::CoScope(const Options &options)
    : m_client(ClientAccess::make(
          JanitorPointer(new Janitor(options, ambientFrame(), Janitor::Level::Nested))))
{}

CoScope::~CoScope()
{
    if (const JanitorPointer &janitor = ClientAccess::janitor(m_client))
        janitor->letGo();
}

QFuture<Report> CoScope::close()
{
    const Client client = std::exchange(m_client, {});
    ClientAccess::janitor(client)->endCallee();
    return client.future();
}

} // namespace Private

namespace {

/// Has the signals that ask to quit served for as long as exec() runs and drains.
class ServedSignals
{
public:
    ServedSignals(const Private::JanitorPointer &janitor, bool wanted)
        : m_active(wanted)
    {
        if (!m_active)
            return;
        Private::QuitSignals::install();
        if (Private::QuitSignals::serve() == Private::QuitRequest::Quit)
            janitor->quit();
        Private::AgentThread::post({janitor, Private::Ticket::Matter::ServeSignals}, true);
        if (Private::AgentThread::isMissing())
            serveThemHere(janitor);
    }
    ~ServedSignals()
    {
        if (m_active)
            Private::QuitSignals::uninstall();
    }
    Q_DISABLE_COPY_MOVE(ServedSignals)

private:
    /// Caught and read by nobody, signals could not even end the program.
    void serveThemHere(const Private::JanitorPointer &janitor)
    {
        const int descriptor = Private::QuitSignals::descriptor();
        if (descriptor < 0)
            return;
        m_substitute.emplace(descriptor, QSocketNotifier::Read);
        QObject::connect(&*m_substitute, &QSocketNotifier::activated, &*m_substitute, [janitor] {
            Private::Agent::obey(Private::QuitSignals::read(), janitor);
        });
    }

    const bool m_active;
    std::optional<QSocketNotifier> m_substitute; ///< For the agent, while that has no thread.
};

/// The outermost exec() begins to drain: the service manager is to be told.
void announceStop(const Private::JanitorPointer &janitor)
{
    if (Private::ServiceManager::isThere() && Private::Janitor::application() == janitor)
        Private::AgentThread::post({janitor, Private::Ticket::Matter::Stopping}, true);
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
    const JanitorPointer janitor(new Janitor(options, {}, Janitor::Level::Application));
    janitor->setCalleeHere();
    // Should there be no memory for what is to come, nobody drains what it may have accepted by
    // then.
    const auto letGo = qScopeGuard([&janitor] {
        if (!janitor->isDone())
            Private::ifThereIsMemory([&janitor] { janitor->letGo(); });
    });
    const JanitorPointer previous = Janitor::application();
    if (!previous || previous->isDone())
        Janitor::setApplication(janitor);
    const ServedSignals signals(janitor,
                                options.handleSignals && Janitor::application() == janitor);
    auto exitCode = CalleeResult<int>::of([&janitor] {
        const FrameSwap frame({janitor, Role::Callee});
        return QCoreApplication::exec();
    });
    announceStop(janitor);
    const bool hasApplication = QCoreApplication::instance();
    const bool atBottom = hasApplication && QThread::currentThread()->loopLevel() == 0;
    if (atBottom)
        flushDeferredDeletes(); // their destructors may still spawn
    janitor->endCallee();
    const std::exception_ptr exception =
        waitUntilDone(*janitor, atBottom ? AtBottom::Yes : AtBottom::No);
    if (exception && exitCode.hasValue())
        exitCode = CalleeResult<int>::of([&]() -> int { std::rethrow_exception(exception); });
    else if (exception)
        logSlotException(exception);
    if (atBottom) {
        // The last chance for signals of the Status objects here to be delivered.
        janitor->nudgeObservers();
        QCoreApplication::sendPostedEvents(nullptr, QEvent::MetaCall);
    }
    return {janitor->report(), std::move(exitCode)};
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
