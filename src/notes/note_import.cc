#include <algorithm>
#include <fstream>
#include <functional>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/interrupt.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/exchange.h"
#include "epicrisis/store/samples.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxText = 20'000;
constexpr std::size_t kMaxLine = 1 << 20;
constexpr std::size_t kMaxExamples = 20;
constexpr std::int64_t kGroup = 1000;  // rows a transaction

// A note as it came in, not yet matched to a sample.
struct IncomingNote {
  std::string place;
  std::string dataset, key, strategy, text;
  std::string provider = "import";
  std::string model, template_version, origin = "import", note_key, created_at;
  int variant = 0;
  Json parameters = Json::object();
};

// Matches, stores and counts; commits every kGroup rows.
class Importer {
 public:
  explicit Importer(Workspace& workspace) : database_(workspace.database()) {
    transaction_.emplace(database_);
  }

  void add(const IncomingNote& note) {
    begin_row();
    const auto sample = find_sample(database_, note.dataset, note.key);
    if (!sample) {
      ++report_.unmatched;
      keep_example(report_.unmatched_examples,
                   fmt::format("{}: {}/{}", note.place, note.dataset, note.key));
      return;
    }
    NoteRecord record;
    record.sample_id = sample->id;
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
            : sha256_of_fields({"import", note.dataset, note.key, note.strategy, note.provider,
                                note.model, std::to_string(note.variant), note.text});
    (put_note(database_, record) == NoteOutcome::kUnchanged ? report_.unchanged
                                                            : report_.written) += 1;
  }

  void refuse(const std::string& place, const std::string& why) {
    begin_row();
    ++report_.invalid;
    keep_example(report_.invalid_examples, place + ": " + why);
  }

  NoteImportReport finish() {
    transaction_->commit();
    transaction_.reset();
    if (report_.rows != report_.written + report_.unchanged + report_.unmatched + report_.invalid) {
      throw InternalError(
          "notes import: {} rows, but {} written, {} unchanged, {} unmatched, {} invalid",
          report_.rows, report_.written, report_.unchanged, report_.unmatched, report_.invalid);
    }
    return report_;
  }

 private:
  void begin_row() {
    if (++report_.rows % kGroup != 0) return;
    transaction_->commit();
    transaction_.reset();
    throw_if_interrupted();
    transaction_.emplace(database_);
  }

  static void keep_example(std::vector<std::string>& examples, std::string example) {
    if (examples.size() < kMaxExamples) examples.push_back(clean_text(example, 500));
  }

  Database& database_;
  std::optional<Transaction> transaction_;
  NoteImportReport report_;
};

// The string under the first of `names` that the object has; "" if it has none of them or another
// type.
std::string first_string(const Json& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto found = object.find(std::string(name));
    if (found != object.end() && found->is_string()) return found->get<std::string>();
  }
  return "";
}

std::string field_of(const Json& object, const std::string& chosen,
                     std::initializer_list<std::string_view> usual) {
  return chosen.empty() ? first_string(object, usual) : first_string(object, {chosen});
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string or_else(std::string value, const std::string& fallback) {
  return value.empty() ? fallback : value;
}

// What is wrong with the fields that every note needs; "" if nothing is.
std::string fault_of(const IncomingNote& note) {
  if (note.dataset.empty()) return "no data set (give --dataset)";
  if (note.key.empty()) return "no sample key";
  if (note.text.empty()) return "no text";
  if (!is_safe_id(note.strategy))
    return fmt::format("'{}' is no strategy name (give --strategy)", note.strategy);
  return "";
}

void take(Importer& importer, IncomingNote note) {
  note.text = clean_multiline_text(note.text, kMaxText);
  const std::string fault = fault_of(note);
  if (fault.empty()) {
    importer.add(note);
  } else {
    importer.refuse(note.place, fault);
  }
}

IncomingNote note_of_json(const Json& object, const std::string& place,
                          const NoteImportOptions& options) {
  IncomingNote note;
  note.place = place;
  note.dataset =
      or_else(field_of(object, options.dataset_field, {"dataset", "source"}), options.dataset);
  note.key = field_of(object, options.key_field, {"key", "image_id", "id"});
  note.text = field_of(object, options.text_field, {"text", "note"});
  note.strategy = or_else(first_string(object, {"strategy"}), options.strategy);
  note.provider = or_else(clean_text(first_string(object, {"provider"}), 200), note.provider);
  note.model = clean_text(first_string(object, {"model"}), 200);
  note.template_version = clean_text(first_string(object, {"template_version"}), 200);
  note.origin = or_else(clean_text(first_string(object, {"origin"}), 200), note.origin);
  note.created_at = clean_text(first_string(object, {"created_at"}), 40);
  if (const std::string key = first_string(object, {"note_key"}); is_sha256(key))
    note.note_key = key;
  if (const auto variant = object.find("variant");
      variant != object.end() && variant->is_number_unsigned()) {
    note.variant =
        static_cast<int>(std::min<std::uint64_t>(variant->get<std::uint64_t>(), 1'000'000));
  }
  if (const auto parameters = object.find("parameters");
      parameters != object.end() && parameters->is_object()) {
    note.parameters = *parameters;
  } else if (const auto given = object.find("given"); given != object.end() && given->is_object()) {
    note.parameters = Json{{"given", *given}};
  }
  return note;
}

// One line after the other, each at most kMaxLine bytes; a longer one is handed on cut, with
// `whole` false.
void for_each_line(
    const Path& file,
    const std::function<void(const std::string& line, std::int64_t number, bool whole)>& use) {
  std::ifstream input(file, std::ios::binary);
  if (!input) throw SystemError("cannot read {}", file.string());
  std::string line;
  std::int64_t number = 1;
  bool whole = true;
  const auto finish = [&] {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) use(line, number, whole);
    line.clear();
    whole = true;
    ++number;
  };
  std::string block(1 << 16, '\0');
  while (input.read(block.data(), static_cast<std::streamsize>(block.size())) ||
         input.gcount() > 0) {
    for (std::streamsize i = 0; i < input.gcount(); ++i) {
      const char c = block[static_cast<std::size_t>(i)];
      if (c == '\n') {
        finish();
      } else if (line.size() < kMaxLine) {
        line += c;
      } else {
        whole = false;
      }
    }
  }
  finish();
}

// Hands every JSON object of a .jsonl file to `use`; other lines are refused.
void for_each_object(const Path& file, Importer& importer,
                     const std::function<void(const Json&, const std::string& place)>& use) {
  for_each_line(file, [&](const std::string& line, std::int64_t number, bool whole) {
    const std::string place = fmt::format("{}:{}", file.string(), number);
    if (!whole) {
      importer.refuse(place, fmt::format("longer than {} bytes", kMaxLine));
      return;
    }
    Json object;
    try {
      object = parse_json(line, place);
    } catch (const InputError& error) {
      importer.refuse(place, error.what());
      return;
    }
    if (object.is_object()) {
      use(object, place);
    } else {
      importer.refuse(place, "not a JSON object");
    }
  });
}

// <dataset>/<strategy>/<key>.txt, or <key>@<variant>.txt.
void import_tree(const Path& root, const NoteImportOptions& options, Importer& importer) {
  std::vector<Path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.is_regular_file() && !entry.is_symlink() && entry.path().extension() == ".txt")
      files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const Path& file : files) {
    IncomingNote note;
    note.place = file.string();
    const Path relative = file.lexically_relative(root);
    std::vector<std::string> parts;
    for (const Path& part : relative) parts.push_back(part.string());
    if (parts.size() != 3) {
      importer.refuse(note.place, "not <dataset>/<strategy>/<key>.txt");
      continue;
    }
    note.dataset = or_else(options.dataset, parts[0]);
    note.strategy = or_else(options.strategy, parts[1]);
    note.key = file.stem().string();
    if (const std::size_t at = note.key.rfind('@'); at != std::string::npos) {
      const auto variant = parse_integer(std::string_view(note.key).substr(at + 1));
      if (variant && *variant >= 0 && *variant <= 1'000'000)
        note.variant = static_cast<int>(*variant);
      note.key.resize(at);
    }
    if (std::filesystem::file_size(file) > kMaxLine) {
      importer.refuse(note.place, fmt::format("longer than {} bytes", kMaxLine));
      continue;
    }
    note.text = read_file(file);
    take(importer, std::move(note));
  }
}

// metadata.jsonl of each split folder: the export's own "notes" object, or a "text" under the named
// strategy.
void import_folder_table(const Path& table, const NoteImportOptions& options, Importer& importer) {
  for_each_object(table, importer, [&](const Json& object, const std::string& place) {
    IncomingNote note = note_of_json(object, place, options);
    if (note.key.empty()) note.key = Path(first_string(object, {"file_name"})).stem().string();
    const auto notes = object.find("notes");
    if (notes == object.end() || !notes->is_object()) {
      take(importer, std::move(note));
      return;
    }
    for (const auto& [strategy, texts] : notes->items()) {
      IncomingNote one = note;
      one.strategy = strategy;
      one.variant = 0;
      for (const Json& text : texts.is_array() ? texts : Json::array({texts})) {
        one.text = text.is_string() ? text.get<std::string>() : "";
        take(importer, one);
        ++one.variant;
      }
    }
  });
}

std::vector<Path> folder_tables(const Path& root) {
  std::vector<Path> tables;
  if (std::filesystem::exists(root / "metadata.jsonl")) tables.push_back(root / "metadata.jsonl");
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.is_directory() && std::filesystem::exists(entry.path() / "metadata.jsonl")) {
      tables.push_back(entry.path() / "metadata.jsonl");
    }
  }
  std::ranges::sort(tables);
  return tables;
}

}  // namespace

Json NoteImportReport::to_json() const {
  return {{"rows", rows},
          {"written", written},
          {"unchanged", unchanged},
          {"unmatched", unmatched},
          {"invalid", invalid},
          {"unmatched_examples", unmatched_examples},
          {"invalid_examples", invalid_examples}};
}

NoteImportReport import_notes(Workspace& workspace, const Path& source,
                              const NoteImportOptions& options) {
  if (!std::filesystem::exists(source)) {
    throw UsageError("notes import: there is no {}", source.string());
  }
  Importer importer(workspace);
  if (std::filesystem::is_directory(source)) {
    const std::vector<Path> tables = folder_tables(source);
    if (tables.empty()) {
      import_tree(source, options, importer);
    } else {
      for (const Path& table : tables) import_folder_table(table, options, importer);
    }
  } else if (source.extension() == ".jsonl") {
    for_each_object(source, importer, [&](const Json& object, const std::string& place) {
      take(importer, note_of_json(object, place, options));
    });
  } else {
    throw UsageError("notes import: {} is neither a .jsonl file nor a folder", source.string());
  }
  return importer.finish();
}

}  // namespace epicrisis
