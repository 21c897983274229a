#include "epicrisis/study/workspace_status.h"

#include <gmock/gmock.h>

#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/import_record.h"
#include "epicrisis/study/study.h"
#include "study/data_state.h"
#include "study/kept_studies.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class WorkspaceStatusTest : public test::KeptStudies {};

TEST_F(WorkspaceStatusTest, AnEmptyOneSaysHowToBegin) {
  const WorkspaceStatus status = workspace_status(workspace_);
  EXPECT_TRUE(status.datasets.empty());
  ASSERT_EQ(status.next.size(), 1U);
  EXPECT_THAT(status.next.front(), HasSubstr("epicrisis import"));
}

TEST_F(WorkspaceStatusTest, CountsWhatIsThere) {
  for (int i = 0; i < 6; ++i) {
    Sample sample = test::make_sample(std::to_string(i));
    sample.image_path = "/pictures/" + std::to_string(i) + ".png";
    sample.group = i < 4 ? "patient" : "";
    sample.split = i < 2 ? "test" : "";
    sample.label = i == 5 ? std::optional<ClassId>() : test::kNevus;
    const std::int64_t id = test::store_sample(database_, "ham", sample);
    NoteRecord note;
    note.key = "k" + std::to_string(i);
    note.sample_id = id;
    note.strategy = "P2";
    note.provider = "openai";
    note.text = i == 0 ? "" : "A mole.";
    note.status = i == 0 ? NoteStatus::kRefused : NoteStatus::kWritten;
    note.cost = 0.5;
    put_note(database_, note);
    if (i < 3) {
      database_.execute("INSERT INTO prepared VALUES ('v2-32', ?, '', 0, 0, ?, ?, 0.0, 0, 0, ?)",
                        id, i < 2 ? std::optional<std::int64_t>(i) : std::nullopt,
                        i < 2 ? std::optional<std::span<const std::uint8_t>>(
                                    std::span<const std::uint8_t>(std::array<std::uint8_t, 32>{}))
                              : std::nullopt,
                        i < 2 ? "" : "no picture");
    }
  }
  const WorkspaceStatus status = workspace_status(workspace_);
  ASSERT_EQ(status.datasets.size(), 1U);
  const DatasetStatus& ham = status.datasets.front();
  EXPECT_EQ(ham.dataset.samples, 6);
  EXPECT_EQ(ham.classes.with_image, 6);
  EXPECT_EQ(ham.classes.labelled.at(test::kNevus), 5);
  EXPECT_EQ(ham.classes.unlabelled, 1);
  EXPECT_EQ(ham.inventory.groups, 1);
  EXPECT_EQ(ham.inventory.grouped, 4);
  EXPECT_EQ(ham.inventory.published, (std::map<std::string, std::int64_t>{{"test", 2}}));
  EXPECT_EQ(ham.inventory.prepared.at("v2-32").pictures, 2);
  EXPECT_EQ(ham.inventory.prepared.at("v2-32").failed, 1);
  const Json json = to_json(status);
  EXPECT_EQ(json["notes"].size(), 2U);
  EXPECT_EQ(json["datasets"][0]["without_class"], 1);
  EXPECT_GT(json["disk"][0]["bytes"].get<std::int64_t>(), 0);
  EXPECT_THAT(status.next, Contains(HasSubstr("3 of 6 pictures not prepared")));
  EXPECT_THAT(status.next, Contains(HasSubstr("1 picture cannot be prepared")));
  EXPECT_THAT(status.next, Contains(HasSubstr("1 request gave no note")));
  EXPECT_THAT(status.next, Contains(HasSubstr("epicrisis study init")));
  EXPECT_THAT(status.next, Not(Contains(HasSubstr("No note yet"))));
}

TEST_F(WorkspaceStatusTest, TellsLabelsThatAreNotKnownFromNone) {
  Sample sample = test::make_sample("a");
  sample.label.reset();
  sample.raw_label.clear();
  test::store_sample(database_, "ham", sample);
  WorkspaceStatus status = workspace_status(workspace_);
  EXPECT_THAT(status.next, Contains(HasSubstr("ham: no sample has a label")));
  // Where the column map says that there is none, it is not asked for.
  ImportRecord record;
  record.said_without_label = true;
  keep_import_record(database_, find_dataset(database_, "ham")->id, record);
  EXPECT_THAT(workspace_status(workspace_).next, Not(Contains(HasSubstr("no sample has"))));
  EXPECT_EQ(to_json(status)["datasets"][0]["with_raw_label"], 0);
  sample.raw_label = "wart";
  test::store_sample(database_, "ham", sample);
  status = workspace_status(workspace_);
  EXPECT_THAT(status.next, Contains(HasSubstr("ham: no sample has a class")));
  EXPECT_EQ(to_json(status)["datasets"][0]["with_raw_label"], 1);
}

TEST_F(WorkspaceStatusTest, RunsOfAStudyAreCountedOnceASeed) {
  keep_study("small", R"(
[[run]]
name = "image only"
mode = "image"
seeds = [1, 2, 3, 4, 5]
)");
  add_run("old", "small", "image only", 1, RunStatus::kFailed);
  add_run("new", "small", "image only", 1, RunStatus::kDone);
  add_run("a", "small", "image only", 2, RunStatus::kInterrupted);
  add_run("a", "small", "image only", 3, RunStatus::kFailed);
  add_run("a", "small", "image only", 4, RunStatus::kRunning);  // by nobody that lives
  add_run("a", "small", "gone", 1, RunStatus::kDone);
  write_file(root() / "studies" / "broken.json", "{");
  StudyProgress small = list_study_progress(workspace_).at(1);
  EXPECT_EQ(small.name, "small");
  EXPECT_EQ(small.runs, 5);
  EXPECT_EQ(small.done, 1);
  EXPECT_EQ(small.interrupted, 2);
  EXPECT_EQ(small.failed, 1);
  EXPECT_EQ(small.missing, 1);
  EXPECT_EQ(small.report, "");
  const WorkspaceStatus status = workspace_status(workspace_);
  EXPECT_THAT(status.next, Contains(HasSubstr("4 of 5 runs not done: epicrisis study run "
                                              "/studies/small.toml")));
  EXPECT_THAT(status.next, Contains(HasSubstr("Study broken: its record cannot be read")));
  const WorkspaceLock lock = workspace_.lock("study-small");
  small = list_study_progress(workspace_).at(1);
  EXPECT_EQ(small.running, 1);
  EXPECT_EQ(small.interrupted, 1);
}

TEST_F(WorkspaceStatusTest, DataThatAStudyNamesAndAreGoneAreTold) {
  keep_study("small");
  test::store_sample(database_, "dermoscope_a", test::make_sample("1"));
  EXPECT_THAT(workspace_status(workspace_).next,
              Contains(HasSubstr("Study small: its data set phone is not here any more: epicrisis "
                                 "study run /studies/small.toml imports it again")));
}

// A finished run whose folder somebody removed is trained again.
TEST_F(WorkspaceStatusTest, ARunWhoseFilesAreGoneIsNotDone) {
  keep_study("small");
  const std::string run = add_run("a", "small", "image only", 1, RunStatus::kDone);
  add_run("b", "small", "with notes", 1, RunStatus::kDone);
  EXPECT_EQ(list_study_progress(workspace_).at(0).done, 2);
  std::filesystem::remove_all(workspace_.runs() / run);
  const StudyProgress small = list_study_progress(workspace_).at(0);
  EXPECT_EQ(small.done, 1);
  EXPECT_EQ(small.missing, 1);
  EXPECT_THAT(workspace_status(workspace_).next, Contains(HasSubstr("1 of 2 runs not done")));
  EXPECT_THAT(list_workspace_runs(workspace_).at(0).error, HasSubstr("gone"));
}

// Labels, patients, splits and metadata that a later import changed.
class StaleRuns : public WorkspaceStatusTest {
 protected:
  StaleRuns() {
    keep_study("small");
    study_ = load_study(workspace_, "small");
    for (const char* key : {"a", "b"}) store(pictured(key));
    add_run("a", "small", "image only", 1, RunStatus::kDone);
    add_run("b", "small", "with notes", 1, RunStatus::kDone);
  }
  static Sample pictured(const std::string& key) {
    Sample sample = test::make_sample(key);
    sample.image_path = "/pictures/" + key + ".png";
    return sample;
  }
  void store(const Sample& sample, const std::string& dataset = "dermoscope_a") const {
    test::store_sample(database_, dataset, sample);
  }
  // As a run of the study does with each training.
  void keep_state(const std::string& id) const {
    keep_data_state(database_, id, study::data_state(database_, study_));
  }
  void keep_states() const {
    keep_state("a-1-0123456789");
    keep_state("b-1-0123456789");
  }
  // "image only: labels of dermoscope_a" a run.
  std::vector<std::string> stale() {
    std::vector<std::string> lines;
    const std::vector<StudyProgress> studies = list_study_progress(workspace_);
    for (const StaleRun& run : studies.at(0).stale) {
      lines.push_back(run.name + ": " + join(run.changed, "; "));
    }
    return lines;
  }
  Study study_;
};

TEST_F(StaleRuns, OfAnEarlierVersionAreNotKnownToBe) {
  store(pictured("c"));
  EXPECT_THAT(stale(), IsEmpty());
}

TEST_F(StaleRuns, AreToldWithWhatChangedAndWhatToDo) {
  keep_states();
  EXPECT_THAT(stale(), IsEmpty());
  EXPECT_THAT(workspace_status(workspace_).next, Not(Contains(HasSubstr("changed since"))));
  Sample sample = pictured("b");
  sample.label = test::kMelanoma;
  store(sample);
  EXPECT_THAT(stale(), ElementsAre("image only: labels of dermoscope_a",
                                   "with notes: labels of dermoscope_a"));
  const WorkspaceStatus status = workspace_status(workspace_);
  EXPECT_THAT(status.next,
              Contains("Study small: labels of dermoscope_a changed since 'image only' (seed 1), "
                       "'with notes' (seed 1) were trained: epicrisis study check "
                       "/studies/small.toml says what is trained again, epicrisis study run "
                       "/studies/small.toml does it"));
  EXPECT_EQ(to_json(status)["studies"][0]["stale"][0]["changed"][0], "labels of dermoscope_a");
  EXPECT_EQ(status.studies.at(0).done, 2);
  const ListedRun listed = list_workspace_runs(workspace_).at(0);
  EXPECT_THAT(listed.changed, ElementsAre("labels of dermoscope_a"));
  EXPECT_EQ(to_json(listed)["changed"][0], "labels of dermoscope_a");
  EXPECT_EQ(listed.use, RunUse::kUsed);
  // The study was run again: one was trained anew, the other's training stands for these data.
  keep_state("b-1-0123456789");
  add_run("c", "small", "image only", 1, RunStatus::kDone);
  keep_state("c-1-0123456789");
  EXPECT_THAT(stale(), IsEmpty());
  for (const ListedRun& run : list_workspace_runs(workspace_)) EXPECT_THAT(run.changed, IsEmpty());
  // The label is as it was: the first training has the data of now.
  store(pictured("b"));
  EXPECT_THAT(stale(), ElementsAre("with notes: labels of dermoscope_a"));
}

TEST_F(StaleRuns, AreThoseAloneThatTheChangeMattersTo) {
  keep_states();
  Sample sample = pictured("b");
  sample.metadata["age"] = "46";
  store(sample);
  EXPECT_THAT(stale(), ElementsAre("with notes: metadata of dermoscope_a"));
  sample = pictured("b");
  sample.split = "test";
  sample.group = "x";
  store(sample);
  EXPECT_THAT(stale(), ElementsAre(HasSubstr("patients or cases, the published split of"),
                                   HasSubstr("patients or cases, the published split of")));
  store(pictured("b"));
  EXPECT_THAT(stale(), IsEmpty());
  // Nobody trains on an external set, nor on a sample of no class.
  store(pictured("d"), "phone");
  sample = pictured("e");
  sample.label.reset();
  store(sample);
  EXPECT_THAT(stale(), IsEmpty());
  store(pictured("f"));
  EXPECT_THAT(stale(), Contains("image only: the samples of its classes of dermoscope_a"));
}

TEST_F(StaleRuns, PublishedSplitsMatterWhereTheStudyTakesThem) {
  keep_study("small", "[split]\nhonour_published = false\n" + std::string(test::kTwoRuns));
  keep_states();
  Sample sample = pictured("b");
  sample.split = "test";
  store(sample);
  EXPECT_THAT(stale(), IsEmpty());
}

}  // namespace
}  // namespace epicrisis
