#include "data/adapters/data_set_file.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <utility>

#include "data/adapters/table_map.h"
#include "data/adapters/tables.h"
#include "data/values.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

TableFiles read_table_files(const TomlTable& table) {
  TableFiles files;
  files.files = table.strings_or("files", {});
  files.requires_columns = table.strings_or("requires", {});
  files.lacks_columns = table.strings_or("lacks", {});
  files.header = table.strings_or("header", {});
  files.several = table.boolean_or("several", false);
  files.split = table.string_or("split", "");
  files.id = table.string_or("id", "");
  if (files.files.empty()) throw UsageError("{}: 'files' names none", table.place());
  return files;
}

void require_pattern(const TomlTable& table, std::string_view key, const std::string& pattern) {
  const RE2 expression(pattern, RE2::Quiet);
  if (!expression.ok()) throw UsageError("{}: {}", table.place(key), expression.error());
}

PathForm read_path_form(const TomlTable& table) {
  PathForm form;
  form.pattern = table.string("pattern");
  form.modality = table.string_or("modality", "");
  require_pattern(table, "pattern", form.pattern);
  return form;
}

std::set<std::string, std::less<>> folded_names(const TomlTable& table, std::string_view key) {
  std::set<std::string, std::less<>> names;
  for (const std::string& name : table.strings_or(key, {})) names.insert(fold_value(name));
  return names;
}

RowRule read_rule(const TomlTable& table) {
  RowRule rule;
  rule.column = table.string("column");
  rule.starts = table.string("starts");
  rule.skip = table.string_or("skip", "");
  rule.warn = table.string_or("warn", "");
  return rule;
}

bool is_pattern(std::string_view name) { return name.find('*') != std::string_view::npos; }

// '*' stands for any text; ASCII case apart.
bool fits_pattern(std::string_view pattern, std::string_view name) {
  const std::vector<std::string> parts = split(ascii_lower(pattern), '*');
  const std::string folded = ascii_lower(name);
  std::string_view rest = folded;
  if (!rest.starts_with(parts.front())) return false;
  rest.remove_prefix(parts.front().size());
  for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
    const std::size_t at = rest.find(parts[i]);
    if (at == std::string_view::npos) return false;
    rest.remove_prefix(at + parts[i].size());
  }
  return parts.size() == 1 ? rest.empty() : rest.ends_with(parts.back());
}

// The columns that it wants and the file does not have, or has and must not; "" if it fits.
std::string misfit(const Path& path, const TableFiles& wanted) {
  if (wanted.requires_columns.empty() && wanted.lacks_columns.empty()) return {};
  std::vector<std::string> missing;
  try {
    const CsvReader reader(path);
    for (const std::string& column : wanted.requires_columns) {
      if (!reader.has_column(column)) missing.push_back(column);
    }
    for (const std::string& column : wanted.lacks_columns) {
      if (reader.has_column(column)) return "has the column " + column;
    }
  } catch (const InputError& error) {
    return error.what();
  }
  return missing.empty() ? "" : "lacks the columns " + join(missing, ", ");
}

std::vector<Path> files_of_pattern(const Path& folder, const std::string& pattern) {
  std::vector<Path> found;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (const std::filesystem::directory_iterator end; !error && entries != end;
       entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') || !fits_pattern(pattern, name)) continue;
    if (entries->is_regular_file(ignored)) found.push_back(entries->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<Path> candidates(const Path& folder, const std::string& name) {
  if (!is_pattern(name)) {
    const std::optional<Path> path = find_published_table(folder, {name});
    return path ? std::vector<Path>{*path} : std::vector<Path>();
  }
  std::vector<Path> found = files_of_pattern(folder, name);
  if (!found.empty()) return found;
  for (const Path& below : folders_below(folder)) {
    for (Path& path : files_of_pattern(below, name)) found.push_back(std::move(path));
  }
  return found;
}

}  // namespace

DataSetFile read_data_set_file(const TomlTable& table, const Field& field) {
  DataSetFile file;
  file.describe = table.string("describe");
  file.terms = table.string_or("terms", "");
  file.expects = table.strings_or("expects", {});
  for (const TomlTable& one : table.tables_or_empty("table")) {
    file.tables.push_back(read_table_files(one));
  }
  for (const TomlTable& one : table.tables_or_empty("join")) {
    file.joins.push_back(read_table_files(one));
  }
  for (const TomlTable& one : table.tables_or_empty("path")) {
    file.paths.push_back(read_path_form(one));
  }
  for (const TomlTable& one : table.tables_or_empty("row")) file.rules.push_back(read_rule(one));
  if (const auto columns = table.table_if("columns")) file.columns = read_columns(*columns, field);
  file.columns.modality = table.string_or("modality", "");
  for (const TomlTable& one : table.tables_or_empty("finding")) {
    file.columns.findings.push_back(read_finding(one));
  }
  if (const auto splits = table.table_if("splits")) file.splits = read_splits(*splits);
  file.pictures.usual.clear();
  for (const TomlTable& one : table.tables_or_empty("pictures")) {
    file.pictures.usual.push_back(one.strings_or("folders", {}));
  }
  if (file.pictures.usual.empty()) file.pictures.usual = PictureLayout().usual;
  file.pictures.recursive = table.boolean_or("recursive", false);
  file.least_labels = static_cast<std::size_t>(table.integer_in("least_labels", 1, 1000, 1));
  file.own = folded_names(table, "own");
  file.shared = folded_names(table, "shared");
  file.called = folded_names(table, "called");
  file.own_files = table.string_or("own_files", "");
  if (!file.own_files.empty()) require_pattern(table, "own_files", file.own_files);
  file.picture_columns = table.strings_or("picture_columns", {});
  file.weighted_label = table.string_or("weighted_label", "");
  file.other_picture = table.string_or("other_picture", "");
  file.pictures.match =
      read_picture_match(table, file.paths.empty() ? PictureMatch::kStem : PictureMatch::kPath);
  if (!file.paths.empty()) file.pictures.recursive = true;
  table.finish();
  return file;
}

std::vector<FoundTable> find_tables(const Path& folder, const std::vector<TableFiles>& wanted) {
  std::vector<FoundTable> found;
  for (const TableFiles& files : wanted) {
    const std::size_t before = found.size();
    for (const std::string& name : files.files) {
      for (Path& path : candidates(folder, name)) {
        const bool done = found.size() > before && !files.several;
        const bool known = std::any_of(found.begin(), found.end(),
                                       [&](const FoundTable& one) { return one.path == path; });
        if (done || known || !misfit(path, files).empty()) continue;
        found.push_back({std::move(path), &files});
      }
    }
  }
  return found;
}

void no_such_tables(const Path& folder, const std::vector<TableFiles>& wanted) {
  std::vector<std::string> names;
  std::vector<std::string> misfits;
  for (const TableFiles& files : wanted) {
    for (const std::string& name : files.files) {
      names.push_back(name);
      for (const Path& path : candidates(folder, name)) {
        const std::string why = misfit(path, files);
        if (why.empty()) continue;
        std::string line = path.filename().string() + " " + why;
        if (std::ranges::find(misfits, line) == misfits.end()) misfits.push_back(std::move(line));
      }
    }
  }
  if (misfits.empty()) require_published_table(folder, names);
  throw UsageError("reading a data set: {} has no table that fits: {}", folder.string(),
                   join(misfits, "; "));
}

}  // namespace epicrisis
