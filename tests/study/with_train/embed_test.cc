#include "epicrisis/study/embed.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/study/embedding_files.h"
#include "epicrisis/tensor/npy.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/predictions.h"
#include "study/with_train/used_runs.h"
#include "support/job_log.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class EmbedTest : public test::UsedRunsTest {
 protected:
  Embeddings embed(const Path& run, const SampleSelection& selection = {}, bool notes = true) {
    Workspace opened = workspace();
    return embed_samples(run, opened, selection, notes, job_);
  }
  template <typename Refusal>
  std::string refusal(const Path& run, const SampleSelection& selection = {}) {
    try {
      embed(run, selection);
    } catch (const Refusal& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(EmbedTest, SamplesAndNotesAreWhereTheEvaluationSawThem) {
  const Path run = run_folder("with notes");
  const Embeddings all = embed(run);
  Workspace opened = workspace();
  EXPECT_EQ(all.images.rows, static_cast<std::size_t>(count_samples(opened.database(), {})));
  ASSERT_EQ(all.samples.size(), all.images.rows);
  ASSERT_EQ(all.notes.size(), all.texts.rows);
  EXPECT_EQ(all.notes.size(), load_notes(opened.database(), {}).size());
  const study::Predictions stored = study::read_predictions(study::predictions_file(run, "phone"));
  for (std::size_t i = 0; i < stored.sample_ids.size(); ++i) {
    const auto row = static_cast<std::size_t>(
        std::ranges::find(all.samples, stored.sample_ids[i], &SampleLine::id) -
        all.samples.begin());
    ASSERT_LT(row, all.samples.size());
    EXPECT_EQ(all.samples[row].split, "external");
    for (std::size_t c = 0; c < all.images.columns; ++c) {
      EXPECT_NEAR(all.images.row(row)[c], stored.images.row(i)[c], 1e-4);
    }
  }
  for (std::size_t i = 0; i < stored.note_cases.size(); ++i) {
    const std::int64_t id = stored.sample_ids[static_cast<std::size_t>(stored.note_cases[i])];
    const auto row = static_cast<std::size_t>(
        std::ranges::find(all.notes, id, [](const EmbeddedNote& one) { return one.sample.id; }) -
        all.notes.begin());
    ASSERT_LT(row, all.notes.size());
    EXPECT_EQ(all.notes[row].strategy, "M");
    for (std::size_t c = 0; c < all.texts.columns; ++c) {
      EXPECT_NEAR(all.texts.row(row)[c], stored.notes.row(i)[c], 1e-5);
    }
  }
}

TEST_F(EmbedTest, FilesAreWhereTheirSamplesAre) {
  const Path run = copied_run();
  const Embeddings samples = embed(run_folder(), {.datasets = {"phone"}, .splits = {}});
  EXPECT_EQ(samples.texts.rows, 0U);  // the run has no text branch
  const Path broken = copies_.path() / "broken.jpg";
  write_file(broken, "no picture");
  const Path picture = sample(samples.samples[3].id).image_path;
  test::JobLog log;
  Job job(log);
  const Embeddings files = embed_files(run, listed({broken, picture}), job);
  ASSERT_EQ(files.images.rows, 1U);
  EXPECT_EQ(files.files, std::vector<Path>{picture});
  EXPECT_EQ(files.unreadable, 1U);
  ASSERT_EQ(files.failures.size(), 1U);
  EXPECT_THAT(files.failures[0], HasSubstr("broken.jpg"));
  EXPECT_THAT(log.lines, testing::Contains(HasSubstr("broken.jpg")));
  for (std::size_t c = 0; c < files.images.columns; ++c) {
    EXPECT_NEAR(files.images.row(0)[c], samples.images.row(3)[c], 1e-4);
  }
}

TEST_F(EmbedTest, OnlyThePartsAndDataSetsThatAreNamed) {
  const Embeddings test = embed(run_folder("with notes"), {.datasets = {}, .splits = {"test"}});
  const Embeddings train =
      embed(run_folder("with notes"), {.datasets = {"dermoscope_a"}, .splits = {"train"}}, false);
  EXPECT_GT(test.images.rows, 0U);
  EXPECT_GT(train.images.rows, test.images.rows);
  EXPECT_EQ(train.texts.rows, 0U);
  for (const SampleLine& one : test.samples) EXPECT_EQ(one.split, "test");
  for (const EmbeddedNote& one : test.notes) EXPECT_EQ(one.sample.split, "test");
  EXPECT_THAT(refusal<UsageError>(run_folder(), {.datasets = {"none"}, .splits = {}}),
              HasSubstr("dermoscope_a"));
  EXPECT_THAT(refusal<UsageError>(run_folder(), {.datasets = {}, .splits = {"tset"}}),
              HasSubstr("there are train, validation, test, external"));
}

TEST_F(EmbedTest, AWorkspaceOfAnotherFieldIsRefused) {
  const Path other = copies_.path() / "chest";
  Workspace chest = Workspace::create(other);
  settle_field(chest.database(), Field::load("chest_xray"));
  EXPECT_THROW(embed_samples(run_folder(), chest, {}, true, job_), UsageError);
}

TEST_F(EmbedTest, BrokenPicturesAreCountedAndNamed) {
  const Path copy = copies_.path() / "w";
  fs::copy(root(), copy, fs::copy_options::recursive);
  Workspace opened = Workspace::open(copy);
  const Path broken = copies_.path() / "broken.jpg";
  write_file(broken, "no picture");
  Sample more = sample(1);
  const std::int64_t dataset = dataset_by_name(opened.database(), more.dataset).id;
  more.key = "broken";
  more.image_path = broken.string();
  SampleWriter(opened.database(), dataset).put(more);
  more.key = "none";
  more.image_path = "";
  SampleWriter(opened.database(), dataset).put(more);
  const Embeddings all = embed_samples(run_folder(), opened, {}, true, job_);
  EXPECT_EQ(all.unreadable, 1U);
  EXPECT_EQ(all.without_picture, 1U);
  ASSERT_EQ(all.failures.size(), 1U);
  EXPECT_THAT(all.failures[0], HasSubstr("broken"));
  EXPECT_EQ(all.images.rows + 2, static_cast<std::size_t>(count_samples(opened.database(), {})));
}

TEST_F(EmbedTest, TheFilesAreAllThereOrNone) {
  const Path run = run_folder("with notes");
  const Embeddings all = embed(run, {.datasets = {"phone"}, .splits = {}});
  const Path out = copies_.path() / "out";
  const std::vector<Path> files = write_embeddings(all, out, false);
  EXPECT_EQ(files.size(), 5U);
  const TensorFile tensors = read_safetensors(out / "embeddings.safetensors");
  EXPECT_EQ(to_matrix(tensors.at("images"), "").values, all.images.values);
  EXPECT_EQ(to_matrix(tensors.at("texts"), "").values, all.texts.values);
  EXPECT_EQ(read_npy_matrix(out / "images.npy").values, all.images.values);
  EXPECT_EQ(read_npy_matrix(out / "texts.npy").values, all.texts.values);
  CsvReader table(out / "texts.csv");
  std::size_t row = 0;
  while (table.next()) {
    EXPECT_EQ(table.at("row"), std::to_string(row));
    EXPECT_EQ(table.at("key"), all.notes[row].sample.key);
    EXPECT_EQ(table.at("class"), all.notes[row].sample.class_name);
    EXPECT_EQ(table.at("split"), "external");
    EXPECT_EQ(table.at("strategy"), "M");
    ++row;
  }
  EXPECT_EQ(row, all.notes.size());

  EXPECT_THROW(write_embeddings(all, out, false), UsageError);
  const Embeddings fewer = embed_files(run, listed({sample(1).image_path}), job_);
  EXPECT_EQ(write_embeddings(fewer, out, true).size(), 3U);
  EXPECT_FALSE(fs::exists(out / "texts.npy"));
  EXPECT_EQ(CsvReader(out / "images.csv").header(), (std::vector<std::string>{"row", "picture"}));
  write_file(out / "thesis.txt", "mine");
  EXPECT_THROW(write_embeddings(fewer, out, true), UsageError);
  EXPECT_TRUE(fs::exists(out / "thesis.txt"));
  // Nothing is left beside it.
  EXPECT_EQ(std::distance(fs::directory_iterator(copies_.path()), fs::directory_iterator()), 1);
}

TEST_F(EmbedTest, ACancelEndsIt) {
  job_.cancel();
  EXPECT_THROW(embed(run_folder("with notes")), Interrupted);
}

// Another external set makes another split set; the run stays and says the new roles.
TEST_F(EmbedTest, TheSplitIsThatOfTheStudyAsItIsNow) {
  Workspace opened = workspace();
  Job job;
  const std::string without =
      "seeds = [1]\n" + test::small_study("small", false) + "[train]\nepochs = 2" + test::kTwoRuns;
  EXPECT_EQ(run_study(opened, parse_study(without, "small.toml", corpus()), job).trained, 0U);
  const Embeddings phone = embed(run_folder(), {.datasets = {"phone"}, .splits = {}});
  EXPECT_EQ(phone.samples.at(0).split, "");
  EXPECT_EQ(run_again("small", test::kTwoRuns).trained, 0U);
  const Embeddings again = embed(run_folder(), {.datasets = {"phone"}, .splits = {}});
  EXPECT_EQ(again.samples.at(0).split, "external");
}

// With a text encoder that has files.
class TextEncoderOfARunTest : public test::UsedRunsTest {
 protected:
  static Path tiny() { return Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert"; }
  static void SetUpTestSuite() {
    train("\n[[run]]\nname = \"bert\"\nmode = \"multimodal\"\nnotes = [\"M\"]\ntext_encoder = \"" +
              tiny().string() + "\"\n",
          1);
  }
};

TEST_F(TextEncoderOfARunTest, ASmallOneGoesWithTheRunFolder) {
  const Path run = copied_run("bert");
  EXPECT_TRUE(fs::exists(run / "text_encoder/model.safetensors"));
  Workspace opened = workspace();
  const Embeddings all = embed_samples(run, opened, {}, true, job_);
  EXPECT_GT(all.texts.rows, 0U);
  // The model that it was copied from has the same hash, and stands in for it.
  fs::rename(run / "text_encoder", run / "elsewhere");
  test::JobLog log;
  Job told(log);
  EXPECT_EQ(embed_samples(run, opened, {}, true, told).texts.values, all.texts.values);
  EXPECT_THAT(log.lines,
              testing::Contains(HasSubstr(
                  "its own copy of the text encoder is damaged or missing; " + tiny().string())));
  EXPECT_EQ(embed_samples(run, opened, {}, false, job_).images.values, all.images.values);
}

}  // namespace
}  // namespace epicrisis
