#pragma once

#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/image/prepare.h"
#include "epicrisis/study/run_folder.h"
#include "epicrisis/study/study_file.h"
#include "study/copy_fingerprints.h"

// What a run folder holds so that it can be used on another machine: use.json, its training cases,
// its image encoder. docs/formats/run-folder.md.
namespace epicrisis::study {

// Folders in a run's folder with the files of its encoders.
inline constexpr const char* kEncoderFolder = "image_encoder";
inline constexpr const char* kTextEncoderFolder = "text_encoder";

// A model that a run was trained with.
struct UsedModel {
  std::string model;       // as the study names it
  std::string sha256;      // model_fingerprint()
  std::string copy;        // in the run folder; "" where there is none
  std::string place;       // absolute, on the machine of the training; "" where it has no files
  std::string found = {};  // where it is here; "" before it is looked for. Not in use.json
};

struct RunUse {
  std::vector<RunClass> classes;
  std::string field;  // its name
  Mode mode = Mode::kImage;
  PrepareRecipe recipe;
  bool frozen = true;
  UsedModel image_encoder;
  std::optional<UsedModel> text_encoder;  // of a run that trains with notes
  // The notes that it trains with, as in StudyRun.
  std::vector<std::string> notes;
  std::vector<std::string> note_providers;
  std::vector<std::string> note_models;
  std::string split_set;  // in the workspace of the study: the roles of its samples
};

struct TrainingCase {
  std::string dataset;
  std::string key;
  std::string class_name;
};

struct TrainingCases {
  std::vector<TrainingCase> table;
  FloatMatrix embeddings;  // z of each picture, not normalised
};

// `preprocessing`: the configuration of a frozen image encoder, else null. use.json is written
// last.
void write_run_use(const Path& folder, const Study& study, const StudyRun& run,
                   const std::string& split_set, const Json& preprocessing,
                   const TrainingCases& cases);
// Names another split set: with other external data a study has another, and its runs stay.
void keep_split_set(const Path& folder, const std::string& split_set);

// InputError naming file and value: no run, an unfinished one, one of an earlier version (saying
// how it is completed), damage, a recipe of another version.
RunUse read_run_use(const Path& folder);
// Holds use.json, and the copies of encoders that it names, against their checksums. False where an
// earlier version, or none, completed the run. InputError naming the file that is damaged or gone,
// be it training_cases.safetensors.
bool check_run_use(const Path& folder);
TrainingCases read_training_cases(const Path& folder);
// InputError for a run that sees no pictures (mode 'text').
void require_image_branch(const Path& folder, const RunUse& use);
// Why a folder cannot be used away from its workspace; "" if it can. `damaged`: its use.json is
// sound, and its training cases, or the copy of an encoder that it names, are not.
std::string fault_of_run_use(const Path& folder, bool& damaged, CopyFingerprints& copies);
// Takes away copies of encoders that are not as use.json names them, whatever lies in their place.
// InputError where that is damaged.
void drop_damaged_copies(const Path& folder);

// The frozen image encoder, as ImageFeatureExtractor takes it: the copy, or what is found under the
// model's place or name and has the same hash. InputError, saying what was looked for, where none
// has the hash.
std::string image_encoder_of(const Path& folder, const RunUse& use);
// Keeps where it was found, if it was, in `use`. The job is warned where that stands in for a copy
// that is damaged or missing.
void find_image_encoder(const Path& folder, RunUse& use, const Job& job);
// The same of the text encoder, as load_text_encoder() takes it, or kTrainedTokens; warned of
// likewise. UsageError for a run without.
std::string text_encoder_of(const Path& folder, const RunUse& use, const Job& job);

// Whether a run's use.json is sound and names a copy of a model of this hash in `own_folder`, one
// of the two above.
bool names_copy(const Path& folder, const std::string& own_folder, const std::string& sha256);

}  // namespace epicrisis::study
