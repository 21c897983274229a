#include <array>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr const char* kTable = "PH2_dataset.txt";
constexpr std::size_t kMaxText = std::size_t{1} << 20;  // bytes of the table

const std::vector<std::string>& header() {
  static const std::vector<std::string> kHeader = {
      "name",      "histological_diagnosis", "clinical_diagnosis",
      "asymmetry", "pigment_network",        "dots",
      "streaks",   "regression_areas",       "veil",
      "colors"};
  return kHeader;
}

// "|| IMD003 ||  ||  0 ||  0 | T | A | A | A | A ||  4 ||": groups between double bars, the
// criteria between single ones. Empty for a line that is no row.
std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> groups;
  for (std::string_view rest = line; !rest.empty();) {
    const std::size_t bars = rest.find("||");
    groups.emplace_back(trim(rest.substr(0, bars)));
    if (bars == std::string_view::npos) break;
    rest.remove_prefix(bars + 2);
  }
  constexpr std::size_t kGroups = 6;  // the first is before the first bars
  if (groups.size() < kGroups || !groups[0].empty() || !groups[1].starts_with("IMD")) return {};
  std::vector<std::string> cells = {groups[1], groups[2], groups[3]};
  for (const std::string& criterion : split(groups[4], '|')) cells.emplace_back(trim(criterion));
  cells.push_back(groups[5]);
  return cells;
}

// "1  3  4" by the taxonomy's words.
std::string colors_of(const Intake& intake, std::string_view cell) {
  std::vector<std::string> words;
  for (const std::string& number : split(cell, ' ')) {
    if (number.empty()) continue;
    const std::string* word = intake.taxonomy().words("color", number);
    words.push_back(word != nullptr ? *word : number);
  }
  return join(words, ", ");
}

ColumnMap columns() {
  ColumnMap map;
  map.label = "clinical_diagnosis";
  map.modality = "dermoscopic image";
  map.findings = {{.name = "asymmetry", .columns = {"asymmetry"}},
                  {.name = "pigment network", .columns = {"pigment_network"}},
                  {.name = "dots and globules", .columns = {"dots"}},
                  {.name = "streaks", .columns = {"streaks"}},
                  {.name = "regression structures", .columns = {"regression_areas"}},
                  {.name = "blue-whitish veil", .columns = {"veil"}}};
  return map;
}

class Ph2 final : public Adapter {
 public:
  std::string_view name() const override { return "ph2"; }
  std::string_view describe() const override {
    return "PH2: 200 dermoscopic pictures, nevi and melanoma, with criteria and colours";
  }
  std::string_view terms() const override {
    return "research and education alone; no part may be passed on, no commercial use";
  }
  std::vector<std::string> expected_files() const override {
    return {"PH2_dataset.txt (beside PH2_dataset.xlsx)",
            "PH2 Dataset images/IMD###/IMD###_Dermoscopic_Image/IMD###.png: the .bmp files are not "
            "read; convert them to PNG in place"};
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    static const ColumnMap kColumns = columns();
    const Path path = require_published_table(input.path, {kTable});
    const std::string text = read_file(path, kMaxText);
    PictureLayout layout;
    layout.usual = {{"PH2 Dataset images"}, {"images"}, {"."}};
    layout.recursive = true;
    Intake intake(input, name(), "ph2", layout, sink);
    std::size_t number = 0;
    for (const std::string& line : split(text, '\n')) {
      ++number;
      const std::vector<std::string> cells = cells_of(trim(line));
      if (cells.empty()) continue;  // headings and legends
      intake.count_row();
      const std::string place = fmt::format("{}:{}", kTable, number);
      if (cells.size() != header().size()) {
        intake.skip("row of another form", place, line);
        continue;
      }
      Draft draft = draft_of(intake, place, cells[0], header(), cells);
      draft.sample.subclass = ascii_lower(cells[1]);
      apply_columns(intake, kColumns, draft);
      intake.add_plain_finding(draft, "colors", colors_of(intake, cells.back()));
      if (!cells[1].empty()) {
        intake.add_plain_finding(draft, "diagnosis confirmed by", "histopathology");
      }
      intake.take(std::move(draft));
    }
    AdapterReport report = intake.finish();
    if (report.rows == 0) {
      throw InputError("{}: no row \"|| IMD003 || ... ||\"; the file is cut or another",
                       path.string());
    }
    return report;
  }
};

}  // namespace

const Adapter& ph2_adapter() {
  static const Ph2 kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
