# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Compiles one case, see CMakeLists.txt.
file(STRINGS "${FILE}" says REGEX "^// says: ")
file(STRINGS "${FILE}" flags REGEX "^// flags: ")
string(REGEX REPLACE "^// says: " "" says "${says}")
string(REGEX REPLACE "^// flags: " "" flags "${flags}")
separate_arguments(flags UNIX_COMMAND "${flags}")
string(REPLACE "|" ";" includes "${INCLUDES}")
string(REPLACE "|" ";" definitions "${DEFINITIONS}")
list(TRANSFORM includes PREPEND "-I")
list(TRANSFORM definitions PREPEND "-D")

# One line per message, in English: a sentence must not be broken.
set(ENV{LC_ALL} C)
execute_process(
    COMMAND "${COMPILER}" -std=c++20 -fPIC -fsyntax-only -fmessage-length=0
        ${includes} ${definitions} ${flags} "${FILE}"
    RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(says STREQUAL "")
    if(failed)
        message(FATAL_ERROR "The control does not compile:\n${output}")
    endif()
elseif(NOT failed)
    message(FATAL_ERROR "It compiles.")
else()
    string(FIND "${output}" "${says}" position)
    if(position EQUAL -1)
        message(FATAL_ERROR "The compiler does not say: ${says}\nIt says:\n${output}")
    endif()
endif()
