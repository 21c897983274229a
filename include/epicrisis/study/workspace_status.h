#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/run_list.h"

namespace epicrisis {

struct DatasetStatus {
  Dataset dataset;
  ClassCounts classes;
  DatasetInventory inventory;
  std::map<std::string, std::uint64_t> unmapped;  // as ImportRecord has them
  bool said_without_label = false;                // likewise
};

struct DiskUse {
  std::string kind;   // "database", "pictures", "features", "runs", "batches", "reports"
  std::string place;  // below the workspace
  std::uint64_t bytes = 0;
  std::int64_t files = 0;
};

// What a workspace holds and what waits to be done.
struct WorkspaceStatus {
  std::string root;
  Field field = Field::standard();
  std::vector<DatasetStatus> datasets;  // by name
  std::vector<NoteCount> notes;
  LedgerTotals spent;            // everything that was ever sent
  std::int64_t under_way = 0;    // requests, as count_under_way()
  std::int64_t batched_out = 0;  // as count_batched_out()
  std::vector<StudyProgress> studies;
  std::vector<DiskUse> disk;
  std::vector<std::string> next;  // a line each
};
Json to_json(const WorkspaceStatus& status);

// Changes nothing. The database counts: memory does not grow with the number of samples.
WorkspaceStatus workspace_status(Workspace& workspace);

}  // namespace epicrisis
