# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# The component Qml, if it is built: without a display, and without a GPU's drivers.
if(NOT TARGET QJanitorQml)
    return()
endif()
find_package(Qt6 6.4 REQUIRED COMPONENTS Qml Quick QuickTest)

qjanitor_test(quick LIBS QJanitor::Qml Qt6::Quick Qt6::QuickTest)     # what "import QJanitor" brings
target_compile_definitions(tst_quick PRIVATE
    QUICK_TEST_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}/quick")
qjanitor_test(overlay LIBS QJanitor::Qml Qt6::Quick)                  # exec() with a window
target_compile_definitions(tst_overlay PRIVATE SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}/overlay")
qjanitor_test(qmllife)                                                # destruction in every order
qjanitor_test_program(qmllife)
target_link_libraries(qmllife_program PRIVATE QJanitor::Qml)
set(sanitizers "ASAN_OPTIONS=fast_unwind_on_malloc=0"
    "LSAN_OPTIONS=print_suppressions=0:suppressions=${PROJECT_SOURCE_DIR}/tests/qtquick.supp")
foreach(test tst_quick tst_overlay)
    set_tests_properties(${test} PROPERTIES
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;QT_QUICK_BACKEND=software;${sanitizers}")
endforeach()

# Tools: no warning, and formatted. They run in the build folder: the source's qmldir names files that
# are not beside it.
find_program(QMLLINT qmllint PATHS "${QT6_INSTALL_PREFIX}/${QT6_INSTALL_BINS}" NO_DEFAULT_PATH)
find_program(QMLFORMAT qmlformat PATHS "${QT6_INSTALL_PREFIX}/${QT6_INSTALL_BINS}" NO_DEFAULT_PATH)
function(qjanitor_qml_test file)
    get_filename_component(name "${file}" NAME)
    if(QMLLINT)
        add_test(NAME qmllint_${name} COMMAND "${QMLLINT}" -I "${PROJECT_BINARY_DIR}/qml" ${ARGN} "${file}"
            WORKING_DIRECTORY "${PROJECT_BINARY_DIR}")
    endif()
    if(QMLFORMAT)
        add_test(NAME qmlformat_${name} COMMAND ${CMAKE_COMMAND} -D "QMLFORMAT=${QMLFORMAT}"
            -D "FILE=${file}" -P "${PROJECT_SOURCE_DIR}/tests/auto/qmlformat.cmake")
        set_tests_properties(qmlformat_${name} PROPERTIES SKIP_REGULAR_EXPRESSION "^Skipped:")
    endif()
endfunction()
qjanitor_qml_test("${PROJECT_BINARY_DIR}/qml/QJanitor/ShutdownOverlay.qml")
qjanitor_qml_test("${CMAKE_CURRENT_SOURCE_DIR}/overlay/Program.qml")
qjanitor_qml_test("${PROJECT_SOURCE_DIR}/tests/snippets/snippet_overlay.qml")
if(TARGET photo-importer)
    qjanitor_qml_test("${PROJECT_SOURCE_DIR}/examples/09-photo-importer/Main.qml"
        -I "${PROJECT_BINARY_DIR}/examples/09-photo-importer/qml")
endif()
