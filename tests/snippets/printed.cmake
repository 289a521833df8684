# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Runs PROGRAM and checks that what it prints begins with the text in FILE, but for times, which are not
# the same twice. With -D UPDATE=ON it writes the file anew.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE exit_code ERROR_VARIABLE printed)
if(NOT exit_code EQUAL 0)
    message(FATAL_ERROR "exit code ${exit_code}: ${printed}")
endif()
if(UPDATE)
    file(WRITE "${FILE}" "${printed}")
endif()
file(READ "${FILE}" expected)
foreach(text printed expected)
    string(REGEX REPLACE "[0-9]+[.][0-9] s" "# s" plain_${text} "${${text}}")
endforeach()
string(FIND "${plain_printed}" "${plain_expected}" begin)
if(NOT begin EQUAL 0)
    message(FATAL_ERROR "${FILE} says\n${expected}\nbut this is printed:\n${printed}\n"
        "To take that: cmake -D PROGRAM=${PROGRAM} -D FILE=${FILE} -D UPDATE=ON -P tests/snippets/printed.cmake")
endif()
