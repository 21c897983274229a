#include <optional>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/table_map.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/column_proposal.h"

namespace epicrisis {
namespace {

// UsageError where there is none, and what there is in its place.
Path own_map(const Path& folder) {
  constexpr const char* kMap = "columns.toml";
  if (std::optional<Path> map = find_table(folder, {kMap})) return *map;
  const std::string tables = tables_in_words(folder);
  if (tables.empty()) return require_table(folder, {kMap});
  throw UsageError(
      "reading a data set: {} has no {}, and no column map is named; {}: have a column "
      "map proposed for it (`guess`)",
      folder.string(), kMap, tables);
}

// What the grades, sexes, groups and findings of a whole table tell of each.
void see_columns(Intake& intake, CsvReader& reader, const ColumnMap& map) {
  reader.take_short_rows();
  for (const std::string& column : map.sex) intake.sexes().name(column);
  while (reader.next()) {
    for (const std::string& column : map.grade) {
      intake.see_grade(column, reader.get_or_empty(column));
    }
    for (const std::string& column : map.sex) {
      intake.sexes().see(reader.get_or_empty(column));
    }
    for (const FindingColumns& finding : map.findings) {
      if (!finding.words.empty() || !finding.unit.empty()) continue;
      for (const std::string& column : finding.columns) {
        intake.see_finding(finding.name, reader.get_or_empty(column));
      }
    }
    for (const std::string& column : map.group) intake.see_group(reader.get_or_empty(column));
  }
}

// Picture folders of the map that are not there, with those that are.
void warn_of_folders(Intake& intake, const Path& root, const std::vector<std::string>& named) {
  constexpr std::size_t kMost = 5;
  for (const std::string& name : named) {
    if (intake.has_picture_folder(name)) continue;
    std::vector<std::string> there;
    for (const Path& below : folders_below(root)) {
      if (there.size() < kMost) there.push_back("'" + below.filename().string() + "'");
    }
    intake.warn("picture folder of the column map that is not there, or holds no picture", name,
                there.empty() ? "there is no folder" : "folders here: " + join(there, ", "));
  }
}

class GenericCsv final : public Adapter {
 public:
  std::string_view name() const override { return "generic_csv"; }
  std::string_view describe() const override {
    return "any CSV table with one picture a row, explained by a column map (TOML)";
  }
  std::vector<std::string> expected_files() const override {
    return {"a column map (or columns.toml in the folder)", "the table that it names",
            "images/, or the picture folders that it names"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    const Path map_path = input.column_map.empty() ? own_map(input.path) : input.column_map;
    const TableMap map = read_table_map(map_path, input);
    if (map.table.empty() || map.columns.id.empty()) {
      throw UsageError("{}: 'table' and the column 'id' must be given", map_path.string());
    }
    path_below(input.path, map.table, "table");  // throws where it is not below
    const Path table = require_table(input.path, {map.table});
    CsvReader reader(table, {.separator = map.separator});
    for (const std::string& column : named_columns(map.columns)) reader.column(column);
    Intake intake(input, name(), map.taxonomy, map.pictures, sink);
    const ColumnMap& columns = map.columns;
    if (!columns.grade.empty() || !columns.sex.empty() || !columns.group.empty() ||
        !columns.findings.empty()) {
      CsvReader look(table, {.separator = map.separator});
      see_columns(intake, look, map.columns);
    }
    read_table(intake, reader, map.columns, [&](Draft& draft) { apply_table_map(map, draft); });
    if (!input.tables_only && input.pictures.empty()) {
      warn_of_folders(intake, input.path, map.picture_folders);
    }
    AdapterReport report = intake.finish();
    tell_of_map(map.columns, report);
    return report;
  }
};

}  // namespace

const Adapter& generic_csv_adapter() {
  static const GenericCsv kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
