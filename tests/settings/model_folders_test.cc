#include "epicrisis/settings/model_folders.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "epicrisis/core/error.h"
#include "epicrisis/settings/image_encoder_config.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {
namespace {

using ::testing::HasSubstr;

class ModelFolders : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* old = std::getenv("EPICRISIS_MODELS");
    if (old != nullptr) old_ = old;
    search_ = (folder_.path() / "first").string() + "::" + (folder_.path() / "second").string();
    setenv("EPICRISIS_MODELS", search_.c_str(), 1);
    setenv("HF_HUB_CACHE", (folder_.path() / "hub").c_str(), 1);
    write_file(folder_.path() / "first/net/config.json", R"({"architecture": "resnet18"})");
    SafetensorsWriter(folder_.path() / "first/net/model.safetensors",
                      {{"w", TensorType::kF32, {0}}})
        .finish();
    write_file(folder_.path() / "second/net/config.json", R"({"architecture": "resnet50"})");
    write_file(folder_.path() / "second/bert/config.json",
               R"({"model_type": "bert", "hidden_size": 384})");
    write_file(folder_.path() / "second/gpt/config.json", R"({"model_type": "gpt2"})");
    write_file(folder_.path() / "second/broken/config.json", "{");
    write_file(folder_.path() / "second/no_config/readme", "");
  }
  void TearDown() override {
    unsetenv("HF_HUB_CACHE");
    if (old_.empty()) {
      unsetenv("EPICRISIS_MODELS");
    } else {
      setenv("EPICRISIS_MODELS", old_.c_str(), 1);
    }
  }
  TemporaryFolder folder_;
  std::string search_;
  std::string old_;
};

TEST_F(ModelFolders, TheFirstFolderWins) {
  EXPECT_EQ(find_model("net"), folder_.path() / "first/net");
  EXPECT_EQ(find_model("bert"), folder_.path() / "second/bert");
  const Path path = folder_.path() / "second/net";
  EXPECT_EQ(find_model(path.string()), path);
}

TEST_F(ModelFolders, ErrorsSayWhereItLooked) {
  for (const char* name : {"nett", "no_config", "", "..", "x/y"}) {
    try {
      find_model(name);
      FAIL() << name;
    } catch (const UsageError& error) {
      EXPECT_THAT(error.what(), HasSubstr(name));
      if (std::string(name) == "nett") {
        EXPECT_THAT(error.what(), HasSubstr((folder_.path() / "second").string()));
        EXPECT_THAT(error.what(), HasSubstr("bert"));
        EXPECT_THAT(error.what(), HasSubstr("EPICRISIS_MODELS"));
      }
    }
  }
}

TEST_F(ModelFolders, ListsKindWidthAndProblems) {
  const auto models = list_models();
  ASSERT_EQ(models.size(), 4U);
  EXPECT_EQ(models[0].name, "bert");
  EXPECT_EQ(models[0].kind, ModelKind::kTextEncoder);
  EXPECT_EQ(models[0].width, 384);
  EXPECT_THAT(models[0].problem, HasSubstr("no weight file"));
  EXPECT_THAT(models[1].problem, HasSubstr("broken"));
  EXPECT_THAT(models[2].problem, HasSubstr("gpt2"));
  EXPECT_EQ(models[3].architecture, "resnet18");
  EXPECT_EQ(models[3].width, 512);
  EXPECT_EQ(models[3].problem, "");
  EXPECT_EQ(to_json(models[3]), (Json{{"name", models[3].name},
                                      {"kind", "image encoder"},
                                      {"architecture", "resnet18"},
                                      {"width", 512},
                                      {"folder", models[3].folder.string()},
                                      {"problem", ""}}));
}

TEST_F(ModelFolders, RepositoriesOfTheCacheAreFoundByTheirNames) {
  const std::string commit(40, 'a');
  const auto add = [&](const std::string& folder, const std::string& config) {
    write_file(folder_.path() / folder / "snapshots" / commit / "config.json", config);
    write_file(folder_.path() / folder / "refs/main", commit);
    return folder_.path() / folder / "snapshots" / commit;
  };
  const Path net = add("hub/models--org--net", R"({"architecture": "resnet34"})");
  const Path old = add("hub/models--old-bert", R"({"model_type": "bert", "hidden_size": 8})");
  const Path own = add("first/models--org--own", R"({"architecture": "resnet50"})");
  add("hub/models--org--talker", R"({"model_type": "llama"})");
  add("hub/datasets--org--net", "{}");
  EXPECT_EQ(find_model("org/net"), net);
  EXPECT_EQ(find_model("org/net@main"), net);
  EXPECT_EQ(find_model("org/net@" + commit), net);
  EXPECT_EQ(find_model("old-bert"), old);
  EXPECT_EQ(find_model("org/own"), own);
  for (const char* name : {"org/net@v2", "org/net@", "org/nett", "../net", "org/net/x"}) {
    EXPECT_THROW(find_model(name), UsageError) << name;
  }
  try {
    find_model("org/nett");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("models get org/nett"));
  }
  std::vector<std::string> names;
  for (const FoundModel& model : list_models()) names.push_back(model.name);
  EXPECT_THAT(names, ::testing::ElementsAre("bert", "broken", "gpt", "net", "old-bert", "org/net",
                                            "org/own"));
  // A folder of that name is nearer.
  EXPECT_EQ(find_model("net"), folder_.path() / "first/net");
}

TEST_F(ModelFolders, WeightsThatCannotBeReadAreAProblem) {
  const Path weights = folder_.path() / "first/net/model.safetensors";
  const std::string whole = read_file(weights);
  SafetensorsWriter(weights, {}).finish();
  for (const std::string& bytes :
       {std::string(), whole.substr(0, whole.size() / 2), std::string("<html>not found</html>"),
        std::string("version https://git-lfs.github.com/spec/v1\n"), read_file(weights)}) {
    write_file(weights, bytes);
    EXPECT_THAT(list_models()[3].problem, HasSubstr("model.safetensors")) << bytes;
  }
}

TEST(TextModelType, NullSaysNothing) {
  const Json config = parse_json(R"({"model_type": null, "architectures": ["BertModel"]})", "c");
  EXPECT_EQ(text_model_type(config, "c"), "bert");
}

TEST_F(ModelFolders, HuggingFacesVisionTransformersAreImageEncoders) {
  const Path folder = folder_.path() / "second/bert";
  for (const auto& [config, architecture] :
       {std::pair(R"({"model_type": "vit"})", "vit_base_patch16_224"),
        std::pair(R"({"model_type": "dinov2", "hidden_size": 384, "num_attention_heads": 6})",
                  "vit_small_patch14_dinov2"),
        std::pair(R"({"model_type": "dinov2_with_registers"})", "vit_base_patch14_reg4_dinov2"),
        std::pair(R"({"model_type": "clip_vision_model"})", "vit_base_patch32_clip_quickgelu_224"),
        std::pair(R"({"model_type": "clip", "vision_config": {"hidden_act": "gelu"}})",
                  "vit_base_patch32_clip_224"),
        std::pair(R"({"model_type": "vit", "num_hidden_layers": 3})", "vit")}) {
    write_file(folder / "config.json", config);
    const FoundModel model = list_models().front();
    EXPECT_EQ(model.kind, ModelKind::kImageEncoder) << config;
    EXPECT_EQ(model.architecture, architecture) << config;
    EXPECT_EQ(text_model_type(parse_json(config, "c"), "c"), "") << config;
  }
  write_file(folder / "weights.pth", "1");
  const std::string before = model_fingerprint("bert");
  write_file(folder / "preprocessor_config.json", R"({"size": 224})");
  EXPECT_NE(model_fingerprint("bert"), before);
  EXPECT_EQ(text_model_type(parse_json(R"({"model_type": "siglip"})", "c"), "c"), "siglip");
}

TEST(OpenClipConfig, TellsWhatItDoesNotRead) {
  const auto fault = [](const std::string& vision) {
    const std::string text =
        R"({"model_cfg": {"vision_cfg": )" + vision + R"(, "text_cfg": {"width": 16}}})";
    try {
      parse_image_encoder_config(parse_json(text, "c"), "c");
    } catch (const InputError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(fault(R"({"width": 128})"), "");
  EXPECT_THAT(fault(R"({"width": 8})"), HasSubstr("'head_width' is not there"));
  EXPECT_THAT(fault(R"({"width": 8, "head_width": 3})"), HasSubstr("'head_width' is 3"));
  EXPECT_THAT(fault(R"({"layers": [3, 4]})"), HasSubstr("'layers' is [3,4]"));
  EXPECT_THAT(fault(R"({"attentional_pool": true})"), HasSubstr("attentional_pool"));
  EXPECT_THAT(fault(R"({"pool_type": "avg"})"), HasSubstr("'pool_type' is \"avg\""));
  EXPECT_THAT(fault(R"({"patch_size": 200, "image_size": 64})"), HasSubstr("'patch_size' is 200"));
  EXPECT_THAT(fault(R"({"mlp_ratio": 0})"), HasSubstr("'mlp_ratio' is 0"));
  EXPECT_THAT(fault(R"({"timm_model_name": "vit_of_nobody"})"), HasSubstr("vit_of_nobody"));
}

TEST_F(ModelFolders, TheFingerprintChangesWithEveryFileThatIsRead) {
  const Path folder = folder_.path() / "second/bert";
  const auto changes_with = [&](const std::string& file, const std::string& text) {
    const std::string before = model_fingerprint("bert");
    write_file(folder / file, text);
    const bool changed = model_fingerprint("bert") != before;
    EXPECT_EQ(model_fingerprint("bert"), model_fingerprint(folder.string()));
    return changed;
  };
  EXPECT_THROW(model_fingerprint("bert"), InputError);  // no weights
  write_file(folder / "weights.pth", "1");
  EXPECT_TRUE(changes_with("weights.pth", "2"));
  EXPECT_TRUE(changes_with("config.json", R"({"model_type": "bert", "hidden_size": 385})"));
  EXPECT_TRUE(changes_with("vocab.txt", "a"));
  EXPECT_TRUE(changes_with("tokenizer.json", "{}"));
  EXPECT_TRUE(changes_with("tokenizer_config.json", "{}"));
  EXPECT_TRUE(changes_with("sentence_bert_config.json", "{}"));
  EXPECT_TRUE(
      changes_with("modules.json",
                   R"([{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}])"));
  EXPECT_TRUE(changes_with("1_Pooling/config.json", R"({"pooling_mode_cls_token": true})"));
  EXPECT_FALSE(changes_with("README.md", "a"));
  EXPECT_FALSE(changes_with("2_Dense/config.json", "{}"));
  EXPECT_TRUE(changes_with("pytorch_model.bin", "3"));  // is read in place of weights.pth
  EXPECT_FALSE(changes_with("weights.pth", "4"));
  EXPECT_TRUE(changes_with("model.safetensors", "5"));
  EXPECT_THROW(changes_with("modules.json", R"([{"type": "Pooling", "path": "../first"}])"),
               InputError);
}

TEST_F(ModelFolders, AWeightFileOfItsOwnCountsWithTheConfigurationBesideIt) {
  const Path folder = folder_.path() / "first/net";
  const auto fingerprint = [&] { return model_fingerprint((folder / "epoch3.pth").string()); };
  write_file(folder / "epoch3.pth", "1");
  const std::string first = fingerprint();
  write_file(folder / "config.json", R"({"architecture": "resnet50"})");
  const std::string second = fingerprint();
  EXPECT_NE(second, first);
  write_file(folder / "epoch3.pth", "2");
  EXPECT_NE(fingerprint(), second);
  EXPECT_EQ(model_fingerprint("random:resnet18"), "random:resnet18");
  EXPECT_NE(model_fingerprint(kTrainedTokens), "");
  EXPECT_EQ(model_fingerprint(""), "");
  EXPECT_THROW(model_fingerprint("nett"), UsageError);
}

TEST(ImageEncoderConfig, ErrorsNameTheKey) {
  const auto error_of = [](std::string_view text) -> std::string {
    try {
      parse_image_encoder_config(parse_json(text, "config.json"), "config.json");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of("{}"), HasSubstr("architecture"));
  EXPECT_THAT(error_of(R"({"architecture": "resnet19"})"), HasSubstr("resnet18"));
  EXPECT_THAT(error_of(R"({"architecture": "resnet18", "feature_dim": 1})"), HasSubstr("512"));
  const auto with_input = [&](const std::string& input) {
    return error_of(R"({"architecture": "resnet18", "input": )" + input + "}");
  };
  EXPECT_THAT(with_input(R"({"size": 31})"), HasSubstr("31"));
  EXPECT_THAT(with_input(R"({"size": 1e9})"), HasSubstr("size"));
  EXPECT_THAT(with_input(R"({"std": [1, 1, 0]})"), HasSubstr("std"));
  EXPECT_THAT(with_input(R"({"mean": [1, 1]})"), HasSubstr("mean"));
  EXPECT_THAT(with_input(R"({"mean": [1, 1, "a"]})"), HasSubstr("mean"));
  EXPECT_THAT(with_input(R"({"channels": "BGR"})"), HasSubstr("BGR"));
  EXPECT_THAT(error_of(R"({"architecture": "resnet18", "padding": "valid"})"), HasSubstr("valid"));
  for (const char* epsilon : {"0", "-1", "2", "\"a\""}) {
    EXPECT_THAT(
        error_of(fmt::format(R"({{"architecture": "resnet18", "norm_epsilon": {}}})", epsilon)),
        HasSubstr("norm_epsilon"));
  }
  EXPECT_THAT(error_of(R"({"architecture": "tf_resnet18"})"), HasSubstr("tf_resnet18"));
}

TEST(ImageEncoderConfig, FromTensorFlowMeansItsPaddingAndEpsilon) {
  const ImageEncoderConfig lite = default_image_encoder_config("tf_efficientnet_lite0");
  EXPECT_EQ(lite.architecture, "efficientnet_lite0");
  EXPECT_EQ(lite.padding, ConvPadding::kSameTf);
  EXPECT_EQ(lite.norm_epsilon, 1e-3);
  EXPECT_EQ(lite.mean[0], .5F);
  const ImageEncoderConfig again = parse_image_encoder_config(to_json(lite), "x");
  EXPECT_EQ(to_json(again), to_json(lite));
  EXPECT_EQ(again.padding, lite.padding);
  EXPECT_EQ(default_image_encoder_config("tf_efficientnet_b0").mean[0], .485F);
  // What is said outright counts.
  const Json other = parse_json(
      R"({"architecture": "tf_efficientnet_b0", "padding": "symmetric", "norm_epsilon": 1e-5})",
      "x");
  EXPECT_EQ(to_json(parse_image_encoder_config(other, "x")),
            to_json(default_image_encoder_config("efficientnet_b0")));
}

TEST(ImageEncoderConfig, ReadsItsOwnAndTimmsForm) {
  ImageEncoderConfig config = default_image_encoder_config("mobilenet_v2");
  config.padding = ConvPadding::kSameTf;
  config.input_size = 192;
  config.mean = {0.5F, 0.25F, 0.125F};
  const ImageEncoderConfig again = parse_image_encoder_config(to_json(config), "x");
  EXPECT_EQ(to_json(again), to_json(config));
  const ImageEncoderConfig timm =
      parse_image_encoder_config(parse_json(R"({"architecture": "densenet121", "num_features": 1024,
                     "pretrained_cfg": {"input_size": [3, 288, 288], "mean": [0, 0, 0]}})",
                                            "x"),
                                 "x");
  EXPECT_EQ(timm.input_size, 288);
  EXPECT_EQ(timm.mean[1], 0);
  EXPECT_EQ(timm.std[0], 0.229F);
}

}  // namespace
}  // namespace epicrisis
