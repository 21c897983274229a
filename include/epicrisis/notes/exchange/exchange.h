#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// Forms in which notes leave and enter. docs/formats/note-exchange.md.
enum class NoteFormat {
  kTree,         // <dataset>/<strategy>/<key>.txt, further ones <key>@1.txt, <key>@2.txt
  kJsonl,        // one object a note, with its provenance
  kImageFolder,  // <split>/metadata.jsonl with file_name and text, and a card README.md, as Hugging
                 // Face reads it
};
std::string_view note_format_name(NoteFormat format);  // "tree", "jsonl", "imagefolder"
NoteFormat parse_note_format(std::string_view name);   // UsageError with the names there are

struct NoteExportOptions {
  NoteFilter filter;
  std::string split_set;  // kImageFolder: whose roles name the folders; "": the published splits
  bool pictures = false;  // kImageFolder: copy the pictures beside metadata.jsonl
  bool replace = false;   // kTree, kImageFolder: the folder may hold an earlier export, which goes
};

struct NoteExportReport {
  std::int64_t notes = 0;  // = written + skipped
  std::int64_t written = 0;
  std::int64_t skipped = 0;
  std::map<std::string, std::int64_t> skips;  // those skipped, by reason
  std::vector<std::string> skipped_examples;  // "ham/ISIC_1: no picture": the first 20
  std::int64_t skipped_cases = 0;             // there would be of these in all
  std::int64_t pictures = 0;                  // kImageFolder: put beside the tables
  std::int64_t without_split = 0;  // kImageFolder: samples in "train" for want of a split
};
Json to_json(const NoteExportReport& report);

// Writes the notes of the filter to `target`: a file for kJsonl, a folder for the others. Streams;
// the file or the folder appears whole. With `pictures`, samples whose picture there is none of, or
// which cannot be read, are skipped, counted and named: their lines would name files that are not
// there. Warns where samples without a split go to "train". UsageError for a folder that is not
// empty (epicrisis/core/folder_writer.h).
NoteExportReport export_notes(Workspace& workspace, NoteFormat format, const Path& target,
                              const Job& job, const NoteExportOptions& options = {});

struct NoteImportOptions {
  // Where the file does not say them; of the data set also where it says one that the workspace has
  // not. `strategy` is no name of a strategy of this program.
  std::string dataset;
  std::string strategy;
  // JSON keys or columns of the fields; "" takes the export's own name, or the first of the usual
  // ones that the line has: dataset | source; key | image_id | id; text | note.
  std::string dataset_field;
  std::string key_field;
  std::string text_field;
  // Takes texts as they stand that look like no note: a thought, a model's refusal, a web page or a
  // server's error.
  bool keep_doubtful = false;
};

struct NoteImportReport {
  // = written + unchanged + conflicting + unmatched + invalid. A line of an imagefolder's table
  // counts once for each note in it.
  std::int64_t rows = 0;
  std::int64_t written = 0;    // new notes
  std::int64_t unchanged = 0;  // there already
  // The key is that of a note that says something else here: not taken.
  std::int64_t conflicting = 0;
  std::int64_t unmatched = 0;  // no sample of this data set and key
  // No note: broken JSON, no text, one that cannot be told from a thought, a model's refusal, a web
  // page, a server's error, too long a text, no strategy.
  std::int64_t invalid = 0;
  std::map<std::string, std::int64_t> invalid_reasons;  // their sum: "refusals", ..., "others"
  std::map<std::string, std::int64_t> dropped;          // notes written without "thoughts", ...
  // Of those written, by strategy: the ones that the file itself calls notes of a strategy that
  // fills in a form here, without the key of a note of this program. Warned of.
  std::map<std::string, std::int64_t> claimed;
  std::set<std::string> unknown_datasets;       // of those unmatched
  std::vector<std::string> unmatched_examples;  // "file:12: ham10000/ISIC_0": the first 20
  std::vector<std::string> conflicting_examples;
  std::vector<std::string> invalid_examples;
};
Json to_json(const NoteImportReport& report);

// Takes notes in from a .jsonl file, a table (.csv, .tsv, a list in .json) with the same columns or
// those of a published image-text set, a tree or an imagefolder (told by what `source` is). Samples
// are matched exactly by data set and key; of an imagefolder's lines by the keys that the import of
// that folder gives. Text is cleaned (core/strings.h); one of more than
// 20,000 bytes is refused. A note that brings a key (JSONL of an export) is unchanged if the note
// of that key says the same; one that brings none, if the sample has its text under this strategy.
// One transaction for every 1,000 notes, after which it may be interrupted and says how many are
// stored; importing the same again writes nothing. UsageError if
// `source` is none of these, or `strategy` a name of this program's own.
NoteImportReport import_notes(Workspace& workspace, const Path& source, const Job& job,
                              const NoteImportOptions& options = {});

}  // namespace epicrisis
