#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "core/line_reader.h"
#include "data/adapters/folder_metadata.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/folder_writer.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/near_keys.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/samples.h"
#include "notes/exchange/import_rows.h"
#include "notes/exchange/incoming_note.h"
#include "notes/exchange/published_texts.h"

namespace epicrisis {
namespace {

// Matches, stores and counts.
class Importer {
 public:
  // Notes on a data set that the workspace has not are for `dataset`, where that is given.
  Importer(Workspace& workspace, const Job& job, std::string dataset)
      : job_(job),
        database_(workspace.database()),
        writes_(database_),
        dataset_(std::move(dataset)),
        known_(dataset_names(database_)) {
    for (const std::string& name : built_in_strategies()) {
      if (load_strategy(name).kind == StrategyKind::kTemplate) filled_in_.insert(name);
    }
  }

  void add(IncomingNote note) {
    if (writes_.begin_row()) stop_if_cancelled();
    if (!dataset_.empty() && !is_known(note.dataset)) note.dataset = dataset_;
    if (!note.fault.empty()) {
      ++report_.invalid;
      ++report_.invalid_reasons[note.doubt.empty() ? "others" : note.doubt];
      keep_example(report_.invalid_examples, fmt::format("{}: {}", note.place, note.fault));
      return;
    }
    std::vector<Sample> samples = samples_of_key(database_, note.dataset, note.key);
    for (const std::string& other : note.other_keys) {
      if (samples.empty()) samples = samples_of_key(database_, note.dataset, other);
    }
    if (samples.size() != 1) {
      ++report_.unmatched;
      keep_example(report_.unmatched_examples,
                   fmt::format("{}: {}/{}{}", note.place, note.dataset, note.key,
                               samples.empty() ? near_words(note) : " may mean several samples"));
      if (!is_known(note.dataset)) report_.unknown_datasets.insert(note.dataset);
      return;
    }
    const Sample& sample = samples.front();
    switch (note.note_key.empty() ? state_by_text(note, sample.id)
                                  : state_by_key(note, sample.id)) {
      case State::kThere:
        ++report_.unchanged;
        break;
      case State::kOther:
        ++report_.conflicting;
        keep_example(
            report_.conflicting_examples,
            fmt::format("{}: {}/{} {}", note.place, note.dataset, note.key, note.strategy));
        break;
      case State::kNew:
        store(note, sample);
        ++report_.written;
        count_claim(note);
        llm::count_dropped(note.dropped, report_.dropped);
        break;
    }
  }

  NoteImportReport finish() {
    writes_.finish();
    report_.rows = writes_.rows();
    if (report_.rows != report_.written + report_.unchanged + report_.conflicting +
                            report_.unmatched + report_.invalid) {
      throw InternalError(
          "notes import: {} rows, but {} written, {} unchanged, {} conflicting, {} unmatched, {} "
          "invalid",
          report_.rows, report_.written, report_.unchanged, report_.conflicting, report_.unmatched,
          report_.invalid);
    }
    for (const auto& [strategy, count] : report_.claimed) {
      job_.warn(
          "{} by the file's own word of strategy {} (first {}), which fills in a form here; nothing "
          "in the file shows that this program wrote them. If it did not, give them another name in "
          "the file, such as '{}-imported'",
          count == 1 ? "1 note is" : fmt::format("{} notes are", count), strategy,
          first_claim_.at(strategy), strategy);
    }
    return report_;
  }

 private:
  static constexpr std::size_t kMaxPlace = 500;  // bytes
  static constexpr std::int64_t kMostNear = 20;  // examples that are kept
  enum class State { kNew, kThere, kOther };

  // Right after a commit: what was counted as written is stored.
  void stop_if_cancelled() const {
    if (job_.cancelled()) {
      job_.warn(
          "{} of the {} rows so far are stored, and {} were there before; the same import goes "
          "on from there",
          counted(report_.written, "note"), writes_.rows() - 1, report_.unchanged);
    }
    job_.check();
  }

  bool is_known(const std::string& dataset) const {
    return std::ranges::binary_search(known_, dataset);
  }

  // Asked for what is told alone.
  std::string near_words(const IncomingNote& note) {
    if (report_.unmatched > kMostNear || !is_known(note.dataset)) return "";
    const auto [keys, is_new] = near_.try_emplace(note.dataset);
    if (is_new) keys->second = near_keys(database_, note.dataset);
    return near_key_words(keys->second.near(note.key));
  }

  void count_claim(const IncomingNote& note) {
    const bool shown = note.of_export || !note.note_key.empty() || !note.template_version.empty();
    if (shown || !filled_in_.contains(note.strategy)) return;
    if (++report_.claimed[note.strategy] == 1) {
      first_claim_[note.strategy] = clean_text(note.place, kMaxPlace);
    }
  }

  // What comes in was cleaned, so the stored text is too before the two are held together.
  static bool is_text_of(const NoteRecord& stored, const IncomingNote& note) {
    return stored.text == note.text || clean_multiline_text(stored.text, kMaxNoteLine) == note.text;
  }

  // A note that brings its key is the one of that key, if that says the same.
  State state_by_key(const IncomingNote& note, std::int64_t sample_id) {
    const auto stored = find_note(database_, note.note_key);
    if (!stored) return State::kNew;
    if (stored->sample_id != sample_id || stored->strategy != note.strategy) return State::kOther;
    if (stored->status != NoteStatus::kWritten) return State::kNew;  // an attempt that failed here
    return is_text_of(*stored, note) ? State::kThere : State::kOther;
  }

  // One that brings none (a tree, another program's file) is there if the sample has its text.
  State state_by_text(const IncomingNote& note, std::int64_t sample_id) {
    NoteFilter filter;
    filter.sample_ids = {sample_id};
    filter.strategies = {note.strategy};
    State state = State::kNew;
    for_each_note(database_, filter, [&](const NoteRecord& stored) {
      if (is_text_of(stored, note)) state = State::kThere;
      return state == State::kNew;
    });
    return state;
  }

  void store(const IncomingNote& note, const Sample& sample) {
    NoteRecord record;
    record.sample_id = sample.id;
    record.strategy = note.strategy;
    record.provider = note.provider;
    record.model = note.model;
    record.template_version = note.template_version;
    record.variant = note.variant;
    record.text = note.text;
    record.parameters = note.parameters;
    record.origin = note.origin;
    record.created_at = note.created_at;
    record.key =
        !note.note_key.empty()
            ? note.note_key
            : sha256_of_fields({"import", note.dataset, sample.key, note.strategy, note.provider,
                                note.model, std::to_string(note.variant), note.text});
    if (put_note(database_, record) == NoteOutcome::kUnchanged) {
      throw InternalError("notes import: {}: the store has a note of key {} already", note.place,
                          record.key);
    }
  }

  const Job& job_;
  Database& database_;
  GroupedWrites writes_;
  std::string dataset_;
  std::vector<std::string> known_;                  // sorted
  std::set<std::string> filled_in_;                 // strategies of this program that ask no model
  std::map<std::string, std::string> first_claim_;  // "file:12", by strategy
  std::map<std::string, NearKeys> near_;            // by data set
  NoteImportReport report_;
};

void import_lines(const Path& file, const NoteImportOptions& options,
                  const std::optional<std::string>& folder, bool of_export, Importer& importer) {
  // A longer line is handed on as a fault.
  LineReader lines(file, kMaxNoteLine);
  while (lines.next()) {
    if (lines.line().empty()) continue;
    const std::string place = fmt::format("{}:{}", file.string(), lines.number());
    if (!lines.whole()) {
      IncomingNote cut;
      cut.place = place;
      cut.fault = fmt::format("the line is longer than {} bytes", kMaxNoteLine);
      importer.add(cut);
      continue;
    }
    for (IncomingNote& note : parse_note_line(lines.line(), place, options, folder)) {
      note.of_export = of_export;
      importer.add(std::move(note));
    }
  }
}

// <dataset>/<strategy>/<key>.txt, or <key>@<variant>.txt. Links are not followed.
void import_tree(const Path& root, const NoteImportOptions& options, Importer& importer) {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_symlink() && entry.is_regular_file() && entry.path().extension() == ".txt") {
      files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  const std::set<std::string> left = files_left_as_written(root);
  for (const Path& file : files) {
    const Path relative = file.lexically_relative(root);
    if (std::filesystem::file_size(file) > kMaxNoteLine) {
      IncomingNote large;
      large.place = file.string();
      large.fault = fmt::format("the file is larger than {} bytes", kMaxNoteLine);
      importer.add(large);
      continue;
    }
    IncomingNote note = note_of_tree_file(relative, file.string(), read_file(file), options);
    note.of_export = left.contains(relative.generic_string());
    importer.add(std::move(note));
  }
}

// The metadata.csv of an imagefolder's folder.
void import_folder_table(const Path& file, const NoteImportOptions& options,
                         const std::string& folder, Importer& importer) {
  CsvReader reader(file);
  while (reader.next()) {
    Json object;
    IncomingNote broken;
    broken.fault = object_of_row(reader.header(), reader.row(), object);
    broken.place = reader.place();
    if (!broken.fault.empty()) {
      importer.add(std::move(broken));
      continue;
    }
    for (IncomingNote& note : notes_of_folder_line(object, reader.place(), options, folder)) {
      importer.add(std::move(note));
    }
  }
}

// The tables of an imagefolder, as its import finds them. Whether there was one.
bool import_folder(const Path& root, const NoteImportOptions& options, Importer& importer) {
  std::vector<std::string> folders = find_folder_metadata(root).prefixes;
  std::ranges::sort(folders);
  const std::set<std::string> left = files_left_as_written(root);
  for (const std::string& folder : folders) {
    const Path lines = root / folder / "metadata.jsonl";
    if (std::filesystem::exists(lines)) {
      import_lines(lines, options, folder, left.contains(folder + "metadata.jsonl"), importer);
    } else {
      import_folder_table(root / folder / "metadata.csv", options, folder, importer);
    }
  }
  return !folders.empty();
}

// A note of somebody else's would pass for one that the strategy gave.
void refuse_own_name(const std::string& strategy) {
  const std::vector<std::string> own = built_in_strategies();
  if (std::ranges::find(own, strategy) == own.end()) return;
  throw UsageError(
      "notes import: '{0}' is a strategy of this program, and what it writes has that name; give "
      "the notes another one, such as '{0}-imported' (`strategy`)",
      strategy);
}

}  // namespace

Json to_json(const NoteImportReport& report) {
  return {{"rows", report.rows},
          {"written", report.written},
          {"unchanged", report.unchanged},
          {"conflicting", report.conflicting},
          {"unmatched", report.unmatched},
          {"unknown_datasets", report.unknown_datasets},
          {"invalid", report.invalid},
          {"invalid_reasons", report.invalid_reasons},
          {"dropped", report.dropped},
          {"claimed", report.claimed},
          {"conflicting_examples", report.conflicting_examples},
          {"unmatched_examples", report.unmatched_examples},
          {"invalid_examples", report.invalid_examples}};
}

NoteImportReport import_notes(Workspace& workspace, const Path& source, const Job& job,
                              const NoteImportOptions& options) {
  if (!std::filesystem::exists(source)) {
    throw UsageError("notes import: there is no {}{}", source.string(), near_path_words(source));
  }
  refuse_own_name(options.strategy);
  Importer importer(workspace, job, options.dataset);
  if (std::filesystem::is_directory(source)) {
    if (!import_folder(source, options, importer)) import_tree(source, options, importer);
  } else if (source.extension() == ".jsonl") {
    import_lines(source, options, {}, false, importer);
  } else if (may_hold_texts(source)) {
    each_published_text(source, options, [&](const IncomingNote& note) { importer.add(note); });
  } else {
    throw UsageError("notes import: {} is neither a .jsonl, .csv or .json file nor a folder",
                     source.string());
  }
  return importer.finish();
}

}  // namespace epicrisis
