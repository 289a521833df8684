# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Counts the instructions of one job, spawned and run: the difference of two runs under callgrind.
function(count_instructions jobs out)
    execute_process(
        COMMAND ${VALGRIND} --tool=callgrind --callgrind-out-file=/dev/null ${PROGRAM} --spawn ${jobs}
        ERROR_VARIABLE log RESULT_VARIABLE failed)
    if(failed OR NOT log MATCHES "Collected : ([0-9]+)")
        message(FATAL_ERROR "callgrind failed:\n${log}")
    endif()
    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

count_instructions(20000 few)
count_instructions(220000 many)
math(EXPR perJob "(${many} - ${few}) / 200000")
message(STATUS "instructions per job: ${perJob} (goal: at most 350)")
