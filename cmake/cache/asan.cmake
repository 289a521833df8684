# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Addresses, leaks and undefined behaviour. Clean with a distribution's Qt.
include("${CMAKE_CURRENT_LIST_DIR}/dev.cmake")
set(CMAKE_CXX_FLAGS "-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer"
    CACHE STRING "")
