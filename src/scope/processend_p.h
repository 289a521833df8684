// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

// Private. Not installed, no compatibility promised.

#pragma once

namespace QJanitor::Private {

class Held;
class Janitor;

/*!
    The janitors of the process that have been given jobs and have not closed, for its end: exit()
    and quick_exit() destroy no scope, and return to none.

    What is left then is run and waited for, before the program's statics are destroyed; and what
    does not end is named.
*/
class ProcessEnd
{
public:
    /// Lists \a janitor, which has been given a job, unless it has closed.
    static void add(Held, Janitor &janitor);
    static void remove(Janitor &janitor);

    /// Whether this process was forked from the one that has the threads, and has not called exec.
    static bool isForked();
    /// Says so, once.
    static void warnOfFork();
};

} // namespace QJanitor::Private
