#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "study/run_evaluation.h"
#include "study/study_inputs.h"

// What numbers depend on. A training is known by what it is trained and validated on, predictions
// by the run and the cases they are for: another test or external set trains nothing again.
namespace epicrisis::study {

// Fingerprints of models by name: weights are read once.
class ModelHashes {
 public:
  const std::string& of(const std::string& model);

 private:
  std::map<std::string, std::string> hashes_;
};

// What of a training's configuration the study file says, and the encoders' files: known before any
// sample is read.
Json run_settings(const Study& study, const StudyRun& run, std::int64_t seed, ModelHashes& models);
// What of it the cases that are trained and validated on give, but for pictures and notes: their
// number, labels and roles; their patients where batches are drawn by them.
Json case_settings(const StudyRun& run, const CaseSet& set, const std::vector<bool>& trained_on);
// What the notes of these cases give.
Json note_settings(const StudyRun& run, const CaseSet& set, const NoteTable& notes,
                   const std::vector<bool>& trained_on);
// Everything that a training depends on: the settings, the seed, the encoders' files, the classes,
// and of every case that is trained or validated on the role, the label, the prepared pixels and
// the notes. Equal configurations are trained once.
Json run_configuration(const Study& study, const StudyRun& run, std::int64_t seed,
                       const CaseSet& set, const PictureTable& pictures, const RunNotes& notes,
                       ModelHashes& models);
// The configuration of the same run with another seed; all else in it stays.
void set_seed(Json& config, const StudyRun& run, std::int64_t seed);
// The seed in a configuration, which may be of an earlier version; empty where it tells none.
std::optional<std::int64_t> seed_of(const Json& config);
// Whether the known part `now` of a configuration is as in `before`, whatever the runs are called.
bool trains_as(const Json& before, const Json& now);
// What differs between two configurations of one run, in words: "the prepared pictures, notes".
std::string changes_between(const Json& before, const Json& now);

// What the predictions of a run for the cases of a data set depend on besides the run: the prepared
// pixels, the notes and the class prompts.
std::string predictions_identity(const std::string& run_hash, const Study& study,
                                 const StudyRun& run, const DatasetSlice& slice, const CaseSet& set,
                                 const PictureTable& pictures, const RunNotes& notes);

// Which case has which notes; one hash.
std::string hash_of(const NoteTable& notes);
// Everything that is known of the cases of a study: data set, role, label, group, pixels.
std::string hash_of(const CaseSet& set, const PictureTable& pictures);

}  // namespace epicrisis::study
