// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

namespace QJanitor::Private {

/// What signals that end a program ask for; a later one asks for more.
enum class QuitRequest { None, Quit, StopWaiting };

/*!
    The signals of the operating system that ask a program to quit.

    The first asks to quit, a second one after a guard time asks to stop waiting, and a third ends
    the process at once. Signals that the program handles or ignores itself are left to it.
*/
class QuitSignals
{
public:
    /// Catches the signals from now on. One that comes before serve() is remembered.
    static void install();
    /// Makes the requests readable. Returns one that was remembered.
    static QuitRequest serve();
    /// Gives the signals their default effect back.
    static void uninstall();

    /// Returns the descriptor that becomes readable with a request; -1 if there is none.
    static int descriptor();
    /// Returns the newest request and forgets it. Does not block.
    static QuitRequest read();
};

} // namespace QJanitor::Private
