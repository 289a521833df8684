# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Whole journeys: jobs that end elsewhere than where they began, and programs from start to end.
find_package(Threads REQUIRED)

qjanitor_test(futures LIBS Qt6::Concurrent)   # how jobs that are futures end
qjanitor_test(typedfutures LIBS Qt6::Concurrent) # and what becomes of their results
qjanitor_test(finishedfutures)                # those that have finished when their janitor fails
qjanitor_test(emptyfutures)                   # those that have been moved from
qjanitor_test(adoption)                       # what adoption does to them and their users
qjanitor_test(promises)                       # jobs that are given a promise
qjanitor_test(poolends)                       # pools that go as early as they may
qjanitor_test(supervisor)                     # a janitor that an object owns
qjanitor_test(supervisorend)                  # and that is destroyed with it
qjanitor_test(deadlines)                      # jobs that do not end
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    qjanitor_test(drainends LIBS ${CMAKE_DL_LIBS}) # and those that end just when they are given up
endif()
qjanitor_test(progress)                       # and what those get that make progress

qjanitor_test(texts)                          # what people read

qjanitor_test(reviewed)                       # defects that reviewers have found

# Adds <suite>/program.cpp, which the suite runs in processes of its own.
function(qjanitor_test_program suite)
    qt_add_executable(${suite}_program ${suite}/program.cpp)
    target_link_libraries(${suite}_program PRIVATE QJanitor::Core Threads::Threads)
    qjanitor_defaults(${suite}_program)
    add_dependencies(tst_${suite} ${suite}_program)
    target_compile_definitions(tst_${suite} PRIVATE
        "PROGRAM=\"$<TARGET_FILE:${suite}_program>\"")
endfunction()

qjanitor_test(applicationlife)                # applications that come and go around janitors
qjanitor_test_program(applicationlife)
if(UNIX)
    qjanitor_test(quitsignals)                # signals that ask a program to quit
    qjanitor_test_program(quitsignals)
    qjanitor_test(refusedthreads)             # threads that cannot be made
    qjanitor_test_program(refusedthreads)
    # Its pthread_create() is the one that all libraries find.
    set_target_properties(refusedthreads_program PROPERTIES ENABLE_EXPORTS ON)
    target_link_libraries(refusedthreads_program PRIVATE ${CMAKE_DL_LIBS})
    qjanitor_test(exits)                      # exit() anywhere, and slots that throw in a drain
    qjanitor_test_program(exits)
    qjanitor_test(extremes)                   # what few programs do
    qjanitor_test_program(extremes)
    qjanitor_test(notifications LIBS Threads::Threads) # what a service manager is told
    qjanitor_test_program(notifications)
endif()

# Those that wait while events go on, once more with Qt's other event dispatcher.
if(UNIX)
    foreach(suite contract_waiting contract_exec exits futures reviewed supervisor)
        add_test(NAME tst_${suite}_without_glib COMMAND tst_${suite})
        set_tests_properties(tst_${suite}_without_glib PROPERTIES TIMEOUT 300
            ENVIRONMENT "QT_QPA_PLATFORM=offscreen;QT_NO_GLIB=1")
    endforeach()
endif()
