#include "tensor/weight_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"

namespace epicrisis {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

const std::vector<float> kOne{1};
const std::vector<float> kTwo{2};

TensorView view_of(const std::vector<float>& values) {
  return {TensorType::kF32,
          {static_cast<std::int64_t>(values.size())},
          std::as_bytes(std::span(values))};
}

// A file with one number under each name; 2 under those of an average.
TensorFile file_of(const std::vector<std::string>& names) {
  std::map<std::string, TensorView> tensors;
  for (const std::string& name : names) {
    tensors.emplace(name, view_of(name.find("ema") != std::string::npos ? kTwo : kOne));
  }
  return {"checkpoint.pth", nullptr, std::move(tensors), {}};
}

std::vector<std::string> names_of(const TensorFile& file) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : file.tensors()) names.push_back(name);
  return names;
}

const std::vector<std::string> kExpected{"conv1.weight", "bn1.weight", "layer1.0.conv1.weight"};

struct Wrapped {
  std::vector<std::string> names;
  const char* remark;  // "" for none
};

TEST(ModelWeights, EveryWrappingGivesTheModelsOwnNames) {
  const std::vector<Wrapped> cases{
      {{"conv1.weight", "bn1.weight", "layer1.0.conv1.weight"}, ""},
      {{"module.conv1.weight", "module.bn1.weight", "module.layer1.0.conv1.weight"}, ""},
      {{"_orig_mod.module.conv1.weight", "_orig_mod.module.bn1.weight",
        "_orig_mod.module.layer1.0.conv1.weight"},
       ""},
      {{"module._orig_mod.conv1.weight", "module._orig_mod.bn1.weight",
        "module._orig_mod.layer1.0.conv1.weight"},
       ""},
      {{"model.conv1.weight", "model.bn1.gamma", "model.layer1.0.conv1.weight"}, ""},
      {{"state_dict.module.conv1.weight", "state_dict.module.bn1.weight",
        "state_dict.module.layer1.0.conv1.weight", "best_acc1", "optimizer.state.0.exp_avg"},
       "2 others are left out"},
      {{"model.conv1.weight", "model.bn1.weight", "model.layer1.0.conv1.weight", "model.fc.weight"},
       ""},
      {{"encoder.conv1.weight", "encoder.bn1.weight", "encoder.layer1.0.conv1.weight", "fc.weight"},
       ""},
      {{"model.conv1.weight", "model.bn1.weight", "model.layer1.0.conv1.weight",
        "model_ema.conv1.weight", "model_ema.bn1.weight", "model_ema.layer1.0.conv1.weight"},
       "the averaged one, 'model_ema.'"},
      {{"model.layer1._orig_mod.0.conv1.weight", "model.conv1.weight", "model.bn1.weight"}, ""}};
  for (const Wrapped& one : cases) {
    std::vector<std::string> remarks;
    const TensorFile own = model_weights(file_of(one.names), kExpected, remarks);
    for (const std::string& name : kExpected) EXPECT_TRUE(own.has(name)) << one.names[0] << name;
    if (*one.remark == '\0') {
      EXPECT_THAT(remarks, IsEmpty()) << one.names[0];
    } else {
      EXPECT_THAT(fmt::format("{}", fmt::join(remarks, "; ")), HasSubstr(one.remark));
    }
    const bool averaged = one.names.back().starts_with("model_ema");
    EXPECT_EQ(to_float32(own.at("bn1.weight"))[0], averaged ? 2 : 1);
  }
}

TEST(ModelWeights, TwoModelsAreNotChosenBetween) {
  std::vector<std::string> names;
  for (const char* tower : {"student.", "teacher."}) {
    for (const std::string& name : kExpected) names.push_back(tower + name);
  }
  std::vector<std::string> remarks;
  EXPECT_THAT([&] { model_weights(file_of(names), kExpected, remarks); },
              ThrowsMessage<InputError>(HasSubstr("student., teacher.")));
}

TEST(ModelWeights, OtherNamesStayForTheErrorThatListsThem) {
  std::vector<std::string> remarks;
  const TensorFile own = model_weights(file_of({"a.b", "c.gamma"}), kExpected, remarks);
  EXPECT_THAT(names_of(own), ElementsAre("a.b", "c.weight"));
}

class WeightFolder : public ::testing::Test {
 protected:
  void save(const char* name, const std::vector<std::string>& tensors) {
    std::vector<NamedTensor> named;
    for (const std::string& tensor : tensors) named.push_back({tensor, view_of(kOne)});
    write_safetensors(path() / name, named);
  }
  const Path& path() const { return folder_.path(); }
  std::string error() {
    try {
      read_weights(weight_file_in(path()));
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  TemporaryFolder folder_;
};

TEST_F(WeightFolder, ReadsShardsByTheirIndex) {
  save("model-00001-of-00002.safetensors", {"a", "tied"});
  save("model-00002-of-00002.safetensors", {"b", "tied"});
  write_file(path() / "model.safetensors.index.json",
             R"({"metadata": {"total_size": 16},
                 "weight_map": {"a": "model-00001-of-00002.safetensors",
                                "tied": "model-00001-of-00002.safetensors",
                                "b": "model-00002-of-00002.safetensors"}})");
  EXPECT_THAT(names_of(read_weights(weight_file_in(path()))), ElementsAre("a", "b", "tied"));
  EXPECT_EQ(weight_parts(weight_file_in(path())).size(), 3U);
  const std::string before = weights_sha256(weight_file_in(path()));
  save("model-00002-of-00002.safetensors", {"b"});
  EXPECT_NE(weights_sha256(weight_file_in(path())), before);
  save("model-00002-of-00002.safetensors", {"c"});
  EXPECT_THAT(error(), HasSubstr("'b' should be in model-00002-of-00002.safetensors"));
  std::filesystem::remove(path() / "model-00002-of-00002.safetensors");
  EXPECT_THAT(error(), HasSubstr("1 of 2 shards not there: model-00002-of-00002.safetensors"));
}

TEST_F(WeightFolder, SaysWhatItWants) {
  EXPECT_THAT(error(), HasSubstr("no weight file"));
  save("model-00001-of-00002.safetensors", {"a"});
  save("model-00002-of-00002.safetensors", {"b"});
  EXPECT_THAT(error(), AllOf(HasSubstr("2 weight files"), HasSubstr("fetch the index")));
  save("pytorch_model.bin", {"c"});
  EXPECT_EQ(error(), "no error");
}

TEST(WeightIndex, HostileIndexesAreRefused) {
  for (const char* text :
       {"", "[]", "{}", R"({"weight_map": {}})", R"({"weight_map": {"a": 1}})",
        R"({"weight_map": {"a": ""}})", R"({"weight_map": {"a": ".."}})",
        R"({"weight_map": {"a": "/etc/passwd"}})", R"({"weight_map": {"a": "../b.safetensors"}})",
        R"({"weight_map": {"a": "b\\c"}})", R"({"weight_map": {"a": "b\u0000c"}})",
        R"({"weight_map": {"a": "x.index.json"}})", R"({"weight_map": ["a"]})"}) {
    EXPECT_THROW(parse_weight_index(text, "x.index.json"), InputError) << text;
  }
}

TEST_F(WeightFolder, OtherFilesAreToldByWhatTheyAre) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS"},
      {"<!DOCTYPE html><html>404</html>", "web page"},
      {"{\"error\": \"not found\"}", "JSON"},
      {"\x89HDF\r\n\x1a\n and more", "HDF5"},
      {"GGUF and more", "GGUF"},
      {"\x1f\x8b and more bytes", "gzip"},
      {"\x93NUMPY and more", "NumPy"},
      {"\x80\x04]. a pickle", "torch.save"},
      {std::string(257, 'x') + "ustar  ", "tar archive"},
      {"", "empty"}};
  for (const auto& [bytes, what] : cases) {
    write_file(path() / "model.safetensors", bytes);
    EXPECT_THAT(error(), HasSubstr(what));
  }
}

}  // namespace
}  // namespace epicrisis
