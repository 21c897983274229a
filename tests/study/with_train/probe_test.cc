#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/study/embed.h"
#include "epicrisis/study/study.h"
#include "study/predictions.h"
#include "study/small_study.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const Path kTests = Path(EPICRISIS_SOURCE_DIR) / "tests";

// A published CLIP beside a trained run.
class ProbeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    write_demo_corpus(corpus(), Job(), {.seed = 3, .internal_lesions = 40, .external_lesions = 12});
    fs::create_directories(model());
    fs::copy(kTests / "model/data/clip_hf", model(), fs::copy_options::recursive);
    fs::copy(kTests / "text/byte_pair/clip.json", model() / "tokenizer.json");
  }
  Path corpus() const { return folder_.path() / "corpus"; }
  Path model() const { return folder_.path() / "models/tiny_clip"; }
  Path root() const { return folder_.path() / "w"; }
  Study study(const std::string& run) const {
    return parse_study("seeds = [1]\n" + test::small_study("probe") + "[train]\nepochs = 2\n" + run,
                       "probe.toml", corpus());
  }
  std::string probe(const std::string& model) const {
    return "[[run]]\nname = \"published\"\nmode = \"probe\"\nnotes = [\"M\"]\nimage_encoder = {model "
           "= \"" +
           model + "\"}\n";
  }

  Job job_;

 private:
  TemporaryFolder folder_;
};

TEST_F(ProbeTest, MeasuresAPublishedModelInItsOwnSpace) {
  Workspace workspace = Workspace::open_or_create(root());
  const StudyOutcome outcome =
      run_study(workspace, study(probe(model().string()) + test::kTwoRuns), job_);
  EXPECT_EQ(outcome.trained, 3U);
  std::set<std::string> tasks;
  for (const ResultRow& row : outcome.rows) {
    if (row.mode == "probe") tasks.insert(row.task);
  }
  EXPECT_THAT(tasks, testing::IsSupersetOf({"classification", "retrieval", "zero-shot"}));
  Path run;
  for (const RunRecord& record : list_runs(workspace.database())) {
    if (record.name == "published") run = workspace.runs() / record.id;
  }
  // z is what the model gives, of the pictures as the study prepares them.
  const study::Predictions stored = study::read_predictions(study::predictions_file(run, "phone"));
  EXPECT_EQ(stored.images.columns, 12U);
  EXPECT_EQ(stored.notes.columns, 12U);
  EXPECT_EQ(stored.prompts.columns, 12U);
  const Embeddings embedded = embed_samples(run, workspace, {{"phone"}, {}}, true, job_);
  ASSERT_EQ(embedded.images.rows, stored.images.rows);
  for (std::size_t i = 0; i < stored.images.values.size(); ++i) {
    ASSERT_NEAR(embedded.images.values[i], stored.images.values[i], 1e-4);
  }
  ListedText mole;
  mole.text = "a mole";
  const Embeddings texts = embed_texts_by_model(model().string(), {mole}, job_);
  EXPECT_EQ(texts.texts.columns, stored.notes.columns);
}

TEST_F(ProbeTest, TakesOneModelForPicturesAndTexts) {
  const auto refused = [&](const std::string& run) {
    try {
      study(run);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused(probe("clip")), "");
  EXPECT_THAT(refused(probe("clip") + "text_encoder = \"other\"\n"), HasSubstr("takes one frozen"));
  EXPECT_THAT(refused("[[run]]\nname = \"a\"\nmode = \"probe\"\nnotes = [\"M\"]\nimage_encoder = "
                      "{model = \"clip\", frozen = false}\n"),
              HasSubstr("takes one frozen"));
  EXPECT_THAT(refused("[[run]]\nname = \"a\"\nmode = \"probe\"\nimage_encoder = {model = \"c\"}\n"),
              HasSubstr("needs notes"));
}

}  // namespace
}  // namespace epicrisis
