// What is asked of readers, and how their sheets are read.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>

#include "audit/claim_words.h"
#include "epicrisis/audit/review.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"

namespace epicrisis::audit {
namespace {

constexpr std::size_t kMaxField = std::size_t{64} << 20;
constexpr std::string_view kNone = "none";

// What a sheet tells the reader. Of it note_id, dataset, key and note are looked at when it comes
// back.
constexpr std::array<std::string_view, 11> kGiven = {"note_id",  "dataset", "key",     "strategy",
                                                     "provider", "model",   "variant", "known",
                                                     "claims",   "verdict", "note"};

std::vector<std::string> values_of(const ClaimWords& words, Kind kind) {
  std::set<std::string> values;
  for (std::size_t i = 0; i < words.lexicon().concepts().size(); ++i) {
    if (words.kind(i) != kind) continue;
    const std::string& value = words.at(i).value;
    values.insert(value.empty() ? words.at(i).id : value);
    for (const Mark mark : {Mark::kLight, Mark::kDark, Mark::kMedium}) {
      if (const std::string_view shade = words.shade(value, mark); !shade.empty()) {
        values.emplace(shade);
      }
    }
  }
  return {values.begin(), values.end()};
}

const std::string* match(const std::vector<std::string>& values, std::string_view given) {
  const std::string lower = ascii_lower(given);
  for (const std::string& value : values) {
    if (ascii_lower(value) == lower) return &value;
  }
  return nullptr;
}

[[noreturn]] void refuse_value(const std::string& place, const ReviewKey& key,
                               std::string_view given) {
  const std::string cut = clean_text(given, 80);
  const auto nearest = nearest_name(cut, key.values);
  throw InputError("{}: {} = '{}' is none of its values{}: {}", place, key.name, cut,
                   nearest ? fmt::format("; did you mean '{}'?", *nearest) : "",
                   key.values.empty() ? "yes, no" : join(key.values, ", ") + ", none");
}

// What a cell says; nothing for one without an answer.
std::optional<Json> read_answer(const ReviewKey& key, std::string_view cell,
                                const std::string& place) {
  cell = trim(cell);
  if (cell.empty()) return std::nullopt;
  const std::string lower = ascii_lower(cell.substr(0, 16));
  switch (key.kind) {
    case AnswerKind::kYesNo:
      if (lower == "yes" || lower == "y" || lower == "true" || lower == "1") return Json(true);
      if (lower == "no" || lower == "n" || lower == "false" || lower == "0") return Json(false);
      refuse_value(place, key, cell);
    case AnswerKind::kText:
      if (lower == kNone && cell.size() == kNone.size()) return Json();
      return Json(clean_multiline_text(cell, 4096));
    case AnswerKind::kOne: {
      if (lower == kNone) return Json();
      const std::string* value = match(key.values, cell);
      if (value == nullptr) refuse_value(place, key, cell);
      return Json(*value);
    }
    default:
      break;
  }
  std::set<std::string> values;
  if (lower == kNone && cell.size() == kNone.size()) return Json::array();
  std::string list(cell);
  std::ranges::replace(list, ';', ',');
  std::ranges::replace(list, '|', ',');
  for (const std::string& part : split(list, ',')) {
    const std::string_view one = trim(part);
    if (one.empty()) continue;
    const std::string* value = match(key.values, one);
    if (value == nullptr) refuse_value(place, key, one);
    values.insert(*value);
  }
  return Json(std::vector<std::string>(values.begin(), values.end()));
}

// Rows of a sheet with one look at what all forms have in common.
class SheetReader {
 public:
  SheetReader(const std::vector<ReviewKey>& keys, std::string_view source)
      : keys_(keys), source_(source) {}

  std::string place(std::uint64_t line) const { return fmt::format("{}:{}", source_, line); }

  void check_name(const std::string& name, const std::string& where) const {
    std::vector<std::string> known(kGiven.begin(), kGiven.end());
    for (const ReviewKey& key : keys_) known.push_back(key.name);
    if (std::ranges::find(known, name) != known.end()) return;
    const std::string cut = clean_text(name, 80);
    const auto nearest = nearest_name(cut, known);
    throw InputError("{}: a review sheet has no '{}'{}; there are {}", where, cut,
                     nearest ? fmt::format("; did you mean '{}'?", *nearest) : "",
                     join(known, ", "));
  }

  using Cell = std::function<std::optional<std::string>(const std::string& name)>;
  void add(const Cell& cell, std::uint64_t line) {
    ReviewRow row;
    row.line = line;
    const auto needed = [&](const char* name) {
      auto text = cell(name);
      if (!text) throw InputError("{}: the sheet lacks '{}'", place(line), name);
      return *text;
    };
    row.note_hash = std::string(trim(needed("note_id")));
    row.dataset = std::string(trim(needed("dataset")));
    row.key = std::string(trim(needed("key")));
    if (row.note_hash != review_hash(row.dataset, row.key, needed("note"))) {
      throw InputError(
          "{}: note_id is not that of this note: note_id, dataset, key or note of '{}' was changed. "
          "Take these four as they were exported",
          place(line), clean_text(row.key, 80));
    }
    const auto before = lines_.try_emplace(row.note_hash, line);
    if (!before.second) {
      throw InputError("{}: the note of '{}' is in line {} already", place(line),
                       clean_text(row.key, 80), before.first->second);
    }
    for (const ReviewKey& key : keys_) {
      const auto text = cell(key.name);
      if (!text) continue;
      if (auto answer = read_answer(key, *text, place(line))) {
        row.labels[key.name] = std::move(*answer);
      }
    }
    rows_.push_back(std::move(row));
  }
  std::vector<ReviewRow> take() { return std::move(rows_); }

 private:
  const std::vector<ReviewKey>& keys_;
  std::string source_;
  std::map<std::string, std::uint64_t> lines_;
  std::vector<ReviewRow> rows_;
};

void read_csv(std::string text, const std::string& source, SheetReader& sheet) {
  CsvOptions options;
  options.max_field = kMaxField;
  CsvReader csv = CsvReader::from_text(std::move(text), source, options);
  for (const std::string& name : csv.header()) {
    if (!name.empty()) sheet.check_name(name, sheet.place(1));
  }
  csv.take_short_rows();
  while (csv.next()) {
    const bool empty = std::ranges::all_of(
        csv.row(), [](const std::string& field) { return trim(field).empty(); });
    if (empty) continue;
    sheet.add(
        [&](const std::string& name) -> std::optional<std::string> {
          if (!csv.has_column(name)) return std::nullopt;
          return without_formula_guard(csv.get_or_empty(name));
        },
        csv.line());
  }
}

std::string cell_of(const Json& value, const std::string& name, const std::string& place) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_integer()) return std::to_string(value.get<std::int64_t>());
  if (value.is_array() && value.empty()) return std::string(kNone);
  if (value.is_array() &&
      std::ranges::all_of(value, [](const Json& one) { return one.is_string(); })) {
    return join(value.get<std::vector<std::string>>(), ";");
  }
  throw InputError("{}: '{}' is neither a text, a list of texts nor true or false", place, name);
}

void read_json_lines(const std::string& text, SheetReader& sheet) {
  std::uint64_t number = 0;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = trim(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty()) continue;
    const std::string place = sheet.place(number);
    const Json object = parse_json(line, place);
    if (!object.is_object()) throw InputError("{}: the line is no JSON object", place);
    for (const auto& [name, value] : object.items()) sheet.check_name(name, place);
    sheet.add(
        [&](const std::string& name) -> std::optional<std::string> {
          const auto found = object.find(name);
          if (found == object.end()) return std::nullopt;
          return cell_of(*found, name, place);
        },
        number);
  }
}

}  // namespace

std::vector<ReviewKey> review_keys(const ClaimReader& reader) {
  const ClaimWords& words = reader.words();
  const Field& field = words.field();
  std::vector<std::string> classes;
  for (const ClassId id : field.class_ids()) classes.push_back(field.at(id).name);
  std::vector<ReviewKey> keys;
  const auto add = [&](std::string name, AnswerKind kind, std::vector<std::string> values = {}) {
    keys.push_back({std::move(name), kind, std::move(values)});
  };
  add("diagnosis", AnswerKind::kOne, classes);
  add("diagnosis_hedged", AnswerKind::kYesNo);
  add("diagnoses_other", AnswerKind::kSome, classes);
  add("diagnoses_denied", AnswerKind::kSome, classes);
  std::vector<std::string> wrong = {"diagnosis"};
  if (const std::string& grade = field.grade_name(); !grade.empty()) {
    add(grade, AnswerKind::kOne, field.grades());
    add(grade + "_hedged", AnswerKind::kYesNo);
    wrong.push_back(grade);
  }
  wrong.insert(wrong.end(), {"site", "age", "sex"});
  const auto of = [&](const char* name, Kind kind, AnswerKind answer) {
    const std::vector<std::string> values = values_of(words, kind);
    if (values.empty()) return;
    add(name, answer, values);
    if (kind == Kind::kColours || kind == Kind::kStructures) {
      add(std::string(name) + "_denied", AnswerKind::kSome, values);
    }
  };
  of("asymmetry", Kind::kAsymmetry, AnswerKind::kOne);
  of("border", Kind::kBorder, AnswerKind::kSome);
  of("colours", Kind::kColours, AnswerKind::kSome);
  of("structures", Kind::kStructures, AnswerKind::kSome);
  of("elevation", Kind::kElevation, AnswerKind::kSome);
  of("site", Kind::kSite, AnswerKind::kOne);
  add("age", AnswerKind::kText);
  of("sex", Kind::kSex, AnswerKind::kOne);
  for (const char* name : {"size_asserted", "symptoms_asserted", "history_asserted", "advice"}) {
    add(name, AnswerKind::kYesNo);
  }
  add("wrong", AnswerKind::kSome, wrong);
  add("remarks", AnswerKind::kText);
  keys.back().compared = false;
  return keys;
}

std::string review_hash(std::string_view dataset, std::string_view key, std::string_view text) {
  std::string words;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!space) {
      words += c;
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  return sha256_of_fields({dataset, key, trim(words)});
}

std::vector<ReviewRow> parse_review(std::string text, SheetForm form,
                                    const std::vector<ReviewKey>& keys, std::string_view source) {
  SheetReader sheet(keys, source);
  if (form == SheetForm::kCsv) {
    read_csv(std::move(text), std::string(source), sheet);
  } else {
    read_json_lines(text, sheet);
  }
  return sheet.take();
}

}  // namespace epicrisis::audit
