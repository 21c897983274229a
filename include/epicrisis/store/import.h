#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct ImportOptions {
  std::string name;          // data set name in the workspace; "": the adapter's name
  Path pictures;             // folder of the pictures, where it is not the adapter's usual one
  bool tables_only = false;  // rows without a picture are samples too
  Path taxonomy;             // label map; "": the adapter's own
  Path column_map;           // for adapters that take one
};

struct ImportReport {
  std::string dataset;
  std::string adapter;
  std::string source;
  std::int64_t rows_read = 0;  // = samples + skipped
  std::int64_t samples = 0;    // = written + updated + unchanged
  std::int64_t written = 0;    // new
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0;
  std::int64_t absent = 0;  // stored by an earlier import, not met in this one; kept
  std::map<std::string, std::int64_t> classes;  // "MEL" -> samples; "" without a class
  std::map<std::string, std::int64_t> skipped_reasons;
  std::vector<std::string> skipped_examples;  // the first 20, with place
  Json to_json() const;
};

// Reads a data set through the adapter of this name into the workspace, in one transaction: an
// import that dies half-way leaves nothing. Importing the same again writes nothing. Memory does
// not grow with the number of samples. UsageError for an unknown adapter or a name that another
// adapter uses; the adapter's InputErrors pass through.
ImportReport import_dataset(Workspace& workspace, const std::string& adapter, const Path& path,
                            const ImportOptions& options = {});

}  // namespace epicrisis
