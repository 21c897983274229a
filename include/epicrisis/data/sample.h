#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/class_id.h"

namespace epicrisis {

// A measured or recorded attribute, in words that a note can use: {"site", "lower extremity"}.
struct Finding {
  std::string name;
  std::string value;
};

// One image with its metadata.
struct Sample {
  std::int64_t id = 0;           // key in the store; 0 before it is stored
  std::string dataset;           // the name it was imported under: one domain
  std::string key;               // the publisher's identifier, exact: "ISIC_0024306"
  std::string image_path;        // as found; empty for a table without pictures
  std::string raw_label;         // as published
  std::optional<ClassId> label;  // class of the workspace's field
  std::string grade;             // one of Field::grades(), "" if unknown or the field has none
  std::string diagnosis;         // in words: "lobar pneumonia"
  std::string subclass;          // in words, may be empty
  std::vector<Finding> findings;
  std::string group;  // patient or case, never split; empty: the sample stands alone
  std::string split;  // as published: "train", "validation", "test" or ""
  // Every published split that lists the sample: more than one is the publisher's own leak, which
  // the leakage check names. `split` is then the first of test, validation, train.
  std::vector<std::string> published_splits;
  std::string modality;            // in words: "radiograph"
  Json metadata = Json::object();  // the published row: column name -> string
};

}  // namespace epicrisis
