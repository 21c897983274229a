#include "notes/exchange/published_texts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "notes/resources.h"

namespace epicrisis {
namespace {

constexpr std::string_view kFolder = "texts/";
constexpr std::size_t kMaxJson = std::size_t{1} << 30;  // bytes
constexpr std::size_t kMaxKept = 2000;                  // bytes of a value in the parameters

struct TextColumn {
  std::string column;
  std::string answer;    // the column holds JSON, of which this key is the text; "": it is the text
  std::string question;  // the column of what was asked
  std::string strategy;
  std::string author;
};

struct TextForm {
  std::string describe;
  std::string terms;
  std::string data_set;
  std::string key;
  std::vector<std::string> wanted;
  std::vector<std::string> keep;
  std::vector<TextColumn> texts;
};

TextForm read_form(const std::string& name) {
  const TomlTable table = TomlTable::parse(notes_resources().get(name), name);
  TextForm form;
  form.describe = table.string("describe");
  form.terms = table.string_or("terms", "");
  form.data_set = table.string_or("data_set", "");
  form.key = table.string("key");
  form.wanted = table.strings_or("requires", {});
  form.keep = table.strings_or("keep", {});
  for (const TomlTable& one : table.tables_or_empty("text")) {
    form.texts.push_back({one.string("column"), one.string_or("answer", ""),
                          one.string_or("question", ""), one.string("strategy"),
                          one.string_or("author", "")});
  }
  table.finish();
  return form;
}

bool has_all(const std::vector<std::string>& columns, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted, [&](const std::string& name) {
    return std::ranges::find(columns, name) != columns.end();
  });
}

// The published set whose columns these are; empty for a table of notes as JSONL has them.
std::optional<TextForm> form_of(const Path& file, const std::vector<std::string>& columns,
                                const NoteImportOptions& options) {
  std::vector<std::string> named;
  for (const std::string* name :
       {&options.dataset_field, &options.key_field, &options.text_field}) {
    if (!name->empty()) named.push_back(*name);
  }
  if (!has_all(columns, named)) {
    throw UsageError("notes import: {} lacks one of the columns {}; it has {}", file.string(),
                     join(named, ", "), join(columns, ", "));
  }
  const bool as_jsonl = names_note(columns, options);
  if (as_jsonl && !named.empty()) return std::nullopt;
  std::vector<std::string> known;
  for (const std::string& name : notes_resources().names(kFolder)) {
    TextForm form = read_form(name);
    if (has_all(columns, form.wanted)) return form;
    known.push_back(fmt::format("{} ({})", form.describe, join(form.wanted, ", ")));
  }
  if (as_jsonl) return std::nullopt;
  throw UsageError(
      "notes import: the columns of {} are neither key and text, as JSONL has them, nor those of an "
      "image-text set that is known here; name those of key and text (`key_field`, `text_field`). "
      "Known are {}",
      file.string(), join(known, "; "));
}

using Cell = std::function<std::string(const std::string& column)>;

// What stands in a code block of Markdown, as models write JSON; else the text.
std::string_view without_code_block(std::string_view text) {
  constexpr std::string_view kFence = "```";
  text = trim(text);
  if (!text.starts_with(kFence) || !text.ends_with(kFence)) return text;
  const std::size_t line = text.find('\n');
  if (line == std::string_view::npos || line + kFence.size() > text.size()) return text;
  return text.substr(line + 1, text.size() - kFence.size() - line - 1);
}

// The text of "{"answer": "..."}"; a fault for anything else.
void unpack_answer(const std::string& key, IncomingNote& note) {
  try {
    const Json object = parse_json(without_code_block(note.text), "the answer");
    note.text = json_get<std::string>(object, key, "the answer");
  } catch (const InputError& error) {
    note.fault = clean_text(error.what(), kMaxKept);
  }
}

void visit_row(const TextForm& form, const NoteImportOptions& options, const std::string& place,
               const Cell& cell, const std::function<void(const IncomingNote&)>& visit) {
  for (const TextColumn& column : form.texts) {
    IncomingNote note;
    note.place = place;
    note.keep_doubtful = options.keep_doubtful;
    note.dataset = options.dataset.empty() ? form.data_set : options.dataset;
    note.key = trim(cell(form.key));
    const bool takes_name = !options.strategy.empty() && form.texts.size() == 1;
    note.strategy = takes_name ? options.strategy : column.strategy;
    note.text = cell(column.column);
    note.origin = "image";
    note.parameters["written_by"] = column.author;
    note.parameters["published_as"] = form.describe;
    note.parameters["terms"] = form.terms;
    if (!column.answer.empty()) unpack_answer(column.answer, note);
    if (!column.question.empty()) {
      note.parameters["question"] = clean_text(cell(column.question), kMaxKept);
    }
    for (const std::string& name : form.keep) {
      const std::string value = clean_text(cell(name), kMaxKept);
      if (!value.empty()) note.parameters[name] = value;
    }
    visit(checked_note(std::move(note)));
  }
}

// A fault where a cell cannot be read.
IncomingNote note_of_cells(const std::vector<std::string>& columns,
                           const std::vector<std::string>& cells, const std::string& place,
                           const NoteImportOptions& options) {
  Json object;
  std::string fault = object_of_row(columns, cells, object);
  if (fault.empty()) return note_of_row(object, place, options);
  IncomingNote broken;
  broken.place = place;
  broken.fault = std::move(fault);
  return broken;
}

void visit_table(const Path& file, const NoteImportOptions& options,
                 const std::function<void(const IncomingNote&)>& visit) {
  CsvReader reader(file);
  const std::optional<TextForm> form = form_of(file, reader.header(), options);
  while (reader.next()) {
    if (!form) {
      visit(note_of_cells(reader.header(), reader.row(), reader.place(), options));
      continue;
    }
    visit_row(
        *form, options, reader.place(),
        [&](const std::string& column) { return reader.get_or_empty(column); }, visit);
  }
}

void visit_json(const Path& file, const NoteImportOptions& options,
                const std::function<void(const IncomingNote&)>& visit) {
  const Json list = parse_json(read_file(file, kMaxJson), file.string());
  if (!list.is_array() || list.empty() || !list.front().is_object()) {
    throw InputError("{}: a list of objects was expected", file.string());
  }
  std::vector<std::string> columns;
  for (const auto& [name, value] : list.front().items()) columns.push_back(name);
  const std::optional<TextForm> form = form_of(file, columns, options);
  std::size_t number = 0;
  for (const Json& object : list) {
    const std::string place = fmt::format("{}[{}]", file.string(), number++);
    const auto cell = [&](const std::string& column) -> std::string {
      const auto value = object.find(column);
      if (!object.is_object() || value == object.end() || value->is_null()) return {};
      return value->is_string() ? value->get<std::string>() : dump_json(*value);
    };
    if (form) {
      visit_row(*form, options, place, cell, visit);
      continue;
    }
    std::vector<std::string> names;
    std::vector<std::string> cells;
    if (object.is_object()) {
      for (const auto& [name, value] : object.items()) {
        names.push_back(name);
        cells.push_back(cell(name));
      }
    }
    visit(note_of_cells(names, cells, place, options));
  }
}

}  // namespace

bool may_hold_texts(const Path& file) {
  const std::string suffix = ascii_lower(file.extension().string());
  return suffix == ".csv" || suffix == ".tsv" || suffix == ".tab" || suffix == ".json";
}

void each_published_text(const Path& file, const NoteImportOptions& options,
                         const std::function<void(const IncomingNote&)>& visit) {
  if (ascii_lower(file.extension().string()) == ".json") {
    visit_json(file, options, visit);
  } else {
    visit_table(file, options, visit);
  }
}

}  // namespace epicrisis
