#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "data/adapters/columns.h"
#include "data/adapters/registry.h"
#include "data/adapters/tables.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/sample_key.h"

namespace epicrisis {
namespace {

constexpr std::string_view kClassNumber = "class number";
constexpr std::string_view kMatchingClass = "matching class";

const std::vector<std::string>& mapping_columns() {
  static const std::vector<std::string> kColumns = {
      "sample",   std::string(kClassNumber),   "malignancy",       "class", "subclass",
      "findings", std::string(kMatchingClass), "matching subclass"};
  return kColumns;
}

struct ListFile {
  const char* file;
  const char* split;
};
constexpr std::array<ListFile, 3> kLists = {{{"labels_train.csv", "train"},
                                             {"labels_valid.csv", "validation"},
                                             {"labels_test.csv", "test"}}};

// A list of file name and class number, without a header.
class ListReader {
 public:
  explicit ListReader(const Path& path) : reader_(path, {.header = false}) {}
  bool next() {
    if (!reader_.next()) return false;
    if (reader_.row().size() != 2) {
      throw InputError("{}: {} columns, 2 were expected (file name, class number)", reader_.place(),
                       reader_.row().size());
    }
    return true;
  }
  std::string id() const {
    return std::string(without_picture_suffix(normal_spelling(plain_id(reader_.row()[0]))));
  }
  const std::string& file() const { return reader_.row()[0]; }
  std::string number() const { return std::string(trim(reader_.row()[1])); }
  std::string place() const { return reader_.place(); }

 private:
  CsvReader reader_;
};

constexpr std::uint8_t kSeen = 0x80;
// Which of the three lists hold an id: bit i for kLists[i], and kSeen.
using Listed = std::unordered_map<std::string, std::uint8_t>;

Listed read_lists(const Path& folder) {
  Listed listed;
  for (std::size_t i = 0; i < kLists.size(); ++i) {
    const std::optional<Path> path = find_table(folder, {kLists[i].file});
    if (!path) continue;
    ListReader list(*path);
    while (list.next()) listed[list.id()] |= static_cast<std::uint8_t>(1U << i);
  }
  return listed;
}

// The tables write "nevus- congenital" for "nevus, congenital", as they are no quoted CSV.
std::string with_commas(std::string text) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '-' && text[i - 1] != ' ' && text[i + 1] == ' ') text[i] = ',';
  }
  return text;
}

void add_words(Intake& intake, const SideTable& mapping, Draft& draft) {
  const std::vector<std::string>* row = mapping.find(draft.id);
  if (row == nullptr) {
    if (!mapping.empty()) intake.warn("no row in the mapping", draft.place, draft.id);
    return;
  }
  intake.add_metadata(draft, mapping.header(), *row);
  Sample& sample = draft.sample;
  if (published(draft, kClassNumber) != sample.raw_label) {
    intake.warn("class number differs from the mapping", draft.place,
                draft.id + " " + sample.raw_label + " or " + published(draft, kClassNumber));
  }
  intake.add_grade(draft, "malignancy", published(draft, "malignancy"));
  sample.diagnosis = with_commas(published(draft, "class"));
  sample.subclass = with_commas(published(draft, "subclass"));
  intake.add_finding(draft, "category", with_commas(published(draft, "findings")));
  // The number is the label that the authors trained on; where their own name of the class says
  // another, that is told, not settled.
  const Mapping* by_number = intake.taxonomy().find(sample.raw_label);
  const Mapping* by_name = intake.taxonomy().find(published(draft, kMatchingClass));
  if (by_number != nullptr && by_name != nullptr && by_number->label != by_name->label) {
    intake.warn("class number and class name differ", draft.place,
                draft.id + " " + sample.raw_label + " but " + published(draft, kMatchingClass));
  }
}

class CsvFolder final : public Adapter {
 public:
  std::string_view name() const override { return "csv_folder"; }
  std::string_view describe() const override {
    return "one data set of a csv_folder: labels.csv, its splits and a mapping, without headers";
  }
  std::vector<std::string> expected_files() const override {
    return {"labels.csv (file name, class number)",
            "labels_train.csv, labels_valid.csv, labels_test.csv (optional)",
            "classes_subclasses_metadata_mapping.csv (optional)", "images/"};
  }
  // Many data sets have this form; the folder tells which it is.
  std::string default_name(const Path& folder) const override {
    const std::string own = folder.filename().string();
    return is_safe_name(own) ? own : std::string(name());
  }
  AdapterReport read(const AdapterInput& input, const SampleSink& sink) const override {
    ListReader labels(require_table(input.path, {"labels.csv"}));
    PictureLayout layout;
    Intake intake(input, name(), "csv_folder", layout, sink);
    SideTable mapping;
    if (const auto path = find_table(input.path, {"classes_subclasses_metadata_mapping.csv"})) {
      mapping = SideTable::without_header(*path, mapping_columns(), intake);
    }
    Listed listed = read_lists(input.path);
    while (labels.next()) {
      intake.count_row();
      Draft draft;
      draft.place = labels.place();
      draft.id = labels.id();
      draft.sample.raw_label = labels.number();
      draft.sample.metadata["file"] = clean_text(labels.file(), kMaxMetadataValue);
      add_words(intake, mapping, draft);
      if (const auto bits = listed.find(draft.id); bits != listed.end()) {
        // Twice where two pictures differ by their suffix alone.
        for (std::size_t i = 0; i < kLists.size(); ++i) {
          if ((bits->second >> i & 1U) != 0)
            draft.sample.published_splits.emplace_back(kLists[i].split);
        }
        bits->second |= kSeen;
      }
      draft.id = labels.file();
      intake.take(std::move(draft));
    }
    std::vector<std::string> unlabelled;
    for (const auto& [id, bits] : listed) {
      if ((bits & kSeen) == 0) unlabelled.push_back(id);
    }
    std::sort(unlabelled.begin(), unlabelled.end());
    for (const std::string& id : unlabelled) {
      intake.skip("in a split but not in labels.csv", "labels_*.csv", id);
    }
    return intake.finish();
  }
};

}  // namespace

const Adapter& csv_folder_adapter() {
  static const CsvFolder kAdapter;
  return kAdapter;
}

}  // namespace epicrisis
