// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Written to the documentation of SetConsoleCtrlHandler(); not compiled by the project's own CI.

#include "exit/quitsignals_p.h"

#include <atomic>

#include <windows.h>

namespace QJanitor::Private {

namespace {

std::atomic<int> count{0};
std::atomic<bool> serving{false};

/// Runs on a thread of its own. Console events have no descriptor, so read() is asked for them.
BOOL WINAPI onConsoleEvent(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT && event != CTRL_CLOSE_EVENT)
        return FALSE;
    const int earlier = count.fetch_add(1);
    return earlier < 2 && (serving.load() || earlier == 0); // FALSE: the default effect
}

} // namespace

void QuitSignals::install()
{
    SetConsoleCtrlHandler(onConsoleEvent, TRUE);
}

QuitRequest QuitSignals::serve()
{
    serving.store(true);
    return count.load() > 0 ? QuitRequest::Quit : QuitRequest::None;
}

void QuitSignals::uninstall()
{
    SetConsoleCtrlHandler(onConsoleEvent, FALSE);
    serving.store(false);
    count.store(0);
}

int QuitSignals::descriptor()
{
    return -1;
}

QuitRequest QuitSignals::read()
{
    const int seen = count.load();
    return seen == 0 ? QuitRequest::None : seen == 1 ? QuitRequest::Quit : QuitRequest::StopWaiting;
}

} // namespace QJanitor::Private
