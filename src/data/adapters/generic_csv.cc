#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/table_map.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

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
    const Path map_path =
        input.column_map.empty() ? require_table(input.path, {"columns.toml"}) : input.column_map;
    const TableMap map = read_table_map(map_path, input);
    if (map.table.empty() || map.columns.id.empty()) {
      throw UsageError("{}: 'table' and the column 'id' must be given", map_path.string());
    }
    path_below(input.path, map.table, "table");  // throws where it is not below
    const Path table = require_table(input.path, {map.table});
    CsvReader reader(table, {.separator = map.separator});
    for (const std::string& column : named_columns(map.columns)) reader.column(column);
    Intake intake(input, name(), map.taxonomy, map.pictures, sink);
    for (const std::string& column : map.columns.grade) {
      CsvReader look(table, {.separator = map.separator});
      intake.look_for_codes(look, column);
    }
    read_table(intake, reader, map.columns, [&](Draft& draft) { apply_table_map(map, draft); });
    return intake.finish();
  }
};

}  // namespace

const Adapter& generic_csv_adapter() {
  static const GenericCsv kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
