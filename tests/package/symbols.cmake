# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Checks what the shared library shows: its name, and symbols of namespace QJanitor only. Weak ones
# of templates in std and Qt are not its own.
execute_process(COMMAND ${READELF} -d ${LIBRARY} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
if(NOT dynamic MATCHES "SONAME[^[]*\\[([^]]+)\\]" OR NOT CMAKE_MATCH_1 STREQUAL SONAME)
    message(FATAL_ERROR "The name is ${CMAKE_MATCH_1} instead of ${SONAME}")
endif()

execute_process(COMMAND ${NM} -D -C --defined-only ${LIBRARY} OUTPUT_VARIABLE symbols
    COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${symbols}" symbols)
string(REPLACE "\n" ";" symbols "${symbols}")
set(strangers "")
set(count 0)
foreach(symbol IN LISTS symbols)
    if(symbol MATCHES "^[0-9a-f]+ [A-Za-z] (typeinfo for |typeinfo name for |vtable for |non-virtual thunk to )?QJanitor::")
        math(EXPR count "${count} + 1")
    elseif(NOT symbol MATCHES "^[0-9a-f]+ [VWu] .*(std::|QtPrivate::|__gnu_cxx::|Q[A-Z][A-Za-z]+<)")
        string(APPEND strangers "${symbol}\n")
    endif()
endforeach()
if(count LESS 20)
    message(FATAL_ERROR "Only ${count} symbols of its own?")
endif()
if(strangers)
    message(FATAL_ERROR "These are not in namespace QJanitor:\n${strangers}")
endif()
message(STATUS "${count} symbols")
