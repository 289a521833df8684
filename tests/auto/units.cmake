# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Adds tst_<unit> for a private unit that needs the rest of the core, see coreunits.cmake.
function(qjanitor_unit_test unit)
    qt_add_executable(tst_${unit} ${unit}/tst_${unit}.cpp)
    target_link_libraries(tst_${unit} PRIVATE qjanitorunits Qt6::Test)
    qjanitor_defaults(tst_${unit})
    add_test(NAME tst_${unit} COMMAND tst_${unit})
    set_tests_properties(tst_${unit} PROPERTIES TIMEOUT 300)
endfunction()

qjanitor_test(ledger SOURCES rules/ledger.cpp)
target_link_libraries(tst_ledger PRIVATE Threads::Threads)
qjanitor_unit_test(jobqueue)
qjanitor_test(drainclock SOURCES rules/drainclock.cpp)
qjanitor_test(alarmheap SOURCES mail/alarmheap.cpp)
qjanitor_unit_test(mailbox)
qjanitor_unit_test(journal)
qjanitor_unit_test(audience)
qjanitor_unit_test(waiters)
qjanitor_unit_test(handover)
qjanitor_unit_test(stoprelay)
qjanitor_unit_test(threadpool)
qjanitor_unit_test(result)
qjanitor_unit_test(error)
qjanitor_unit_test(report)
qjanitor_test(notices SOURCES exit/notices.cpp)
if(UNIX)
    qjanitor_test(servicemanager SOURCES exit/servicemanager_unix.cpp)
endif()

# Public units: they link the library.
qjanitor_test(client LIBS Threads::Threads)
qjanitor_test(status)
qjanitor_test(guard LIBS Threads::Threads)
if(UNIX)
    qjanitor_test(memory LIBS ${CMAKE_DL_LIBS} Threads::Threads)
endif()
