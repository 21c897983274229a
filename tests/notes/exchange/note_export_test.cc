#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/splits.h"
#include "notes/exchange/exchange_fixture.h"
#include "notes/exchange/incoming_note.h"
#include "support/shared_data.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using test::ExchangeTest;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(ExchangeTest, EveryFormatComesBackWhole) {
  fill();
  for (const NoteFormat format :
       {NoteFormat::kJsonl, NoteFormat::kTree, NoteFormat::kImageFolder}) {
    const std::string name(note_format_name(format));
    const Path target =
        folder_.path() / (format == NoteFormat::kJsonl ? "out.jsonl" : "out_" + name);
    const NoteExportReport out = export_notes(workspace_, format, target, job_);
    EXPECT_EQ(out.notes, 16) << name;
    EXPECT_EQ(out.written, 16) << name;
    // Into the workspace that they are from: nothing is new.
    const NoteImportReport back = import_notes(workspace_, target, job_);
    EXPECT_EQ(back.rows, 16) << name;
    EXPECT_EQ(back.unchanged, 16) << name << dump_json(to_json(back));
    // Into one that has the samples alone: all of it, and once.
    Workspace twin = empty_twin();
    EXPECT_EQ(import_notes(twin, target, job_).written, 16) << name;
    EXPECT_EQ(texts(twin), texts(workspace_)) << name;
    EXPECT_EQ(import_notes(twin, target, job_).unchanged, 16) << name;
    EXPECT_EQ(texts(twin), texts(workspace_)) << name;
  }
}

TEST_F(ExchangeTest, JsonlKeepsTheProvenance) {
  fill();
  const Path file = folder_.path() / "out.jsonl";
  export_notes(workspace_, NoteFormat::kJsonl, file, job_);
  Workspace twin = empty_twin();
  import_notes(twin, file, job_);
  const std::vector<NoteRecord> here = load_notes(database_, {});
  for (const NoteRecord& note : here) {
    const auto there = find_note(twin.database(), note.key);
    ASSERT_TRUE(there);
    EXPECT_EQ(there->provider, note.provider);
    EXPECT_EQ(there->model, note.model);
    EXPECT_EQ(there->template_version, note.template_version);
    EXPECT_EQ(there->variant, note.variant);
    EXPECT_EQ(there->origin, note.origin);
    EXPECT_EQ(there->created_at, note.created_at);
    EXPECT_EQ(dump_json(there->parameters), dump_json(note.parameters));
  }
  EXPECT_THAT(here, SizeIs(16));
}

// Two providers' notes of one strategy and variant used to be one file.
TEST_F(ExchangeTest, TreeGivesEachNoteItsOwnFile) {
  fill();
  export_notes(workspace_, NoteFormat::kTree, folder_.path() / "tree", job_);
  const Path folder = folder_.path() / "tree/ham/P1";
  EXPECT_EQ(read_file(folder / "ISIC_1@1.txt"), "Another provider's.\n");
  EXPECT_EQ(read_file(folder / "ISIC_1@2.txt"), "Another variant.\n");
  EXPECT_THAT(read_file(folder / "ISIC_1.txt"), HasSubstr("A) Asymmetry"));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 6);
}

TEST_F(ExchangeTest, ImageFolderIsAsHuggingFaceReadsIt) {
  const Path picture = folder_.path() / "pictures" / "odd name.PNG";
  write_file(picture, "not looked into");
  Sample sample = test::make_sample("ISIC_1");
  sample.image_path = picture.string();
  const std::int64_t id = test::store_sample(database_, "ham", sample);
  put(id, "P1", "openai", 0, "Note one.");
  put(id, "P2", "openai", 0, "Note two.");
  Sample other = test::make_sample("ISIC_2");
  other.split = "test";
  put(test::store_sample(database_, "ham", other), "P1", "openai", 0, "Of the other.");

  NoteExportOptions options;
  options.pictures = true;
  const Path target = folder_.path() / "set";
  export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options);
  const Json line = parse_json(read_file(target / "train/metadata.jsonl"), "metadata");
  EXPECT_EQ(line.at("file_name"), "ham/ISIC_1.png");
  EXPECT_EQ(line.at("text"), "Note one.");
  EXPECT_EQ(line.at("notes").at(1), (Json{{"strategy", "P2"}, {"text", "Note two."}}));
  EXPECT_EQ(line.at("class"), "NEV");
  EXPECT_EQ(line.at("label"), "nv");
  EXPECT_EQ(line.at("patient"), "HAM_ISIC_1");
  EXPECT_EQ(line.at("age"), "45 years");
  EXPECT_EQ(line.at("sex"), "");
  EXPECT_EQ(line.at("site"), "back");
  EXPECT_EQ(line.at("split"), "train");
  EXPECT_EQ(read_file(target / "train/ham/ISIC_1.png"), "not looked into");
  // Of a picture that is not there a loader would say that it is lost.
  EXPECT_FALSE(fs::exists(target / "test"));
  // A second export over the first has to be meant.
  EXPECT_THROW(export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options),
               UsageError);
  options.replace = true;
  const NoteExportReport again =
      export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options);
  EXPECT_EQ(again.written, 2);
  EXPECT_EQ(again.pictures, 1);
  EXPECT_EQ(again.skips, (std::map<std::string, std::int64_t>{{"no picture", 1}}));
  EXPECT_THAT(again.skipped_examples, ElementsAre("ham/ISIC_2: no picture"));
  EXPECT_THAT(
      read_file(target / "README.md"),
      AllOf(HasSubstr("- split: train\n    path: \"train/**\""),
            testing::Not(HasSubstr("split: test")), HasSubstr("From ham. Notes of P1, P2.")));

  save_split_set(database_, "mine", 1, Json::object(), {{id, Role::kExternal}});
  options.split_set = "mine";
  options.pictures = false;
  export_notes(workspace_, NoteFormat::kImageFolder, folder_.path() / "roles", job_, options);
  EXPECT_TRUE(fs::exists(folder_.path() / "roles/external/metadata.jsonl"));
  EXPECT_TRUE(fs::exists(folder_.path() / "roles/unused/metadata.jsonl"));
  EXPECT_FALSE(fs::exists(folder_.path() / "roles/train"));
  EXPECT_THAT(read_file(folder_.path() / "roles/README.md"),
              AllOf(HasSubstr("- split: external"), HasSubstr("- split: unused"),
                    HasSubstr("cannot be loaded")));
  // One type in every line, whatever notes the sample has.
  EXPECT_EQ(
      parse_json(read_file(folder_.path() / "roles/unused/metadata.jsonl"), "metadata").at("notes"),
      (Json::array({{{"strategy", "P1"}, {"text", "Of the other."}}})));
  write_file(folder_.path() / "taken/README.md", "# Mine\n");
  EXPECT_THROW(
      export_notes(workspace_, NoteFormat::kImageFolder, folder_.path() / "taken", job_, options),
      UsageError);
  EXPECT_EQ(read_file(folder_.path() / "taken/README.md"), "# Mine\n");
  options.split_set = "no such";
  EXPECT_THROW(
      export_notes(workspace_, NoteFormat::kImageFolder, folder_.path() / "none", job_, options),
      UsageError);
}

// All went to train/ without a word, those that a study had tested on too.
TEST_F(ExchangeTest, SamplesWithoutASplitAreWarnedOf) {
  struct Watcher : JobWatcher {
    void said(LogLevel level, std::string_view text) override {
      if (level == LogLevel::kWarning) warnings.emplace_back(text);
    }
    std::vector<std::string> warnings;
  } watcher;
  Job job(watcher);
  Sample sample = test::make_sample("1");
  sample.split = "";
  sample.published_splits = {};
  const std::int64_t id = test::store_sample(database_, "ham", sample);
  put(id, "P1", "x", 0, "A note.");
  const Path target = folder_.path() / "set";
  EXPECT_EQ(export_notes(workspace_, NoteFormat::kImageFolder, target, job).without_split, 1);
  EXPECT_THAT(watcher.warnings,
              ElementsAre(AllOf(HasSubstr("1 sample is in no split"), HasSubstr("`split_set`"))));
  save_split_set(database_, "mine", 1, Json::object(), {{id, Role::kTest}});
  NoteExportOptions again;
  again.replace = true;
  export_notes(workspace_, NoteFormat::kImageFolder, target, job, again);
  EXPECT_THAT(watcher.warnings.back(), HasSubstr("there are: mine"));
  watcher.warnings.clear();
  NoteExportOptions options;
  options.split_set = "mine";
  EXPECT_EQ(export_notes(workspace_, NoteFormat::kImageFolder, folder_.path() / "own", job, options)
                .without_split,
            0);
  EXPECT_THAT(watcher.warnings, ::testing::IsEmpty());
}

TEST_F(ExchangeTest, NoNameLeadsOutOfTheTarget) {
  Sample hostile = test::make_sample("../../outside");
  put(test::store_sample(database_, "ham", hostile), "P1", "x", 0, "one");
  put(test::store_sample(database_, "ham", test::make_sample("fine")), "P1", "x", 0, "two");
  put(test::store_sample(database_, "..", test::make_sample("k")), "P1", "x", 0, "three");
  const Path target = folder_.path() / "deep/er/target";
  const Path set = folder_.path() / "deep/er/set";
  EXPECT_EQ(export_notes(workspace_, NoteFormat::kTree, target, job_).skipped, 1);
  EXPECT_EQ(export_notes(workspace_, NoteFormat::kImageFolder, set, job_).skipped, 1);
  for (const auto& entry : fs::recursive_directory_iterator(folder_.path() / "deep")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(entry.path().string(),
                testing::AnyOf(testing::EndsWith("deep/er/target/ham/P1/fine.txt"),
                               testing::EndsWith("deep/er/target/ham/P1/%2E.%2F..%2Foutside.txt"),
                               testing::EndsWith("deep/er/target/.epicrisis-files"),
                               testing::EndsWith("deep/er/set/README.md"),
                               testing::EndsWith("deep/er/set/.epicrisis-files"),
                               testing::EndsWith("deep/er/set/train/metadata.jsonl")));
  }
  const NoteExportReport jsonl =
      export_notes(workspace_, NoteFormat::kJsonl, folder_.path() / "all.jsonl", job_);
  EXPECT_EQ(jsonl.written, 3);  // names no file by them
}

// Any text may be a key: its files are told apart, on every disk, and lead back to it.
TEST_F(ExchangeTest, NotesOfAnyKeyGoOutAndComeBack) {
  const std::vector<std::string> keys = {"IMG (1)",
                                         "-77",
                                         "50%",
                                         "50%25",
                                         "a@1",
                                         "a",
                                         "A",
                                         "M\u00fcller & S\u00f6hne",
                                         "same.jpg",
                                         "same.png",
                                         "../up",
                                         "con",
                                         "\u75c5\u53d801",
                                         std::string(512, 'x'),
                                         std::string(511, 'x')};
  for (const std::string& key : keys) {
    put(test::store_sample(database_, "own", test::make_sample(key)), "P1", "openai", 0,
        "Note of " + key);
  }
  put(sample_by_key(database_, "a").id, "P1", "openai", 1, "Another of a");
  const std::vector<std::string> before = texts(workspace_);
  for (const NoteFormat format :
       {NoteFormat::kTree, NoteFormat::kJsonl, NoteFormat::kImageFolder}) {
    const Path target = folder_.path() / fmt::format("out {}", note_format_name(format)) /
                        (format == NoteFormat::kJsonl ? "notes.jsonl" : "x");
    fs::create_directories(target.parent_path());
    const NoteExportReport report = export_notes(workspace_, format, target, job_);
    EXPECT_EQ(report.written, 16);
    EXPECT_EQ(report.skipped, 0);
    std::set<std::string> names;
    if (format == NoteFormat::kTree) {
      for (const auto& entry : fs::recursive_directory_iterator(target)) {
        EXPECT_TRUE(names.insert(ascii_lower(entry.path().string())).second) << entry.path();
      }
    }
    Workspace twin = empty_twin();
    EXPECT_EQ(import_notes(twin, target, job_).written, 16);
    EXPECT_EQ(texts(twin), before) << note_format_name(format);
  }
}

TEST_F(ExchangeTest, FilterHolds) {
  fill();
  NoteExportOptions options;
  options.filter.strategies = {"P2"};
  options.filter.datasets = {"pad"};
  const Path file = folder_.path() / "p2.jsonl";
  EXPECT_EQ(export_notes(workspace_, NoteFormat::kJsonl, file, job_, options).written, 2);
  EXPECT_THAT(read_file(file), testing::Not(HasSubstr("\"ham\"")));
}

// Samples whose split had changed were in train of the one export and in test of the other.
TEST_F(ExchangeTest, AnExportInPlaceOfAnotherLeavesNothingOfIt) {
  Sample sample = test::make_sample("1");
  sample.split = "train";
  const std::int64_t id = test::store_sample(database_, "ham", sample);
  put(id, "P1", "x", 0, "A note.");
  const Path target = folder_.path() / "set";
  export_notes(workspace_, NoteFormat::kImageFolder, target, job_);
  EXPECT_TRUE(fs::exists(target / "train/metadata.jsonl"));
  save_split_set(database_, "mine", 1, Json::object(), {{id, Role::kTest}});
  NoteExportOptions options;
  options.split_set = "mine";
  EXPECT_THROW(export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options),
               UsageError);
  options.replace = true;
  export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options);
  EXPECT_FALSE(fs::exists(target / "train"));
  EXPECT_TRUE(fs::exists(target / "test/metadata.jsonl"));
  // What somebody else put there stays, and so does all beside it.
  write_file(target / "mine.txt", "mine");
  EXPECT_THROW(export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options),
               UsageError);
  EXPECT_EQ(read_file(target / "mine.txt"), "mine");
  EXPECT_TRUE(fs::exists(target / "test/metadata.jsonl"));
}

// The pictures of an export were links to those of their owner.
TEST_F(ExchangeTest, APictureOfAnExportIsACopy) {
  const Path picture = folder_.path() / "own.png";
  write_file(picture, "as it was");
  Sample sample = test::make_sample("1");
  sample.image_path = picture.string();
  put(test::store_sample(database_, "ham", sample), "P1", "x", 0, "A note.");
  NoteExportOptions options;
  options.pictures = true;
  const Path target = folder_.path() / "set";
  export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options);
  const Path copy = target / "train/ham/1.png";
  EXPECT_EQ(fs::hard_link_count(copy), 1U);
  std::ofstream(copy) << "edited";
  EXPECT_EQ(read_file(picture), "as it was");
}

// It ended the export, after some of the pictures.
TEST_F(ExchangeTest, APictureThatCannotBeReadIsLeftOutAndNamed) {
  for (const char* key : {"1", "2", "3"}) {
    Sample sample = test::make_sample(key);
    const Path picture = folder_.path() / (std::string("own/") + key + ".png");
    sample.image_path = picture.string();
    if (std::string_view(key) == "1") write_file(picture, "a picture");
    if (std::string_view(key) == "3") fs::create_directories(picture);
    const std::int64_t id = test::store_sample(database_, "ham", sample);
    put(id, "P1", "x", 0, "A note.");
    put(id, "P2", "x", 0, "Another.");
  }
  NoteExportOptions options;
  options.pictures = true;
  const Path target = folder_.path() / "set";
  const NoteExportReport report =
      export_notes(workspace_, NoteFormat::kImageFolder, target, job_, options);
  EXPECT_EQ(report.notes, 6);
  EXPECT_EQ(report.written, 2);
  EXPECT_EQ(report.skipped, 4);
  EXPECT_EQ(report.pictures, 1);
  EXPECT_EQ(report.skips.at("picture missing or unreadable"), 4);
  EXPECT_THAT(report.skipped_examples,
              ElementsAre(AllOf(HasSubstr("ham/2: "), HasSubstr("own/2.png")),
                          AllOf(HasSubstr("ham/3: "), HasSubstr("own/3.png"))));
  const std::string table = read_file(target / "train/metadata.jsonl");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1);
  EXPECT_EQ(std::distance(fs::directory_iterator(target / "train/ham"), fs::directory_iterator()),
            1);
}

TEST_F(ExchangeTest, AnExportThatStopsLeavesNoFolder) {
  fill();
  Job cancelled;
  cancelled.cancel();
  for (const NoteFormat format : {NoteFormat::kTree, NoteFormat::kImageFolder}) {
    EXPECT_THROW(export_notes(workspace_, format, folder_.path() / "out/set", cancelled),
                 Interrupted);
    EXPECT_TRUE(fs::is_empty(folder_.path() / "out"));
  }
}

TEST_F(ExchangeTest, AnExportThatStopsLeavesTheOldFile) {
  fill();
  const Path file = folder_.path() / "out.jsonl";
  write_file(file, "old");
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(export_notes(workspace_, NoteFormat::kJsonl, file, cancelled), Interrupted);
  EXPECT_EQ(read_file(file), "old");
}

}  // namespace
}  // namespace epicrisis
