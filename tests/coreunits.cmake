# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# All of the core as a static library, for tests of private units that cannot do without the rest:
# the shared one hides them. Tests that link this do not link the library, for two copies of it would
# have two ambient slots.
get_target_property(core_sources QJanitorCore SOURCES)
# They are relative to src/, those in generator expressions, too.
string(REGEX REPLACE "(^|[;,])([a-z]+/[a-z_]+[.](cpp|h))" "\\1${PROJECT_SOURCE_DIR}/src/\\2"
    core_sources "${core_sources}")
get_target_property(core_headers QJanitorCore HEADER_SET_public_headers)
add_library(qjanitorunits STATIC EXCLUDE_FROM_ALL ${core_sources} ${core_headers})
target_include_directories(qjanitorunits PUBLIC "${PROJECT_SOURCE_DIR}/src"
    "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include")
target_compile_features(qjanitorunits PUBLIC cxx_std_20)
target_compile_definitions(qjanitorunits PUBLIC QJANITOR_STATIC_DEFINE)
get_target_property(core_libraries QJanitorCore LINK_LIBRARIES)
target_link_libraries(qjanitorunits PUBLIC ${core_libraries})
qjanitor_defaults(qjanitorunits)
