#include "data/adapters/table_map.h"

#include <array>
#include <utility>

#include "data/adapters/tables.h"
#include "data/published_split.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

struct NamedColumn {
  const char* key;
  ColumnNames ColumnMap::*member;
};

constexpr std::array<NamedColumn, 10> kNamedColumns = {{
    {"picture", &ColumnMap::picture},
    {"label", &ColumnMap::label},
    {"group", &ColumnMap::group},
    {"split", &ColumnMap::split},
    {"diagnosis", &ColumnMap::diagnosis},
    {"subclass", &ColumnMap::subclass},
    {"age", &ColumnMap::age},
    {"sex", &ColumnMap::sex},
    {"site", &ColumnMap::site},
    {"modality", &ColumnMap::modality_column},
}};

void read_pictures(const TomlTable& table, TableMap& map) {
  const std::vector<std::string> folders = table.strings_or("folders", {});
  if (!folders.empty()) map.pictures.usual = {folders};
  map.picture_folders = folders;
  map.pictures.recursive = table.boolean_or("recursive", false);
  map.picture_pattern = table.string_or("pattern", "");
  map.pictures.match = read_picture_match(table, PictureMatch::kStem);
  if (!map.picture_pattern.empty() && map.picture_pattern.find("{id}") == std::string::npos) {
    throw UsageError("{}: pattern '{}' has no {{id}}", table.place("pattern"), map.picture_pattern);
  }
}

// The input's label map, else the one that the file names, else that of its field; what the file
// says of labels, words and missing cells is laid over it.
Taxonomy taxonomy_of(const TomlTable& file, const AdapterInput& input) {
  const Field wanted = Taxonomy::field_of(file, input.field.value_or(Field::standard()));
  const std::string named = file.string_or("taxonomy", "");
  const std::string name = input.taxonomy.empty() ? named : input.taxonomy;
  // taxonomy = "": its own [[map]] alone.
  if (name.empty() && file.has("taxonomy")) return Taxonomy::from_table(file, wanted);
  Taxonomy taxonomy = name.empty() ? Taxonomy::usual(wanted) : Taxonomy::load(name, wanted);
  if (file.has("field")) {
    require_same_field(file.place("field") + ": the label map " + taxonomy.name(), taxonomy.field(),
                       wanted);
  }
  taxonomy.extend(Taxonomy::from_table(file, taxonomy.field()));
  return taxonomy;
}

}  // namespace

FindingColumns read_finding(const TomlTable& table) {
  FindingColumns finding;
  finding.name = table.string("name");
  finding.columns = table.strings_or("columns", {finding.name});
  finding.between = table.string_or("between", finding.between);
  finding.unit = table.string_or("unit", "");
  finding.none = table.string_or("none", "");
  if (finding.name.empty() || finding.columns.empty()) {
    throw UsageError("{}: a finding needs a name and at least one column", table.place());
  }
  if (const std::optional<TomlTable> words = table.table_if("words")) {
    for (const std::string& column : words->keys()) {
      const TomlTable values = words->table(column);
      for (const std::string& value : values.keys()) {
        finding.words[column][ascii_lower(trim(value))] = values.string(value);
      }
    }
  }
  return finding;
}

PictureMatch read_picture_match(const TomlTable& table, PictureMatch usual) {
  const std::string match =
      table.string_or("match", usual == PictureMatch::kPath ? "path" : "stem");
  if (match != "stem" && match != "path") {
    throw UsageError("{}: match = '{}'; use \"stem\" or \"path\"", table.place("match"), match);
  }
  return match == "path" ? PictureMatch::kPath : PictureMatch::kStem;
}

ColumnMap read_columns(const TomlTable& table, const Field& field) {
  ColumnMap map;
  map.id = table.string_or("id", "");
  const auto names_of = [&](std::string_view key) {
    std::vector<std::string> names = table.strings_or(key, {});
    const bool is_given = !names.empty();
    std::erase(names, "");
    if (is_given && names.empty()) map.said_absent.emplace(key);
    return ColumnNames(std::move(names));
  };
  for (const NamedColumn& column : kNamedColumns) map.*column.member = names_of(column.key);
  if (!field.grade_name().empty()) map.grade = names_of(field.grade_name());
  for (const CodedColumn& coded : field.coded()) {
    if (!table.has(coded.column)) continue;
    if (ColumnNames names = names_of(coded.column); !names.empty()) {
      map.coded[coded.column] = std::move(names);
    }
  }
  table.finish();
  return map;
}

std::map<std::string, std::string> read_splits(const TomlTable& table) {
  std::map<std::string, std::string> splits;
  for (const std::string& value : table.keys()) {
    const std::string name = table.string(value);
    const std::optional<std::string> split =
        name.empty() ? std::optional(name) : published_split_name(name);
    if (!split) {
      throw UsageError("{}: '{}' is no split; use train, validation or test, or \"\" for none",
                       table.place(value), name);
    }
    splits[ascii_lower(trim(value))] = *split;
  }
  return splits;
}

std::optional<Path> own_column_map(const Path& folder) {
  return find_table(folder, {"columns.toml"});
}

bool names_table(const Path& column_map) {
  try {
    return !TomlTable::parse_file(column_map).string_or("table", "").empty();
  } catch (const Error&) {
    return false;
  }
}

TableMap read_table_map(const Path& path, const AdapterInput& input) {
  const TomlTable file = TomlTable::parse_file(path);
  TableMap map(taxonomy_of(file, input));
  const Field& field = map.taxonomy.field();
  map.table = file.string_or("table", "");
  if (file.has("separator")) {
    const std::string separator = file.string("separator");
    if (separator.size() != 1) {
      throw UsageError("{}: separator '{}' is not one character", file.place("separator"),
                       separator);
    }
    map.separator = separator[0];
  }
  if (const std::optional<TomlTable> columns = file.table_if("columns")) {
    map.columns = read_columns(*columns, field);
  }
  map.columns.modality = file.string_or("modality", "");
  for (const TomlTable& finding : file.tables_or_empty("finding")) {
    map.columns.findings.push_back(read_finding(finding));
  }
  if (const auto pictures = file.table_if("pictures")) read_pictures(*pictures, map);
  if (const auto splits = file.table_if("splits")) map.splits = read_splits(*splits);
  file.finish();
  return map;
}

void tell_of_map(const ColumnMap& map, AdapterReport& report) {
  report.no_label_column = map.label.empty();
  report.said_without_label = map.said_absent.contains("label");
  report.said_without_group = map.said_absent.contains("group");
}

void apply_table_map(const TableMap& map, Draft& draft) {
  if (!map.picture_pattern.empty()) {
    constexpr std::string_view kHole = "{id}";
    draft.picture = map.picture_pattern;
    draft.picture.replace(draft.picture.find(kHole), kHole.size(),
                          without_picture_suffix(trim(draft.id)));
  }
  for (std::string& split : draft.sample.published_splits) {
    const auto position = map.splits.find(ascii_lower(trim(split)));
    if (position == map.splits.end()) continue;
    // "none" is a word for it; an empty cell would say nothing.
    split = position->second.empty() ? "none" : position->second;
  }
}

std::vector<std::string> named_columns(const ColumnMap& map) {
  std::vector<std::string> names;
  if (!map.id.empty()) names.push_back(map.id);
  for (const NamedColumn& column : kNamedColumns) {
    names.insert(names.end(), (map.*column.member).begin(), (map.*column.member).end());
  }
  names.insert(names.end(), map.grade.begin(), map.grade.end());
  for (const auto& [name, columns] : map.coded) {
    names.insert(names.end(), columns.begin(), columns.end());
  }
  for (const FindingColumns& finding : map.findings) {
    names.insert(names.end(), finding.columns.begin(), finding.columns.end());
  }
  return names;
}

}  // namespace epicrisis
