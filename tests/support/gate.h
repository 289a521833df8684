// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

/// Holds threads up until it is opened. Takes no memory.
struct Gate
{
    void open()
    {
        const std::lock_guard lock(mutex);
        isOpen = true;
        opened.notify_all();
    }
    void wait()
    {
        std::unique_lock lock(mutex);
        opened.wait(lock, [this] { return isOpen; });
    }
    /// For those who must not be held up for ever.
    void wait(std::chrono::milliseconds longest)
    {
        std::unique_lock lock(mutex);
        opened.wait_for(lock, longest, [this] { return isOpen; });
    }
    std::mutex mutex;
    std::condition_variable opened;
    bool isOpen = false;
};
