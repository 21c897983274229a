# What `cmake --install` copies: the component `program` (also the Debian package) and the component
# `development` (libraries, headers, the files for find_package).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS epicrisis RUNTIME COMPONENT program)
if(TARGET epicrisis_training)
  install(TARGETS epicrisis_training LIBRARY DESTINATION "${EPICRISIS_PLUGIN_DESTINATION}"
          COMPONENT program)
endif()
install(DIRECTORY answers policies prompts providers studies taxonomy texts DESTINATION "${CMAKE_INSTALL_DATADIR}/epicrisis"
        COMPONENT program)
install(FILES README.md CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DOCDIR}" COMPONENT program)
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}" RENAME copyright COMPONENT program)
if(TARGET epicrisis_share)
  # The man page and the completions, which the program writes itself.
  install(DIRECTORY "${PROJECT_BINARY_DIR}/share/" DESTINATION "${CMAKE_INSTALL_DATADIR}"
          COMPONENT program OPTIONAL)
endif()

get_property(parts GLOBAL PROPERTY EPICRISIS_PARTS)
get_property(epicrisis_torch_parts GLOBAL PROPERTY EPICRISIS_TORCH_PARTS)
list(TRANSFORM parts PREPEND epicrisis_ OUTPUT_VARIABLE libraries)
get_property(optional_libraries GLOBAL PROPERTY EPICRISIS_OPTIONAL_LIBRARIES)
list(APPEND libraries ${optional_libraries})
if(TARGET epicrisis_torch)
  set_target_properties(epicrisis_torch PROPERTIES EXPORT_NAME torch)
  list(APPEND libraries epicrisis_torch)
endif()
install(TARGETS ${libraries} EXPORT epicrisis ARCHIVE COMPONENT development)
install(DIRECTORY include/epicrisis DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
set(folder "${CMAKE_INSTALL_LIBDIR}/cmake/epicrisis")
install(EXPORT epicrisis NAMESPACE epicrisis:: FILE epicrisisTargets.cmake DESTINATION "${folder}"
        COMPONENT development)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/epicrisisConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/epicrisisConfig.cmake" INSTALL_DESTINATION "${folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/epicrisisConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/epicrisisConfig.cmake"
              "${PROJECT_BINARY_DIR}/epicrisisConfigVersion.cmake"
        DESTINATION "${folder}" COMPONENT development)

# ./run deb
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME epicrisis)
set(CPACK_PACKAGE_CONTACT "Epicrisis <epicrisis@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "image-text data sets from images with labels")
set(CPACK_PACKAGE_DESCRIPTION
"Turns an image data set with labels into an image-text data set with notes
written by language models, trains models of image and text on it and
reports what the text bought.")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(EPICRISIS_TORCH)
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libopenblas0-openmp)  # the reference BLAS is 30 times slower
endif()
include(CPack)
