// SPDX-FileCopyrightText: 2026 The QJanitor Authors
// SPDX-License-Identifier: MIT

#pragma once

#include "books.h"

#include <cstring>

/// Where a scenario takes place.
enum class Place {
    Main,   ///< On the thread of an application.
    Thread, ///< On a std::thread beside one.
    Bare,   ///< Without one.
};

struct Scenario
{
    const char *name;
    void (*run)(Books &books);
    int places = 3;           ///< At how many of them it can be, the first ones.
    bool isOutermost = false; ///< It needs no janitor around it.
};

extern const Scenario scenarios[];
extern const std::size_t scenarioCount;

/// Runs \a scenario, in which what is armed fails; and then another one as if nothing had been.
void runAt(Place place, const Scenario &scenario, const Injection::Plan &plan, Books &books);
