# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# For packagers: the library alone, optimised.
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(QJANITOR_TESTS OFF CACHE BOOL "")
set(QJANITOR_EXAMPLES OFF CACHE BOOL "")
