#include "epicrisis/study/study_skeleton.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "epicrisis/corpus/import.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/study/workspace_status.h"
#include "study/study_check_fixture.h"
#include "study/study_data.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class StudySkeletonTest : public test::StudyCheckFixture {
 protected:
  static std::string refusal(Workspace& workspace) {
    try {
      return study_skeleton(workspace, "mine").text;
    } catch (const UsageError& error) {
      return error.what();
    }
  }
};

TEST_F(StudySkeletonTest, TheSkeletonOfAWorkspaceIsAcceptedAtOnce) {
  Workspace workspace = Workspace::create(root());
  EXPECT_THROW(study_skeleton(workspace, "mine"), UsageError);
  EXPECT_EQ(refusal(workspace), root().string() +
                                    ": no data set has pictures of two classes or "
                                    "more; import one first");
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::string text = study_skeleton(workspace, "mine").text;
  EXPECT_THROW(study_skeleton(workspace, "../mine"), UsageError);
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  EXPECT_EQ(found.study, "mine");
  EXPECT_THAT(text, AllOf(HasSubstr("\n[prepare]\n"), HasSubstr("\n# remove_hair = true\n")));
  ASSERT_EQ(found.plan.data.size(), 2U);
  EXPECT_FALSE(found.plan.data.front().external);
  EXPECT_EQ(found.plan.runs.size(), 6U);
  // Elsewhere the data sets are not there.
  EXPECT_THAT(lines(check(text)), Contains(HasSubstr("has no data set 'dermoscope_a'")));
}

TEST_F(StudySkeletonTest, TheSkeletonHasARunForAllNotesThatAreThere) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  const std::vector<Sample> samples = load_samples(workspace.database(), {.with_image = true});
  const auto write = [&](const std::string& dataset, const std::string& strategy,
                         const std::string& model, std::size_t most) {
    std::size_t written = 0;
    for (const Sample& sample : samples) {
      if (sample.dataset != dataset || written == most) continue;
      NoteRecord note;
      note.sample_id = sample.id;
      note.strategy = strategy;
      note.provider = model.empty() ? "template" : "imported";
      note.model = model;
      note.key = fmt::format("{}{}{}", strategy, model, sample.id);
      note.text = "A spot.";
      note.status = NoteStatus::kWritten;
      put_note(workspace.database(), note);
      ++written;
    }
  };
  write("dermoscope_a", "P1", "one", 3);
  write("dermoscope_a", "P1", "two", 2);
  write("dermoscope_a", "P3.repair", "one", 1000);
  write("dermoscope_a", "G", "", 1000);
  write("phone", "P2", "one", 2);
  const std::string text = study_skeleton(workspace, "mine").text;
  const StudyCheck found = check(text, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found)) << text;
  std::set<std::string> runs;
  for (const PlannedRun& run : found.plan.runs) runs.insert(run.name);
  EXPECT_THAT(
      runs, testing::IsSupersetOf({"image only", "with M", "with P1", "with P3.repair", "with G"}));
  EXPECT_FALSE(runs.contains("with P2"));
  EXPECT_THAT(text,
              AllOf(HasSubstr("P1: of 3 of "), HasSubstr("by several models"),
                    HasSubstr("# train_with = [\"P1\"]   # on the 3 of "),
                    Not(HasSubstr("# train_with = [\"G\"]")), HasSubstr("P2: only of phone")));
}

// What stands in the way is not that nothing was imported.
TEST_F(StudySkeletonTest, LabelsWithoutAClassAreNamed) {
  const Path set = folder_.path() / "set";
  std::string rows;
  for (int i = 0; i < 9; ++i) {
    write_file(set / fmt::format("{}.jpg", i), "");
    rows += fmt::format("{{\"file_name\": \"{}.jpg\", \"dx\": \"{}\"}}\n", i,
                        i < 3   ? "nevus"
                        : i < 8 ? "B.C. Ca."
                                : "Mal. Mel.");
  }
  write_file(set / "metadata.jsonl", rows);
  Workspace workspace = Workspace::create(root());
  import_dataset(workspace, "imagefolder", set, job_);
  EXPECT_THAT(refusal(workspace),
              AllOf(HasSubstr("imagefolder has 9 pictures, 6 of them without a class (labels that "
                              "have none in the label map: 'B.C. Ca.' (5), 'Mal. Mel.' (1))"),
                    HasSubstr("give the labels a class"), Not(HasSubstr("import one first"))));
  const WorkspaceStatus status = workspace_status(workspace);
  EXPECT_THAT(status.next, Contains(HasSubstr("imagefolder: labels without a class in the label "
                                              "map: 'B.C. Ca.' (5), 'Mal. Mel.' (1);")));
  EXPECT_EQ(to_json(status)["datasets"][0]["labels_without_class"]["B.C. Ca."], 5);
}

// A folder whose column map names patients and splits by names that nobody else has.
class ImportedFolderTest : public StudySkeletonTest {
 protected:
  ImportedFolderTest() {
    std::string rows;
    for (int i = 0; i < 12; ++i) {
      const char* split = i < 8 ? "fit" : i < 10 ? "dev" : "holdout";
      rows += fmt::format(R"({{"file_name": "{}.jpg", "dx": "{}", "who": "p{}", "part": "{}"}})"
                          "\n",
                          i, i % 2 == 0 ? "nevus" : "melanoma", i, split);
      write_file(set() / fmt::format("{}.jpg", i), "");
    }
    write_file(set() / "metadata.jsonl", rows);
    write_file(map(),
               "[columns]\nlabel = \"dx\"\ngroup = \"who\"\nsplit = \"part\"\n"
               "[splits]\nfit = \"train\"\ndev = \"validation\"\nholdout = \"test\"\n");
    import_dataset(workspace_, "imagefolder", set(), job_,
                   {.name = "own", .modality = "clinical image", .column_map = map()});
  }
  Path set() const { return folder_.path() / "set"; }
  Path map() const { return folder_.path() / "elsewhere.toml"; }
  // As the skeleton invites to.
  static std::string uncommented(std::string text) {
    for (const char* key : {"adapter", "path", "column_map", "modality"}) {
      const std::size_t at = text.find(fmt::format("# {} = ", key));
      if (at != std::string::npos) text.erase(at, 2);
    }
    return text;
  }

  Workspace workspace_ = Workspace::create(root());
};

TEST_F(ImportedFolderTest, IsProposedAsItWasImported) {
  const std::string text = study_skeleton(workspace_, "mine").text;
  EXPECT_THAT(text, AllOf(HasSubstr(fmt::format("\n# column_map = \"{}\"\n", map().string())),
                          HasSubstr("\n# modality = \"clinical image\"\n"),
                          Not(HasSubstr("# taxonomy")), Not(HasSubstr("# pictures"))));
  const StudyCheck as_it_was = check(uncommented(text), true);
  EXPECT_TRUE(as_it_was.sound()) << testing::PrintToString(lines(as_it_was));
  EXPECT_THAT(lines(as_it_was), Not(Contains(HasSubstr("takes away"))));
  EXPECT_EQ(as_it_was.plan.data.at(0).test, 2);
}

TEST_F(ImportedFolderTest, AnImportThatTakesPatientsAndSplitsAwayIsWarnedOf) {
  std::string text = study_skeleton(workspace_, "mine").text;
  const std::string line = fmt::format("# column_map = \"{}\"\n", map().string());
  text.erase(text.find(line), line.size());
  EXPECT_THAT(
      lines(check(uncommented(text), true)),
      Contains(HasSubstr(fmt::format("own: read as it is here, it takes away what an earlier "
                                     "import gave: the patient or case of 12 samples and the "
                                     "published split of 12 samples. Import it as before, with "
                                     "the column map {};",
                                     map().string()))));
  // The check changes nothing.
  EXPECT_EQ(workspace_.database().query_integer(
                "SELECT count(*) FROM samples WHERE group_key <> '' AND split <> ''"),
            12);
}

TEST_F(ImportedFolderTest, WhatWasNotKeptIsNotProposed) {
  workspace_.database().execute("UPDATE datasets SET import_record = NULL");
  const std::string text = study_skeleton(workspace_, "mine").text;
  EXPECT_THAT(text, AllOf(HasSubstr("was not kept, so no import is proposed here"),
                          HasSubstr(set().string()), Not(HasSubstr("# path = ")),
                          Not(HasSubstr("# adapter = "))));
}

}  // namespace
}  // namespace epicrisis
