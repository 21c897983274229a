#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/study/study_file.h"

namespace epicrisis {

enum class FindingLevel {
  kError,    // the study cannot run, or not to its end
  kWarning,  // it runs, and may not be what was meant
};

struct StudyFinding {
  FindingLevel level = FindingLevel::kError;
  std::string place;  // "studies/a.toml:12"
  std::string text;
  ErrorKind kind = ErrorKind::kUsage;  // of an error
};
Json to_json(const StudyFinding& finding);

struct PlannedData {
  std::string name;
  bool external = false;
  std::int64_t samples = 0;  // that the study uses: of its classes, with a picture and a role
  std::int64_t train = 0;
  std::int64_t validation = 0;
  std::int64_t test = 0;
  std::map<std::string, std::int64_t> classes;  // of the samples that are used
  std::map<std::string, std::int64_t> tested;   // of those that are tested on
  // Of other classes, without a role, or with a picture that is gone or could not be prepared.
  std::int64_t left_out = 0;
  std::map<std::string, std::int64_t> left_out_why;  // how many of them for which reason
};
Json to_json(const PlannedData& data);

struct PlannedNotes {
  std::string strategy;
  std::string provider;  // "template" for fixed sentences
  std::string model;
  std::int64_t there = 0;          // samples of the study that have one
  std::int64_t to_revise = 0;      // of them, of templates: other words now, as far as known
  std::int64_t to_write = 0;       // notes, about
  std::int64_t input_tokens = 0;   // about
  std::int64_t output_tokens = 0;  // at most
  std::optional<double> cost;      // US dollars, at most; empty where the price is not known
  std::string cost_unknown;        // why it is empty, and what to do
  bool remote = false;             // goes to another machine
};
Json to_json(const PlannedNotes& notes);

struct PlannedRun {
  std::string name;
  std::int64_t seed = 0;
  // "done", "go on", "train", "train again"; "not known" where it was trained and an encoder is not
  // there to tell whether on the same
  std::string state;
  bool is_to_train() const { return state != "done" && state != "not known"; }
  std::string why;         // of "train again"
  std::int64_t train = 0;  // samples, as far as notes are known
  std::int64_t validation = 0;
  std::optional<double> seconds;  // of training, by runs of the workspace that were alike; rough
};
Json to_json(const PlannedRun& run);

// What a study would do.
struct StudyPlan {
  std::vector<PlannedData> data;
  std::vector<PlannedNotes> notes;
  std::vector<PlannedRun> runs;
  std::int64_t pictures = 0;             // to prepare
  bool compared = true;                  // which pictures are the same is known
  std::vector<std::string> predictions;  // data sets that finished runs have none for yet
  std::uint64_t disk_needed = 0;         // bytes, about: pictures, features
  std::uint64_t disk_free = 0;
  bool trains = true;  // this build can train
};

struct StudyCheck {
  std::string study;  // "" where the file does not tell it
  std::vector<StudyFinding> findings;
  StudyPlan plan;

  bool sound() const;  // no error
  // Of the first error; empty if there is none.
  std::optional<ErrorKind> error() const;
};
Json to_json(const StudyCheck& check);
// The plan in words, a line each.
std::vector<std::string> plan_lines(const StudyPlan& plan);

struct StudyCheckOptions {
  std::optional<Path> data_root;  // as read_study()
  Path workspace;                 // "": a new one. It is not changed, and need not be there
  bool allow_leakage = false;
  bool allow_remote = false;
};

// All that can be known of a study before a picture is read: faults of the file, paths and tables,
// splits, strategies, who is asked, encoders, room on the disk. Reads the data sets' tables. Asks
// nobody, pays nothing, changes nothing. Interrupted when the job is cancelled; SystemError if the
// file or the workspace cannot be read.
StudyCheck check_study(const Path& file, const StudyCheckOptions& options, Job& job);

}  // namespace epicrisis
