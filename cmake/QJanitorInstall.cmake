# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# The package: each component that was built has targets of its own, which QJanitorConfig.cmake loads
# as they are asked for. It works from an install prefix, and from the build tree with
# CMAKE_PREFIX_PATH=<build>.
include(CMakePackageConfigHelpers)

set(package_install_dir "${CMAKE_INSTALL_LIBDIR}/cmake/QJanitor")
set(package_build_dir "${PROJECT_BINARY_DIR}/cmake")

# More targets of the component may follow.
function(qjanitor_install_component component)
    set(target QJanitor${component})
    get_target_property(header_sets ${target} INTERFACE_HEADER_SETS)
    if(NOT header_sets)
        set(header_sets "")
    endif()
    set(file_sets "")
    foreach(header_set IN LISTS header_sets)
        list(APPEND file_sets FILE_SET ${header_set} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
    endforeach()
    install(TARGETS ${target} ${ARGN} EXPORT ${target}Targets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
        ${file_sets})
    install(EXPORT ${target}Targets NAMESPACE QJanitor:: DESTINATION "${package_install_dir}")
    export(EXPORT ${target}Targets NAMESPACE QJanitor:: FILE "${package_build_dir}/${target}Targets.cmake")
endfunction()

set(Coro_more_targets QJanitorAmbientQCoro)
set(built_components "")
foreach(component Core Coro Qml)
    if(TARGET QJanitor${component})
        qjanitor_install_component(${component} ${${component}_more_targets})
        list(APPEND built_components ${component})
    endif()
endforeach()

configure_package_config_file(cmake/QJanitorConfig.cmake.in "${package_build_dir}/QJanitorConfig.cmake"
    INSTALL_DESTINATION "${package_install_dir}"
    NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${package_build_dir}/QJanitorConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${package_build_dir}/QJanitorConfig.cmake" "${package_build_dir}/QJanitorConfigVersion.cmake"
    DESTINATION "${package_install_dir}")
