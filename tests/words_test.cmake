cmake_minimum_required(VERSION 3.25)
# No text of the library names a command-line option: it names the field, `allow_remote`, and the
# program makes the option of it (cli/option_words.h).
file(GLOB_RECURSE files "${SOURCE_DIR}/src/*.h" "${SOURCE_DIR}/src/*.cc"
     "${SOURCE_DIR}/include/*.h")
list(FILTER files EXCLUDE REGEX "/src/report/page_style\\.cc$")  # CSS has --names of its own
list(LENGTH files seen)
if(seen LESS 200)
  message(FATAL_ERROR "only ${seen} files under ${SOURCE_DIR}: the check looks in the wrong place")
endif()
set(broken "")
foreach(file IN LISTS files)
  file(STRINGS "${file}" lines REGEX "^[^/]*\"([^\"]*[^a-z\"])?--[a-z]")
  file(RELATIVE_PATH name "${SOURCE_DIR}" "${file}")
  foreach(line IN LISTS lines)
    string(APPEND broken "  ${name}: ${line}\n")
  endforeach()
endforeach()
# What the program prints is cleaned in one place.
file(GLOB program "${SOURCE_DIR}/cli/*.cc")
list(FILTER program EXCLUDE REGEX "/output\\.cc$")
foreach(file IN LISTS program)
  file(STRINGS "${file}" lines REGEX "fmt::print|printf *\\(|std::cout|fputs|puts *\\(")
  file(RELATIVE_PATH name "${SOURCE_DIR}" "${file}")
  foreach(line IN LISTS lines)
    message(SEND_ERROR "${name} prints past cli/output.h: ${line}")
  endforeach()
endforeach()

if(broken)
  message(FATAL_ERROR "a text that names a command-line option:\n${broken}")
endif()
message(STATUS "${seen} files, no option named")
