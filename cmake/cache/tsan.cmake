# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Data races, in the units that use std primitives only: with a distribution's Qt everything above
# them is reported for what Qt does.
include("${CMAKE_CURRENT_LIST_DIR}/dev.cmake")
set(QJANITOR_TSAN ON CACHE BOOL "")
set(QJANITOR_EXAMPLES OFF CACHE BOOL "" FORCE)
set(CMAKE_CXX_FLAGS "-fsanitize=thread -fno-omit-frame-pointer" CACHE STRING "")
