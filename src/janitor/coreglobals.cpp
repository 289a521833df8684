// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// The two janitors that outlive a scope: the application's, which is the fallback for threads that
// have none, and the root, which takes what nobody else can.

#include "agent/agentthread_p.h"
#include "janitor/core_p.h"

namespace QJanitor::Private {

namespace {

/// Never destroyed: destructors of statics ask as well.
struct Globals
{
    std::mutex mutex;
    CorePointer application;
    CorePointer root;
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

CorePointer Core::application()
{
    if (!globals().hasApplication.load(std::memory_order_acquire))
        return {};
    const std::lock_guard lock(globals().mutex);
    return globals().application;
}

void Core::setApplication(const CorePointer &core)
{
    CorePointer previous = core;
    {
        const std::lock_guard lock(globals().mutex);
        previous.swap(globals().application);
        globals().hasApplication.store(true, std::memory_order_release);
    }
    nudgeEveryone();
}

void Core::addObserver(Observer *observer)
{
    const std::lock_guard lock(globals().mutex);
    globals().observers.push_back(observer);
}

void Core::removeObserver(Observer *observer)
{
    const std::lock_guard lock(globals().mutex);
    std::erase(globals().observers, observer);
}

void Core::nudgeEveryone()
{
    const std::lock_guard lock(globals().mutex);
    for (Observer *observer : globals().observers)
        observer->nudgeAnew();
}

CorePointer Core::root()
{
    if (!AgentThread::hasApplication())
        return {};
    CorePointer old; // destroyed without the lock
    const std::lock_guard lock(globals().mutex);
    if (globals().rootIsRetired)
        return {};
    old = globals().root;
    if (!globals().root || globals().root->isDone())
        globals().root = new Core({.name = "root"}, {}, Level::Root);
    return globals().root;
}

void Core::allowRoot()
{
    const std::lock_guard lock(globals().mutex);
    globals().rootIsRetired = false;
}

CorePointer Core::retireRoot()
{
    CorePointer old; // destroyed without the lock
    const std::lock_guard lock(globals().mutex);
    if (globals().root && !globals().root->isDone())
        return globals().root;
    old.swap(globals().root);
    globals().rootIsRetired = true;
    return {};
}

static CorePointer runningApplication()
{
    CorePointer core = Core::application();
    if (core && core->isDone())
        core.reset();
    return core;
}

Core *ambientCore(CorePointer &keep)
{
    const Frame &frame = presentFrame();
    if (Core *core = frame.core.data())
        return frame.role == Role::Callee ? core : core->effective();
    keep = runningApplication();
    return keep.data();
}

Frame ambientFrame()
{
    const Frame &frame = presentFrame();
    return frame.core ? frame : Frame{runningApplication(), Role::Callee};
}

} // namespace QJanitor::Private
