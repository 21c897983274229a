#include "epicrisis/data/taxonomy.h"

#include <array>
#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/resources.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::string_view kFolder = "taxonomy/";
constexpr std::string_view kSuffix = ".toml";
constexpr std::string_view kClasses = "classes";  // defines the classes, maps nothing
constexpr std::string_view kLexicon = "lexicon";  // words of notes: text/lexicon.h
constexpr std::size_t kMaxText = 300;             // bytes of one word or phrase

struct ClassInfo {
  std::string name;
  std::string words;
  std::string malignancy;
};

bool is_malignancy(std::string_view text) {
  return text == "benign" || text == "pre-cancerous" || text == "malignant";
}

const std::array<ClassInfo, kLabelCount>& classes() {
  static const std::array<ClassInfo, kLabelCount> kClassInfos = [] {
    std::array<ClassInfo, kLabelCount> infos;
    const TomlTable file =
        TomlTable::parse(resource("taxonomy/classes.toml"), "taxonomy/classes.toml");
    const std::vector<TomlTable> tables = file.tables_or_empty("class");
    if (tables.size() != infos.size()) {
      throw InternalError("taxonomy/classes.toml: {} classes, {} were expected", tables.size(),
                          infos.size());
    }
    for (std::size_t i = 0; i < infos.size(); ++i) {
      infos[i] = {tables[i].string("name"), tables[i].string("words"),
                  tables[i].string("malignancy")};
      if (!is_malignancy(infos[i].malignancy)) {
        throw InternalError("{}: malignancy '{}'", tables[i].place("malignancy"),
                            infos[i].malignancy);
      }
    }
    file.finish();
    return infos;
  }();
  return kClassInfos;
}

const ClassInfo& info(Label label) {
  const auto index = static_cast<std::size_t>(label);
  if (index >= classes().size()) throw InternalError("class number {} does not exist", index);
  return classes()[index];
}

std::string fold(std::string_view text) { return ascii_lower(trim(text)); }

std::string phrase(const TomlTable& table, std::string_view key, std::string fallback) {
  std::string text = table.string_or(key, std::move(fallback));
  if (text.size() > kMaxText) {
    throw UsageError("{}: '{}' has {} bytes, at most {} are allowed", table.place(key), key,
                     text.size(), kMaxText);
  }
  return text;
}

Mapping read_mapping(const TomlTable& table) {
  Mapping mapping;
  const std::string label = table.string("label");
  if (!label.empty()) {
    mapping.label = parse_label(label);
    if (!mapping.label) {
      std::vector<std::string> known;
      for (const ClassInfo& one : classes()) known.push_back(one.name);
      throw UsageError("{}: label '{}' is no class; use one of {}, or \"\" for no class",
                       table.place("label"), label, join(known, ", "));
    }
  }
  const auto or_default = [&](std::string_view (*of)(Label)) {
    return mapping.label ? std::string(of(*mapping.label)) : std::string();
  };
  mapping.malignancy = phrase(table, "malignancy", or_default(label_malignancy));
  if (!mapping.malignancy.empty() && !is_malignancy(mapping.malignancy)) {
    throw UsageError("{}: malignancy '{}'; use benign, pre-cancerous, malignant or \"\"",
                     table.place("malignancy"), mapping.malignancy);
  }
  mapping.diagnosis = phrase(table, "diagnosis", or_default(label_words));
  mapping.subclass = phrase(table, "subclass", "");
  if (const std::optional<TomlTable> findings = table.table_if("findings")) {
    for (const std::string& name : findings->keys()) {
      mapping.findings.push_back({name, findings->string(name)});
    }
  }
  return mapping;
}

}  // namespace

std::string_view label_name(Label label) { return info(label).name; }
std::string_view label_words(Label label) { return info(label).words; }
std::string_view label_malignancy(Label label) { return info(label).malignancy; }

std::optional<Label> parse_label(std::string_view text) {
  const std::string folded = fold(text);
  for (int i = 0; i < kLabelCount; ++i) {
    const ClassInfo& one = classes()[static_cast<std::size_t>(i)];
    if (folded == fold(one.name) || folded == fold(one.words) || folded == std::to_string(i)) {
      return static_cast<Label>(i);
    }
  }
  return std::nullopt;
}

std::vector<std::string> Taxonomy::names() {
  std::vector<std::string> names;
  for (const std::string& resource : resource_names(kFolder)) {
    std::string_view name = resource;
    name.remove_prefix(kFolder.size());
    if (!name.ends_with(kSuffix)) continue;
    name.remove_suffix(kSuffix.size());
    if (name != kClasses && name != kLexicon) names.emplace_back(name);
  }
  return names;
}

Taxonomy Taxonomy::load(std::string_view name_or_path) {
  if (name_or_path.find('/') != std::string_view::npos || name_or_path.ends_with(kSuffix)) {
    const TomlTable table = TomlTable::parse_file(Path(name_or_path));
    Taxonomy taxonomy = from_table(table);
    table.finish();
    return taxonomy;
  }
  const std::string name = std::string(kFolder) + std::string(name_or_path) + std::string(kSuffix);
  if (name_or_path == kClasses || name_or_path == kLexicon || !has_resource(name)) {
    const std::vector<std::string> known = names();
    const std::optional<std::string> near = nearest_name(name_or_path, known);
    throw UsageError(
        "taxonomy '{}' is not built in{}; there are {}; a file of yours is given by its path",
        name_or_path, near ? " (did you mean '" + *near + "'?)" : "", join(known, ", "));
  }
  return parse(resource(name), name);
}

Taxonomy Taxonomy::parse(std::string_view toml, std::string name) {
  const TomlTable table = TomlTable::parse(toml, std::move(name));
  Taxonomy taxonomy = from_table(table);
  table.finish();
  return taxonomy;
}

Taxonomy Taxonomy::from_table(const TomlTable& table) {
  Taxonomy taxonomy;
  taxonomy.name_ = table.name();
  for (const TomlTable& entry : table.tables_or_empty("map")) {
    const std::vector<std::string> raw_labels = entry.strings_or("raw", {});
    if (raw_labels.empty()) {
      throw UsageError("{}: 'raw' must list at least one raw label", entry.place());
    }
    const bool raw_is_diagnosis = entry.boolean_or("diagnosis_is_raw", false);
    const Mapping mapping = read_mapping(entry);
    for (const std::string& raw : raw_labels) {
      const auto [position, is_new] = taxonomy.labels_.emplace(fold(raw), mapping);
      if (!is_new) {
        throw UsageError("{}: the raw label '{}' is mapped twice", entry.place("raw"), raw);
      }
      if (raw_is_diagnosis) position->second.diagnosis = fold(raw);
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

const Mapping* Taxonomy::find(std::string_view raw_label) const {
  const auto position = labels_.find(fold(raw_label));
  return position == labels_.end() ? nullptr : &position->second;
}

const std::string* Taxonomy::words(std::string_view finding, std::string_view value) const {
  const auto values = words_.find(finding);
  if (values == words_.end()) return nullptr;
  const auto position = values->second.find(fold(value));
  return position == values->second.end() ? nullptr : &position->second;
}

}  // namespace epicrisis
