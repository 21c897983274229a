#include "epicrisis/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/model/encoders/text/word_vocabulary.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/train/trainer.h"
#include "study/data_state.h"
#include "study/predictions.h"
#include "study/report_files.h"
#include "study/run_evaluation.h"
#include "study/small_study.h"
#include "study/study_data.h"
#include "study/study_inputs.h"
#include "support/job_log.h"

namespace epicrisis {
namespace {

const std::string kStudy =
    "seeds = [1, 2]\n" + test::small_study("small") + "[train]\nepochs = 3" + test::kTwoRuns;

// One corpus for all tests; each test has a workspace of its own.
class StudyTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = new TemporaryFolder();
    write_demo_corpus(corpus_->path(), Job(),
                      {.seed = 3, .internal_lesions = 60, .external_lesions = 20});
  }
  static void TearDownTestSuite() {
    delete corpus_;
    corpus_ = nullptr;
  }
  static Study study() { return parse_study(kStudy, "small.toml", corpus_->path()); }

  TemporaryFolder folder_;
  Job job_;
  static TemporaryFolder* corpus_;
};
TemporaryFolder* StudyTest::corpus_ = nullptr;

TEST_F(StudyTest, TrainsWhatIsChosenAndMeasuresNothing) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const std::string chosen = study().runs.back().name;
  const TrainingOutcome first =
      train_study(workspace, study(), {.runs = {chosen}, .seeds = {2}}, job_);
  EXPECT_EQ(first.trained, 1U);
  EXPECT_EQ(first.kept, 0U);
  ASSERT_EQ(first.trainings.size(), 1U);
  EXPECT_EQ(first.trainings.front().run, chosen);
  EXPECT_EQ(first.trainings.front().seed, 2);
  EXPECT_EQ(first.trainings.front().result.epochs, 3);
  EXPECT_TRUE(std::filesystem::exists(first.trainings.front().folder / "use.json"));
  EXPECT_TRUE(load_results(workspace.database()).empty());
  EXPECT_FALSE(std::filesystem::exists(study::report_file(workspace, "small")));
  const Json told = to_json(first);
  EXPECT_EQ(told.at("trainings").at(0).at("best_epoch"), first.trainings.front().result.best_epoch);

  // All seeds of the run, then all that the study has: what is there is kept.
  const TrainingOutcome second = train_study(workspace, study(), {{chosen}, {}}, job_);
  EXPECT_EQ(second.trained, 1U);
  EXPECT_EQ(second.kept, 1U);
  const StudyOutcome whole = run_study(workspace, study(), job_);
  EXPECT_EQ(whole.trained, 2U);
  EXPECT_EQ(whole.kept, 2U);
}

TEST_F(StudyTest, ChosenTrainingsThatAreNotThereAreTold) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const auto fault = [&](const TrainingChoice& choice) -> std::string {
    try {
      train_study(workspace, study(), choice, job_);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(fault({{"nobody"}, {}}),
              ::testing::HasSubstr("has no run 'nobody'; it has: " + study().runs.front().name));
  EXPECT_THAT(fault({{}, {7}}), ::testing::HasSubstr("no run has the seed 7"));
  EXPECT_TRUE(list_runs(workspace.database()).empty());
}

TEST_F(StudyTest, DoesEverythingOnceAndNothingTwice) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const StudyOutcome first = run_study(workspace, study(), job_);
  EXPECT_EQ(first.trained, 4U);
  EXPECT_EQ(first.kept, 0U);
  std::set<std::string> roles, tasks, seeds, datasets;
  for (const ResultRow& row : first.rows) {
    roles.insert(row.role);
    tasks.insert(row.task);
    seeds.insert(row.seed);
    datasets.insert(row.dataset);
  }
  EXPECT_EQ(roles, (std::set<std::string>{"internal", "external"}));
  EXPECT_EQ(tasks, (std::set<std::string>{"classification", "distance", "retrieval", "zero-shot"}));
  EXPECT_EQ(seeds, (std::set<std::string>{"1", "2", "all"}));
  EXPECT_EQ(datasets, (std::set<std::string>{"dermoscope_a", "phone"}));
  const std::string page = read_file(first.report);
  EXPECT_NE(page.find("phone"), std::string::npos);

  const auto written = std::filesystem::last_write_time(first.report);
  const StudyOutcome second = run_study(workspace, study(), job_);
  EXPECT_EQ(second.trained, 0U);
  EXPECT_EQ(second.kept, 4U);
  for (const RunRecord& run : list_runs(workspace.database())) {
    EXPECT_EQ(run.data_state, study::data_state(workspace.database(), study()));
  }
  EXPECT_EQ(std::filesystem::last_write_time(first.report), written);
  EXPECT_EQ(to_csv(second.rows), to_csv(first.rows));
  EXPECT_EQ(to_csv(evaluate_study(workspace, load_study(workspace), job_)), to_csv(first.rows));
}

TEST_F(StudyTest, ResultsAreReadFromTheDatabase) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const StudyOutcome outcome = run_study(workspace, study(), job_);
  const std::string csv = to_csv(outcome.rows);
  const auto stored = load_results(workspace.database(), {.study = "small"});
  ASSERT_EQ(stored.size(), outcome.rows.size());
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].row.value, outcome.rows[i].value);
    EXPECT_EQ(stored[i].run_id.empty(), outcome.rows[i].seed == "all");
    if (stored[i].run_id.empty()) continue;
    const auto run = find_run(workspace.database(), stored[i].run_id);
    ASSERT_TRUE(run);
    EXPECT_EQ(run->name, stored[i].row.mode == "image" ? "image only" : "with notes");
    EXPECT_EQ(run->config.at("train").at("seed").dump(), stored[i].row.seed);
  }
  // What the report's files say does not matter.
  const Path json = Path(outcome.report).replace_extension(".json");
  const Json report = parse_json(read_file(json), "json");
  std::vector<ResultRow> printed = outcome.rows;
  std::erase_if(printed, [](const ResultRow& row) { return !row.printable(); });
  EXPECT_EQ(result_rows_from_json(report.at("results"), "json"), printed);
  EXPECT_EQ(report.at("not_printed").get<std::size_t>(), outcome.rows.size() - printed.size());
  write_file(json, "{}");
  EXPECT_EQ(to_csv(evaluate_study(workspace, study(), job_)), csv);
  EXPECT_EQ(to_csv(run_study(workspace, study(), job_).rows), csv);
  // Lost rows are measured again, rows of other settings replaced.
  workspace.database().execute("DELETE FROM evaluations");
  EXPECT_EQ(to_csv(evaluate_study(workspace, study(), job_)), csv);
  EXPECT_EQ(load_results(workspace.database()), stored);
  Study other = study();
  other.bootstrap = 50;
  other.source += "# other";
  EXPECT_NE(to_csv(evaluate_study(workspace, other, job_)), csv);
  EXPECT_EQ(load_results(workspace.database()).size(), stored.size());
  EXPECT_EQ(to_csv(evaluate_study(workspace, study(), job_)), csv);
  // An untold change of a stored number shows: nothing else is the source.
  workspace.database().execute(
      "UPDATE results SET value = 0.125, lo = 0, hi = 1 WHERE position = 0");
  EXPECT_EQ(evaluate_study(workspace, study(), job_).front().value, 0.125);
}

// Token embeddings are part of a run: their words are those of its training notes, and what the run
// says of test notes and class prompts comes from its own folder.
TEST_F(StudyTest, TokensAreLearntFromTrainingNotesAndEmbedTheRest) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  run_study(workspace, study(), job_);
  study::CaseSet set = study::assign_roles(workspace, study(), job_);
  NoteFilter filter;
  filter.strategies = {"M"};
  const study::NoteTable notes = study::load_note_table(workspace, set, filter);
  std::vector<std::string> training, others;
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    for (const std::size_t row : notes.of_case[i]) {
      (set.cases[i].role == Role::kTrain ? training : others).push_back(notes.texts[row]);
    }
  }
  const auto words_of = [](const std::vector<std::string>& texts) {
    return WordVocabulary::learn(texts, 1).to_json()["words"].get<std::set<std::string>>();
  };
  const std::set<std::string> known = words_of(training);
  ASSERT_FALSE(std::ranges::includes(known, words_of(others)))
      << "the corpus does not put the vocabulary to the test";

  const auto runs = list_runs(workspace.database(), "small");
  ASSERT_EQ(runs.size(), 4U);
  for (const RunRecord& run : runs) {
    if (run.name != "with notes") continue;
    const Path folder = workspace.runs() / run.id;
    const Json vocabulary = parse_json(read_file(folder / "vocabulary.json"), run.id);
    EXPECT_GT(vocabulary["words"].size(), 20U);
    for (const Json& word : vocabulary["words"]) {
      EXPECT_TRUE(known.contains(word.get<std::string>())) << word;
    }
    const TrainedModel model = TrainedModel::load(folder);
    const auto slices = study::slice_by_dataset(set, study());
    const study::Predictions predictions =
        study::read_predictions(study::predictions_file(folder, slices.front().name));
    const study::NoteTable own = study::select_notes(notes, slices.front().cases);
    const std::vector<std::string> prompts = study::class_prompts(study());
    EXPECT_EQ(model.embed_notes({.texts = &prompts}).values, predictions.prompts.values);
    ASSERT_GT(predictions.notes.rows, 0U);
    for (std::size_t i = 0; i < predictions.notes.rows; ++i) {
      const std::vector<std::string> text = {
          own.texts[static_cast<std::size_t>(predictions.note_texts[i])]};
      const FloatMatrix z = model.embed_notes({.texts = &text});
      for (std::size_t c = 0; c < z.columns; ++c) {
        ASSERT_NEAR(z.values[c], predictions.notes.row(i)[c], 1e-5);
      }
    }
  }
}

TEST_F(StudyTest, TheSameStudyGivesTheSameNumbersElsewhere) {
  Workspace one = Workspace::open_or_create(folder_.path() / "one");
  Workspace two = Workspace::open_or_create(folder_.path() / "two");
  EXPECT_EQ(to_csv(run_study(one, study(), job_).rows), to_csv(run_study(two, study(), job_).rows));
}

TEST_F(StudyTest, TakesDataThatMovedAsAWholeAndNoOther) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  study::import_data(workspace, study(), job_);
  const std::int64_t samples = count_samples(workspace.database(), {});
  const Path copy = folder_.path() / "copy";
  std::filesystem::copy(corpus_->path(), copy, std::filesystem::copy_options::recursive);
  study::import_data(workspace, parse_study(kStudy, "small.toml", copy), job_);
  EXPECT_EQ(count_samples(workspace.database(), {}), samples);
  EXPECT_TRUE(dataset_by_name(workspace.database(), "phone").source.starts_with(copy.string()));
  Study other = study();
  other.data.at(0).path = other.data.at(1).path;
  EXPECT_THROW(study::import_data(workspace, other, job_), UsageError);
}

TEST_F(StudyTest, GoesOnAfterAnInterrupt) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  Job cancelled;
  cancelled.cancel();
  EXPECT_THROW(run_study(workspace, study(), cancelled), Interrupted);
  EXPECT_EQ(run_study(workspace, study(), job_).trained, 4U);
}

TEST_F(StudyTest, AddsOnlyTheRunThatIsNew) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  run_study(workspace, study(), job_);
  const std::string more = kStudy +
                           "[[run]]\nname = \"clip\"\nmode = \"multimodal\"\nnotes = [\"M\"]\n" +
                           "train = { loss = \"clip\" }\nseeds = [1]\n";
  const StudyOutcome outcome =
      run_study(workspace, parse_study(more, "small.toml", corpus_->path()), job_);
  EXPECT_EQ(outcome.trained, 1U);
  EXPECT_EQ(outcome.kept, 4U);
}

TEST_F(StudyTest, ANewNameTrainsNothing) {
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const StudyOutcome first = run_study(workspace, study(), job_);
  const auto renamed = [&](std::string_view from, std::string_view to) {
    std::string text = kStudy;
    text.replace(text.find(from), from.size(), to);
    return parse_study(text, "small.toml", corpus_->path());
  };
  const StudyOutcome study_renamed =
      run_study(workspace, renamed("name = \"small\"", "name = \"other\""), job_);
  EXPECT_EQ(study_renamed.trained, 0U);
  EXPECT_EQ(study_renamed.kept, 4U);
  const StudyOutcome run_renamed =
      run_study(workspace, renamed("name = \"image only\"", "name = \"alone\""), job_);
  EXPECT_EQ(run_renamed.trained, 0U);
  EXPECT_EQ(run_renamed.kept, 4U);
  // Each has files of its own, and the same numbers under its name.
  std::set<std::string> ids;
  for (const RunRecord& run : list_runs(workspace.database())) ids.insert(run.id);
  EXPECT_EQ(ids.size(), 10U);
  ASSERT_EQ(run_renamed.rows.size(), first.rows.size());
  std::set<std::string> values, renamed_values;
  for (const ResultRow& row : first.rows) values.insert(fmt::format("{:.6f}", row.value));
  for (const ResultRow& row : run_renamed.rows)
    renamed_values.insert(fmt::format("{:.6f}", row.value));
  EXPECT_EQ(renamed_values, values);
}

// The external set holds a byte-identical copy of a training picture under another name.
TEST_F(StudyTest, RefusesLeakageUnlessToldAndThenSaysSo) {
  const Path copy = folder_.path() / "data";
  std::filesystem::copy(corpus_->path(), copy, std::filesystem::copy_options::recursive);
  for (int i = 1; i <= 60; ++i) {
    const std::string from = fmt::format("dermoscope_a_{:04d}_1", i);
    std::filesystem::copy_file(copy / "dermoscope_a/images" / (from + ".jpg"),
                               copy / "phone/images" / fmt::format("stolen_{:04d}.jpg", i));
    std::ofstream table(copy / "phone/metadata.csv", std::ios::app);
    table << fmt::format("stolen_{:04d},P{},L{},nevus,50,male,back,,,,\n", i, i, i);
  }
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const Study leaking = parse_study(kStudy, "small.toml", copy);
  EXPECT_THROW(run_study(workspace, leaking, job_), LeakageError);
  EXPECT_TRUE(list_runs(workspace.database()).empty());
  const StudyOutcome outcome = run_study(workspace, leaking, job_, {.allow_leakage = true});
  EXPECT_NE(read_file(outcome.report).find("leakage"), std::string::npos);
  EXPECT_TRUE(load_study(workspace).allow_leakage);
}

TEST_F(StudyTest, LeavesOutAndCountsAPictureThatCannotBeRead) {
  const Path copy = folder_.path() / "data";
  std::filesystem::copy(corpus_->path(), copy, std::filesystem::copy_options::recursive);
  const Path victim = copy / "dermoscope_a/images/dermoscope_a_0001_1.jpg";
  const std::string bytes = read_file(victim);
  write_file(victim, bytes.substr(0, bytes.size() / 2));
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  const StudyOutcome outcome = run_study(workspace, parse_study(kStudy, "small.toml", copy), job_);
  EXPECT_NE(read_file(outcome.report).find("dermoscope_a_0001_1"), std::string::npos);
}

// A run that classifies notes, of samples of which only some have one: no external sample and no
// validation sample has.
TEST_F(StudyTest, ARunThatReadsNotesGoesWithoutThoseThatHaveNone) {
  const std::string text = kStudy + "[[run]]\nname = \"words\"\nmode = \"text\"\n" +
                           "notes = [\"P2\"]\nseeds = [1]\n" +
                           "[[run]]\nname = \"tuned words\"\nmode = \"text\"\nnotes = [\"P2\"]\n" +
                           "seeds = [1]\nimage_encoder = { model = \"random:mobilenet_v2\", "
                           "frozen = false }\n";
  const Study study = parse_study(text, "small.toml", corpus_->path());
  Workspace workspace = Workspace::open_or_create(folder_.path() / "w");
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  std::int64_t tested = 0;
  std::int64_t measured = 0;
  for (const study::Case& entry : set.cases) {
    const bool test = entry.role == Role::kTest;
    if (!test && entry.role != Role::kTrain) continue;
    if (test && ++tested % 3 == 0) continue;
    measured += test;
    NoteRecord note;
    note.key = fmt::format("{}", entry.sample_id);
    note.sample_id = entry.sample_id;
    note.strategy = "P2";
    note.provider = "own";
    note.model = "m";
    note.template_version = "1";
    note.text = fmt::format("Of kind {}.", entry.label);
    put_note(workspace.database(), note);
  }
  test::JobLog log;
  Job told(log);
  const StudyOutcome outcome = run_study(workspace, study, told);
  EXPECT_EQ(outcome.trained, 6U);
  const std::string title = "run 'words' (seed 1)";
  EXPECT_THAT(log.lines, testing::Contains(testing::HasSubstr(
                             title + " has no validation sample with a note, and reads notes")));
  EXPECT_THAT(log.lines,
              testing::Contains(testing::HasSubstr(fmt::format(
                  "{} of the {} test samples of dermoscope_a", tested - measured, tested))));
  std::set<std::string> datasets;
  for (const ResultRow& row : outcome.rows) {
    if (row.mode != "text") continue;
    EXPECT_EQ(row.model, "bag");
    datasets.insert(row.dataset);
    if (row.metric == "accuracy") {
      EXPECT_EQ(static_cast<std::int64_t>(row.n), measured);
    }
  }
  EXPECT_EQ(datasets, (std::set<std::string>{"dermoscope_a"}));
  const std::string page = read_file(outcome.report);
  EXPECT_NE(page.find("was trained without validation"), std::string::npos);
  EXPECT_NE(page.find("no test sample here has one"), std::string::npos);
}

}  // namespace
}  // namespace epicrisis
