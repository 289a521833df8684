# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Fails if qmlformat would change FILE.
execute_process(COMMAND "${QMLFORMAT}" "${FILE}" OUTPUT_VARIABLE formatted COMMAND_ERROR_IS_FATAL ANY)
file(READ "${FILE}" text)
if(NOT text STREQUAL formatted)
    message(FATAL_ERROR "Not formatted; run: ${QMLFORMAT} -i ${FILE}")
endif()
