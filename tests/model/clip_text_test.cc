#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/model/encoders/text/text_encoder.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/npy.h"
#include "model/encoders/image/image_encoder_torch.h"
#include "settings/clip_text_names.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const Path kClipTests = Path(EPICRISIS_SOURCE_DIR) / "tests";
const Path kClipData = kClipTests / "model/data";

// A folder that make_clip_expectations.py wrote, with its tokenizer.
class ClipFolder : public ::testing::Test {
 protected:
  void take(const std::string& name) {
    fs::copy(kClipData / ("clip_" + name), folder(), fs::copy_options::recursive);
    if (name.starts_with("bert")) {
      fs::copy(kClipData / "tiny_bert/vocab.txt", folder() / "vocab.txt");
    } else {
      fs::copy(kClipTests / "text/byte_pair/clip.json", folder() / "tokenizer.json");
    }
  }
  Path folder() const { return place_.path() / "model"; }

  static std::vector<std::string> sentences() {
    std::ifstream file(kClipTests / "model/sentences.txt");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  // Of its config.json, changed by `change`, or of its open_clip_config.json.
  std::string fault_with(const std::function<void(Json&)>& change) const {
    const Path path = folder() / model_config_name(folder());
    const std::string before = read_file(path);
    Json config = parse_json(before, path.string());
    change(config);
    std::ofstream(path) << dump_json(config);
    std::string fault;
    try {
      load_text_encoder(folder().string());
    } catch (const Error& error) {
      fault = error.what();
    }
    std::ofstream(path) << before;
    return fault;
  }

 private:
  TemporaryFolder place_;
};

class PublishedClip : public ClipFolder, public ::testing::WithParamInterface<const char*> {};

TEST_P(PublishedClip, GivesTheVectorsOfItsPublisher) {
  take(GetParam());
  const FloatMatrix expected = read_npy_matrix(folder() / "expected.npy");
  const auto encoder = load_text_encoder(folder().string());
  EXPECT_EQ(encoder->dimension(), static_cast<std::int64_t>(expected.columns));
  EXPECT_EQ(encoder->max_tokens(), 40U);
  const std::vector<std::string> texts = sentences();
  EXPECT_FALSE(encoder->measure(texts, Job()).truncated.empty());  // cut as the publisher cuts
  const FloatMatrix got = encoder->encode(texts, Job());
  ASSERT_EQ(got.rows, expected.rows);
  double largest = 0;
  for (std::size_t i = 0; i < got.values.size(); ++i) {
    const double difference = std::abs(got.values[i] - expected.values[i]);
    if (!(difference <= largest)) largest = difference;
  }
  EXPECT_LT(largest, 1e-4);  // of numbers up to some 20
  RecordProperty("fp32", fmt::format("{}", largest));
}

INSTANTIATE_TEST_SUITE_P(All, PublishedClip,
                         ::testing::Values("hf", "hf_text", "open_clip", "open_clip_custom",
                                           "bert_cls_last_hidden_state_pooler", "bert_cls_pooler"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(ClipFolder, IsListedAsBothEncoders) {
  take("open_clip");
  const auto models = [&] {
    ::setenv("EPICRISIS_MODELS", folder().parent_path().c_str(), 1);
    auto found = list_models();
    ::unsetenv("EPICRISIS_MODELS");
    return found;
  }();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].kind, ModelKind::kDualEncoder);
  EXPECT_EQ(models[0].architecture, "vit + clip");
  EXPECT_EQ(models[0].problem, "");
  const auto image = load_image_encoder(folder().string());
  EXPECT_EQ(image->config().feature_dim, 8);
  EXPECT_FLOAT_EQ(image->config().std[0], .25F);
}

TEST_F(ClipFolder, TheFingerprintChangesWithTheMerges) {
  take("hf");
  const Json model = parse_json(read_file(folder() / "tokenizer.json"), "t").at("model");
  fs::remove(folder() / "tokenizer.json");
  std::ofstream(folder() / "vocab.json") << dump_json(model.at("vocab"));
  std::string merges;
  for (const Json& merge : model.at("merges")) {
    merges += merge.at(0).get<std::string>() + " " + merge.at(1).get<std::string>() + "\n";
  }
  std::ofstream(folder() / "merges.txt") << merges;
  const std::string before = load_text_encoder(folder().string())->fingerprint();
  std::ofstream(folder() / "merges.txt") << merges << "\n";
  EXPECT_NE(load_text_encoder(folder().string())->fingerprint(), before);
}

TEST_F(ClipFolder, FaultsAreNamed) {
  take("hf");
  const auto with = [&](const char* key, const Json& value) {
    return fault_with([&](Json& config) { config["text_config"][key] = value; });
  };
  EXPECT_THAT(with("hidden_size", 20), HasSubstr("the weights do not fit"));
  EXPECT_THAT(with("num_hidden_layers", 3), HasSubstr("missing: transformer.resblocks.2."));
  EXPECT_THAT(with("num_hidden_layers", 1), HasSubstr("not known to the model"));
  EXPECT_THAT(with("num_hidden_layers", 1000000), HasSubstr("1 to 256"));
  EXPECT_THAT(with("num_attention_heads", 3), HasSubstr("does not divide the width 16"));
  EXPECT_THAT(with("vocab_size", 100), HasSubstr("the tokenizer has"));
  EXPECT_THAT(with("hidden_act", "swish"), HasSubstr("swish"));
  EXPECT_THAT(fault_with([](Json& config) { config["projection_dim"] = 13; }),
              HasSubstr("text_projection.weight: the file has"));
  TextEncoderOptions options;
  options.pooling = TextPooling::kMean;
  EXPECT_THROW(load_text_encoder(folder().string(), options), UsageError);
  fs::remove(folder() / "tokenizer.json");
  EXPECT_THAT(fault_with([](Json&) {}), HasSubstr("no vocab.json"));
}

TEST_F(ClipFolder, FormsOfOpenClipThatAreNotReadAreRefused) {
  take("open_clip");
  const auto with = [&](const char* key, const Json& value) {
    return fault_with([&](Json& config) { config["model_cfg"]["text_cfg"][key] = value; });
  };
  EXPECT_THAT(with("pool_type", "last"), HasSubstr("'pool_type' of the text encoder is 'last'"));
  EXPECT_THAT(with("embed_cls", true), HasSubstr("embed_cls"));
  EXPECT_THAT(with("no_causal_mask", true), HasSubstr("no_causal_mask"));
  EXPECT_THAT(with("mlp_ratio", -1), HasSubstr("mlp_ratio"));
}

TEST_F(ClipFolder, ProjectionsOfBertAreHeldAgainstTheirShapes) {
  take("bert_cls_last_hidden_state_pooler");
  const auto with = [&](const char* key, const Json& value) {
    return fault_with([&](Json& config) { config["model_cfg"]["text_cfg"][key] = value; });
  };
  EXPECT_THAT(with("hf_proj_type", "linear"), HasSubstr("'text.proj.weight' is missing"));
  EXPECT_THAT(with("hf_proj_type", "cubic"), HasSubstr("'hf_proj_type' is 'cubic'"));
  EXPECT_THAT(with("hf_pooler_type", "max_pooler"), HasSubstr("max_pooler"));
  EXPECT_THAT(with("hf_pooler_type", "cls_pooler"), HasSubstr("the weights have none"));
  EXPECT_THAT(fault_with([](Json& config) { config["model_cfg"]["embed_dim"] = 20; }),
              HasSubstr("was expected"));
}

}  // namespace
}  // namespace epicrisis
