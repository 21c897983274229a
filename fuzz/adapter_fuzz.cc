// links: data

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/data/adapter.h"
#include "epicrisis/data/sample_key.h"

namespace {

using epicrisis::Path;
using epicrisis::Sample;

struct Target {
  const char* adapter;
  std::vector<const char*> files;  // one a section of the input
};

const std::vector<Target>& targets() {
  static const std::vector<Target> kTargets = {
      {"generic_csv", {"columns.toml", "cases.csv"}},
      {"imagefolder", {"train/metadata.jsonl", "test/metadata.csv"}},
      {"csv_folder", {"labels.csv", "labels_test.csv", "classes_subclasses_metadata_mapping.csv"}},
      {"derm7pt", {"meta.csv", "train_indexes.csv"}},
      {"isic2019", {"ISIC_2019_Test_GroundTruth.csv", "ISIC_2019_Test_Metadata.csv"}},
      {"milk10k", {"MILK10k_Training_Metadata.csv", "MILK10k_Training_GroundTruth.csv"}},
      {"pad_ufes_20", {"metadata.csv"}},
      // Described by files: levels of labels, no header, joined tables, weighted labels with
      // several pictures a row, labels by turns, rows left out, pictures by path.
      {"isic_archive", {"metadata.csv", "b_metadata.csv"}},
      {"isic2016",
       {"ISBI2016_ISIC_Part3_Training_GroundTruth.csv",
        "ISBI2016_ISIC_Part3_Test_GroundTruth.csv"}},
      {"isic2024",
       {"train-metadata.csv", "test-metadata.csv", "ISIC_2024_Training_Supplement.csv"}},
      {"scin", {"scin_cases.csv", "scin_labels.csv"}},
      {"mra_midas", {"release_midas.csv"}},
      {"skincap", {"skincap_v240623.csv"}},
      {"derm1m", {"Derm1M_v2_pretrain.csv", "Derm1M_v2_validation.csv"}},
  };
  return kTargets;
}

void check_text(const std::string& text) {
  if (text.size() > 1000 || !epicrisis::is_valid_utf8(text)) std::abort();
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
}

// What leaves an adapter must be fit to store, to show and to name files with.
void check(const Sample& sample, const Path& root) {
  if (!epicrisis::is_key(sample.key)) std::abort();
  const std::string name = epicrisis::file_name_of_key(sample.key);
  if (epicrisis::key_of_file_name(name) != sample.key) std::abort();
  if (name.starts_with('.') || name.find("/.") != std::string::npos) std::abort();
  for (const std::string* text : {&sample.raw_label, &sample.grade, &sample.diagnosis,
                                  &sample.subclass, &sample.group, &sample.modality}) {
    check_text(*text);
  }
  for (const epicrisis::Finding& finding : sample.findings) {
    check_text(finding.name);
    check_text(finding.value);
  }
  for (const auto& [name, value] : sample.metadata.items()) {
    check_text(name);
    check_text(value.get<std::string>());
  }
  if (!sample.image_path.empty() && !sample.image_path.starts_with(root.string() + "/")) {
    std::abort();
  }
}

// A folder for each target, with a few pictures; made once, as the disk is what takes the time.
Path make_folder(const Path& root) {
  std::filesystem::create_directories(root / "train");
  std::filesystem::create_directories(root / "test");
  for (const char* picture : {"a.jpg", "train/b.png", "test/NEL.JPG", "../secret.jpg"}) {
    std::ofstream(root / picture).flush();
  }
  return root;
}

}  // namespace

// The first byte picks the adapter; the rest are its files, apart by lines of "%%%%".
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const epicrisis::TemporaryFolder kFolder;
  if (size == 0) return 0;
  const Target& target = targets()[data[0] % targets().size()];
  static std::map<std::string, Path> roots;
  Path& root = roots[target.adapter];
  if (root.empty()) root = make_folder(kFolder.path() / target.adapter);
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::string_view kBetween = "%%%%\n";
  for (const char* file : target.files) {
    const std::size_t end = text.find(kBetween);
    // Shortening a file that is there makes some file systems flush it.
    std::filesystem::remove(root / file);
    std::ofstream(root / file) << text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + kBetween.size());
  }

  epicrisis::AdapterInput input;
  input.path = root;
  input.tables_only = (data[0] & 0x80U) != 0;
  std::uint64_t samples = 0;
  try {
    const epicrisis::AdapterReport report =
        epicrisis::adapter(target.adapter).read(input, [&](Sample&& sample) {
          ++samples;
          check(sample, root);
        });
    if (report.samples != samples || report.records != samples + report.skipped_total()) {
      std::abort();
    }
    epicrisis::dump_json(to_json(report));
  } catch (const epicrisis::InputError&) {
    // A broken file, told as such.
  } catch (const epicrisis::UsageError&) {
    // A wrong column map, or a file that is missing.
  }
  return 0;
}
