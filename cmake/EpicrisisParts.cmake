# One function a kind of target, so that each folder's CMakeLists is one line.

# epicrisis_part(NAME USES part... LINKS library...)
# A static library epicrisis_NAME of all sources in the current folder. A part that links torch
# gets the precompiled torch header and a unity build: torch/torch.h takes 24 s a file otherwise.
function(epicrisis_part name)
  cmake_parse_arguments(arg "" "" "USES;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  list(TRANSFORM arg_USES PREPEND epicrisis_)
  if(NOT sources)
    add_library(epicrisis_${name} INTERFACE)
    target_link_libraries(epicrisis_${name} INTERFACE ${arg_USES})
    return()
  endif()
  add_library(epicrisis_${name} STATIC ${sources})
  target_include_directories(epicrisis_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include"
                             PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_options(epicrisis_${name} PRIVATE ${EPICRISIS_WARNINGS})
  target_link_libraries(epicrisis_${name} PUBLIC ${arg_USES} PRIVATE ${arg_LINKS})
  if("epicrisis_torch" IN_LIST arg_LINKS)
    epicrisis_use_torch_header(epicrisis_${name})
  endif()
endfunction()

# Shares one precompiled torch/torch.h among the targets that need it.
function(epicrisis_use_torch_header target)
  if(NOT TARGET epicrisis_torch_header)
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/torch_header.cc" CONTENT "")
    add_library(epicrisis_torch_header OBJECT "${CMAKE_BINARY_DIR}/torch_header.cc")
    target_link_libraries(epicrisis_torch_header PRIVATE epicrisis_torch)
    target_precompile_headers(epicrisis_torch_header PRIVATE <torch/torch.h>)
    target_compile_options(epicrisis_torch_header PRIVATE ${EPICRISIS_WARNINGS} -Wno-pedantic)
  endif()
  target_compile_options(${target} PRIVATE -Wno-pedantic)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # The header was compiled with -fPIC; the -fPIE of programs would be refused.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM epicrisis_torch_header)
endfunction()

# epicrisis_tests(PART LINKS library...): one test program of tests/PART/*_test.cc.
function(epicrisis_tests part)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${part}/*.cc")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${part} ${sources})
  target_include_directories(test_${part} PRIVATE "${PROJECT_SOURCE_DIR}/tests"
                             "${PROJECT_SOURCE_DIR}/src")
  target_compile_options(test_${part} PRIVATE ${EPICRISIS_WARNINGS})
  target_compile_definitions(test_${part} PRIVATE
    EPICRISIS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" EPICRISIS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  target_link_libraries(test_${part} PRIVATE epicrisis_${part} GTest::gmock_main ${arg_LINKS})
  if("epicrisis_torch" IN_LIST arg_LINKS)
    epicrisis_use_torch_header(test_${part})
  endif()
  include(GoogleTest)
  gtest_discover_tests(test_${part} TEST_PREFIX "${part}." DISCOVERY_MODE PRE_TEST
                       PROPERTIES TIMEOUT 300)
endfunction()

# epicrisis_linked_parts(SOURCE RESULT): the targets that SOURCE's first line, "// links: PART...", names;
# empty if one of them is not built.
function(epicrisis_linked_parts source result)
  set(${result} "" PARENT_SCOPE)
  file(STRINGS "${source}" first LIMIT_COUNT 1)
  if(NOT first MATCHES "^// links: ([a-z ]+)$")
    message(FATAL_ERROR "${source}: the first line must be '// links: PART...'")
  endif()
  separate_arguments(parts UNIX_COMMAND "${CMAKE_MATCH_1}")
  set(libraries "")
  foreach(part IN LISTS parts)
    if(NOT TARGET epicrisis_${part})
      return()
    endif()
    list(APPEND libraries epicrisis_${part})
  endforeach()
  set(${result} "${libraries}" PARENT_SCOPE)
endfunction()
