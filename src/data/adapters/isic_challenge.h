#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/adapters/columns.h"
#include "data/adapters/tables.h"

namespace epicrisis {

// One part (training, validation, test) of an ISIC challenge: a table of classes, and tables that
// tell more of the same pictures.
struct ChallengePart {
  std::string split;               // "train", "validation", "test"
  std::vector<std::string> truth;  // names that the table of classes may have
  // Names of tables to join, each optional. Columns of a later one never replace an earlier one's.
  std::vector<std::string> details;
  // List the pictures of the first table of details where there is no table of classes.
  bool may_lack_truth = false;
};

// Reads the class of a row of the table of classes.
using ReadClass = std::function<OneHot::Answer(const CsvReader&)>;
// Makes it for a table, whose columns it may check.
using ClassReader = std::function<ReadClass(const CsvReader&)>;

// Reads the parts that are there into `intake`. Ids of ISIC 2019 may end in "_downsampled": the key
// is the id without it, the picture may have either name. UsageError if no part is there.
void read_challenge(Intake& intake, const Path& folder, const std::vector<ChallengePart>& parts,
                    const ClassReader& classes);

// One column a class: the reader for ISIC 2018 and 2019.
ClassReader one_hot_classes();

}  // namespace epicrisis
