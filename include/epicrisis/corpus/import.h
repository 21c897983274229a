#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct ImportOptions {
  std::string name = {};                   // data set name in the workspace; "": the adapter's
  std::vector<std::string> pictures = {};  // as AdapterInput has them
  bool tables_only = false;                // rows without a picture are samples too
  bool tables_if_no_pictures = false;      // the same where there is no picture at all
  std::string taxonomy = {};               // a built-in name or a file; "": the adapter's own
  // What the data set must belong to; empty: the workspace's field, or, in a new workspace, the
  // label map's, which becomes the workspace's.
  std::optional<Field> field = {};
  std::string modality = {};  // of pictures for which the data set does not say
  Path column_map = {};       // generic_csv, imagefolder
  bool moved = false;         // the data set of this name may have been read from another folder
};

// Samples of earlier imports that had a value and that this import left without.
struct LostValues {
  std::int64_t groups = 0;  // patients or cases
  std::int64_t splits = 0;  // published ones
  std::int64_t labels = 0;  // classes
  std::string column_map;   // of the import before, where this one has another; else ""
  bool any() const { return groups > 0 || splits > 0 || labels > 0; }
};

struct ImportReport {
  AdapterReport read;  // what the adapter met: records = samples + skipped
  std::string source;
  // samples = written + updated + unchanged
  std::int64_t written = 0;  // new in the workspace
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t absent = 0;  // stored by an earlier import and not met in this one; they stay
  std::vector<std::string> absent_keys;  // the first 100 of these
  LostValues lost;
};
Json to_json(const ImportReport& report);
// What it took away and what to do, in a sentence; "" where that is nothing.
std::string lost_in_words(const LostValues& lost);

// Reads a data set through the adapter of this name into the workspace, in one transaction: an
// import that dies half-way leaves nothing. Importing the same again writes nothing. Memory does
// not grow with the number of samples (but for what the adapter needs). UsageError for an unknown
// adapter, a label map of another field, a data set name that another adapter filled, or, unless
// `moved`, one whose samples came from another folder or whose picture folders are not all read;
// the adapter's errors pass through. InternalError if the counts do not add up; Interrupted leaves
// nothing.
ImportReport import_dataset(Workspace& workspace, const std::string& adapter_name, const Path& path,
                            Job& job, const ImportOptions& options = {});
// The same with an adapter that is not in the registry.
ImportReport import_dataset(Workspace& workspace, const Adapter& adapter, const Path& path,
                            Job& job, const ImportOptions& options = {});

}  // namespace epicrisis
