# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# For work on QJanitor: cmake -G Ninja -B build -C cmake/cache/dev.cmake -S .
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON CACHE BOOL "")
set(QJANITOR_WERROR ON CACHE BOOL "")
set(QJANITOR_TESTS ON CACHE BOOL "")
set(QJANITOR_EXAMPLES ON CACHE BOOL "")
