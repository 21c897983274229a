#include "epicrisis/settings/train_config.h"

#include <gmock/gmock.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TrainConfig read(const std::string& text, const TrainConfig& defaults = {}) {
  const TomlTable table = TomlTable::parse(text, "study.toml");
  TrainConfig config = read_train_config(table, defaults);
  table.finish();
  return config;
}

TEST(TrainConfig, DefaultsAreTheMethods) {
  const TrainConfig config = read("");
  EXPECT_EQ(config, TrainConfig{});
  EXPECT_EQ(config.loss, "supervised_nt_xent");
  EXPECT_EQ(config.batch, 32);
  EXPECT_EQ(config.patience, 10);
  EXPECT_EQ(config.width, 128);
  EXPECT_EQ(config.learning_rate, 1e-4);
  EXPECT_EQ(config.weight_decay, 1e-5);
  EXPECT_TRUE(config.balanced);
}

TEST(TrainConfig, ReadsEveryKey) {
  const TrainConfig config = read(R"(
mode = "contrastive_align"
loss = "clip"
temperature = 0.1
lambda = 2
image_weight = 0.5
text_weight = 0.25
cosine_weight = 0
l1_weight = 3
alignment_ramp = 40
encoder_learning_rate = 0.125
align_directions = true
label_smoothing = 0.1
best_by = "mcc"
schedule = "cosine"
warmup = 30
clip_norm = 1.5
decay_biases = false
hidden = 24
micro_batch = 4
epochs = 7
patience = 0
batch = 5
learning_rate = 0.5
weight_decay = 0
seed = 9223372036854775807
width = 16
class_power = 0.5
group_aware = true
augment = false
freeze_image_encoder = false
copies = 4
precision = "bf16"
channels_last = false
device = "cuda:1"
threads = 2
evaluation_batch = 3
checkpoint_seconds = 0.5
)");
  EXPECT_EQ(config.mode, Mode::kContrastiveAlign);
  EXPECT_EQ(config.loss, "clip");
  EXPECT_EQ(config.temperature, .1);
  EXPECT_EQ(config.lambda, 2);
  EXPECT_EQ(config.image_weight, .5);
  EXPECT_EQ(config.text_weight, .25);
  EXPECT_EQ(config.cosine_weight, 0);
  EXPECT_EQ(config.l1_weight, 3);
  EXPECT_EQ(config.alignment_ramp, 40);
  EXPECT_EQ(config.encoder_learning_rate, .125);
  EXPECT_EQ(config.epochs, 7);
  EXPECT_EQ(config.patience, 0);
  EXPECT_EQ(config.batch, 5);
  EXPECT_EQ(config.learning_rate, .5);
  EXPECT_EQ(config.weight_decay, 0);
  EXPECT_EQ(config.seed, 9223372036854775807U);
  EXPECT_EQ(config.width, 16);
  EXPECT_TRUE(config.align_directions);
  EXPECT_EQ(config.label_smoothing, .1);
  EXPECT_EQ(config.best_by, EpochScore::kMcc);
  EXPECT_EQ(config.schedule, Schedule::kCosine);
  EXPECT_EQ(config.warmup, 30);
  EXPECT_EQ(config.clip_norm, 1.5);
  EXPECT_FALSE(config.decay_biases);
  EXPECT_EQ(config.hidden, 24);
  EXPECT_EQ(config.micro_batch, 4);
  EXPECT_EQ(config.class_power, .5);
  EXPECT_TRUE(config.group_aware);
  EXPECT_FALSE(read("balanced = false").balanced);
  EXPECT_FALSE(config.augment);
  EXPECT_FALSE(config.freeze_image_encoder);
  EXPECT_EQ(config.copies, 4);
  EXPECT_EQ(config.precision, Precision::kBf16);
  EXPECT_FALSE(config.channels_last);
  EXPECT_EQ(config.device, "cuda:1");
  EXPECT_EQ(config.threads, 2);
  EXPECT_EQ(config.evaluation_batch, 3);
  EXPECT_EQ(config.checkpoint_seconds, .5);
  // And back through JSON.
  EXPECT_EQ(train_config_from_json(parse_json(dump_json(train_config_to_json(config)), "c"), "c"),
            config);
}

TEST(TrainConfig, AbsentKeysKeepTheGivenDefaults) {
  TrainConfig defaults;
  defaults.mode = Mode::kText;
  defaults.epochs = 3;
  defaults.temperature = .3;
  const TrainConfig config = read("epochs = 4", defaults);
  EXPECT_EQ(config.mode, Mode::kText);
  EXPECT_EQ(config.epochs, 4);
  EXPECT_EQ(config.temperature, .3);
}

TEST(TrainConfig, JsonHasTheLosssOwnSettings) {
  TrainConfig config;
  config.loss = "info_nce";
  const Json json = train_config_to_json(config);
  EXPECT_EQ(json["temperature"], .07);
  EXPECT_EQ(json["lambda"], .25);
  const TrainConfig back = train_config_from_json(json, "c");
  EXPECT_EQ(back.temperature, .07);
  EXPECT_EQ(back.lambda, .25);
}

TEST(TrainConfig, WrongWordsAndNumbersAreNamedWithTheirPlace) {
  EXPECT_THAT([] { read("\nmode = \"images\""); },
              ThrowsMessage<UsageError>(
                  AllOf(HasSubstr("study.toml:2"), HasSubstr("images"), HasSubstr("multimodal"))));
  EXPECT_THAT([] { read("loss = \"nce\""); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("nce"), HasSubstr("info_nce"))));
  EXPECT_THAT([] { read("device = \"gpu\""); }, ThrowsMessage<UsageError>(HasSubstr("gpu")));
  EXPECT_THAT([] { read("device = \"cuda:\""); }, ThrowsMessage<UsageError>(HasSubstr("cuda:")));
  EXPECT_THAT([] { read("schedule = \"linear\""); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("study.toml:1"), HasSubstr("cosine"))));
  EXPECT_THAT([] { read("best_by = \"auc\""); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("auc"), HasSubstr("weighted_f1"))));
  EXPECT_THAT([] { read("batch = 0"); }, ThrowsMessage<UsageError>(HasSubstr("batch")));
  EXPECT_THAT([] { read("learning_rate = 0.0"); },
              ThrowsMessage<UsageError>(HasSubstr("learning_rate")));
  EXPECT_THAT([] { read("temperature = 0.0"); },
              ThrowsMessage<UsageError>(HasSubstr("temperature")));
  EXPECT_THAT([] { read("seed = -1"); }, ThrowsMessage<UsageError>(HasSubstr("seed")));
  EXPECT_THAT([] { read("epoch = 3"); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("epoch"), HasSubstr("epochs"))));
}

TEST(TrainConfig, ConfigsMadeInCodeAreChecked) {
  const auto broken = [](auto change) {
    TrainConfig config;
    change(config);
    return [config] { check_train_config(config); };
  };
  EXPECT_NO_THROW(check_train_config({}));
  EXPECT_THAT(broken([](TrainConfig& c) { c.learning_rate = std::nan(""); }),
              ThrowsMessage<UsageError>(HasSubstr("learning_rate")));
  EXPECT_THAT(broken([](TrainConfig& c) { c.lambda = -1; }),
              ThrowsMessage<UsageError>(HasSubstr("lambda")));
  EXPECT_THAT(broken([](TrainConfig& c) { c.seed = std::uint64_t{1} << 63U; }),
              ThrowsMessage<UsageError>(HasSubstr("seed")));
  EXPECT_THAT(broken([](TrainConfig& c) {
                c.balanced = false;
                c.class_power = .5;
              }),
              ThrowsMessage<UsageError>(HasSubstr("balanced is false")));
  EXPECT_THAT(broken([](TrainConfig& c) { c.loss = "x"; }),
              ThrowsMessage<UsageError>(HasSubstr("'x'")));
}

TEST(TrainConfig, JsonFromOutsideIsChecked) {
  const Json good = train_config_to_json({});
  const auto changed = [&](const char* key, Json value) {
    Json json = good;
    if (value.is_discarded()) {
      json.erase(key);
    } else {
      json[key] = std::move(value);
    }
    return [json] { train_config_from_json(json, "run/config.json"); };
  };
  EXPECT_NO_THROW(changed("epochs", 3)());
  for (const auto& broken :
       {changed("epochs", Json(nlohmann::detail::value_t::discarded)), changed("epochs", "3"),
        changed("epochs", 0), changed("epochs", 99999999999LL), changed("mode", "x"),
        changed("loss", 3), changed("seed", -4), changed("temperature", 0),
        changed("width", 1e99)}) {
    EXPECT_THAT(broken, ThrowsMessage<InputError>(HasSubstr("run/config.json")));
  }
}

// Runs of a version that had fewer settings load, and are not trained again for the new ones.
TEST(TrainConfig, WhatCameLaterMayBeMissingAndIdentifiesNothingByDefault) {
  Json old = train_config_to_json({});
  for (const char* later :
       {"image_weight", "text_weight", "cosine_weight", "l1_weight", "alignment_ramp",
        "encoder_learning_rate", "align_directions", "label_smoothing", "best_by", "schedule",
        "warmup", "clip_norm", "decay_biases", "hidden", "micro_batch", "class_power",
        "group_aware"}) {
    ASSERT_EQ(old.erase(later), 1U) << later;
  }
  TrainConfig expected;
  expected.temperature = .5;
  expected.lambda = .5;
  EXPECT_EQ(train_config_from_json(old, "c"), expected);
  ASSERT_EQ(old.erase("checkpoint_seconds"), 1U);
  EXPECT_EQ(train_config_identity({}), old);
  TrainConfig ramped;
  ramped.alignment_ramp = 10;
  EXPECT_EQ(train_config_identity(ramped).at("alignment_ramp"), 10);
  EXPECT_EQ(train_config_identity(ramped).size(), old.size() + 1);
}

// A row of the table of [train] in the documentation.
struct DocumentedKey {
  std::string name;
  std::string range;
  std::string fallback;
};
std::vector<DocumentedKey> documented_keys() {
  const std::string page = read_file(Path(EPICRISIS_SOURCE_DIR) / "docs/formats/study-files.md");
  std::vector<DocumentedKey> keys;
  bool inside = false;
  for (const std::string& line : split(page, '\n')) {
    if (line.starts_with("| key | range | default |")) {
      inside = true;
    } else if (inside && line.empty()) {
      break;
    } else if (inside && line.starts_with("| `")) {
      const std::vector<std::string> cells = split(line, '|');
      keys.push_back({std::string(trim(cells.at(1))), std::string(trim(cells.at(2))),
                      std::string(trim(cells.at(3)))});
      keys.back().name = keys.back().name.substr(1, keys.back().name.size() - 2);
    }
  }
  return keys;
}

bool is_read(const std::string& key, const std::string& value) {
  try {
    read(key + " = " + value);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

// docs/formats/study-files.md lists what can be set, with the ranges and defaults of the code.
TEST(TrainConfig, EveryKeyIsDocumentedAsItIs) {
  Json expected = train_config_to_json({});
  for (const char* elsewhere : {"mode", "seed", "copies", "freeze_image_encoder"}) {
    expected.erase(elsewhere);
  }
  for (const DocumentedKey& key : documented_keys()) {
    ASSERT_TRUE(expected.contains(key.name)) << key.name << " is documented, and no key";
    const Json value = expected[key.name];
    expected.erase(key.name);
    const bool text = value.is_string();
    const std::size_t to = key.range.find(" to ");
    if (to != std::string::npos) {
      const double low = std::stod(key.range.substr(0, to));
      const double high = std::stod(key.range.substr(to + 4));
      const bool whole = value.is_number_integer();
      const auto printed = [&](double number) {
        return whole ? fmt::format("{:.0f}", number) : fmt::format("{}", number);
      };
      EXPECT_TRUE(is_read(key.name, printed(low))) << key.name;
      EXPECT_TRUE(is_read(key.name, printed(high))) << key.name;
      EXPECT_FALSE(is_read(key.name, printed(whole ? low - 1 : low - 1e-13))) << key.name;
      EXPECT_FALSE(is_read(key.name, printed(high + 1))) << key.name;
    } else {
      for (std::string word : split(key.range, ',')) {
        word = std::string(trim(word));
        if (word == "cuda:N") word = "cuda:1";
        EXPECT_TRUE(is_read(key.name, text ? '"' + word + '"' : word)) << key.name << word;
      }
      EXPECT_FALSE(is_read(key.name, text ? "\"other\"" : "2")) << key.name;
    }
    if (key.fallback == "the loss's") continue;
    if (value.is_number()) {
      EXPECT_EQ(value.get<double>(), std::stod(key.fallback)) << key.name;
    } else {
      EXPECT_EQ(text ? value.get<std::string>() : value.dump(), key.fallback) << key.name;
    }
  }
  EXPECT_TRUE(expected.empty()) << "not documented: " << expected.dump();
  std::vector<std::string> losses;
  for (const DocumentedKey& key : documented_keys()) {
    if (key.name == "loss") losses = split(key.range, ',');
  }
  EXPECT_EQ(losses.size(), contrastive_loss_names().size());
}

}  // namespace
}  // namespace epicrisis
