#include "notes/exchange/published_texts.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "epicrisis/data/sample_key.h"
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

TextForm form_of(const Path& file, const std::vector<std::string>& columns,
                 const NoteImportOptions& options) {
  if (!options.key_field.empty() && !options.text_field.empty()) {
    TextForm own;
    own.key = options.key_field;
    own.texts = {{options.text_field, "", "", "", ""}};
    const std::vector<std::string> wanted = {own.key, options.text_field};
    if (has_all(columns, wanted)) return own;
    throw UsageError("notes import: {} lacks one of the columns {}; it has {}", file.string(),
                     join(wanted, ", "), join(columns, ", "));
  }
  std::vector<std::string> known;
  for (const std::string& name : notes_resources().names(kFolder)) {
    TextForm form = read_form(name);
    if (has_all(columns, form.wanted)) return form;
    known.push_back(fmt::format("{} ({})", form.describe, join(form.wanted, ", ")));
  }
  throw UsageError(
      "notes import: the columns of {} are those of no image-text set that is known here; name "
      "those of key and text (`key_field`, `text_field`). Known are {}",
      file.string(), join(known, "; "));
}

using Cell = std::function<std::string(const std::string& column)>;

// The text of "{"answer": "..."}"; a fault for anything else.
void unpack_answer(const std::string& key, IncomingNote& note) {
  try {
    const Json object = parse_json(note.text, "the answer");
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
    note.dataset = options.dataset.empty() ? form.data_set : options.dataset;
    note.key = without_picture_suffix(trim(cell(form.key)));
    const bool takes_name = !options.strategy.empty() && form.texts.size() == 1;
    note.strategy = takes_name ? options.strategy : column.strategy;
    note.text = cell(column.column);
    if (!form.describe.empty()) {
      note.origin = "image";
      note.parameters["written_by"] = column.author;
      note.parameters["published_as"] = form.describe;
      note.parameters["terms"] = form.terms;
    }
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

void visit_table(const Path& file, const NoteImportOptions& options,
                 const std::function<void(const IncomingNote&)>& visit) {
  CsvReader reader(file);
  const TextForm form = form_of(file, reader.header(), options);
  while (reader.next()) {
    visit_row(
        form, options, reader.place(),
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
  const TextForm form = form_of(file, columns, options);
  std::size_t number = 0;
  for (const Json& object : list) {
    const auto cell = [&](const std::string& column) -> std::string {
      const auto value = object.find(column);
      if (!object.is_object() || value == object.end() || value->is_null()) return {};
      return value->is_string() ? value->get<std::string>() : dump_json(*value);
    };
    visit_row(form, options, fmt::format("{}[{}]", file.string(), number++), cell, visit);
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
