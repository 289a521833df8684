// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include <QtCore/qglobal.h>

// What fails in this process, and when. All of it is done by functions of the system that this
// program defines again: the dynamic linker finds them first, for all libraries.

namespace Injection {

enum class Kind {
    Allocation, ///< Memory is out.
    Thread,     ///< No thread can be made.
    Descriptor, ///< No descriptor can be had.
    Suspend,    ///< The monotonic clock jumps forwards, as it may after a suspend.
    Wallclock,  ///< The realtime clock jumps, forwards and back.
};

/// What is refused: of all that concern the library, the n-th and those behind it.
struct Plan
{
    Kind kind;
    int n;
    int count; ///< How many; allOfAMoment: all for some 50 ms from the first one on.
};
inline constexpr int allOfAMoment = -1;

/// To be called once, while there is memory.
void prepare();
void arm(const Plan &plan);
void disarm();
/// Returns whether it is armed for a monotonic clock that jumps: time may be up early.
bool movesTime();
/// Returns whether it is armed for what may keep a job from a thread of its own: after a jump of
/// the monotonic clock, one that has been sent to a pool is taken for lost.
bool mayLackThreads();
/// Returns how many could have been refused, and how many were.
int reached();
int refused();
/// Writes to stderr where the first one was refused.
void describeFirst();
/// The same for where it is called.
void describeThisPlace();

/// As long as it lives, what this thread does is the test's own: nothing of it is refused.
class Own
{
public:
    Own() { ++depth(); }
    ~Own() { --depth(); }
    Q_DISABLE_COPY_MOVE(Own)
    static int &depth();
};

} // namespace Injection
