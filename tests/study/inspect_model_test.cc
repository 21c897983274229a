#include "epicrisis/study/inspect_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {
namespace {

using ::testing::HasSubstr;

class InspectModel : public ::testing::Test {
 protected:
  void SetUp() override {
    SafetensorsWriter writer(path("net/model.safetensors"), {{"w", TensorType::kF32, {1}}});
    writer.write(std::vector<float>{1});
    writer.finish();
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  TemporaryFolder folder_;
  Job job_;
};

TEST_F(InspectModel, AFileAndItsFolder) {
  for (const auto& [model, what] :
       {std::pair("net/model.safetensors", "weight file"), std::pair("net", "folder of weights")}) {
    const ModelInspection found = inspect_model(path(model), job_);
    EXPECT_EQ(found.what, what);
    EXPECT_EQ(found.folder.string(), path("net"));
    EXPECT_EQ(found.weights.tensors, 1U);
    EXPECT_EQ(found.config.file, "");
    EXPECT_FALSE(found.text.has_value());
    const Json json = to_json(found);
    EXPECT_TRUE(json["config"].is_null());
    EXPECT_TRUE(json["text_encoder"].is_null());
    EXPECT_EQ(json["weights"]["tensors"], 1);
  }
}

TEST_F(InspectModel, WhatIsNoFileIsTold) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  for (const auto& [model, what] :
       {std::pair(path("pipe"), "a named pipe"), std::pair(std::string("/dev/null"), "a device")}) {
    try {
      inspect_model(model, job_);
      FAIL() << model << " was inspected";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), HasSubstr(what));
    }
  }
}

TEST_F(InspectModel, WhatTheConfigurationSays) {
  write_file(path("net/config.json"), R"({"architecture": "resnet18"})");
  ModelInspection found = inspect_model(path("net"), job_);
  EXPECT_EQ(found.what, "model folder");
  EXPECT_EQ(found.config.architecture, "resnet18");
  EXPECT_EQ(found.config.kind, "image encoder");
  EXPECT_EQ(found.config.width, 512);
  write_file(path("net/config.json"), R"({"model_type": "gpt2"})");
  found = inspect_model(path("net"), job_);
  EXPECT_EQ(found.what, "Hugging Face folder");
  EXPECT_EQ(found.config.architecture, "gpt2");
  EXPECT_THAT(found.config.problem, HasSubstr("is not read"));
  write_file(path("net/config.json"), "{");
  EXPECT_THAT(inspect_model(path("net"), job_).config.problem, HasSubstr("config.json"));
}

TEST_F(InspectModel, ATextEncoderHasAVocabulary) {
  const auto write = [&](std::int64_t vectors) {
    const std::string name = "bert.embeddings.word_embeddings.weight";
    SafetensorsWriter writer(path("bert/model.safetensors"),
                             {{name, TensorType::kF32, {vectors, 1}}});
    writer.write(std::vector<float>(static_cast<std::size_t>(vectors)));
    writer.finish();
  };
  write(5);
  write_file(path("bert/config.json"), R"({"model_type": "bert", "vocab_size": 6})");
  ModelInspection found = inspect_model(path("bert"), job_);
  ASSERT_TRUE(found.text.has_value());
  EXPECT_EQ(found.text->vectors, 5);
  EXPECT_EQ(found.text->vocabulary, 6);
  EXPECT_EQ(found.text->tokenizer, 0);
  EXPECT_THAT(found.text->tokenizer_problem, HasSubstr("vocab.txt"));
  write_file(path("bert/vocab.txt"), "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n");
  found = inspect_model(path("bert"), job_);
  EXPECT_EQ(found.text->tokenizer, 5);
  EXPECT_EQ(found.text->tokenizer_problem, "");
  write(4);
  EXPECT_THAT(inspect_model(path("bert"), job_).text->tokenizer_problem,
              HasSubstr("the tokenizer has 5 entries, the model has vectors for 4"));
}

TEST_F(InspectModel, ARepositoryOfHuggingFacesCache) {
  const std::string repository = path("models--org--net");
  const std::string snapshot = repository + "/snapshots/0123456789abcdef0123456789abcdef01234567";
  std::filesystem::create_directories(repository + "/blobs");
  std::filesystem::create_directories(snapshot);
  std::filesystem::copy_file(path("net/model.safetensors"), repository + "/blobs/abc");
  std::filesystem::create_symlink("../../blobs/abc", snapshot + "/model.safetensors");
  for (const std::string& model : {repository, snapshot, snapshot + "/model.safetensors"}) {
    const ModelInspection found = inspect_model(model, job_);
    EXPECT_EQ(found.what, "Hugging Face snapshot") << model;
    EXPECT_EQ(found.weights.tensors, 1U);
  }
  std::filesystem::create_directories(repository + "/snapshots/other");
  EXPECT_THROW(inspect_model(repository, job_), InputError);
}

TEST_F(InspectModel, WhatIsNotThereOrNoWeightsIsAnError) {
  EXPECT_THROW(inspect_model(path("nett"), job_), UsageError);
  EXPECT_THROW(inspect_model("", job_), UsageError);
  write_file(path("empty/config.json"), "{}");
  EXPECT_THROW(inspect_model(path("empty"), job_), InputError);
  write_file(path("page.safetensors"), "<html>");
  EXPECT_THROW(inspect_model(path("page.safetensors"), job_), InputError);
}

}  // namespace
}  // namespace epicrisis
