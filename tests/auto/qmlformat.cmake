# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Fails if qmlformat would change FILE. Each version has a style of its own, down to how an object
# without content is written; ours is that of the oldest Qt that QJanitor supports.
set(our_version 6.4)

execute_process(COMMAND "${QMLFORMAT}" --version OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
if(NOT version MATCHES "^qmlformat ([0-9]+[.][0-9]+)")
    message(FATAL_ERROR "qmlformat does not say its version, but: ${version}")
endif()
if(NOT CMAKE_MATCH_1 STREQUAL our_version)
    message("Skipped: the style is that of qmlformat ${our_version}, and this is ${CMAKE_MATCH_1}.")
    return()
endif()
execute_process(COMMAND "${QMLFORMAT}" "${FILE}" OUTPUT_VARIABLE formatted COMMAND_ERROR_IS_FATAL ANY)
file(READ "${FILE}" text)
if(NOT text STREQUAL formatted)
    message(FATAL_ERROR "Not formatted; run: ${QMLFORMAT} -i ${FILE}")
endif()
