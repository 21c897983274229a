#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// A picture that somebody named.
struct ListedPicture {
  Path path;          // of a row that names none, the row: "list.csv:12"
  std::string error;  // why there is none to read; "" where one is named, be it there or not
  bool operator==(const ListedPicture&) const = default;
};

// The pictures that files, folders (with those below) and tables (".csv" with a column picture,
// image, image_path, path or file; relative to the table) name, in that order; those of a folder by
// name. Pictures are told from other files of a folder by their names; a link that leads nowhere is
// one that cannot be read. A row of a table that names no picture has its place with an error.
// UsageError for what does not exist and for "-", InputError for a folder or a table without
// pictures and for a folder below that cannot be read.
std::vector<ListedPicture> list_pictures(const std::vector<std::string>& places);

}  // namespace epicrisis
