#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/eval/classification.h"
#include "epicrisis/eval/result_row.h"
#include "epicrisis/eval/statistics.h"
#include "epicrisis/report/audit_data.h"

namespace epicrisis {

// What a study hands to the report. All text may come from outside; the writers escape it.
// An empty list leaves its section out.

struct Picture {
  std::string bytes;  // a JPEG, PNG or WebP file; anything else is shown as "no picture"
  std::string alt;    // for those who cannot see it
};

struct ReportDataset {
  std::string name;
  std::string role;    // "internal" (trained on), "external"
  std::string source;  // where it came from, licence; may be empty
  std::size_t samples = 0;
  std::size_t groups = 0;  // patients or cases; 0: none published
  std::size_t train = 0;
  std::size_t validation = 0;
  std::size_t test = 0;
  std::vector<std::size_t> class_counts;                     // one for each of ReportData::classes
  std::vector<std::pair<std::string, std::size_t>> skipped;  // reason, samples
};

struct LeakageFinding {
  std::string kind;  // "identifier", "group", "identical picture", "near-duplicate picture"
  std::string left;  // data set and split
  std::string right;
  std::size_t count = 0;
  std::vector<std::string> examples;
};

struct LeakageSection {
  bool checked = false;
  bool allowed = false;  // the study allowed it: a banner tops the report if there are findings
  std::vector<std::string> checks;  // what was compared, in words
  std::vector<LeakageFinding> findings;
  std::size_t inside = 0;       // pairs of copies and the like that lie inside one split
  std::size_t other_class = 0;  // pairs of the same picture, anywhere, that are of two classes
  std::vector<std::string> other_class_examples = {};
};

struct ReportNote {
  std::string strategy;
  std::string text;
  std::string provenance;  // "template", "gpt-4o-mini, 2026-11-24, prompt v1", ...
};

struct NoteExample {
  std::string key;
  std::string dataset;
  std::string label;
  Picture picture;
  std::vector<ReportNote> notes;
};

struct NoteCounts {
  std::string strategy;
  std::string provider;
  std::size_t written = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;
  std::size_t rejected = 0;  // by the audit
};

struct Series {
  std::string name;            // "train loss"
  std::vector<double> values;  // one an epoch; NaN leaves a gap
};

struct TrainingCurve {
  std::string run;  // its name in the study, here and below
  std::string model;
  std::string mode;
  std::string notes;
  std::string seed;
  int first_epoch = 1;
  int best_epoch = 0;  // 0: not known
  std::vector<Series> series;
};

struct ReportConfusion {
  std::string model;
  std::string mode;
  std::string notes;
  std::string dataset;
  std::size_t seeds = 0;  // the counts are the sum over them
  ConfusionMatrix counts;
  std::string run = "";
  std::string role = "";  // of the data set
};

// A sample that a run called by another class than it is known by.
struct WrongPicture {
  Picture picture;
  std::string key;
  std::string known;
  std::string named;
  double named_probability = 0;  // by the softmax of the scores
  double known_probability = 0;
};

// Some of what one training got wrong on one data set, the surest first.
struct WrongPictures {
  std::string run;
  std::string model;
  std::string mode;
  std::string notes;
  std::string seed;
  std::string dataset;
  std::string role;
  std::size_t wrong = 0;  // of `n` samples
  std::size_t n = 0;
  std::vector<WrongPicture> pictures;
  // Why this run and training are shown, and what is not: "the highest Weighted F1 here, 0.456; of
  // its 2 trainings the first; 1 other run is not shown".
  std::string why = "";
};

// What a classifier that has learned nothing would reach; it follows from the counts of the
// classes.
struct ReportReference {
  std::string name;  // ReferenceValue::name
  std::string dataset;
  std::string role;
  std::string metric;
  double value = 0;
  std::size_t n = 0;
  std::string detail = "";  // "NEV": the class that is always called
};

struct GalleryItem {
  Picture picture;   // may be empty for a note
  std::string text;  // may be empty for a picture
  std::string label;
  std::string key;
  bool right = false;  // same label as the query
  double similarity = 0;
};

struct GalleryEntry {
  std::string direction;  // "image_to_text"
  std::string dataset;
  std::string model;  // run, model, mode, notes and seed
  bool pair_in = false;
  GalleryItem query;
  std::vector<GalleryItem> nearest;  // best first
};

// A paired difference: candidate minus baseline, the same samples.
struct Comparison {
  std::string model;
  std::string baseline;         // "image"
  std::string candidate;        // "multimodal"
  std::string candidate_notes;  // "M"
  std::string dataset;
  std::string role;
  std::string metric = "weighted_f1";
  PairedDifference result;
  std::string run = "";  // of the candidate
  std::string baseline_run = "";
  // What sets the runs apart besides their modes and notes: "epochs: 20, not 100". Where there is
  // something, the difference is not one that the notes made alone.
  std::vector<std::string> differences = {};
};

// Of a data set that a run of mode "text" is tested on: those of its samples that have no note of
// the run, and so nothing that it could read. They are in none of its numbers.
struct SamplesWithoutNote {
  std::string run;
  std::string dataset;
  std::string role;
  std::size_t without = 0;
  std::size_t n = 0;  // all test samples
};

struct ReportData {
  std::string title;
  std::string subtitle;
  std::vector<std::string> classes;       // short names in index order
  std::vector<std::string> class_titles;  // long names, or empty
  std::vector<ReportDataset> datasets;
  LeakageSection leakage;
  std::vector<NoteCounts> note_counts;
  std::vector<NoteExample> note_examples;
  AuditSection audit;
  std::vector<TrainingCurve> curves;
  std::vector<ResultRow> results;
  std::vector<ReportReference> references;
  std::vector<Comparison> comparisons;
  std::vector<ReportConfusion> confusions;
  std::vector<WrongPictures> mistakes;
  std::vector<GalleryEntry> gallery;
  bool notes_from_labels = false;  // the notes of the retrieval pools were made from labels
  std::string headline_metric = "weighted_f1";
  double confidence = 0.95;
  std::size_t replicates = 1000;
  // Version, compiler, CPU, time, ...: name and value.
  std::vector<std::pair<std::string, std::string>> environment;
  std::string settings;  // the study file as it was run
  std::vector<std::string> warnings;
  std::vector<SamplesWithoutNote> without_note = {};
};

}  // namespace epicrisis
