// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#include "ambient/ambient_p.h"
#include "janitor/janitor_p.h"

#include <QtCore/qcoreapplication.h>
#include <QtCore/qthreadstorage.h>

#include <array>
#include <cstddef>
#include <new>
#include <utility>

namespace QJanitor::Private {

constinit thread_local Frame *cachedSlot = nullptr;

namespace {

/// Whether this thread's storage has been destroyed: at its end, on the main thread with the
/// application. What is put into it after that is never destroyed.
thread_local bool storageIsGone = false;

/// Stands in then, without an application, and when there is no memory: a janitor that was opened
/// around the application's life stays ambient. Never destroyed, for destructors of thread_locals
/// ask as well.
Frame &lateFrame()
{
    alignas(Frame) static thread_local std::array<std::byte, sizeof(Frame)> memory;
    static thread_local Frame *frame = nullptr;
    if (!frame)
        frame = ::new (memory.data()) Frame;
    return *frame;
}

/// The value in the thread storage: a frame that takes its shortcut with it.
struct StoredFrame : Frame
{
    StoredFrame() = default;
    ~StoredFrame()
    {
        storageIsGone = true;
        cachedSlot = &lateFrame();
        *cachedSlot = std::move(static_cast<Frame &>(*this));
    }
    Q_DISABLE_COPY_MOVE(StoredFrame)
};

Frame &lookUpSlot()
{
    cachedSlot = &lateFrame();
    // The main thread's storage lives and dies with the application.
    if (storageIsGone || !QCoreApplication::instance())
        return *cachedSlot;
    try {
        // Never destroyed: destructors of statics and of thread_locals ask for the janitor as well.
        static auto &storage = *new QThreadStorage<StoredFrame *>;
        if (!storage.hasLocalData())
            storage.setLocalData(new StoredFrame);
        cachedSlot = storage.localData();
    } catch (const std::bad_alloc &) {
        // The late frame needs none.
    }
    return *cachedSlot;
}

} // namespace

Frame &ambientSlot()
{
    // The storage costs 100 instructions, and every spawn asks.
    return cachedSlot ? *cachedSlot : lookUpSlot();
}

const Frame &noFrame()
{
    alignas(Frame) static std::array<std::byte, sizeof(Frame)> memory; // cleanup jobs need no other
    static const auto &none = *::new (memory.data()) Frame;
    return none;
}

static constinit thread_local const FrameSwap *innermost = nullptr;

FrameSwap::FrameSwap(Frame frame)
    : m_outer(std::exchange(innermost, this))
    , m_janitor(frame.janitor.data())
    , m_role(frame.role)
    , m_other(std::move(frame))
{
    std::swap(ambientSlot(), m_other);
}

int FrameSwap::jobsOnThisStack(const Janitor &janitor)
{
    int count = 0;
    for (const FrameSwap *frame = innermost; frame; frame = frame->m_outer) {
        const bool isJob = frame->m_role == Role::Daemon || frame->m_role == Role::CleanupJob;
        count += isJob && frame->m_janitor && frame->m_janitor->effective() == &janitor;
    }
    return count;
}

FrameSwap::~FrameSwap()
{
    innermost = m_outer;
    // Not the slot of the constructor: the thread's storage may have gone meanwhile.
    std::swap(ambientSlot(), m_other);
}

} // namespace QJanitor::Private
