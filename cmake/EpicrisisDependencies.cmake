# Every outside library, found once. All are Debian 12 packages; see `run` for their names. The two lists go
# into the installed epicrisisConfig.cmake as well.
set(EPICRISIS_PACKAGES Threads nlohmann_json fmt OpenSSL SQLite3 JPEG PNG ZLIB CURL)
set(EPICRISIS_PKG_CONFIG WEBP=libwebp TOMLPP=tomlplusplus UTF8PROC=libutf8proc RE2=re2)

# A project that adds this one as a folder links against its parts, and so against these.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
foreach(package IN LISTS EPICRISIS_PACKAGES ITEMS CLI11 PkgConfig)
  find_package(${package} REQUIRED)
endforeach()
foreach(module IN LISTS EPICRISIS_PKG_CONFIG)
  string(REPLACE "=" ";" module "${module}")
  list(POP_FRONT module name)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET GLOBAL ${module})
  # Files compiled with this option could not use the precompiled header of those without.
  get_target_property(options PkgConfig::${name} INTERFACE_COMPILE_OPTIONS)
  if(options)
    list(REMOVE_ITEM options -pthread)
    set_target_properties(PkgConfig::${name} PROPERTIES INTERFACE_COMPILE_OPTIONS "${options}")
  endif()
endforeach()
if(EPICRISIS_TORCH)
  # Debian's package or any LibTorch 2.x named in CMAKE_PREFIX_PATH.
  find_package(Torch REQUIRED)
  add_library(epicrisis_torch INTERFACE)
  target_include_directories(epicrisis_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
  target_link_libraries(epicrisis_torch INTERFACE ${TORCH_LIBRARIES})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND Torch_VERSION VERSION_LESS 2)
    target_compile_options(epicrisis_torch INTERFACE
      "$<BUILD_INTERFACE:SHELL:-include ${PROJECT_SOURCE_DIR}/cmake/vector_for_clang_tidy.h>")
  endif()
endif()
if(EPICRISIS_TESTS)
  find_package(GTest REQUIRED)
endif()
