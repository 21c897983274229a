// Image folders as people have them: metadata that are nearly right, folders beside the splits.

#include <gmock/gmock.h>

#include "data/read_support.h"
#include "epicrisis/core/error.h"
#include "support/dermatology.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kBroken = "line that is no JSON object";
constexpr const char* kMisnamed =
    "file that is nearly called metadata.jsonl or metadata.csv, and is not read";
constexpr const char* kUnread = "table that is not read (only metadata.jsonl and metadata.csv are)";
constexpr const char* kBeside =
    "pictures beside the split folders, taken without a split; where their folders are splits, a "
    "column map says which ([splits])";

// A folder with three pictures and these metadata.
ReadResult read_lines(std::string_view metadata, const std::string& name = "train/metadata.jsonl") {
  DataFolder folder;
  for (const char* picture : {"train/1.jpg", "train/2.jpg", "train/3.jpg"}) folder.picture(picture);
  folder.text(name, metadata);
  return read_all("imagefolder", folder.input());
}

std::string error_of(std::string_view metadata, const std::string& name = "train/metadata.jsonl") {
  try {
    read_lines(metadata, name);
  } catch (const InputError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ImageFolderLines, NotANumberIsAMissingValue) {
  const ReadResult result = read_lines(
      "{\"file_name\": \"1.jpg\", \"label\": \"MEL\", \"age\": 45.0}\n"
      "{\"file_name\": \"2.jpg\", \"label\": \"NV\", \"age\": NaN, \"note\": \"NaN \\\" -Infinity\"}\n"
      "{\"file_name\": \"3.jpg\", \"label\": \"BCC\", \"age\": -Infinity}\n");
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(finding(result.samples[0], "age"), "45");
  EXPECT_EQ(finding(result.samples[1], "age"), "");
  EXPECT_EQ(result.samples[1].metadata.at("note"), "NaN \" -Infinity");
  EXPECT_EQ(finding(result.samples[2], "age"), "");
  EXPECT_THAT(result.report.warnings, IsEmpty());
}

// The column said nothing to the folder, and nobody which of the two was taken.
TEST(ImageFolderLines, ASplitThatIsNotTheFoldersIsNamedWithTheOneThatIsTaken) {
  const ReadResult result =
      read_lines("file_name,split\n1.jpg,test\n2.jpg,training\n3.jpg,val\n", "train/metadata.csv");
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(result.samples[0].split, "test");
  EXPECT_EQ(result.samples[1].split, "train");
  EXPECT_EQ(result.samples[2].split, "validation");
  EXPECT_EQ(result.report.in_several_splits, 2U);
  ASSERT_THAT(result.report.warnings, SizeIs(1));
  const auto& [kind, tally] = *result.report.warnings.begin();
  EXPECT_THAT(kind, HasSubstr("first of test, validation and train"));
  EXPECT_THAT(tally.examples,
              ElementsAre(HasSubstr("train/metadata.csv:2: test and train; taken as test"),
                          HasSubstr("metadata.csv:4: validation and train; taken as validation")));
}

TEST(ImageFolderLines, ABrokenLineIsNamedAndTheOthersAreTaken) {
  for (const char* line : {"{\"file_name\": \"2.jpg\"", "[1, 2]", "\xff", "3", "{,}"}) {
    const ReadResult result = read_lines(std::string("{\"file_name\": \"1.jpg\"}\n") + line +
                                         "\n{\"file_name\": \"3.jpg\"}\n");
    EXPECT_EQ(result.report.rows, 3U);
    EXPECT_EQ(result.report.samples, 2U);
    EXPECT_THAT(result.report.skipped.at(kBroken).examples,
                ElementsAre(HasSubstr("train/metadata.jsonl:2: ")));
  }
}

TEST(ImageFolderLines, AnotherFormIsToldBeforeAnythingIsRead) {
  const std::string one = R"({"file_name": "1.jpg"})";
  const std::vector<std::pair<std::string, std::string>> kForms = {
      {"[\n" + one + ",\n" + one + "\n]", "a JSON array"},
      {"[" + one + "]", "a JSON array"},
      {one + " " + one, "several objects in one line"},
      {one + ", " + one + "\n", "several objects in one line"},
      {one + one, "several objects in one line"},
      {"{\n  \"file_name\": \"1.jpg\"\n}\n", "an object over several lines"}};
  for (const auto& [text, what] : kForms) {
    EXPECT_THAT(error_of(text), AllOf(HasSubstr("train/metadata.jsonl"), HasSubstr(what),
                                      HasSubstr("object a line")));
  }
  EXPECT_THAT(error_of(std::string("\xff\xfe{\0", 4)), HasSubstr("iconv -f UTF-16"));
  EXPECT_THAT(error_of("PAR1", "train/metadata.parquet"), HasSubstr("to_json"));
}

TEST(ImageFolderLines, ListsAndObjectsAreWords) {
  const ReadResult result = read_lines(
      R"({"file_name": "1.jpg", "label": 4, "age": "045", "site": ["back", "arm"], "sex": null})"
      "\n"
      R"({"file_name": "2.jpg", "label": 4.0, "age": 45.5, "site": [], "patient": {"id": 7}})"
      "\n"
      R"({"file_name": "3.jpg", "site": {"side": "left"}, "boxes": [[1, 2], [3, 4]]})");
  ASSERT_THAT(result.samples, SizeIs(3));
  EXPECT_EQ(finding(result.samples[0], "site"), "back, arm");
  EXPECT_EQ(finding(result.samples[0], "age"), "45");
  EXPECT_EQ(finding(result.samples[1], "site"), "");
  EXPECT_EQ(result.samples[1].metadata.at("patient.id"), "7");
  EXPECT_EQ(result.report.unmapped, (Counts{{"4", 2}}));
  EXPECT_EQ(finding(result.samples[2], "site"), "");
  EXPECT_EQ(result.samples[2].metadata.at("site.side"), "left");
  EXPECT_EQ(result.samples[2].metadata.at("boxes (JSON)"), "[[1,2],[3,4]]");
}

TEST(ImageFolderLines, AnotherKeyThanFileNameIsNamed) {
  const ReadResult result = read_lines("{\"image\": \"1.jpg\", \"label\": \"MEL\"}\n");
  EXPECT_EQ(result.report.samples, 0U);
  EXPECT_THAT(result.report.skipped.at("no file_name").examples,
              ElementsAre(AllOf(HasSubstr("metadata.jsonl:1"), HasSubstr("image, label"),
                                HasSubstr("picture = \"image\""))));
  DataFolder folder;
  folder.picture("train/1.jpg");
  folder.text("train/metadata.jsonl", "{\"image\": \"1.jpg\", \"label\": \"MEL\"}\n");
  folder.text("map.toml", "[columns]\npicture = \"image\"\nlabel = \"label\"\n");
  AdapterInput input = folder.input();
  input.column_map = folder.path() / "map.toml";
  EXPECT_EQ(read_all("imagefolder", input).report.samples, 1U);
}

TEST(ImageFolderMap, NamesItsOwnSplitFolders) {
  DataFolder folder;
  folder.picture("fit/mel/1.jpg");
  folder.picture("Dev/nv/2.jpg");
  folder.picture("holdout/nv/3.jpg");
  folder.picture("nv/fit/4.jpg");
  EXPECT_EQ(read_all("imagefolder", folder.input()).report.warnings.at(kBeside).count, 2U);
  folder.text("map.toml", "[splits]\nfit = \"train\"\ndev = \"validation\"\nholdout = \"test\"\n");
  AdapterInput input = folder.input();
  input.column_map = folder.path() / "map.toml";
  const ReadResult result = read_all("imagefolder", input);
  EXPECT_EQ(result.report.warnings.count(kBeside), 0U);
  std::map<std::string, std::string> splits;
  for (const Sample& sample : result.samples) {
    splits[sample.key] = sample.split + " " + sample.raw_label;
  }
  EXPECT_EQ(splits, (std::map<std::string, std::string>{{"fit__mel__1", "train mel"},
                                                        {"Dev__nv__2", "validation nv"},
                                                        {"holdout__nv__3", "test nv"},
                                                        {"nv__fit__4", "train nv"}}));
}

// The folder's split was taken without a word.
TEST(ImageFolderLines, AColumnThatSaysNoneAgainstTheFolderIsTold) {
  constexpr const char* kAgainst =
      "split column that says none of a picture in a folder of a split, taken as the folder says";
  const auto read = [](const std::string& folder, const std::string& value) {
    DataFolder data;
    data.picture(folder + "/1.jpg");
    data.picture("other/2.jpg");
    data.text("metadata.csv", "file_name,label,split\n" + folder + "/1.jpg,MEL," + value + "\n");
    return read_all("imagefolder", data.input());
  };
  for (const char* value : {"none", "No", "unused", "keine", "aucun", "not_used"}) {
    const ReadResult result = read("train", value);
    ASSERT_THAT(result.samples, SizeIs(1)) << value;
    EXPECT_EQ(result.samples[0].split, "train") << value;
    const auto told = result.report.warnings.find(kAgainst);
    ASSERT_NE(told, result.report.warnings.end()) << value;
    EXPECT_EQ(told->second.values, (Counts{{std::string(value) + " in train/", 1}}));
    EXPECT_FALSE(result.report.warnings.contains("split of an unknown name")) << value;
  }
  // They agree, or the column says nothing.
  for (const char* value : {"", "nan", "train", "unknown", "n/a"}) {
    EXPECT_FALSE(read("train", value).report.warnings.contains(kAgainst)) << value;
  }
  EXPECT_FALSE(read("unused", "none").report.warnings.contains(kAgainst));
  EXPECT_FALSE(read("cat", "none").report.warnings.contains(kAgainst));
}

// A folder of a class may have such a name.
TEST(ImageFolderLines, AFolderCalledNoneIsAClass) {
  DataFolder folder;
  folder.picture("none/1.jpg");
  folder.picture("no/2.jpg");
  folder.picture("mel/3.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.warnings.count(kBeside), 0U);
  EXPECT_EQ(result.report.by_split, (Counts{{"", 3}}));
  EXPECT_EQ(result.report.by_label.size(), 1U);
}

// A map in the folder is the folder's, unless it explains a table.
TEST(ImageFolderMap, OfItsOwnFolderIsRead) {
  constexpr const char* kForTables = "column map that explains a table, and is not read";
  DataFolder folder;
  folder.picture("1.jpg");
  folder.text("metadata.jsonl", "{\"file_name\": \"1.jpg\", \"who\": \"p1\"}\n");
  folder.text("columns.toml", "[columns]\ngroup = \"who\"\n");
  const ReadResult own = read_all("imagefolder", folder.input());
  EXPECT_THAT(own.samples, SizeIs(1));
  EXPECT_EQ(own.samples[0].group, "p1");
  EXPECT_EQ(own.report.warnings.count(kForTables), 0U);
  EXPECT_TRUE(own.report.no_label_column);

  folder.text("columns.toml", "table = \"a.csv\"\n[columns]\nid = \"id\"\ngroup = \"who\"\n");
  const ReadResult of_a_table = read_all("imagefolder", folder.input());
  EXPECT_EQ(of_a_table.samples[0].group, "");
  EXPECT_THAT(of_a_table.report.warnings.at(kForTables).examples,
              ElementsAre(AllOf(HasSubstr("columns.toml"), HasSubstr("generic_csv"))));
}

TEST(ImageFolderLines, OtherColumnsOfPicturesAsHuggingFaceHasThem) {
  const ReadResult one =
      read_lines("{\"mask_file_name\": \"3.jpg\", \"image_file_name\": \"1.jpg\"}\n");
  ASSERT_THAT(one.samples, SizeIs(1));
  EXPECT_THAT(one.samples[0].image_path, HasSubstr("1.jpg"));
  EXPECT_THAT(one.report.warnings.at("further pictures of a row, which are not taken").examples,
              ElementsAre(HasSubstr("mask_file_name")));

  const ReadResult several = read_lines(
      "{\"file_names\": [\"1.jpg\", \"2.jpg\"], \"label\": \"MEL\", \"id\": \"c1\"}\n"
      "{\"file_names\": [\"3.jpg\"], \"label\": \"NEV\"}\n");
  ASSERT_THAT(several.samples, SizeIs(3));
  EXPECT_EQ(several.samples[0].group, several.samples[1].group);  // pictures of one case
  EXPECT_NE(several.samples[0].group, "");
  EXPECT_EQ(several.samples[2].group, "");
  EXPECT_EQ(several.report.rows, 2U);
  EXPECT_EQ(several.report.records, 3U);

  const ReadResult csv = read_lines("image_file_name,label\n1.jpg,MEL\n", "train/metadata.csv");
  EXPECT_EQ(csv.report.samples, 1U);
  EXPECT_THAT(error_of("image,label\n1.jpg,MEL\n", "train/metadata.csv"),
              HasSubstr("image, label"));
}

TEST(ImageFolder, NamesTablesThatAreNotRead) {
  for (const char* name :
       {"metadata.json1", "Metadata.jsonl", "metadata.json", "meta_data.csv", "metdata.jsonl",
        "metadata.jsonl.txt", "train_metadata.csv", "METADATA.CSV", "metadata.tsv",
        "metadata (1).jsonl", "metadata.ndjson"}) {
    const ReadResult result = read_lines("{\"file_name\": \"1.jpg\"}\n", name);
    EXPECT_EQ(result.report.samples, 3U) << name;
    EXPECT_THAT(result.report.warnings.at(kMisnamed).examples,
                ElementsAre(AllOf(HasSubstr(name), HasSubstr("rename it"))))
        << name;
  }
  // A spreadsheet of another name is one still.
  for (const char* name : {"metadata.xlsx", "train/Metadata.XLS", "metadata.ods"}) {
    EXPECT_THAT(read_lines("x\n", name).report.warnings.at(kMisnamed).examples,
                ElementsAre(AllOf(HasSubstr(name), HasSubstr("save it as metadata.csv"))))
        << name;
  }
  for (const char* name : {"labels.csv", "train/labels.xlsx", "data.parquet"}) {
    const ReadResult result = read_lines("x\n", name);
    EXPECT_THAT(result.report.warnings.at(kUnread).examples, ElementsAre(HasSubstr(name))) << name;
  }
  EXPECT_THAT(read_lines("x\n", "readme.txt").report.warnings, IsEmpty());
}

TEST(ImageFolder, PicturesAndArchivesThatAreNotReadAreTold) {
  constexpr const char* kFormat = "pictures of a format that is not read (jpg, png and webp are)";
  constexpr const char* kPacked = "archive that is not read";
  DataFolder folder;
  for (const char* name : {"train/MEL/1.jpg", "train/MEL/2.jfif", "train/MEL/3.bmp",
                           "train/MEL/4.TIF", "train/MEL/5.dcm", "train/MEL/._6.bmp",
                           "train/.ipynb_checkpoints/1.jpg", "__MACOSX/train/MEL/1.jpg"}) {
    folder.picture(name);
  }
  folder.text("test.zip", "PK");
  folder.text("metadata.jsonl.gz", "x");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_EQ(result.report.warnings.at(kFormat).count, 3U);
  EXPECT_THAT(result.report.warnings.at(kFormat).examples[0], HasSubstr("3.bmp: convert it"));
  EXPECT_THAT(result.report.warnings.at(kPacked).examples,
              ElementsAre(HasSubstr("metadata.jsonl.gz: unpack it"), HasSubstr("test.zip")));
}

TEST(ImageFolder, AFolderWithoutPicturesSaysWhatThereIsInstead) {
  const std::vector<std::pair<const char*, const char*>> all = {
      {"train.zip", "there is train.zip: unpack archives"},
      {"train/data-00000-of-00001.arrow", "unpack archives"},
      {"data/train-00000-of-00001.parquet", "write the pictures of Parquet out"},
      {"train/1.tif", "convert the pictures to jpg, png or webp"}};
  for (const auto& [name, words] : all) {
    DataFolder folder;
    folder.text(name, "x");
    AdapterInput input = folder.input();
    input.tables_if_no_pictures = true;
    try {
      read_all("imagefolder", input);
      ADD_FAILURE() << name;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }
}

TEST(ImageFolder, SplitsMayBeBelowTheClasses) {
  DataFolder folder;
  for (const char* name : {"MEL/train/1.jpg", "MEL/val/2.jpg", "NV/test/3.jpg", "NV/back/4.jpg"}) {
    folder.picture(name);
  }
  const ReadResult result = read_all("imagefolder", folder.input());
  ASSERT_EQ(result.report.samples, 4U);
  EXPECT_EQ(result.find("MEL__train__1")->raw_label, "MEL");
  EXPECT_EQ(result.find("MEL__train__1")->split, "train");
  EXPECT_EQ(result.find("MEL__val__2")->split, "validation");
  EXPECT_EQ(result.find("NV__test__3")->raw_label, "NV");
  EXPECT_EQ(result.find("NV__back__4")->raw_label, "back");
}

TEST(ImageFolder, FoldersBesideTheSplitsAreTaken) {
  for (const bool metadata : {false, true}) {
    DataFolder folder;
    for (const char* split : {"train", "val", "eval", "evaluation", "testing", "custom"}) {
      for (const char* picture : {"photo of test tubes.jpg", "train_station_1.jpg"}) {
        folder.picture(std::string(split) + (metadata ? "/" : "/MEL/") + picture);
      }
      if (!metadata) continue;
      folder.text(std::string(split) + "/metadata.jsonl",
                  "{\"file_name\": \"photo of test tubes.jpg\", \"label\": \"MEL\"}\n"
                  "{\"file_name\": \"train_station_1.jpg\", \"label\": \"MEL\"}\n");
    }
    const ReadResult result = read_all("imagefolder", folder.input());
    EXPECT_EQ(result.report.samples, 12U);
    EXPECT_EQ(result.report.by_raw_label, (Counts{{"MEL", 12}}));
    EXPECT_EQ(result.report.by_split,
              (Counts{{"", 2}, {"train", 2}, {"validation", 2}, {"test", 6}}));
    EXPECT_EQ(result.report.warnings.at(kBeside).count, 2U);
    EXPECT_THAT(result.report.warnings.at(kBeside).examples[0], HasSubstr("custom/"));
  }
  DataFolder folder;
  folder.picture("train/MEL/1.jpg");
  folder.picture("NEV/2.jpg");
  folder.picture("3.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_EQ(result.report.warnings.at(kBeside).count, 2U);
  EXPECT_EQ(result.find("NEV__2")->raw_label, "NEV");
}

// Folders that number their pictures anew: an id of two pictures is the key of neither.
TEST(ImageFolder, SplitsThatUseTheSameIdsKeepAllPictures) {
  for (const bool reversed : {false, true}) {
    DataFolder folder;
    std::string train = "file_name,image_id,patient_id,label\n";
    std::string test = train;
    const std::string rows[] = {"0001.jpg,0001,P1,MEL\n", "0002.jpg,0002,P2,NEV\n"};
    for (const int i : {reversed ? 1 : 0, reversed ? 0 : 1}) {
      train += rows[i];
      test += rows[i];
    }
    test += "0003.jpg,0003,P3,NEV\n0003.jpg,0003,P3,NEV\n";
    for (const char* picture :
         {"train/0001.jpg", "train/0002.jpg", "test/0001.jpg", "test/0002.jpg", "test/0003.jpg"}) {
      folder.picture(picture);
    }
    folder.text("train/metadata.csv", train);
    folder.text("test/metadata.csv", test);
    AdapterInput input = folder.input();
    // One read tells which ids are shared; most folders have none, and are read once.
    EXPECT_THAT(read_once("imagefolder", input).report.shared_ids, ElementsAre("0001", "0002"));
    const ReadResult result = read_all("imagefolder", input);
    EXPECT_EQ(result.report.samples, 5U);
    EXPECT_EQ(result.report.duplicate_ids.count, 1U);  // the row that is there twice
    EXPECT_EQ(result.report.by_split, (Counts{{"train", 2}, {"test", 3}}));
    EXPECT_EQ(
        result.report.warnings.at("ids of several pictures, which have their path as key instead")
            .count,
        4U);
    ASSERT_NE(result.find("train__0001"), nullptr);
    EXPECT_EQ(result.find("train__0001")->group, "P1");
    EXPECT_THAT(result.find("train__0001")->image_path, HasSubstr("train/0001.jpg"));
    EXPECT_THAT(result.find("test__0001")->image_path, HasSubstr("test/0001.jpg"));
    EXPECT_EQ(result.find("test__0001")->group, "P1");
    EXPECT_NE(result.find("0003"), nullptr);
    // One that was stored under its id keeps it.
    const std::string stored = (folder.path() / "train/0001.jpg").string();
    input.stored_picture = [&](std::string_view key) { return key == "0001" ? stored : ""; };
    const ReadResult again = read_all("imagefolder", input);
    EXPECT_EQ(again.report.samples, 5U);
    EXPECT_THAT(again.find("0001")->image_path, HasSubstr("train/0001.jpg"));
    EXPECT_NE(again.find("test__0001"), nullptr);
  }
}

TEST(ImageFolderLines, AnotherEncodingAndPythonsQuotesAreTold) {
  const std::vector<std::pair<const char*, const char*>> all = {
      {"{\"file_name\": \"1.jpg\", \"site\": \"R\xfc\"}\n", "iconv -f WINDOWS-1252"},
      {"{'file_name': '1.jpg', 'age': None}\n", "json.dumps()"}};
  for (const auto& [line, words] : all) {
    EXPECT_THAT(read_lines(line).report.skipped.at(kBroken).examples,
                ElementsAre(HasSubstr(words)));
  }
}

TEST(ImageFolder, NamesThatAreNearlyThoseOfTheFiles) {
  DataFolder folder;
  for (const char* name : {"a.jpg", "b.jpg", "c.JPG", "d.jpg", "e.jpg", "f.jpg", "g.jpg", "h.jpg",
                           "j.jpg", "k.jpg", "nobody_names_me.jpg"}) {
    folder.picture(std::string("images/") + name);
  }
  std::string lines;
  for (const char* name : {"./images/a.jpg", "images\\\\b.jpg", "images/c.jpg", "images/d",
                           "images/e.jpeg", " images/f.jpg ", "/images/g.jpg", "images//h.jpg",
                           "images/i.jpg", "Images/j.jpg", "k.jpg"}) {
    lines += std::string("{\"file_name\": \"") + name + "\", \"label\": \"MEL\"}\n";
  }
  folder.text("metadata.jsonl", lines);
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 5U);
  EXPECT_NE(result.find("images__a"), nullptr);
  EXPECT_NE(result.find("images__b"), nullptr);
  EXPECT_EQ(result.report.rows_without_picture.count, 6U);
  EXPECT_EQ(result.report.pictures_without_row.count, 6U);
  const auto differs = [&](const std::string& in) {
    return result.report.warnings
        .at("rows without a picture, but with one whose name differs in its " + in + " alone")
        .examples;
  };
  EXPECT_THAT(differs("case"), ElementsAre(HasSubstr("images/c.jpg, there is images/c.JPG"),
                                           HasSubstr("there is images/j.jpg")));
  EXPECT_THAT(differs("suffix"), ElementsAre(HasSubstr("images/d"), HasSubstr("images/e.jpeg")));
  EXPECT_THAT(differs("folder"), ElementsAre(HasSubstr("k.jpg, there is images/k.jpg")));
}

// As cameras, browsers and Windows name files.
TEST(ImageFolder, AnyFileNameIsASample) {
  const std::string folder_name = "Melanoma Skin Cancer (malignant)/";
  const std::vector<std::string> kNames = {"IMG (1).jpg",
                                           "IMG (2).jpg",
                                           "Foto_R\u00fccken.jpg",
                                           "n\u00e6vus's mole.jpg",
                                           "a&b.jpg",
                                           "size 2+1.jpg",
                                           "50%.jpg",
                                           "#3.jpg",
                                           "a,b.jpg",
                                           "- ABC8639.JPG",
                                           "\u75c5\u53d801.jpg",
                                           std::string(136, 'x') + ".jpg",
                                           "same.jpg",
                                           "same.png",
                                           "mole.v2.01.jpg",
                                           "caf\u00e9.jpg",
                                           "cafe\u0301.jpg"};
  DataFolder folder;
  for (const std::string& name : kNames) folder.picture(folder_name + name);
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, kNames.size());
  EXPECT_EQ(result.report.skipped_total(), 0U);
  const std::string prefix = "Melanoma Skin Cancer (malignant)__";
  for (const char* key :
       {"IMG (1)", "- ABC8639", "mole.v2.01", "same.jpg", "same.png", "caf\u00e9", "cafe%CC%81"}) {
    EXPECT_NE(result.find(prefix + key), nullptr) << key;
  }
  EXPECT_THAT(result.find(prefix + "same.png")->image_path, HasSubstr("same.png"));
  EXPECT_THAT(result.find(prefix + "cafe%CC%81")->image_path, HasSubstr("cafe\u0301.jpg"));

  // The same from a table of file names.
  std::string table = "file,dx\n";
  for (const std::string& name : kNames) table += "\"" + name + "\",MEL\n";
  folder.text("cases.csv", table);
  folder.text("columns.toml",
              "table = \"cases.csv\"\n[columns]\nid = \"file\"\nlabel = \"dx\"\n[pictures]\n"
              "folders = [\"Melanoma Skin Cancer (malignant)\"]\n");
  const ReadResult rows = read_all("generic_csv", folder.input());
  EXPECT_EQ(rows.report.samples, kNames.size());
  EXPECT_EQ(rows.report.pictures_shadowed.count, 0U);
  EXPECT_THAT(rows.find("same.png")->image_path, HasSubstr("same.png"));
  EXPECT_THAT(rows.find("cafe%CC%81")->image_path, HasSubstr("cafe\u0301.jpg"));
  EXPECT_THAT(rows.find("caf\u00e9")->image_path, HasSubstr("caf\u00e9.jpg"));
}

TEST(ImageFolder, PathsOfOneIdStayApart) {
  DataFolder folder;
  folder.picture("a/b.jpg");
  folder.picture("a__b.jpg");
  folder.picture("a/c.jpg");
  const ReadResult result = read_all("imagefolder", folder.input());
  EXPECT_EQ(result.report.samples, 3U);
  EXPECT_NE(result.find("a__c"), nullptr);
  EXPECT_NE(result.find("a/b"), nullptr);
  EXPECT_NE(result.find("a__b"), nullptr);
}

// A key that was given by an earlier version stays, also where it is that of one picture of two.
TEST(ImageFolder, AStoredKeyStays) {
  DataFolder folder;
  folder.picture("NEV/1.jpg");
  folder.picture("NEV/1.png");
  AdapterInput input = folder.input();
  input.stored_picture = [](std::string_view key) {
    return std::string(key == "NEV__1" ? "/moved/NEV/1.jpg" : "");
  };
  const ReadResult result = read_all("imagefolder", input);
  EXPECT_EQ(result.report.samples, 2U);
  EXPECT_THAT(result.find("NEV__1")->image_path, HasSubstr("1.jpg"));
  EXPECT_NE(result.find("NEV__1.png"), nullptr);
}

}  // namespace
}  // namespace epicrisis::test
