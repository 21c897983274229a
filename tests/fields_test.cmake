cmake_minimum_required(VERSION 3.25)
# The program knows no field of medicine: its words stand in taxonomy/, prompts/ and studies/, not in
# the code. Adapters that are named after data sets and the drawn demonstration may use them.
file(GLOB_RECURSE files RELATIVE "${SOURCE_DIR}"
  "${SOURCE_DIR}/src/*.cc" "${SOURCE_DIR}/src/*.h" "${SOURCE_DIR}/include/*.h")
list(FILTER files EXCLUDE REGEX "^(src|include/epicrisis)/demo/")
# Released scripts are never edited.
list(REMOVE_ITEM files "src/store/sql/layouts.cc")
list(FILTER files EXCLUDE REGEX
  "^src/data/adapters/(csv_folder|derm7pt|fitzpatrick17k|ham10000|isic[a-z0-9_]*|milk10k|pad_ufes_20|ph2)\\.(cc|h)$")
# Names that are kept as they are: an adapter's, and the id of recipes that folders out there have.
set(allowed "derm7pt|\"-lesion\"|\"v1-224-hair-border-lesion\"")
set(words "nevus|nevi|melano|lesion|malignan|benign|cancer|carcinoma|keratosis|(^|[^a-z])(derm|skin)")
set(found "")
foreach(file IN LISTS files)
  file(STRINGS "${SOURCE_DIR}/${file}" lines)
  string(REPLACE ";" "," lines "${lines}")
  string(TOLOWER "${lines}" lower)
  string(REGEX REPLACE "${allowed}" "" lower "${lower}")
  if("${lower}" MATCHES "${words}")
    string(APPEND found "\n  ${file}: ...${CMAKE_MATCH_0}...")
  endif()
endforeach()
if(found)
  message(FATAL_ERROR "These files know a field of medicine. Put the words into taxonomy/fields/ "
    "(docs/formats/fields.md):${found}")
endif()
