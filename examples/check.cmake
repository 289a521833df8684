# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Runs PROGRAM in FOLDER, which is emptied first, and checks its exit code and its output.
file(REMOVE_RECURSE "${FOLDER}")
file(MAKE_DIRECTORY "${FOLDER}")
execute_process(COMMAND "${PROGRAM}" WORKING_DIRECTORY "${FOLDER}" TIMEOUT 50
    RESULT_VARIABLE exit_code OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(NOT exit_code EQUAL 0)
    message(FATAL_ERROR "exit code ${exit_code}, expected 0")
endif()
if(NOT output MATCHES "${PATTERN}")
    message(FATAL_ERROR "the output does not match: ${PATTERN}")
endif()
