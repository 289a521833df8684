// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "record.h"

#include <coroutine>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

// What tests of coroutines share.

namespace Contract {

/// Holds coroutines up until it is opened, which resumes them right there, on whichever thread.
/// Copies are the same gate.
class CoGate
{
public:
    bool await_ready() const
    {
        const std::lock_guard lock(m_state->mutex);
        return m_state->isOpen;
    }
    bool await_suspend(std::coroutine_handle<> handle) const
    {
        const std::lock_guard lock(m_state->mutex);
        if (!m_state->isOpen)
            m_state->waiters.push_back(handle);
        return !m_state->isOpen;
    }
    void await_resume() const noexcept {}

    void open() const
    {
        std::vector<std::coroutine_handle<>> waiters;
        const auto state = m_state; // the last coroutine may destroy this
        {
            const std::lock_guard lock(state->mutex);
            state->isOpen = true;
            waiters = std::exchange(state->waiters, {});
        }
        for (const auto waiter : waiters)
            waiter.resume();
    }
    qsizetype waiterCount() const
    {
        const std::lock_guard lock(m_state->mutex);
        return qsizetype(m_state->waiters.size());
    }

private:
    struct State
    {
        std::mutex mutex;
        bool isOpen = false;
        std::vector<std::coroutine_handle<>> waiters;
    };
    std::shared_ptr<State> m_state = std::make_shared<State>();
};

/// Writes down its end.
struct Witness
{
    Witness(const Log &log_, const QString &name_)
        : log(log_)
        , name(name_)
    {}
    Witness(Witness &&other)
        : log(other.log)
        , name(std::exchange(other.name, QString()))
    {}
    ~Witness()
    {
        if (!name.isEmpty())
            log.add(name + QStringLiteral(" ends"));
    }
    Log log;
    QString name;
};

} // namespace Contract
