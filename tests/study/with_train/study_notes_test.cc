#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/study.h"
#include "study/small_study.h"
#include "support/fault_server.h"

namespace epicrisis {
namespace {

using test::FaultServer;
using testing::HasSubstr;

const std::string kStudy = test::small_study("by-model", false) + R"([[notes.synthesis]]
strategies = ["P2"]
endpoint = "ENDPOINT/v1"
model = "m"
fraction = 0.5
record = "answers.jsonl"
[train]
epochs = 2
[[run]]
name = "image only"
mode = "image"
train_with = ["P2"]
[[run]]
name = "with notes"
mode = "multimodal"
notes = ["M", "P2"]
train_with = ["P2"]
[[run]]
name = "with notes of the model"
mode = "multimodal"
notes = ["M", "P2"]
note_providers = ["endpoint"]
)";

class StudyNotesTest : public ::testing::Test {
 protected:
  StudyNotesTest() {
    write_demo_corpus(corpus_.path(), Job(),
                      {.seed = 3, .internal_lesions = 60, .external_lesions = 20});
  }
  Study study(const std::string& more = "") const {
    std::string text = kStudy;
    text.replace(text.find("ENDPOINT"), 8, server_.url());
    if (!more.empty()) text.replace(text.find("record ="), 8, more);
    return parse_study(text, "by-model.toml", corpus_.path());
  }
  static std::int64_t count(Workspace& workspace, const char* strategy) {
    NoteFilter filter;
    filter.strategies = {strategy};
    return static_cast<std::int64_t>(load_notes(workspace.database(), filter).size());
  }

  FaultServer server_;
  TemporaryFolder corpus_;
  TemporaryFolder folder_;
  Job job_;
};

TEST_F(StudyNotesTest, ModelsAreAskedOnceAndRepeatedFromARecording) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const StudyOutcome first = run_study(workspace, study(), job_);
  const std::int64_t notes = count(workspace, "P2");
  EXPECT_EQ(static_cast<std::int64_t>(server_.request_count()), notes);
  EXPECT_GT(notes, 0);
  EXPECT_LT(notes, count(workspace, "M"));
  EXPECT_EQ(first.trained, 3U);

  const StudyOutcome second = run_study(workspace, study(), job_);
  EXPECT_EQ(second.trained, 0U);
  EXPECT_EQ(static_cast<std::int64_t>(server_.request_count()), notes);

  // Elsewhere, from the recording: the same notes and the same numbers, and nobody is asked.
  Workspace other = Workspace::open_or_create(folder_.path() / "other");
  const StudyOutcome repeated = run_study(other, study("replay ="), job_);
  EXPECT_EQ(count(other, "P2"), notes);
  EXPECT_EQ(static_cast<std::int64_t>(server_.request_count()), notes);
  EXPECT_EQ(to_csv(repeated.rows), to_csv(first.rows));
}

TEST_F(StudyNotesTest, RunsWithTheSameSamplesAreTrainedOnTheSameOnes) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  run_study(workspace, study(), job_);
  std::map<std::string, Json> configs;
  for (const RunRecord& run : list_runs(workspace.database(), "by-model")) {
    configs[run.name] = run.config;
  }
  EXPECT_EQ(configs.at("image only").at("pictures"), configs.at("with notes").at("pictures"));
  EXPECT_LT(configs.at("with notes").at("cases").get<int>(),
            configs.at("with notes of the model").at("cases").get<int>());
  // M is left out where only the model's notes are taken.
  EXPECT_NE(configs.at("with notes").at("note_texts"),
            configs.at("with notes of the model").at("note_texts"));
}

// Wherever the program is started, and when the report is made again.
TEST_F(StudyNotesTest, FilesOfStrategiesAndProvidersLieBesideTheStudy) {
  const Path place = folder_.path() / "studies";
  write_file(place / "own.toml",
             "name = \"own\"\nmodel = \"m\"\n[[endpoint]]\nurl = \"" + server_.url() + "/v1\"\n");
  write_file(place / "P9.toml",
             "name = \"P9\"\nversion = 1\nkind = \"prompt\"\nfields = [\"diagnosis\"]\n"
             "system = \"Describe.\"\nuser = \"It is {diagnosis}.\"\n");
  std::string text = kStudy;
  const auto replace = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  replace("endpoint = \"ENDPOINT/v1\"\nmodel = \"m\"", "provider = \"own.toml\"");
  replace("strategies = [\"P2\"]", "strategies = [\"./P9.toml\"]");
  replace("note_providers = [\"endpoint\"]\n", "");
  while (text.find("P2") != std::string::npos) replace("P2", "P9");
  write_file(place / "study.toml", text);
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  run_study(workspace, read_study(place / "study.toml", corpus_.path()), job_);
  EXPECT_GT(count(workspace, "P9"), 0);
  EXPECT_EQ(load_study(workspace, "by-model").synthesis.front().choice.provider,
            place / "own.toml");
}

// Before anything is asked for.
TEST_F(StudyNotesTest, AMisspelledStrategyCostsNothing) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  Study wrong = study();
  wrong.runs.back().notes = {"MP"};  // P1 is not written
  EXPECT_THAT([&] { run_study(workspace, wrong, job_); },
              testing::ThrowsMessage<UsageError>(testing::AllOf(
                  HasSubstr("with notes of the model"), HasSubstr("strategy 'P1'"))));
  EXPECT_EQ(server_.request_count(), 0U);
}

TEST_F(StudyNotesTest, NotesAreChosenByModel) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  Study one = study();
  one.runs.back().note_providers = {};
  one.runs.back().note_models = {"another"};
  EXPECT_THROW(run_study(workspace, one, job_), InputError);
  one.runs.back().note_models = {one.synthesis.front().choice.model};
  EXPECT_EQ(run_study(workspace, one, job_).trained, 1U);
}

TEST_F(StudyNotesTest, AStoppedRunOfTheModelStopsTheStudy) {
  server_.otherwise(test::fail_with(401, "no such key"));
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  try {
    run_study(workspace, study(), job_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("no such key"));
  }
}

TEST_F(StudyNotesTest, WhatIsWrongWithTheTableIsSaidBeforeAnythingRuns) {
  const auto error_of = [&](const std::string& from, const std::string& to) -> std::string {
    std::string text = kStudy;
    text.replace(text.find("ENDPOINT"), 8, "http://127.0.0.1:1");
    text.replace(text.find(from), from.size(), to);
    try {
      parse_study(text, "s.toml", corpus_.path());
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(error_of("[\"P2\"]\nendpoint", "[]\nendpoint"), HasSubstr("strategies"));
  EXPECT_THAT(error_of("http://127.0.0.1:1", "ftp://x"), HasSubstr("endpoint: the URL"));
  EXPECT_THAT(error_of("fraction = 0.5", "fraction = 2"), HasSubstr("fraction"));
  EXPECT_THAT(error_of("fraction = 0.5", "fractoin = 1"), HasSubstr("fractoin"));
  EXPECT_THAT(error_of("model = \"m\"", ""), HasSubstr("`model`"));
}

}  // namespace
}  // namespace epicrisis
