// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

#include <qjanitor/client.h>

namespace QJanitor::Private {

/// What runs under the ambient janitor: it decides what "stop" and "draining" mean to the asker.
enum class Role : quintptr { None, Callee, Daemon, CleanupJob };

/// The ambient janitor of one thread, and as what the running code belongs to it.
struct Frame
{
    JanitorPointer janitor;
    Role role = Role::None;
};

/// Returns this thread's slot. Not to be kept: the main thread's goes with the application.
Frame &ambientSlot();
/// Where this thread's frame lies; null until it is first needed. For presentFrame().
extern constinit thread_local Frame *cachedSlot;
/// What a thread without a frame has. Never destroyed.
const Frame &noFrame();

/// Returns what is in this thread's slot, to look at. Makes none: a thread that only asks needs
/// none, and one that asks at its very end could not destroy it.
inline const Frame &presentFrame()
{
    return cachedSlot ? *cachedSlot : noFrame();
}

/// Puts a frame into this thread's slot and what was there before back when it is destroyed.
class FrameSwap
{
public:
    explicit FrameSwap(Frame frame);
    ~FrameSwap();
    Q_DISABLE_COPY_MOVE(FrameSwap)

    /// Returns how many jobs that \a janitor waits for run on this thread, one inside the other.
    static int jobsOnThisStack(const Janitor &janitor);

private:
    const FrameSwap *const m_outer; ///< The one inside which this was made, on this thread.
    Janitor *const m_janitor;
    const Role m_role;
    Frame m_other;
};

} // namespace QJanitor::Private
