#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"

namespace epicrisis {

// A row of metadata.csv or a line of metadata.jsonl.
struct MetadataRow {
  std::string place;  // "train/metadata.jsonl:12"
  // Values as text. Of JSON: null and what is no finite number are "", a list of plain values
  // "a, b", the members of an object columns of their own ("site.side"). A list of other things is
  // kept as JSON in a column that is named so, "boxes (JSON)".
  std::vector<std::string> header;
  std::vector<std::string> cells;
  std::vector<std::string> pictures;  // as written: of file_name, file_names, x_file_name
  std::vector<std::string> further;   // other columns of that form, which were not taken

  std::string_view cell(std::string_view name) const;
};

struct MetadataVisitor {
  std::function<void(const MetadataRow&)> row;
  // A line that is none: why, where, and what is wrong.
  std::function<void(std::string_view reason, const std::string& place, const std::string& what)>
      broken;
};

// Reads a metadata file of an imagefolder. `prefix` leads from the data set's folder to that of the
// file, for the places; `picture` is the column that names the pictures, "" for the usual ones.
// InputError for a file that is not of the form at all (an array, all on one line, UTF-16).
void read_folder_metadata(const Path& path, const std::string& prefix, const std::string& picture,
                          const MetadataVisitor& visitor);

// The pictures that a line of metadata.jsonl names, as written: of file_name, file_names,
// x_file_name.
std::vector<std::string> pictures_of_line(const Json& object);

// The metadata files of a data set.
struct MetadataFiles {
  // What leads to each folder with one: "", "train/", "data/train/cat/". The deepest come first: of
  // two rows for one picture that of the nearer file stays.
  std::vector<std::string> prefixes;
  std::vector<std::string> misnamed;  // "train/metadata.json1": nearly the name of one
  std::vector<std::string> unread;    // other tables in folders without one
  std::vector<std::string> packed;    // archives and files of many pictures: .zip, .tar, .arrow
};

// Looks below `root`, past hidden folders; links to folders are not followed. InputError where a
// folder has its metadata in a form that cannot be read (Parquet), with the way out.
MetadataFiles find_folder_metadata(const Path& root);

}  // namespace epicrisis
