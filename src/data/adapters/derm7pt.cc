#include <algorithm>
#include <array>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

using Splits = std::unordered_map<std::uint64_t, std::vector<std::string>>;  // by row, from 0

// The index files hold positions of rows in meta.csv.
Splits read_indexes(const Path& folder, Intake& intake) {
  Splits splits;
  for (const auto& [file, split] :
       {std::pair("train_indexes.csv", "train"), std::pair("valid_indexes.csv", "validation"),
        std::pair("test_indexes.csv", "test")}) {
    const std::optional<Path> path =
        find_published_table(folder, {file, std::string("meta/") + file});
    if (!path) continue;
    CsvReader reader(*path);
    const std::size_t column = reader.column("indexes");
    while (reader.next()) {
      const std::optional<long long> position = parse_integer(trim(reader.at(column)));
      if (!position || *position < 0) {
        intake.warn("index that is no row number", reader.place(), reader.at(column));
      } else {
        splits[static_cast<std::uint64_t>(*position)].emplace_back(split);
      }
    }
  }
  return splits;
}

// The tables' own folder was given: the pictures are beside it.
AdapterInput with_pictures(AdapterInput input) {
  std::error_code ignored;
  const Path above = input.path.parent_path();
  if (input.pictures.empty() && input.path.filename() == "meta" &&
      find_table(input.path, {"meta.csv"}) &&
      std::filesystem::is_directory(above / "images", ignored)) {
    input.path = above;
  }
  return input;
}

ColumnMap columns() {
  ColumnMap map;
  map.label = "diagnosis";
  map.group = "case_num";
  map.sex = "sex";
  map.site = "location";
  map.findings = {
      {.name = "elevation", .columns = {"elevation"}},
      {.name = "pigment network", .columns = {"pigment_network"}},
      {.name = "streaks", .columns = {"streaks"}},
      {.name = "pigmentation", .columns = {"pigmentation"}},
      {.name = "regression structures", .columns = {"regression_structures"}},
      {.name = "dots and globules", .columns = {"dots_and_globules"}},
      {.name = "blue-whitish veil", .columns = {"blue_whitish_veil"}},
      {.name = "vascular structures", .columns = {"vascular_structures"}},
      {.name = "seven-point score", .columns = {"seven_point_score"}},
      {.name = "management", .columns = {"management"}},
      {.name = "diagnostic difficulty", .columns = {"level_of_diagnostic_difficulty"}},
  };
  return map;
}

class Derm7pt final : public Adapter {
 public:
  std::string_view name() const override { return "derm7pt"; }
  std::string_view describe() const override {
    return "Derm7pt: a dermoscopic and a clinical picture of each case, seven-point checklist";
  }
  std::vector<std::string> expected_files() const override {
    return {"meta.csv or meta/meta.csv", "{train,valid,test}_indexes.csv beside it (optional)",
            "images/NEL/Nel026.jpg and so on"};
  }
  AdapterReport read(const AdapterInput& given, const SampleSink& sink) const override {
    const AdapterInput input = with_pictures(given);
    static const ColumnMap kColumns = columns();
    CsvReader reader(require_published_table(input.path, {"meta.csv", "meta/meta.csv"}));
    PictureLayout layout;
    layout.match = PictureMatch::kPath;
    layout.recursive = true;
    Intake intake(input, name(), "derm7pt", layout, sink);
    const Splits splits = read_indexes(input.path, intake);
    const std::size_t derm = reader.column("derm");
    const std::size_t clinic = reader.column("clinic");
    reader.column("diagnosis");
    std::uint64_t position = 0;
    for (; reader.next(); ++position) {
      intake.count_row();
      // Dermoscopic first: in nine cases the clinical picture is a copy of it and goes as a
      // duplicate.
      const std::array<std::pair<std::size_t, const char*>, 2> pictures = {
          std::pair(derm, "dermoscopic image"), std::pair(clinic, "clinical image")};
      for (const auto& [column, modality] : pictures) {
        const std::string path(trim(reader.at(column)));
        Draft draft = draft_of(intake, reader, path.substr(path.rfind('/') + 1));
        draft.picture = path;
        draft.sample.modality = modality;
        if (const auto listed = splits.find(position); listed != splits.end()) {
          draft.sample.published_splits = listed->second;
        }
        apply_columns(intake, kColumns, draft);
        intake.take(std::move(draft));
      }
    }
    const auto beyond = static_cast<std::uint64_t>(std::count_if(
        splits.begin(), splits.end(), [&](const auto& entry) { return entry.first >= position; }));
    if (beyond > 0) {
      intake.warn("index beyond the table", "*_indexes.csv", std::to_string(beyond) + " rows");
    }
    return intake.finish();
  }
};

}  // namespace

const Adapter& derm7pt_adapter() {
  static const Derm7pt kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
