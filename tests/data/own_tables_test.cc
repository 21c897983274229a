// Tables of a user's own: the column map, and Hugging Face image folders.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "epicrisis/data/taxonomy.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr const char* kBadPicture =
    "picture name that leads out of the folder, has a control character or is no UTF-8";

constexpr std::string_view kMap = R"(
table = "cases.csv"
separator = ";"
modality = "clinical image"
[columns]
id = "case"
picture = "file"
label = "dx"
group = "person"
split = "fold"
age = "years"
sex = "gender"
[pictures]
folders = ["photos"]
match = "path"
recursive = true
[splits]
"0" = "train"
"1" = "test"
[[finding]]
name = "symptoms"
columns = ["itch", "bleed"]
none = "none reported"
[finding.words.itch]
yes = "itching"
no = ""
[finding.words.bleed]
yes = "bleeding"
no = ""
[[finding]]
name = "diameter"
columns = ["w", "h"]
between = " x "
unit = "mm"
[[map]]
raw = ["mole"]
label = "NEV"
[words.sex]
w = "female"
)";

constexpr std::string_view kCases =
    "case;file;dx;person;fold;years;gender;itch;bleed;w;h\n"
    "1;a/1.jpg;mole;p1;0;40;w;yes;yes;3;4.5\n"
    "2;b/1.jpg;mole;p1;1;41;m;no;no;3;\n"
    "3;b/../../x.jpg;mole;p2;2;;;maybe;;;wide\n"
    "4;b/2 (copy).jpg;wart;p2;2;;;maybe;;;wide\n";

struct OwnTable {
  OwnTable() {
    folder.text("cases.csv", kCases);
    folder.text("columns.toml", kMap);
    folder.picture("photos/a/1.jpg");
    folder.picture("photos/b/1.jpg");
    folder.picture("photos/b/2 (copy).jpg");
    folder.picture("x.jpg");
  }
  std::string error(std::string_view map) {
    folder.text("columns.toml", map);
    try {
      read_all("generic_csv", folder.input());
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  DataFolder folder;
};

TEST(GenericCsv, ReadsByTheColumnMap) {
  OwnTable own;
  const ReadResult result = read_all("generic_csv", own.folder.input());
  EXPECT_EQ(result.report.records, 4U);
  EXPECT_EQ(result.report.skipped.at(kBadPicture).count, 1U);
  ASSERT_THAT(result.samples, SizeIs(3));
  const Sample& first = result.samples[0];
  EXPECT_EQ(first.key, "1");
  EXPECT_THAT(first.image_path, HasSubstr("photos/a/1.jpg"));
  EXPECT_EQ(first.label, test::kNevus);
  EXPECT_EQ(first.group, "p1");
  EXPECT_EQ(first.split, "train");
  EXPECT_EQ(first.modality, "clinical image");
  EXPECT_EQ(finding(first, "sex"), "female");
  EXPECT_EQ(finding(first, "symptoms"), "itching, bleeding");
  EXPECT_EQ(finding(first, "diameter"), "3 x 4.5 mm");
  EXPECT_EQ(finding(result.samples[1], "symptoms"), "none reported");
  EXPECT_EQ(finding(result.samples[1], "diameter"), "3 mm");
  EXPECT_EQ(result.samples[1].split, "test");
  const Sample& last = result.samples[2];
  EXPECT_THAT(last.image_path, HasSubstr("2 (copy).jpg"));
  EXPECT_EQ(last.split, "");
  EXPECT_EQ(last.findings.size(), 0U);
  EXPECT_EQ(result.report.unmapped, (Counts{{"wart", 1}}));
  EXPECT_EQ(result.report.warnings.at("split of an unknown name").count, 1U);
  EXPECT_EQ(result.report.warnings.at("h is no number").count, 2U);
  EXPECT_EQ(result.report.warnings.at("value of itch without words").count, 2U);
}

TEST(GenericCsv, FindsPicturesByAPattern) {
  DataFolder folder;
  folder.text("t.csv", "id,label\n7,mel\n../8,mel\n");
  folder.picture("images/pic_7_derm.png");
  folder.text("map.toml",
              "table = \"t.csv\"\ntaxonomy = \"ham10000\"\n[columns]\nid = \"id\"\n"
              "label = \"label\"\n[pictures]\npattern = \"pic_{id}_derm\"\n");
  AdapterInput input = folder.input();
  input.column_map = folder.path() / "map.toml";
  const ReadResult result = read_all("generic_csv", input);
  ASSERT_THAT(result.samples, SizeIs(1));
  EXPECT_EQ(result.samples[0].label, test::kMelanoma);
  EXPECT_EQ(result.report.rows_without_picture.count, 1U);
}

TEST(GenericCsv, SaysWhatIsWrongWithTheMap) {
  OwnTable own;
  EXPECT_THAT(own.error("table = \"cases.csv\"\n"), HasSubstr("id"));
  EXPECT_THAT(own.error("table = \"cases.csv\"\nseparator = \";\"\n[columns]\nid = \"nr\"\n"),
              HasSubstr("nr"));
  EXPECT_THAT(own.error("table = \"../cases.csv\"\n[columns]\nid = \"case\"\n"),
              HasSubstr("../cases.csv"));
  EXPECT_THAT(own.error("table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabl = \"dx\"\n"),
              HasSubstr("labl"));
  EXPECT_THAT(own.error("table = \"cases.csv\"\n[columns]\nid = \"case\"\n[splits]\n0 = \"fit\"\n"),
              HasSubstr("fit"));
  EXPECT_THAT(own.error("table = \"c.csv\"\nseparator = \"ab\"\n[columns]\nid = \"case\"\n"),
              HasSubstr("separator"));
  EXPECT_THAT(own.error("table = \"cases.csv\"\n[columns]\nid = \"case\"\n"
                        "[pictures]\npattern = \"x\"\n"),
              HasSubstr("{id}"));
  EXPECT_THAT(own.error("table = \"cases.csv\"\n[columns]\nid = \"case\"\n"
                        "[pictures]\nmatch = \"part\"\n"),
              HasSubstr("part"));
}

// The first TOML block of a page of docs/formats.
std::string documented(const std::string& page) {
  const std::string text = read_file(Path(EPICRISIS_SOURCE_DIR) / "docs" / "formats" / page);
  const std::string fence = "```toml\n";
  const std::size_t begin = text.find(fence) + fence.size();
  return text.substr(begin, text.find("```", begin) - begin);
}

TEST(GenericCsv, TheDocumentedColumnMapReads) {
  DataFolder folder;
  folder.text("columns.toml", documented("column-maps.md"));
  folder.text("cases.csv",
              "case,file,dx,patient,fold,kind,grade,text,subtype,age,sex,site,fitzpatrick,itch,"
              "bleed\n7.jpg,x.png,BCC,p,0,photo,malignant,a word,sub,40,f,ARM,3,yes,yes\n");
  folder.picture("images/7_overview.jpg");
  const ReadResult result = read_all("generic_csv", folder.input());
  ASSERT_THAT(result.samples, SizeIs(1));
  const Sample& sample = result.samples[0];
  EXPECT_EQ(sample.key, "7");
  EXPECT_THAT(sample.image_path, HasSubstr("7_overview.jpg"));
  EXPECT_EQ(sample.label, test::kBasalCellCarcinoma);
  EXPECT_EQ(sample.diagnosis, "a word");
  EXPECT_EQ(sample.modality, "photo");
  EXPECT_EQ(finding(sample, "symptoms"), "itching, yes");
  EXPECT_EQ(finding(sample, "skin type"), "Fitzpatrick III");
}

TEST(GenericCsv, TheDocumentedTaxonomyReads) {
  const Taxonomy taxonomy = Taxonomy::parse(documented("taxonomy.md"), "taxonomy.md");
  EXPECT_EQ(taxonomy.find("bkl")->label, test::kBenignKeratosis);
}

TEST(ImageFolder, ReadsMetadataLinesOfEachSplit) {
  DataFolder folder;
  folder.picture("train/a/1.jpg");
  folder.picture("train/2.png");
  folder.picture("train/orphan.png");
  folder.picture("validation/1.jpg");
  folder.text("train/metadata.jsonl",
              "\xEF\xBB\xBF{\"file_name\": \"a/1.jpg\", \"label\": 2, \"age\": 40, \"x\": null, "
              "\"patient_id\": \"p1\"}\r\n\n"
              "{\"file_name\": \"2.png\", \"label\": \"MEL\", \"key\": \"ISIC_2\", \"x\": [1]}\n"
              "{\"file_name\": \"../validation/1.jpg\", \"label\": \"MEL\"}\n"
              "{\"label\": \"MEL\"}\n"
              "{\"file_name\": \"gone.png\", \"label\": \"MEL\"}");
  folder.text("validation/metadata.csv", "file_name,label\n1.jpg,scc\n");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.records, 6U);
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.samples[0].key, "train__a__1");
  // A number means what its publisher says: without a map it is named, never guessed.
  EXPECT_EQ(result.samples[0].label, std::nullopt);
  EXPECT_EQ(result.report.unmapped, (std::map<std::string, std::uint64_t>{{"2", 1}}));
  EXPECT_EQ(result.samples[0].split, "train");
  EXPECT_EQ(result.samples[0].group, "p1");
  EXPECT_EQ(finding(result.samples[0], "age"), "40");
  EXPECT_EQ(result.samples[1].key, "ISIC_2");
  EXPECT_EQ(result.samples[1].metadata.at("x"), "1");
  EXPECT_EQ(result.samples[2].key, "validation__1");
  EXPECT_EQ(result.samples[2].label, test::kSquamousCellCarcinoma);
  EXPECT_EQ(result.report.skipped.at(kBadPicture).count, 1U);
  EXPECT_EQ(result.report.skipped.at("no file_name").count, 1U);
  EXPECT_EQ(result.report.rows_without_picture.count, 1U);
  EXPECT_EQ(result.report.pictures_without_row.count, 1U);
}

TEST(ImageFolder, TakesClassFoldersForLabels) {
  DataFolder folder;
  folder.picture("train/nevus/1.jpg");
  folder.picture("test/nevus/1.jpg");
  folder.picture("test/melanoma/1.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.report.by_raw_label, (Counts{{"nevus", 2}, {"melanoma", 1}}));
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 1}, {"test", 2}}));

  DataFolder flat;
  flat.picture("melanoma/1.jpg");
  flat.picture("strange thing/1.jpg");
  const ReadResult without_splits = read_all("imagefolder", flat.input());
  EXPECT_EQ(without_splits.report.samples, 2U);
  EXPECT_EQ(without_splits.report.by_split, (Counts{{"", 2}}));
  EXPECT_EQ(without_splits.report.unmapped, (Counts{{"strange thing", 1}}));
}

TEST(ImageFolder, ReadsMetadataAtTheTop) {
  DataFolder folder;
  folder.picture("train/1.jpg");
  folder.picture("pics/2.jpg");
  folder.text("metadata.csv",
              "file_name,label,split\ntrain/1.jpg,NEV,\npics/2.jpg,NEV,test\n/pics/2.jpg,NEV,\n");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 1}, {"test", 1}}));
  EXPECT_EQ(result.report.skipped_total(), 1U);
}

TEST(ImageFolder, ReadsMetadataOfAnyFolder) {
  DataFolder folder;
  folder.picture("data/train/nevus/1.jpg");
  folder.picture("data/train/2.jpg");
  folder.picture("data/test/melanoma/3.jpg");
  folder.text("data/train/metadata.jsonl",
              "{\"file_name\": \"2.jpg\", \"label\": \"MEL\"}\n"
              "{\"file_name\": \"nevus/1.jpg\", \"label\": \"BCC\"}\n");
  folder.text("data/train/nevus/metadata.csv", "file_name,label\n1.jpg,NEV\n");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.by_split, (Counts{{"train", 2}, {"test", 1}}));
  EXPECT_EQ(result.report.duplicate_ids.count, 1U);  // the nearer file goes before
  EXPECT_EQ(result.find("data__train__nevus__1")->label, test::kNevus);
  EXPECT_EQ(result.find("data__train__2")->label, test::kMelanoma);
  EXPECT_EQ(result.find("data__test__melanoma__3")->raw_label, "melanoma");
}

TEST(ImageFolder, AFolderWithoutMetadataIsAClassBesideOneWith) {
  DataFolder folder;
  folder.picture("train/nevus/1.jpg");
  folder.picture("train/melanoma/1.jpg");
  folder.text("train/nevus/metadata.jsonl", "{\"file_name\": \"1.jpg\", \"label\": \"NEV\"}");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.by_raw_label, (Counts{{"NEV", 1}, {"melanoma", 1}}));
}

TEST(ImageFolder, AnEmptyFolderIsRefused) {
  DataFolder folder;
  folder.text("train/readme.txt", "");
  AdapterInput input = folder.input();
  input.tables_if_no_pictures = true;
  EXPECT_THROW(read_all("imagefolder", input), UsageError);
  folder.text("metadata.csv", "file_name,label\n1.jpg,NEV\n");
  EXPECT_EQ(read_all("imagefolder", input).report.samples, 1U);
}

TEST(ImageFolder, AMissingFolderIsRefused) {
  const DataFolder folder;
  AdapterInput missing = folder.input();
  missing.path /= "nowhere";
  EXPECT_THROW(read_all("imagefolder", missing), UsageError);
}

TEST(ImageFolder, DoesNotFollowLinkedFolders) {
  DataFolder outside;
  outside.picture("1.jpg");
  DataFolder folder;
  folder.picture("nevus/2.jpg");
  std::filesystem::create_directory_symlink(outside.path(), folder.path() / "melanoma");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "loop");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 1U);
}

// Rows are taken without a picture then, and nothing else says why.
TEST(ColumnMap, APictureFolderThatIsNotThereIsTold) {
  DataFolder folder;
  folder.text("columns.toml",
              "table = \"t.csv\"\n[pictures]\nfolders = [\"Bilder\"]\n[columns]\nid = \"id\"\n");
  folder.text("t.csv", "id,dx\n1,NV\n");
  folder.picture("Bilder Ordner/1.jpg");
  AdapterInput input = folder.input();
  input.tables_if_no_pictures = true;
  const AdapterReport report = read_all("generic_csv", input).report;
  EXPECT_EQ(report.samples, 1U);
  const Tally& tally =
      report.warnings.at("picture folder of the column map that is not there, or holds no picture");
  EXPECT_THAT(tally.examples, ::testing::ElementsAre("Bilder: folders here: 'Bilder Ordner'"));
  folder.picture("bilder/sub/1.jpg");
  EXPECT_EQ(read_all("generic_csv", input).report.warnings.size(), 0U);
}

TEST(ColumnMap, ADiagnosisWithoutALetterIsLeftOutAndCounted) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n[columns]\nid = \"id\"\ndiagnosis = \"dx\"\n");
  folder.text("t.csv", "id,dx\n1,12.5\n2,C43.9\n3,癌\n4,keine Daten\n5,#\n");
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  std::vector<std::string> said;
  for (const Sample& sample : result.samples) said.push_back(sample.diagnosis);
  EXPECT_THAT(said, ElementsAre("", "C43.9", "癌", "", ""));
  EXPECT_EQ(result.report.warnings.at("diagnosis without a letter, left out").values,
            (Counts{{"#", 1}, {"12.5", 1}}));
}

// A note says it as it stands, so a person is told of what hardly is a name.
TEST(ColumnMap, ADiagnosisThatIsHardlyANameIsToldAndStays) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"t.csv\"\n[columns]\nid = \"id\"\ndiagnosis = \"dx\"\n");
  const std::vector<std::string> told = {"C43.9", "nevus?", "see http://x.org/1", "{'a': 1}",
                                         "D22"};
  const std::vector<std::string> plain = {"BCC",
                                          "MM",
                                          "nevus",
                                          "T1a melanoma",
                                          "CD30+ lymphoma",
                                          "Bowen's disease",
                                          "nevus; scar",
                                          "SCC in situ",
                                          "melanoma 2",
                                          "\u764c",
                                          "M\u00e1lnaevus",
                                          "AK/SK",
                                          "Becker's nevus (left)"};
  std::string table = "id,dx\n";
  int number = 0;
  for (const auto* list : {&told, &plain}) {
    for (const std::string& one : *list) table += fmt::format("{},\"{}\"\n", ++number, one);
  }
  folder.text("t.csv", table);
  AdapterInput input = folder.input();
  input.tables_only = true;
  const ReadResult result = read_all("generic_csv", input);
  EXPECT_EQ(result.samples[0].diagnosis, "C43.9");
  Counts expected;
  for (const std::string& one : told) expected[one] = 1;
  ASSERT_EQ(result.report.warnings.size(), 1U);
  EXPECT_EQ(
      result.report.warnings.at("diagnosis that is hardly a name, and is said in notes as it is")
          .values,
      expected);
}

TEST(Tables, WhatIsNoFileIsTold) {
  DataFolder folder;
  folder.text("columns.toml", "table = \"cases.csv\"\n[columns]\nid = \"id\"\n");
  std::filesystem::create_directory(folder.path() / "cases.csv");
  try {
    read_all("generic_csv", folder.input());
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("cases.csv is no file"));
  }
}

TEST(IsicArchive, ATableThatLacksColumnsIsToldOnce) {
  DataFolder folder;
  folder.text("metadata.csv", "isic_id,sex\nISIC_1,male\n");
  try {
    read_all("isic_archive", folder.input());
    FAIL();
  } catch (const UsageError& error) {
    const std::string text = error.what();
    const std::size_t first = text.find("metadata.csv lacks");
    ASSERT_NE(first, std::string::npos) << text;
    EXPECT_EQ(text.find("metadata.csv lacks", first + 1), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace epicrisis::test
