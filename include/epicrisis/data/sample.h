#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"

namespace epicrisis {

// The eight harmonised classes, in the order of the method's paper. A study names those it keeps.
enum class Label : int {
  kBenignKeratosis = 0,       // BEK
  kDermatofibroma = 1,        // DF
  kNevus = 2,                 // NEV
  kVascularLesion = 3,        // VASC
  kActinicKeratosis = 4,      // ACK
  kBasalCellCarcinoma = 5,    // BCC
  kMelanoma = 6,              // MEL
  kSquamousCellCarcinoma = 7  // SCC
};
inline constexpr int kLabelCount = 8;

// A measured or recorded attribute, in words that a note can use: {"site", "lower extremity"}.
struct Finding {
  std::string name;
  std::string value;
};

// One image with its metadata.
struct Sample {
  std::int64_t id = 0;     // key in the store; 0 before it is stored
  std::string dataset;     // the name it was imported under: one domain
  std::string key;         // the publisher's identifier, exact: "ISIC_0024306"
  std::string image_path;  // as found; empty for a table without pictures
  std::string raw_label;   // as published
  std::optional<Label> label;
  std::string malignancy;  // "benign", "pre-cancerous", "malignant", "" if unknown
  std::string diagnosis;   // in words: "melanocytic nevus"
  std::string subclass;    // in words, may be empty
  std::vector<Finding> findings;
  std::string group;  // patient or lesion, never split; empty: the sample stands alone
  std::string split;  // as published: "train", "validation", "test" or ""
  // Every published split that lists the sample: more than one is the publisher's own leak, which
  // the leakage check names. `split` is then the first of test, validation, train.
  std::vector<std::string> published_splits;
  std::string modality;            // "dermoscopic image", "clinical image"
  Json metadata = Json::object();  // the published row: column name -> string
};

}  // namespace epicrisis
