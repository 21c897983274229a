// The published tables themselves: what the adapters count must be what is in them.

#include <gmock/gmock.h>

#include <fstream>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AdapterInput at(const std::string& folder, bool tables_only = false) {
  AdapterInput input;
  input.path = shared_folder() / "data" / folder;
  input.tables_only = tables_only;
  return input;
}

void expect_clean(const AdapterReport& report) {
  EXPECT_THAT(report.unmapped, IsEmpty());
  EXPECT_THAT(report.skipped, IsEmpty());
  EXPECT_EQ(report.duplicate_ids.count, 0U);
  EXPECT_EQ(report.conflicting_labels.count, 0U);
  EXPECT_EQ(report.pictures_without_row.count, 0U);
  EXPECT_EQ(report.records, report.samples + report.skipped_total());
}

TEST(RealTables, Ham10000) {
  EPICRISIS_NEEDS_SHARED_DATA();
  AdapterInput input = at("ham10000");
  const ReadResult images = read_all("ham10000", input);
  expect_clean(images.report);
  EXPECT_EQ(images.report.rows, 2590U);
  EXPECT_EQ(images.report.samples, 2522U);
  EXPECT_EQ(images.report.rows_without_picture.count, 68U);
  EXPECT_EQ(images.report.by_raw_label, (Counts{{"nv", 1276},
                                                {"bkl", 437},
                                                {"mel", 369},
                                                {"bcc", 199},
                                                {"akiec", 137},
                                                {"vasc", 60},
                                                {"df", 44}}));

  input.pictures = {"images_600x450"};
  const ReadResult large = read_all("ham10000", input);
  EXPECT_EQ(large.report.samples, 154U);

  input.pictures = {"images", "images_600x450"};
  const ReadResult both = read_all("ham10000", input);
  expect_clean(both.report);
  EXPECT_EQ(both.report.samples, 2590U);
  EXPECT_EQ(both.report.pictures_shadowed.count, 86U);
  EXPECT_THAT(both.groups(), SizeIs(2561));
  EXPECT_EQ(both.report.by_raw_label, (Counts{{"nv", 1315},
                                              {"bkl", 445},
                                              {"mel", 379},
                                              {"bcc", 205},
                                              {"akiec", 139},
                                              {"vasc", 61},
                                              {"df", 46}}));
  EXPECT_EQ(count_of(both.report, test::kActinicKeratosis), 139U);

  const Sample* sample = both.find("ISIC_0027419");
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(sample->raw_label, "bkl");
  EXPECT_EQ(sample->label, test::kBenignKeratosis);
  EXPECT_EQ(sample->group, "HAM_0000118");
  EXPECT_EQ(sample->metadata.at("dx_type"), "histo");
  EXPECT_EQ(sample->metadata.at("age"), "80.0");
  EXPECT_EQ(finding(*sample, "age"), "80");
  EXPECT_EQ(finding(*sample, "site"), "scalp");
  EXPECT_EQ(finding(*sample, "diagnosis confirmed by"), "histopathology");
}

TEST(RealTables, Ham10000WithoutExtensionAndPictures) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("ham10000", at("metadata_only/ham10000", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.samples, 9152U);
  EXPECT_EQ(result.report.by_raw_label.at("nv"), 6267U);
  EXPECT_EQ(result.samples.front().image_path, "");
  EXPECT_EQ(result.samples.front().metadata.at("dataset"), "vidir_modern");
  EXPECT_THROW(read_all("ham10000", at("metadata_only/ham10000")), UsageError);
}

TEST(RealTables, Isic2018Test) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("isic2018", at("isic2018_test"));
  expect_clean(result.report);
  EXPECT_EQ(result.report.by_raw_label, (Counts{{"NV", 682},
                                                {"BKL", 163},
                                                {"MEL", 128},
                                                {"BCC", 70},
                                                {"DF", 33},
                                                {"AKIEC", 32},
                                                {"VASC", 26}}));
  EXPECT_EQ(result.report.by_split, (Counts{{"test", 1134}}));
  const Sample* sample = result.find("ISIC_0034525");
  ASSERT_NE(sample, nullptr);
  EXPECT_EQ(finding(*sample, "age"), "70");
  EXPECT_EQ(finding(*sample, "site"), "anterior torso");
  EXPECT_EQ(finding(*sample, "sex"), "male");
}

TEST(RealTables, Isic2017) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("isic2017", at("isic2017"));
  expect_clean(result.report);
  EXPECT_EQ(result.report.by_raw_label,
            (Counts{{"nevus", 1382}, {"melanoma", 391}, {"seborrheic_keratosis", 289}}));
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 1503}, {"validation", 108}, {"test", 451}}));
  std::size_t with_lesion = 0;
  std::size_t with_other_table = 0;
  for (const Sample& sample : result.samples) {
    with_lesion += sample.group.empty() ? 0 : 1;
    with_other_table += sample.metadata.contains("anatom_site_general") ? 1 : 0;
  }
  // 1525 of its 2058 ids end in "_downsampled": all rows must be met.
  EXPECT_EQ(with_other_table, 2058U);
  EXPECT_EQ(with_lesion, 614U);
}

TEST(RealTables, PadUfes20) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const Counts expected = {{"BCC", 205}, {"ACK", 147}, {"NEV", 145},
                           {"SEK", 111}, {"MEL", 34},  {"SCC", 32}};
  const ReadResult result = read_all("pad_ufes_20", at("pad_ufes_20"));
  expect_clean(result.report);
  EXPECT_EQ(result.report.by_raw_label, expected);
  EXPECT_THAT(result.groups(), SizeIs(507));

  const Sample* full = result.find("PAT_46_881_939");  // the table says PAT_46_881_939.png
  ASSERT_NE(full, nullptr);
  EXPECT_THAT(full->image_path, HasSubstr("images/PAT_46_881_939.jpg"));
  EXPECT_EQ(full->metadata.at("img_id"), "PAT_46_881_939.png");
  EXPECT_EQ(finding(*full, "diameter"), "6 x 5 mm");
  EXPECT_EQ(finding(*full, "skin type"), "Fitzpatrick III");
  EXPECT_EQ(finding(*full, "symptoms"), "itch, growth, change, bleeding");
  EXPECT_EQ(finding(*full, "elevation"), "raised");
  EXPECT_EQ(finding(*full, "history"), "skin cancer, cancer");
  EXPECT_EQ(finding(*full, "diagnosis confirmed by"), "histopathology");

  const Sample* sparse = result.find("PAT_1516_1765_530");
  ASSERT_NE(sparse, nullptr);
  EXPECT_EQ(finding(*sparse, "diameter"), "");
  EXPECT_EQ(finding(*sparse, "sex"), "");
  EXPECT_EQ(finding(*sparse, "symptoms"), "none reported");
  EXPECT_EQ(finding(*sparse, "diagnosis confirmed by"), "");

  AdapterInput originals = at("pad_ufes_20");
  originals.pictures = {"images_png"};
  EXPECT_EQ(read_all("pad_ufes_20", originals).report.samples, 24U);
}

TEST(RealTables, PadUfes20WithoutPictures) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("pad_ufes_20", at("metadata_only/pad_ufes_20", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.samples, 2070U);
  EXPECT_THAT(result.report.warnings, IsEmpty());
}

TEST(RealTables, Isic2019) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("isic2019", at("metadata_only/isic2019", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 23781}, {"test", 7860}}));
  EXPECT_EQ(result.report.no_class, (Counts{{"UNK", 2047}}));
  EXPECT_EQ(result.report.by_raw_label.at("SCC"), 606U + 158U);
  EXPECT_EQ(result.report.by_raw_label.at("MEL"), 4265U + 1284U);
  std::size_t downsampled = 0;
  for (const Sample& sample : result.samples) {
    EXPECT_EQ(sample.key.find("_downsampled"), std::string::npos) << sample.key;
    const std::string published = sample.metadata.at("image");
    downsampled += published.ends_with("_downsampled") ? 1 : 0;
  }
  EXPECT_EQ(downsampled, 1574U);
}

TEST(RealTables, Isic2020) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("isic2020", at("metadata_only/isic2020", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.samples, 33126U);
  EXPECT_EQ(result.report.no_class.at("unknown"), 27124U);
  EXPECT_EQ(count_of(result.report, test::kMelanoma), 584U);
  std::size_t malignant = 0;
  for (const Sample& sample : result.samples) malignant += sample.grade == "malignant" ? 1 : 0;
  EXPECT_EQ(malignant, 584U);
}

TEST(RealTables, Milk10k) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("milk10k", at("metadata_only/milk10k", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 10480}, {"test", 958}}));
  EXPECT_EQ(result.report.without_label, 958U);
  EXPECT_EQ(result.report.no_class, (Counts{{"INF", 100}, {"BEN_OTH", 88}, {"MAL_OTH", 18}}));
  EXPECT_EQ(result.report.by_raw_label.at("SCCKA"), 946U);
  std::map<std::string, std::set<std::string>> modalities;
  std::map<std::string, int> pictures;
  for (const Sample& sample : result.samples) {
    modalities[sample.group].insert(sample.modality);
    ++pictures[sample.group];
  }
  EXPECT_THAT(modalities, SizeIs(5240 + 479));
  for (const auto& [lesion, kinds] : modalities) {
    EXPECT_EQ(kinds, (std::set<std::string>{"clinical image", "dermoscopic image"})) << lesion;
    EXPECT_EQ(pictures[lesion], 2) << lesion;
  }
  EXPECT_EQ(result.find("ISIC_0051817")->subclass, "invasive squamous cell carcinoma");
  EXPECT_TRUE(result.find("ISIC_0051817")->metadata.contains("MONET_erythema"));
}

TEST(RealTables, Derm7pt) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("derm7pt", at("metadata_only/derm7pt", true));
  EXPECT_EQ(result.report.rows, 1011U);
  EXPECT_EQ(result.report.records, 2022U);
  // Nine clinical pictures are missing at the source, which names the dermoscopic one instead.
  EXPECT_EQ(result.report.duplicate_ids.count, 9U);
  EXPECT_EQ(result.report.samples, 2013U);
  EXPECT_EQ(result.report.conflicting_labels.count, 0U);
  EXPECT_THAT(result.report.unmapped, IsEmpty());
  EXPECT_THAT(result.report.warnings, IsEmpty());
  EXPECT_EQ(result.find("Fhl018")->modality, "dermoscopic image");
  std::map<std::string, std::size_t> dermoscopic;
  for (const Sample& sample : result.samples) {
    if (sample.modality == "dermoscopic image") ++dermoscopic[sample.split];
  }
  EXPECT_EQ(dermoscopic["train"], 413U);
  EXPECT_EQ(dermoscopic["validation"], 203U);
  EXPECT_EQ(dermoscopic["test"], 395U);
  // Row 16 (from 0) of the table is the first of train_indexes.csv, row 6 of test_indexes.csv.
  for (const Sample& sample : result.samples) {
    if (sample.group == "17") {
      EXPECT_EQ(sample.split, "train");
    }
    if (sample.group == "7") {
      EXPECT_EQ(sample.split, "test");
    }
  }
}

TEST(RealTables, Fitzpatrick17k) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("fitzpatrick17k", at("metadata_only/fitzpatrick17k", true));
  expect_clean(result.report);
  EXPECT_EQ(result.report.samples, 16577U);
  EXPECT_THAT(result.report.by_raw_label, SizeIs(114));
  EXPECT_THAT(result.report.no_class, SizeIs(96));
  EXPECT_EQ(count_of(result.report, test::kMelanoma), 261U + 111U + 118U + 83U);
  EXPECT_EQ(result.report.warnings.at("publisher's check: wrongly labelled").count, 17U);
}

std::uint64_t lines_of(const Path& path) {
  std::ifstream file(path);
  std::uint64_t lines = 0;
  for (std::string line; std::getline(file, line);) ++lines;
  return lines;
}

TEST(RealTables, EveryCsvFolder) {
  EPICRISIS_NEEDS_SHARED_DATA();
  std::size_t folders = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(shared_folder() / "data" / "antani-csv")) {
    if (!entry.is_directory()) continue;
    ++folders;
    const std::string name = entry.path().filename().string();
    const ReadResult result = read_all("csv_folder", at("antani-csv/" + name, true));
    expect_clean(result.report);
    EXPECT_EQ(result.report.samples, lines_of(entry.path() / "labels.csv")) << name;
    EXPECT_THAT(result.report.no_class, IsEmpty()) << name;
    EXPECT_EQ(result.report.without_label, 0U) << name;
    EXPECT_EQ(result.report.by_split.count("") > 0, name == "derm12345") << name;
    EXPECT_EQ(result.report.in_several_splits, name == "Derm7pt" ? 79U : 0U) << name;
    for (const Sample& sample : result.samples) {
      EXPECT_TRUE(sample.label && !sample.grade.empty() && !sample.diagnosis.empty())
          << name << " " << sample.key;
    }
  }
  EXPECT_EQ(folders, 15U);
}

TEST(RealTables, CsvFolderKeepsEveryPublishedSplit) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const ReadResult result = read_all("csv_folder", at("antani-csv/Derm7pt", true));
  std::size_t both = 0;
  for (const Sample& sample : result.samples) {
    if (sample.published_splits.size() < 2) continue;
    ++both;
    EXPECT_EQ(sample.published_splits, (std::vector<std::string>{"validation", "test"}));
    EXPECT_EQ(sample.split, "test");
  }
  EXPECT_EQ(both, 79U);
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 281}, {"validation", 45}, {"test", 79}}));
}

TEST(RealTables, CsvFolderTellsWhereItsClassesDisagree) {
  EPICRISIS_NEEDS_SHARED_DATA();
  const auto disagree = [](const std::string& name) {
    const ReadResult result = read_all("csv_folder", at("antani-csv/" + name, true));
    const auto warning = result.report.warnings.find("class number and class name differ");
    return warning == result.report.warnings.end() ? 0 : warning->second.count;
  };
  EXPECT_EQ(disagree("FLUO_SC"), 78U);
  EXPECT_EQ(disagree("Milk10k_clinic"), 182U);
  EXPECT_EQ(disagree("derm12345"), 47U);
  EXPECT_EQ(disagree("HAM10000"), 0U);
}

}  // namespace
}  // namespace epicrisis::test
