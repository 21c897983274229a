// The captions of an imagefolder, onto the samples that the import of the same folder made.

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/store/tables/samples.h"
#include "notes/exchange/exchange_fixture.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class FolderNotes : public test::ExchangeTest {
 protected:
  Path hf() const { return folder_.path() / "hf"; }
  void picture(const std::string& name) const { write_file(hf() / name, "pixels"); }
  void import_folder(const std::string& name = "hf") {
    Job job;
    ImportOptions options;
    options.name = name;
    import_dataset(workspace_, "imagefolder", hf(), job, options);
  }
  NoteImportReport import_captions(NoteImportOptions options = {}) {
    options.dataset = "hf";
    options.strategy = "cap";
    return import_notes(workspace_, hf(), job_, options);
  }
};

TEST_F(FolderNotes, ATableASplitNamesItsOwnPictures) {
  for (const char* split : {"train", "validation", "test"}) {
    std::string lines;
    for (const char* name : {"p0.png", "p1.png"}) {
      picture(std::string(split) + "/" + name);
      lines += fmt::format("{{\"file_name\": \"{0}\", \"text\": \"Of {1} {0}.\"}}\n", name, split);
    }
    write_file(hf() / split / "metadata.jsonl", lines);
  }
  import_folder();
  const NoteImportReport report = import_captions();
  EXPECT_EQ(report.written, 6) << dump_json(to_json(report));
  EXPECT_THAT(texts(workspace_), Contains("hf/test__p0 cap: Of test p0.png."));
  EXPECT_EQ(import_captions().unchanged, 6);
  NoteImportOptions options;
  options.key_field = "file_name";
  EXPECT_EQ(import_captions(options).unchanged, 6);
}

TEST_F(FolderNotes, OneTableNamesThePicturesBelowIt) {
  picture("pics/p0.jpg");
  picture("data/p1.jpg");
  write_file(hf() / "metadata.jsonl",
             "{\"file_name\": \"./pics/p0.jpg\", \"text\": \"One.\", \"age\": NaN}\n"
             "{\"file_name\": \"data\\\\p1.jpg\", \"text\": \"Two.\"}\n"
             "{\"file_name\": \"pics/p9.jpg\", \"text\": \"Nobody's.\"}\n");
  import_folder();
  const NoteImportReport report = import_captions();
  EXPECT_THAT(texts(workspace_), ElementsAre("hf/data__p1 cap: Two.", "hf/pics__p0 cap: One."));
  EXPECT_THAT(report.unmatched_examples, ElementsAre(HasSubstr("hf/pics/p9.jpg")));
}

TEST_F(FolderNotes, ATableMayBeCsv) {
  picture("train/p0.jpg");
  picture("train/deep/p1.jpg");
  write_file(hf() / "train" / "metadata.csv",
             "file_name,text\np0.jpg,\"One, and more.\"\ndeep/p1.jpg,Two.\np2.jpg,\n");
  import_folder();
  const NoteImportReport report = import_captions();
  EXPECT_THAT(texts(workspace_),
              ElementsAre("hf/train__deep__p1 cap: Two.", "hf/train__p0 cap: One, and more."));
  EXPECT_EQ(report.invalid, 1);
  EXPECT_THAT(report.invalid_examples, ElementsAre(HasSubstr("metadata.csv:4")));
}

// As import has it: the row's own id, but where several pictures have it their path.
TEST_F(FolderNotes, OwnIdsAreKeysUnlessSeveralPicturesHaveOne) {
  for (const char* split : {"train", "test"}) {
    picture(std::string(split) + "/a.jpg");
    picture(std::string(split) + "/b.jpg");
    write_file(hf() / split / "metadata.jsonl",
               fmt::format("{{\"file_name\": \"a.jpg\", \"id\": 1, \"text\": \"{0} a\"}}\n"
                           "{{\"file_name\": \"b.jpg\", \"id\": \"{0}-2\", \"text\": \"{0} b\"}}\n",
                           split));
  }
  import_folder();
  EXPECT_EQ(import_captions().unmatched, 0);
  EXPECT_THAT(texts(workspace_),
              ElementsAre("hf/test-2 cap: test b", "hf/test__a cap: test a",
                          "hf/train-2 cap: train b", "hf/train__a cap: train a"));
}

// "a/b.jpg" and "a__b.jpg" would have one key.
TEST_F(FolderNotes, PathsThatWouldBeOneKeyStayApart) {
  picture("a/b.jpg");
  picture("a__b.jpg");
  write_file(hf() / "metadata.jsonl",
             "{\"file_name\": \"a/b.jpg\", \"text\": \"Folder.\"}\n"
             "{\"file_name\": \"a__b.jpg\", \"text\": \"Name.\"}\n");
  import_folder();
  EXPECT_EQ(import_captions().written, 2);
  EXPECT_THAT(texts(workspace_), ElementsAre("hf/a/b cap: Folder.", "hf/a__b cap: Name."));
}

TEST_F(FolderNotes, SeveralPicturesOfALineHaveItsText) {
  picture("a.jpg");
  picture("b.jpg");
  write_file(hf() / "metadata.jsonl",
             "{\"file_names\": [\"a.jpg\", \"b.jpg\"], \"text\": \"Of both.\"}\n");
  import_folder();
  EXPECT_EQ(import_captions().written, 2);
}

// What this program exported comes back under another name of the data set.
TEST_F(FolderNotes, AnExportIsImportedElsewhere) {
  std::vector<SampleRole> roles;
  const std::vector<std::pair<const char*, std::optional<ClassId>>> samples = {
      {"a", test::kNevus}, {"b", test::kNevus}, {"c", {}}};
  for (const auto& [key, label] : samples) {
    picture(std::string(key) + ".jpg");
    Sample sample = test::make_sample(key);
    sample.image_path = (hf() / (std::string(key) + ".jpg")).string();
    sample.raw_label = "type 7";  // which only the own map knows
    sample.label = label;
    const std::int64_t id = test::store_sample(database_, "old", sample);
    put(id, "P1", "openai", 0, fmt::format("Of {}.", key));
    if (roles.empty()) roles.push_back({id, Role::kTest});
  }
  save_split_set(database_, "mine", 1, Json::object(), roles);
  NoteExportOptions options;
  options.split_set = "mine";
  export_notes(workspace_, NoteFormat::kImageFolder, folder_.path() / "out", job_, options);
  for (const char* file : {"test/old/a.jpg", "unused/old/b.jpg", "unused/old/c.jpg"}) {
    write_file(folder_.path() / "out" / file, "pixels");
  }
  Workspace other = Workspace::create(folder_.path() / "other");
  ImportOptions as;
  as.name = "new";
  Job job;
  const ImportReport report = import_dataset(other, "imagefolder", folder_.path() / "out", job, as);
  EXPECT_THAT(report.read.warnings, IsEmpty());
  EXPECT_EQ(report.read.by_label, (std::map<ClassId, std::uint64_t>{{test::kNevus, 2}}));
  EXPECT_EQ(report.read.by_split, (std::map<std::string, std::uint64_t>{{"", 2}, {"test", 1}}));
  EXPECT_EQ(find_sample(other.database(), "new", "a")->raw_label, "type 7");
  EXPECT_EQ(import_notes(other, folder_.path() / "out", job_).unmatched, 3);
  NoteImportOptions of;
  of.dataset = "new";
  EXPECT_EQ(import_notes(other, folder_.path() / "out", job_, of).written, 3);
  // A data set that is there keeps its notes.
  of.dataset = "hf";
  EXPECT_EQ(import_notes(workspace_, folder_.path() / "out", job_, of).unchanged, 3);
}

// A note of somebody else's would pass for the strategy's.
TEST_F(FolderNotes, AStrategyOfThisProgramIsNoNameForOthersNotes) {
  fill();
  NoteImportOptions options;
  options.dataset = "ham";
  for (const char* name : {"M", "P1"}) {
    options.strategy = name;
    try {
      import_jsonl(R"({"key": "ISIC_1", "text": "Mine."})", options);
      FAIL() << name << " was taken";
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("'{}-imported'", name)));
    }
  }
  options.strategy = "M-imported";
  EXPECT_EQ(import_jsonl(R"({"key": "ISIC_1", "text": "Mine."})", options).written, 1);
}

}  // namespace
}  // namespace epicrisis
