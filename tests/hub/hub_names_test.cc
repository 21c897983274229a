#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/hub/hub.h"
#include "hub/blob_file.h"
#include "hub/hub_requests.h"

namespace epicrisis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(ModelFileNames, TakeOneKindOfWeights) {
  EXPECT_THAT(model_file_names({"README.md", "config.json", "flax_model.msgpack",
                                "model.fp16.safetensors", "model.safetensors", "onnx/model.onnx",
                                "pytorch_model.bin", "tf_model.h5", "tokenizer.json", "vocab.txt",
                                "1_Pooling/config.json", "modules.json", "a/config.json"}),
              ElementsAre("config.json", "model.safetensors", "tokenizer.json", "vocab.txt",
                          "1_Pooling/config.json", "modules.json"));
  EXPECT_THAT(
      model_file_names({"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                        "model.safetensors.index.json", "pytorch_model.bin.index.json"}),
      ElementsAre("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
                  "model.safetensors.index.json"));
  EXPECT_THAT(model_file_names({"pytorch_model.bin", "training_args.bin", "optimizer.pt"}),
              ElementsAre("pytorch_model.bin"));
  EXPECT_THAT(model_file_names({"open_clip_config.json", "open_clip_pytorch_model.bin"}),
              ElementsAre("open_clip_config.json", "open_clip_pytorch_model.bin"));
  EXPECT_THAT(model_file_names({"training_args.bin", "weights.pth"}), ElementsAre("weights.pth"));
  EXPECT_THAT(model_file_names({"README.md", "data.csv"}), IsEmpty());
}

TEST(HubName, HasARevision) {
  EXPECT_EQ(parse_hub_name("org/net").revision, "main");
  EXPECT_EQ(parse_hub_name("org/net@refs/pr/1").revision, "refs/pr/1");
  EXPECT_EQ(parse_hub_name("bert-base").repository, "bert-base");
  for (const char* name :
       {"", "org/net@", "org/net@../x", "a/b/c", "https://x/y", "..", "org/net@a/"}) {
    EXPECT_THROW(parse_hub_name(name), UsageError) << name;
  }
}

TEST(HubRedirects, StayWithTlsAndHttp) {
  EXPECT_EQ(origin_of("HTTPS://Host:8/a"), "https://host:8");
  EXPECT_EQ(origin_of("https://user@host/"), "");
  EXPECT_EQ(redirected("https://h/a", "/b?c"), "https://h/b?c");
  EXPECT_EQ(redirected("https://h/a", "//cdn/b"), "https://cdn/b");
  EXPECT_EQ(redirected("http://h/a", "https://cdn/b"), "https://cdn/b");
  EXPECT_EQ(redirected("https://h/a", "http://cdn/b"), "");
  EXPECT_EQ(redirected("https://h/a", "file:///etc/x"), "");
  EXPECT_EQ(redirected("https://h/a", ""), "");
}

TEST(Etags, LoseTheirMarks) {
  EXPECT_EQ(plain_etag("W/\"abc\""), "abc");
  EXPECT_EQ(plain_etag(" \"abc\" "), "abc");
  EXPECT_EQ(plain_etag("abc"), "abc");
  EXPECT_FALSE(is_blob_name(""));
  EXPECT_FALSE(is_blob_name("../x"));
}

class HubSettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name :
         {"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE"}) {
      unsetenv(name);
    }
    setenv("HF_HOME", folder_.path().c_str(), 1);
    setenv("HF_HUB_CACHE", "/c", 1);
  }
  void TearDown() override {
    for (const char* name :
         {"HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "HF_HOME", "HF_HUB_CACHE"}) {
      unsetenv(name);
    }
  }
  TemporaryFolder folder_;
};

TEST_F(HubSettingsTest, ComeOfTheEnvironment) {
  EXPECT_EQ(hub_settings().endpoint, "https://huggingface.co");
  EXPECT_EQ(hub_settings().cache, "/c");
  EXPECT_TRUE(hub_settings().token.empty());
  EXPECT_FALSE(hub_settings().offline);
  write_file(folder_.path() / "token", "hf_file\n");
  EXPECT_EQ(hub_settings().token.reveal(), "hf_file");
  setenv("HF_TOKEN", " hf_own ", 1);
  EXPECT_EQ(hub_settings().token.reveal(), "hf_own");
  setenv("HF_ENDPOINT", "http://127.0.0.1:9/", 1);
  EXPECT_EQ(hub_settings().endpoint, "http://127.0.0.1:9");
  setenv("HF_HUB_OFFLINE", "True", 1);
  EXPECT_TRUE(hub_settings().offline);
  setenv("HF_HUB_OFFLINE", "0", 1);
  EXPECT_FALSE(hub_settings().offline);
}

TEST_F(HubSettingsTest, ErrorsRepeatNoSecret) {
  const auto error_of = [] {
    try {
      hub_settings();
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  setenv("HF_TOKEN", "hf canary", 1);
  EXPECT_THAT(error_of(), AllOf(HasSubstr("HF_TOKEN"), Not(HasSubstr("canary"))));
  unsetenv("HF_TOKEN");
  setenv("HF_ENDPOINT", "https://me:canary@host", 1);
  EXPECT_THAT(error_of(), AllOf(HasSubstr("HF_ENDPOINT"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace epicrisis
