# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# The component Coro: coroutines, if QCoro is there.
find_package(QCoro6 QUIET COMPONENTS Core)
if(NOT TARGET QCoro6::Core)
    message(STATUS "QJanitor: no component Coro, for QCoro6 was not found")
    return()
endif()

add_library(QJanitorCoro)
add_library(QJanitor::Coro ALIAS QJanitorCoro)
set(coro_headers await.h cojob.h qcoro.h task.h taskpromise.h)
list(TRANSFORM coro_headers PREPEND "${PROJECT_SOURCE_DIR}/include/qjanitor/")
generate_export_header(QJanitorCoro BASE_NAME QJANITOR_CORO
    EXPORT_FILE_NAME "${PROJECT_BINARY_DIR}/include/qjanitor/coroexport.h")
target_sources(QJanitorCoro
    PUBLIC
        FILE_SET public_headers TYPE HEADERS
            BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${coro_headers}
        FILE_SET generated_headers TYPE HEADERS
            BASE_DIRS "${PROJECT_BINARY_DIR}/include"
            FILES "${PROJECT_BINARY_DIR}/include/qjanitor/coroexport.h"
    PRIVATE
        task.cpp)
target_link_libraries(QJanitorCoro PUBLIC QJanitor::Core QCoro6::Core)
set_target_properties(QJanitorCoro PROPERTIES
    EXPORT_NAME Coro
    OUTPUT_NAME QJanitorCoro
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    VERIFY_INTERFACE_HEADER_SETS ON
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
if(NOT BUILD_SHARED_LIBS)
    target_compile_definitions(QJanitorCoro PUBLIC QJANITOR_CORO_STATIC_DEFINE)
endif()
qjanitor_defaults(QJanitorCoro)

# Has every file of whoever links it include <qjanitor/qcoro.h> first, so that QCoro's coroutines are the
# same in all of them.
add_library(QJanitorAmbientQCoro INTERFACE)
add_library(QJanitor::AmbientQCoro ALIAS QJanitorAmbientQCoro)
set_target_properties(QJanitorAmbientQCoro PROPERTIES EXPORT_NAME AmbientQCoro)
target_link_libraries(QJanitorAmbientQCoro INTERFACE QJanitorCoro)
target_compile_options(QJanitorAmbientQCoro INTERFACE
    "$<$<COMPILE_LANG_AND_ID:CXX,GNU,Clang,AppleClang>:SHELL:-include qjanitor/qcoro.h>"
    "$<$<COMPILE_LANG_AND_ID:CXX,MSVC>:/FIqjanitor/qcoro.h>")
