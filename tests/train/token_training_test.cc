// Training of token embeddings together with the heads.
#include <gmock/gmock.h>

#include <cmath>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/tensor/safetensors.h"
#include "epicrisis/train/trainer.h"
#include "model/encoders/text/text_encoder_torch.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

using test::quick_config;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;
using Texts = std::vector<std::string>;

constexpr Mode kTextModes[] = {Mode::kText, Mode::kMultimodal, Mode::kContrastive,
                               Mode::kContrastiveAlign};

// The synthetic samples with notes in words. A note names its class in one word among others; the
// words of validation notes have ones that no training note has.
struct Worded {
  test::Synthetic data = test::synthetic({.image_noise = .5});
  Texts texts;
  Texts concepts = {"alpha", "beta", "gamma"};

  Worded() {
    const Texts fillers = {"lesion", "skin", "back", "red", "of", "the"};
    Random random(7);
    texts.resize(data.notes.rows);
    const auto write = [&](const std::vector<TrainExample>& examples, const std::string& mark) {
      for (const TrainExample& example : examples) {
        for (const std::size_t row : example.notes) {
          std::string& text = texts[row];
          for (int i = 0; i < 5; ++i) text += fillers[random.below(fillers.size())] + " ";
          text += mark + ", " + concepts[static_cast<std::size_t>(example.label)] + ".";
        }
      }
    };
    write(data.train, "trained");
    write(data.validation, "unseen");
  }

  TrainInput input() const {
    TrainInput input = data.input();
    input.notes = {.texts = &texts};
    input.concepts = {.texts = &concepts};
    return input;
  }
};

std::vector<float> table(const Path& folder) {
  return to_float32(read_safetensors(folder / "model.safetensors").at("text_encoder.weight"));
}

WordVocabulary vocabulary_of(const Path& folder) {
  const Path path = folder / "vocabulary.json";
  return WordVocabulary::from_json(parse_json(read_file(path), path.string()), path.string());
}

Texts words_in_file(const Path& folder) {
  return parse_json(read_file(folder / "vocabulary.json"), "")["words"].get<Texts>();
}

class TokenTrainingTest : public testing::Test {
 protected:
  Path folder(const std::string& name) const { return scratch_.path() / name; }
  std::string file(const std::string& run, const char* name) const {
    return read_file(folder(run) / name);
  }
  Worded worded_;

  Job job_;

 private:
  TemporaryFolder scratch_;
};

TEST_F(TokenTrainingTest, EveryModeLearnsWhatTheWordsMean) {
  for (const Mode mode : kTextModes) {
    for (const char* loss : {"supervised_nt_xent", "keyword_alignment"}) {
      TrainConfig config = quick_config(mode);
      config.loss = loss;
      config.epochs = 40;
      config.patience = 0;
      const Path run = folder(std::string(mode_name(mode)) + loss);
      const TrainResult result = train_model(config, worded_.input(), run, job_);
      EXPECT_GT(result.best().validation_balanced_accuracy, .9) << run;
      const TrainedModel model = TrainedModel::load(run);
      EXPECT_TRUE(model.trained_tokens());
      EXPECT_EQ(model.text_width(), static_cast<std::size_t>(kTokenWidth));
      const Texts queries = {"an ALPHA", "beta?", "skin of gamma"};
      const FloatMatrix logits = model.logits(model.embed_notes({.texts = &queries}));
      ASSERT_EQ(logits.rows, 3U);
      // No gradient of the classes reaches the words in keyword alignment without pairs.
      if (std::string(loss) == "keyword_alignment" && mode == Mode::kContrastive) continue;
      for (std::size_t i = 0; i < 3; ++i) {
        const auto row = logits.row(i);
        EXPECT_EQ(std::max_element(row.begin(), row.end()) - row.begin(),
                  static_cast<std::ptrdiff_t>(i))
            << run;
      }
    }
  }
}

// Without weight decay only the rows of words that training notes have move.
TEST_F(TokenTrainingTest, GradientReachesTheRowsOfTheWordsSeenAndNoOthers) {
  TrainConfig config = quick_config(Mode::kMultimodal);
  config.weight_decay = 0;
  config.epochs = 2;
  train_model(config, worded_.input(), folder("run"), job_);
  const WordVocabulary vocabulary = vocabulary_of(folder("run"));
  std::set<std::int64_t> seen;
  for (const TrainExample& example : worded_.data.train) {
    for (const std::size_t note : example.notes) {
      for (const std::int64_t id : vocabulary.ids(worded_.texts[note])) seen.insert(id);
    }
  }
  ASSERT_LT(seen.size(), vocabulary.size());
  const WordBag start(vocabulary, kTokenWidth, config.seed);
  const torch::Tensor before = start->parameters()[0].detach().contiguous();
  const std::vector<float> after = table(folder("run"));
  ASSERT_EQ(after.size(), vocabulary.size() * kTokenWidth);
  for (std::size_t id = 0; id < vocabulary.size(); ++id) {
    const float* old = before.data_ptr<float>() + id * kTokenWidth;
    const bool same = std::equal(old, old + kTokenWidth, &after[id * kTokenWidth]);
    EXPECT_EQ(same, !seen.contains(static_cast<std::int64_t>(id))) << id;
  }
}

TEST_F(TokenTrainingTest, SameSeedSameBytesOtherSeedOthers) {
  for (const Mode mode : kTextModes) {
    TrainConfig config = quick_config(mode);
    const std::string name(mode_name(mode));
    train_model(config, worded_.input(), folder(name + "1"), job_);
    train_model(config, worded_.input(), folder(name + "2"), job_);
    EXPECT_EQ(file(name + "1", "model.safetensors"), file(name + "2", "model.safetensors"));
    config.seed = 4;
    train_model(config, worded_.input(), folder(name + "3"), job_);
    EXPECT_NE(table(folder(name + "1")), table(folder(name + "3"))) << name;
  }
}

// Breaks off after every third step without notice and goes on from what the checkpoint holds.
TEST_F(TokenTrainingTest, ResumedAnywhereIsAsIfNeverInterrupted) {
  for (const Mode mode : kTextModes) {
    TrainConfig config = quick_config(mode);
    config.loss = "keyword_alignment";  // concept words go through the table too
    config.epochs = 3;
    const std::string name(mode_name(mode));
    train_model(config, worded_.input(), folder(name + "-whole"), job_);
    config.checkpoint_seconds = 0;
    int crashes = 0;
    for (bool finished = false; !finished;) {
      int steps = 0;
      TrainObserver observer;
      observer.step = [&](std::size_t, double) {
        if (++steps == 4) throw std::runtime_error("power cut");
      };
      try {
        train_model(config, worded_.input(), folder(name), job_, observer);
        finished = true;
      } catch (const std::runtime_error& error) {
        ASSERT_STREQ(error.what(), "power cut");
        ASSERT_LT(++crashes, 100);
      }
    }
    EXPECT_GE(crashes, 4) << name;
    for (const char* each : {"model.safetensors", "vocabulary.json"}) {
      EXPECT_EQ(file(name, each), file(name + "-whole", each)) << name << " " << each;
    }
  }
}

TEST_F(TokenTrainingTest, TheVocabularyIsThatOfTrainingNotesAlone) {
  // A note of nobody: an external sample's, say.
  worded_.texts.insert(worded_.texts.end(), 5, "external external melanoma");
  worded_.data.note_concepts.resize(worded_.texts.size());
  for (const Mode mode : kTextModes) {
    const std::string name(mode_name(mode));
    train_model(quick_config(mode), worded_.input(), folder(name), job_);
    const Texts words = words_in_file(folder(name));
    for (const char* word : {"trained", "alpha", "beta", "gamma", "lesion"}) {
      EXPECT_THAT(words, Contains(word)) << name;
    }
    for (const char* word : {"unseen", "external", "melanoma"}) {
      EXPECT_THAT(words, Not(Contains(word))) << name;
    }
  }
  // And the weights do not hang on the words of others.
  Worded other;
  for (const TrainExample& example : other.data.validation) {
    for (const std::size_t note : example.notes) other.texts[note] = "wholly other words";
  }
  TrainConfig config = quick_config(Mode::kMultimodal);  // its validation looks at pictures alone
  train_model(config, Worded().input(), folder("a"), job_);
  train_model(config, other.input(), folder("b"), job_);
  EXPECT_EQ(table(folder("a")), table(folder("b")));
  EXPECT_EQ(file("a", "vocabulary.json"), file("b", "vocabulary.json"));
}

TEST_F(TokenTrainingTest, UnknownWordsAndEmptyNotes) {
  for (std::size_t i = 0; i < worded_.data.train.size(); i += 3) {
    for (const std::size_t note : worded_.data.train[i].notes) worded_.texts[note] = " - ";
  }
  TrainConfig config = quick_config(Mode::kText);
  config.batch = 1;  // batches of one empty note
  const TrainResult result = train_model(config, worded_.input(), folder("run"), job_);
  EXPECT_TRUE(std::isfinite(result.history.back().train_loss));
  const TrainedModel model = TrainedModel::load(folder("run"));
  const Texts queries = {"", "...", "zebra", "ZEBRA!", "zebra zebra", "giraffe zebra", "alpha"};
  const FloatMatrix z = model.embed_notes({.texts = &queries});
  const auto row = [&](std::size_t i) {
    return std::vector<float>(z.row(i).begin(), z.row(i).end());
  };
  // Near, not equal: where a row stands in the batch may decide in which order it is summed.
  using Pair = std::pair<std::size_t, std::size_t>;
  for (const auto& [a, b] : {Pair{0, 1}, Pair{2, 3}, Pair{2, 4}}) {
    for (std::size_t c = 0; c < z.columns; ++c) EXPECT_NEAR(row(a)[c], row(b)[c], 1e-5);
  }
  EXPECT_NE(row(2), row(0));
  EXPECT_NE(row(2), row(6));
  for (const float value : z.values) EXPECT_TRUE(std::isfinite(value));
  // A text's vector does not depend on the texts beside it.
  const Texts alone = {"giraffe zebra"};
  const FloatMatrix single = model.embed_notes({.texts = &alone});
  for (std::size_t c = 0; c < z.columns; ++c) EXPECT_NEAR(single.values[c], row(5)[c], 1e-6);
  const Texts none;
  EXPECT_EQ(model.embed_notes({.texts = &none}).rows, 0U);
}

TEST_F(TokenTrainingTest, AllNotesEmptyIsDefined) {
  for (std::string& text : worded_.texts) text.clear();
  for (const Mode mode : kTextModes) {
    const std::string name(mode_name(mode));
    train_model(quick_config(mode), worded_.input(), folder(name), job_);
    EXPECT_EQ(vocabulary_of(folder(name)).size(), 64U);
  }
}

// What is loaded embeds as training did: the validation loss comes out again.
TEST_F(TokenTrainingTest, TheLoadedRunEmbedsAsTheTrainedOneDid) {
  const TrainResult result =
      train_model(quick_config(Mode::kText), worded_.input(), folder("run"), job_);
  Texts notes;
  std::vector<std::size_t> labels;
  for (const TrainExample& example : worded_.data.validation) {
    if (example.notes.empty()) continue;
    notes.push_back(worded_.texts[example.notes.front()]);
    labels.push_back(static_cast<std::size_t>(example.label));
  }
  const TrainedModel model = TrainedModel::load(folder("run"));
  const FloatMatrix logits = model.logits(model.embed_notes({.texts = &notes}));
  double loss = 0;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    double sum = 0;
    for (const float logit : logits.row(i)) sum += std::exp(static_cast<double>(logit));
    loss += std::log(sum) - static_cast<double>(logits.row(i)[labels[i]]);
  }
  EXPECT_NEAR(loss / static_cast<double>(logits.rows), result.best().validation_loss, 1e-5);
  std::filesystem::copy(folder("run"), folder("copy"));
  const FloatMatrix again = TrainedModel::load(folder("copy")).embed_notes({.texts = &notes});
  EXPECT_EQ(again.values, model.embed_notes({.texts = &notes}).values);
}

TEST_F(TokenTrainingTest, ConfigSaysWhatEmbedsTheNotes) {
  train_model(quick_config(Mode::kMultimodal), worded_.input(), folder("tokens"), job_);
  train_model(quick_config(Mode::kMultimodal), worded_.data.input(), folder("vectors"), job_);
  train_model(quick_config(Mode::kImage), worded_.input(), folder("image"), job_);
  const auto config = [&](const char* run) { return parse_json(file(run, "config.json"), run); };
  EXPECT_EQ(config("tokens")["text_encoder"]["type"], "token_embeddings");
  EXPECT_EQ(config("tokens")["text_width"], kTokenWidth);
  for (const char* run : {"vectors", "image"}) {
    EXPECT_TRUE(config(run)["text_encoder"].is_null());
    EXPECT_FALSE(std::filesystem::exists(folder(run) / "vocabulary.json"));
    EXPECT_FALSE(TrainedModel::load(folder(run)).trained_tokens());
  }
  // config.json of before there were token embeddings.
  Json old = config("vectors");
  old.erase("text_encoder");
  write_file(folder("vectors") / "config.json", dump_json(old));
  EXPECT_NO_THROW(TrainedModel::load(folder("vectors")));
}

TEST_F(TokenTrainingTest, ABrokenVocabularyIsAnErrorWithTheFile) {
  train_model(quick_config(Mode::kMultimodal), worded_.input(), folder("run"), job_);
  const std::string good = file("run", "vocabulary.json");
  const auto refused = [&](const std::string& bytes, const char* why) {
    write_file(folder("run") / "vocabulary.json", bytes);
    EXPECT_THAT([&] { TrainedModel::load(folder("run")); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("vocabulary.json"), HasSubstr(why))));
  };
  refused("", "not the vocabulary that the run was trained with");
  refused(good.substr(0, good.size() / 2), "not the vocabulary");
  // Two words change places: every size still fits.
  Json json = parse_json(good, "");
  std::swap(json["words"][0], json["words"][1]);
  refused(dump_json(json, 1) + "\n", "not the vocabulary");
  std::filesystem::remove(folder("run") / "vocabulary.json");
  EXPECT_THAT([&] { TrainedModel::load(folder("run")); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("vocabulary.json"), HasSubstr("missing"))));
  write_file(folder("run") / "vocabulary.json", good);
  EXPECT_NO_THROW(TrainedModel::load(folder("run")));

  // config.json that lies about the encoder.
  const std::string config = file("run", "config.json");
  const auto with = [&](auto change) {
    Json changed = parse_json(config, "");
    change(changed);
    write_file(folder("run") / "config.json", dump_json(changed));
  };
  for (const char* text : {"\"bag\"", "{}", "{\"type\": \"other\"}", "[]",
                           "{\"type\": \"token_embeddings\", \"vocabulary_sha256\": 7}"}) {
    with([&](Json& changed) { changed["text_encoder"] = parse_json(text, ""); });
    EXPECT_THROW(TrainedModel::load(folder("run")), InputError) << text;
  }
  with([](Json& changed) { changed["text_encoder"] = nullptr; });
  EXPECT_THROW(TrainedModel::load(folder("run")), InputError);
  with([](Json& changed) { changed["text_width"] = kTokenWidth + 1; });
  EXPECT_THROW(TrainedModel::load(folder("run")), InputError);
  with([](Json& changed) { changed["text_width"] = 0; });
  EXPECT_THROW(TrainedModel::load(folder("run")), InputError);
}

TEST_F(TokenTrainingTest, AFolderBelongsToItsTexts) {
  const TrainConfig config = quick_config(Mode::kMultimodal);
  train_model(config, worded_.input(), folder("run"), job_);
  EXPECT_NO_THROW(train_model(config, worded_.input(), folder("run"), job_));
  const auto refused =
      ThrowsMessage<UnusableRunFolder>(HasSubstr("another configuration or other data"));
  EXPECT_THAT([&] { train_model(config, worded_.data.input(), folder("run"), job_); }, refused);
  worded_.texts[worded_.data.train[0].notes[0]] += " more";
  EXPECT_THAT([&] { train_model(config, worded_.input(), folder("run"), job_); }, refused);
}

TEST_F(TokenTrainingTest, WrongFormsAreRefused) {
  const auto refused = [&](const char* words, auto change) {
    TrainConfig config = quick_config(Mode::kMultimodal);
    config.loss = "keyword_alignment";
    TrainInput input = worded_.input();
    change(input);
    EXPECT_THAT([&] { train_model(config, input, folder("bad"), job_); },
                ThrowsMessage<UsageError>(HasSubstr(words)));
    EXPECT_FALSE(std::filesystem::exists(folder("bad")));
  };
  refused("either as vectors or as texts",
          [&](TrainInput& input) { input.notes.vectors = &worded_.data.notes; });
  refused("needs notes", [](TrainInput& input) { input.notes = {}; });
  refused("one form",
          [&](TrainInput& input) { input.concepts = {.vectors = &worded_.data.concepts}; });
  refused("the concept words", [](TrainInput& input) { input.concepts = {}; });
  refused("note 180", [](TrainInput& input) { input.train[2].notes = {180}; });

  train_model(quick_config(Mode::kMultimodal), worded_.input(), folder("tokens"), job_);
  train_model(quick_config(Mode::kMultimodal), worded_.data.input(), folder("vectors"), job_);
  EXPECT_THAT(
      [&] { TrainedModel::load(folder("tokens")).embed_notes({.vectors = &worded_.data.notes}); },
      ThrowsMessage<UsageError>(HasSubstr("as texts")));
  EXPECT_THAT([&] { TrainedModel::load(folder("vectors")).embed_notes({.texts = &worded_.texts}); },
              ThrowsMessage<UsageError>(HasSubstr("as vectors")));
}

}  // namespace
}  // namespace epicrisis
