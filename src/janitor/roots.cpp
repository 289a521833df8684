// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The two janitors that outlive a scope: the application's, which is the fallback for threads that
// have none, and the root, which takes what nobody else can.

#include "agent/agentthread_p.h"
#include "janitor/janitor_p.h"

namespace QJanitor::Private {

namespace {

/// Never destroyed: destructors of statics ask as well.
struct Globals
{
    std::mutex mutex;
    JanitorPointer application;
    JanitorPointer root;
    bool rootIsRetired = false; ///< The application no longer waits for it.
    std::vector<Observer *> observers;
    std::atomic<bool> hasApplication{false}; ///< Spares the lock where there is no exec().
};

Globals &globals()
{
    static auto &globals = *new Globals;
    return globals;
}

} // namespace

JanitorPointer Janitor::application()
{
    if (!globals().hasApplication.load(std::memory_order_acquire))
        return {};
    const std::lock_guard lock(globals().mutex);
    return globals().application;
}

void Janitor::setApplication(const JanitorPointer &janitor)
{
    JanitorPointer previous = janitor;
    {
        const std::lock_guard lock(globals().mutex);
        previous.swap(globals().application);
        globals().hasApplication.store(true, std::memory_order_release);
    }
    nudgeEveryone();
}

void Janitor::addObserver(Observer *observer)
{
    const std::lock_guard lock(globals().mutex);
    globals().observers.push_back(observer);
}

void Janitor::removeObserver(Observer *observer)
{
    const std::lock_guard lock(globals().mutex);
    std::erase(globals().observers, observer);
}

void Janitor::nudgeEveryone()
{
    const std::lock_guard lock(globals().mutex);
    for (Observer *observer : globals().observers)
        observer->nudgeAnew();
}

JanitorPointer Janitor::root()
{
    if (!AgentThread::hasApplication())
        return {};
    JanitorPointer old; // destroyed without the lock
    const std::lock_guard lock(globals().mutex);
    if (globals().rootIsRetired)
        return {};
    old = globals().root;
    if (!globals().root || globals().root->isDone())
        globals().root = new Janitor({.name = "root"}, {}, Level::Root);
    return globals().root;
}

void Janitor::allowRoot()
{
    const std::lock_guard lock(globals().mutex);
    globals().rootIsRetired = false;
}

JanitorPointer Janitor::retireRoot()
{
    JanitorPointer old; // destroyed without the lock
    const std::lock_guard lock(globals().mutex);
    if (globals().root && !globals().root->isDone())
        return globals().root;
    old.swap(globals().root);
    globals().rootIsRetired = true;
    return {};
}

static JanitorPointer runningApplication()
{
    JanitorPointer janitor = Janitor::application();
    if (janitor && janitor->isDone())
        janitor.reset();
    return janitor;
}

Janitor *ambientJanitor(JanitorPointer &keep)
{
    const Frame &frame = presentFrame();
    if (Janitor *janitor = frame.janitor.data())
        return frame.role == Role::Callee ? janitor : janitor->effective();
    keep = runningApplication();
    return keep.data();
}

Frame ambientFrame()
{
    const Frame &frame = presentFrame();
    return frame.janitor ? frame : Frame{runningApplication(), Role::Callee};
}

} // namespace QJanitor::Private
