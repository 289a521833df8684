# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# The component Coro, if it is built.
if(NOT TARGET QJanitorCoro)
    return()
endif()

qjanitor_test(task LIBS QJanitor::Coro Qt6::Concurrent)   # what a Task is, and what it awaits
qjanitor_test(coambient LIBS QJanitor::Coro Qt6::Concurrent Threads::Threads)   # who is ambient in it, and around it
qjanitor_test(cojobs LIBS QJanitor::Coro Qt6::Concurrent Threads::Threads)      # coroutines as jobs
qjanitor_test(coscope LIBS QJanitor::Coro Qt6::Concurrent Threads::Threads)     # janitors that a coroutine opens
qjanitor_test(coexit LIBS QJanitor::Coro Threads::Threads)      # coroutines under way when the program ends

# The same with coroutines that are QCoro's, in a program of which each file includes <qjanitor/qcoro.h>.
qt_add_executable(tst_coambient_qcoro coambient/tst_coambient.cpp)
target_compile_definitions(tst_coambient_qcoro PRIVATE PLAIN)
target_link_libraries(tst_coambient_qcoro PRIVATE QJanitor::AmbientQCoro
    Qt6::Concurrent Qt6::Test Threads::Threads)
qjanitor_defaults(tst_coambient_qcoro)
add_test(NAME tst_coambient_qcoro COMMAND tst_coambient_qcoro)
set_tests_properties(tst_coambient_qcoro PROPERTIES TIMEOUT 300)

# Who is ambient is tested well enough only if that fails without the swaps.
set(mutant_dir "${CMAKE_CURRENT_BINARY_DIR}/mutant")
file(READ "${PROJECT_SOURCE_DIR}/include/qjanitor/private/await.h" await_header)
string(REGEX REPLACE "m_ambient[.]swap(In|Out)[(][^;]*[)];" "(void)m_ambient;" mutant_header "${await_header}")
if(mutant_header STREQUAL await_header)
    message(FATAL_ERROR "The mutant is none: await.h swaps elsewhere.")
endif()
file(CONFIGURE OUTPUT "${mutant_dir}/qjanitor/private/await.h" CONTENT "${mutant_header}" @ONLY)
qt_add_executable(coambient_mutant coambient/tst_coambient.cpp)
target_include_directories(coambient_mutant BEFORE PRIVATE "${mutant_dir}")
target_link_libraries(coambient_mutant PRIVATE QJanitor::Coro Qt6::Concurrent Qt6::Test Threads::Threads)
qjanitor_defaults(coambient_mutant)
add_test(NAME tst_coambient_mutant_fails COMMAND ${CMAKE_COMMAND} -D "PROGRAM=$<TARGET_FILE:coambient_mutant>"
    -P "${CMAKE_CURRENT_SOURCE_DIR}/coambient/mutant.cmake")
set_tests_properties(tst_coambient_mutant_fails PROPERTIES TIMEOUT 300)
