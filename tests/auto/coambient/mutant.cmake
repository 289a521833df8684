# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Runs a test that must fail, by its own checks and not by crashing.
foreach(check itSeesItsJanitorInEveryStep theResumersJanitorIsBackAfterEachStep
        nestedCoroutinesKeepTheirOwn randomWalks)
    execute_process(COMMAND "${PROGRAM}" ${check} TIMEOUT 60
        RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT output MATCHES "FAIL!")
        message(FATAL_ERROR "Without the swaps ${check} does not fail (${result}):\n${output}")
    endif()
endforeach()
