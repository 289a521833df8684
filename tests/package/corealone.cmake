# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Checks that what includes and links Core alone neither includes nor links QCoro.
string(REPLACE "|" ";" includes "${INCLUDES}")
list(TRANSFORM includes PREPEND "-I")
execute_process(COMMAND "${COMPILER}" -std=c++20 -fPIC -M ${includes} "${FILE}"
    OUTPUT_VARIABLE files COMMAND_ERROR_IS_FATAL ANY)
if(NOT files MATCHES "qjanitor/qjanitor.h")
    message(FATAL_ERROR "It does not include what it should:\n${files}")
endif()
if(files MATCHES "[^ \n]*([Qq][Cc]oro|/coroutine)[^ \n]*")
    message(FATAL_ERROR "It includes ${CMAKE_MATCH_0}")
endif()
if(NOT LIBRARY MATCHES "[.]a$")
    execute_process(COMMAND ${READELF} -d ${LIBRARY} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
    if(dynamic MATCHES "[^[]*QCoro[^]]*")
        message(FATAL_ERROR "The library links ${CMAKE_MATCH_0}")
    endif()
endif()
