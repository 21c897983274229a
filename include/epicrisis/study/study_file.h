#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/data/field.h"
#include "epicrisis/data/split.h"
#include "epicrisis/image/prepare.h"
#include "epicrisis/notes/synthesis/synthesis_job.h"
#include "epicrisis/settings/train_config.h"

namespace epicrisis {

// One data set of a study: how to import it and what it is for.
struct StudyData {
  std::string name;  // the domain's name in tables and reports
  // Both empty: the data set as it was imported into the workspace.
  std::string adapter;
  Path path;                          // resolved against the data root
  bool external = false;              // never trained on
  std::vector<std::string> pictures;  // folders below `path`; empty: the adapter's own
  std::string taxonomy;               // "" : the adapter's own
  // For generic_csv and imagefolder: a file, resolved against the study file's folder or, where it
  // is not there, against `path`.
  std::string column_map;
  std::string modality;  // of pictures for which the data set does not say
  std::string place;     // in the study file: "studies/a.toml:12"
};

struct StudyImageEncoder {
  std::string model;         // a model folder's name, or an architecture for random weights
  bool frozen = true;        // features once, heads only
  int augmented_copies = 4;  // frozen: cached features of this many augmented copies
  std::string place;         // of its model in the study file
};

// One row of the result table: a configuration that is trained once a seed.
struct StudyRun {
  std::string name;                         // unique within the study
  std::vector<std::string> notes;           // strategies and sets it trains on; empty: none
  bool notes_name_label = false;            // some of them state the class
  std::vector<std::string> note_providers;  // only notes of these; empty: of any
  std::vector<std::string> note_models;     // the same
  // Trained only on samples with a written note of each of these strategies, so that runs with and
  // without notes see the same pictures; empty: on all.
  std::vector<std::string> train_with;
  StudyImageEncoder image_encoder;
  std::string text_encoder;  // a model folder's name, or kTrainedTokens ("bag")
  TrainConfig train;         // mode, loss, epochs; its seed is set per run
  std::vector<std::int64_t> seeds;
  std::string place;  // in the study file
};

// Notes that a policy makes of others: "P3.repair".
struct StudyDerivation {
  std::string from;      // the strategy whose notes are taken
  std::string policy;    // a built-in name, or a file
  std::string strategy;  // of the derived notes
  std::string place;     // in the study file
};

// Everything a study names. docs/formats/study-files.md describes the file.
struct Study {
  std::string name;  // a safe id
  std::string title;
  std::string source;  // the file's text, for the report
  Path file;           // where it was read; strategy and provider files start from its folder
  Path data_root;      // what relative data paths start from
  Field field = Field::standard();  // what its classes and strategies are of
  // Those it keeps, in this order; samples of another are dropped and counted.
  std::vector<ClassId> classes;
  std::string classes_place;  // in the study file, or the file itself
  std::vector<StudyData> data;
  SplitFractions fractions;
  std::uint64_t split_seed = 1;
  bool honour_published_splits = true;
  // A CSV of splits (corpus/split_table.h) that goes before those that data sets publish.
  Path split_file;
  // Of the folds in it, the one that is tested on, or, where the file has a test split, validated
  // on; 0: none.
  int split_fold = 0;
  std::string split_place;  // of [split] in the study file, or the file itself
  bool allow_leakage = false;
  PrepareRecipe prepare;
  std::vector<std::string> strategies;  // notes that are written here
  std::vector<Path> note_imports;
  bool keep_doubtful_notes = false;           // of these: as NoteImportOptions has it
  std::vector<SynthesisJob> synthesis;        // notes by language models
  std::vector<std::string> synthesis_places;  // of each in the study file
  std::vector<StudyDerivation> derivations;   // made after all other notes, in this order
  std::string notes_place;                    // of [notes]
  std::vector<StudyRun> runs;
  int bootstrap = 1000;
  std::string baseline;  // the run that others are compared with; "" : the first image-only one
};

// Reads and checks a study file. `data_root` replaces the file's own data_root, which relative data
// paths start from. UsageError with file, line and key for anything that is wrong or unknown.
Study read_study(const Path& file, const std::optional<Path>& data_root = {});
// The same, all that is wrong at once: a line each in `faults`, as the UsageErrors say. The study
// is whole only if there are none.
Study read_study(const Path& file, const std::optional<Path>& data_root,
                 std::vector<std::string>& faults);
Study parse_study(std::string_view text, const std::string& name, const Path& data_root);
// One of studies/ as it is built into the program: "demo". InternalError if there is none.
Study built_in_study(const std::string& name, const Path& data_root);

}  // namespace epicrisis
