# Compiler settings, ccache and the linker.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(EPICRISIS_CCACHE ccache)
if(EPICRISIS_CCACHE)
  # Precompiled headers reach the cache only with these sloppiness settings (ccache manual,
  # "Precompiled headers"); base_dir lets several checkouts share it.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${EPICRISIS_CCACHE})
endif()

find_program(EPICRISIS_MOLD mold)
if(EPICRISIS_MOLD AND PROJECT_IS_TOP_LEVEL)
  add_link_options(-fuse-ld=mold)
endif()

if(EPICRISIS_SANITIZE)
  add_compile_options(-fsanitize=${EPICRISIS_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EPICRISIS_SANITIZE})
endif()

set(EPICRISIS_WARNINGS -Wall -Wextra -Wpedantic -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms on std::string: GCC bug 105651.
  list(APPEND EPICRISIS_WARNINGS -Wno-restrict -Wno-stringop-overflow)
  # Through a precompiled header they come in this form too.
  set(EPICRISIS_HEADER_WARNINGS -Wno-array-bounds)
  if(EPICRISIS_SANITIZE STREQUAL "thread")
    # Instrumented code hides from GCC that a std::optional's value is read only where there is one.
    list(APPEND EPICRISIS_WARNINGS -Wno-maybe-uninitialized)
  endif()
endif()
if(EPICRISIS_WERROR)
  list(APPEND EPICRISIS_WARNINGS -Werror)
endif()

# For code where speed is in what it calls: commands, tests. It compiles in two thirds of the time.
set(EPICRISIS_QUICK $<$<CONFIG:Release>:-O1>)
