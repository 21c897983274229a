#include "epicrisis/data/taxonomy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "data/resources.h"
#include "data/values.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kFolder = "taxonomy/";
constexpr std::string_view kSuffix = ".toml";
constexpr std::size_t kMaxText = 300;  // bytes of one word or phrase

std::string fold(std::string_view text) { return ascii_lower(trim(text)); }

// "Well-known_Thing" as "well known thing", "Author's" as "authors"; "-1" stays.
std::string loose(std::string_view text) {
  std::string result;
  for (const char c : fold_value(text)) {
    if (c == '\'') continue;
    const bool after_letter = !result.empty() && !is_digit(result.back());
    result += c == '-' && after_letter ? ' ' : c;
  }
  return clean_text(result, kMaxText);
}

// Whether one is the other but for two letters, or in a short word one, of one place.
bool is_slip(std::string_view a, std::string_view b) {
  const std::size_t shorter = std::min(a.size(), b.size());
  const std::size_t longer = std::max(a.size(), b.size());
  if (shorter < 5) return false;
  std::size_t start = 0;
  while (start < shorter && a[start] == b[start]) ++start;
  std::size_t end = 0;
  while (end < shorter - start && a[a.size() - 1 - end] == b[b.size() - 1 - end]) ++end;
  return longer - start - end <= (shorter < 8 ? 1U : 2U);
}

std::string phrase(const TomlTable& table, std::string_view key, std::string fallback) {
  std::string text = table.string_or(key, std::move(fallback));
  if (text.size() > kMaxText) {
    throw UsageError("{}: '{}' has {} bytes, at most {} are allowed", table.place(key), key,
                     text.size(), kMaxText);
  }
  return text;
}

Mapping read_mapping(const TomlTable& table, const Field& field) {
  Mapping mapping;
  const std::string label = table.string("label");
  mapping.left_open = label == kOpenLabel;
  FieldClass implied;
  if (!label.empty() && !mapping.left_open) {
    mapping.label = field.find_class(label);
    if (!mapping.label) {
      throw UsageError(
          "{}: label '{}' is no class of the field '{}'; use one of {}, or \"\" for no class",
          table.place("label"), label, field.name(), field.class_names());
    }
    implied = field.at(*mapping.label);
  }
  if (const std::string& grade = field.grade_name(); !grade.empty()) {
    mapping.grade = phrase(table, grade, implied.grade);
    if (!mapping.grade.empty() && !field.is_grade(mapping.grade)) {
      throw UsageError("{}: {} '{}'; use {} or \"\"", table.place(grade), grade, mapping.grade,
                       join(field.grades(), ", "));
    }
  }
  mapping.diagnosis = phrase(table, "diagnosis", implied.words);
  mapping.subclass = phrase(table, "subclass", "");
  if (const std::optional<TomlTable> findings = table.table_if("findings")) {
    for (const std::string& name : findings->keys()) {
      mapping.findings.push_back({name, findings->string(name)});
    }
  }
  return mapping;
}

}  // namespace

std::vector<std::string> Taxonomy::names() {
  std::vector<std::string> names;
  for (const std::string& file : data_resources().names(kFolder)) {
    std::string_view name = file;
    name.remove_prefix(kFolder.size());
    if (!name.ends_with(kSuffix) || name.find('/') != std::string_view::npos) continue;
    name.remove_suffix(kSuffix.size());
    names.emplace_back(name);
  }
  return names;
}

Taxonomy Taxonomy::load(std::string_view name_or_path, const Field& field) {
  if (names_toml_file(name_or_path)) {
    return whole_file(TomlTable::parse_file(Path(name_or_path)), field);
  }
  const std::string name = std::string(kFolder) + std::string(name_or_path) + std::string(kSuffix);
  if (!data_resources().has(name)) {
    const std::vector<std::string> known = names();
    const std::optional<std::string> near = nearest_name(name_or_path, known);
    throw UsageError(
        "taxonomy '{}' is not built in{}; there are {}; a file of yours is given by its path",
        name_or_path, near ? " (did you mean '" + *near + "'?)" : "", join(known, ", "));
  }
  return parse(data_resources().get(name), name, field);
}

Taxonomy Taxonomy::parse(std::string_view toml, std::string name, const Field& field) {
  return whole_file(TomlTable::parse(toml, std::move(name)), field);
}

Taxonomy Taxonomy::whole_file(const TomlTable& table, const Field& field) {
  Taxonomy own = from_table(table, field);
  const std::string base = table.string_or("extends", "");
  // The same file may describe the data set's tables, for src/data/adapters/described.cc.
  if (table.has("data_set")) table.table("data_set").to_json();
  table.finish();
  if (base.empty()) return own;
  // A file of the user's own could extend itself.
  if (names_toml_file(base)) {
    throw UsageError("{}: extends = '{}'; a built-in label map can be extended: {}",
                     table.place("extends"), base, join(names(), ", "));
  }
  Taxonomy taxonomy = load(base, own.field());
  require_same_field(table.place("extends") + ": the label map " + base, taxonomy.field(),
                     own.field());
  taxonomy.extend(own);
  return taxonomy;
}

void Taxonomy::extend(const Taxonomy& own) {
  if (own.size() > 0) name_ += " with " + own.name_;
  // What the own map says of a label stands for every spelling of it.
  for (const auto& [spelling, raw] : own.loose_) loose_.erase(spelling);
  for (const auto& [raw, mapping] : own.labels_) {
    labels_.erase(raw);
    add_label(raw, mapping);
  }
  for (const auto& [finding, values] : own.words_) {
    for (const auto& [value, words] : values) words_[finding].insert_or_assign(value, words);
  }
  for (const auto& [value, says_nothing] : own.missing_) {
    missing_.insert_or_assign(value, says_nothing);
  }
}

bool Taxonomy::is_missing(std::string_view value) const {
  if (!missing_.empty()) {
    const auto position = missing_.find(fold_value(value));
    if (position != missing_.end()) return position->second;
  }
  return epicrisis::is_missing(value);
}

bool Taxonomy::names_missing(std::string_view value) const {
  const auto position = missing_.find(fold_value(value));
  return position != missing_.end() && position->second;
}

bool Taxonomy::is_missing_number(std::string_view value) const {
  const auto position = missing_.find(fold_value(value));
  return (position == missing_.end() || position->second) && epicrisis::is_missing_number(value);
}

Field Taxonomy::field_of(const TomlTable& table, const Field& wanted) {
  const std::string name = table.string_or("field", wanted.name());
  if (name == wanted.name()) return wanted;
  try {
    return Field::load(name);
  } catch (const UsageError& error) {
    throw UsageError("{}: {}", table.place("field"), error.what());
  }
}

Taxonomy Taxonomy::from_table(const TomlTable& table, const Field& field) {
  Taxonomy taxonomy(field_of(table, field));
  taxonomy.name_ = table.name();
  for (const TomlTable& entry : table.tables_or_empty("map")) {
    const std::vector<std::string> raw_labels = entry.strings_or("raw", {});
    if (raw_labels.empty()) {
      throw UsageError("{}: 'raw' must list at least one raw label", entry.place());
    }
    const bool raw_is_diagnosis = entry.boolean_or("diagnosis_is_raw", false);
    const Mapping mapping = read_mapping(entry, taxonomy.field_);
    for (const std::string& raw : raw_labels) {
      if (taxonomy.labels_.contains(fold(raw))) {
        throw UsageError("{}: the raw label '{}' is mapped twice", entry.place("raw"), raw);
      }
      Mapping own = mapping;
      if (raw_is_diagnosis) own.diagnosis = fold(raw);
      taxonomy.add_label(fold(raw), own);
    }
  }
  for (const auto& [key, says_nothing] : {std::pair("missing", true), std::pair("keep", false)}) {
    for (const std::string& value : table.strings_or(key, {})) {
      taxonomy.missing_[fold_value(value)] = says_nothing;
    }
  }
  if (const std::optional<TomlTable> words = table.table_if("words")) {
    for (const std::string& finding : words->keys()) {
      const TomlTable values = words->table(finding);
      for (const std::string& value : values.keys()) {
        taxonomy.words_[finding][fold(value)] = phrase(values, value, "");
      }
    }
  }
  return taxonomy;
}

Taxonomy Taxonomy::usual(const Field& field) {
  if (!field.labels().empty()) return load(field.labels(), field);
  Taxonomy taxonomy(field);
  taxonomy.name_ = field.name();
  for (const ClassId id : field.class_ids()) {
    const FieldClass& one = field.at(id);
    const Mapping mapping = {id, one.grade, one.words, "", {}};
    taxonomy.add_label(fold(one.name), mapping);
    taxonomy.add_label(fold(one.words), mapping);
  }
  return taxonomy;
}

void Taxonomy::add_label(const std::string& folded, const Mapping& mapping) {
  labels_.emplace(folded, mapping);
  const std::string spelling = loose(folded);
  if (spelling.empty()) return;
  const auto [position, is_new] = loose_.emplace(spelling, folded);
  if (is_new || position->second.empty()) return;
  const Mapping& other = labels_.at(position->second);
  if (other.label != mapping.label || other.grade != mapping.grade) position->second.clear();
}

const Mapping* Taxonomy::find(std::string_view raw_label) const {
  auto position = labels_.find(fold(raw_label));
  if (position == labels_.end()) {
    const auto alike = loose_.find(loose(raw_label));
    if (alike != loose_.end() && !alike->second.empty()) position = labels_.find(alike->second);
  }
  return position == labels_.end() ? nullptr : &position->second;
}

std::optional<KnownLabel> Taxonomy::nearly(std::string_view raw_label) const {
  const std::string wanted = loose(raw_label);
  for (const auto& [spelling, raw] : loose_) {
    const auto known = labels_.find(raw);
    if (known == labels_.end() || !known->second.label || !is_slip(spelling, wanted)) continue;
    return KnownLabel{known->first, *known->second.label};
  }
  return std::nullopt;
}

const std::string* Taxonomy::words(std::string_view finding, std::string_view value) const {
  const auto values = words_.find(finding);
  if (values == words_.end()) return nullptr;
  const auto position = values->second.find(fold(value));
  return position == values->second.end() ? nullptr : &position->second;
}

}  // namespace epicrisis
