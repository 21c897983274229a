#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/tensor/safetensors.h"
#include "program_fixture.h"
#include "support/fake_hub.h"

namespace epicrisis::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ModelsCommand : public ProgramTest {
 protected:
  void SetUp() override {
    environment = "EPICRISIS_MODELS='" + path("models") + "'";
    write(0);
    write_file(path("models/net/config.json"), R"({"architecture": "resnet18"})");
  }
  void write(float bias) {
    SafetensorsWriter writer(
        path("models/net/model.safetensors"),
        {{"module.conv1.weight", TensorType::kF32, {2, 2}}, {"fc.bias", TensorType::kF32, {1}}});
    writer.write(std::vector<float>{1, 2, 3, 4});
    writer.write(std::vector<float>{bias});
    writer.finish();
  }
};

TEST_F(ModelsCommand, AloneAndListAreOne) {
  EXPECT_EQ(run("models"), 0);
  const std::string alone = said;
  EXPECT_THAT(alone, AllOf(HasSubstr("net"), HasSubstr("resnet18"), HasSubstr("bag")));
  EXPECT_EQ(run("models list"), 0);
  EXPECT_EQ(said, alone);
  EXPECT_EQ(run("models --json"), 0);
  const std::string json = said;
  EXPECT_EQ(run("models list --json"), 0);
  EXPECT_EQ(said, json);
  EXPECT_EQ(parse_json(json, "said")["models"][0]["name"], "net");
  EXPECT_EQ(run("models lst"), 2);
  EXPECT_THAT(said, HasSubstr("did you mean 'list'"));
}

TEST_F(ModelsCommand, SaysWhichFolderIsNotThere) {
  environment = "EPICRISIS_MODELS='" + path("models") + ":" + path("moddels") + "'";
  EXPECT_EQ(run("models"), 0);
  EXPECT_THAT(said,
              HasSubstr("EPICRISIS_MODELS names " + path("moddels") + ", which is not there"));
  EXPECT_THAT(said, Not(HasSubstr("names " + path("models"))));
  EXPECT_EQ(run("models --json"), 0);
  EXPECT_EQ(parse_json(said, "said")["not_there"], Json::array({path("moddels")}));
}

TEST_F(ModelsCommand, InspectSaysWhatWeightsHold) {
  for (const std::string& model :
       {std::string("net"), path("models/net"), path("models/net/model.safetensors")}) {
    EXPECT_EQ(run("models inspect '" + model + "'"), 0) << model;
    EXPECT_THAT(said, AllOf(HasSubstr("safetensors"), HasSubstr("2 tensors, 5 parameters"),
                            HasSubstr("'module.' (1 tensor)"), HasSubstr("F32"),
                            HasSubstr("[2, 2]"), HasSubstr("config.json: resnet18")));
    EXPECT_THAT(said, Not(HasSubstr("warning")));
  }
  EXPECT_EQ(run("models inspect net --json"), 0);
  const Json json = parse_json(said, "said");
  EXPECT_EQ(json["what"], "model folder");
  EXPECT_EQ(json["weights"]["parameters"], 5);
  EXPECT_EQ(json["config"]["architecture"], "resnet18");
}

TEST_F(ModelsCommand, InspectWarnsOfNumbersThatAreNone) {
  write(std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(run("models inspect net"), 0);
  EXPECT_THAT(said, HasSubstr("1 tensor with numbers that are NaN or infinite"));
  EXPECT_THAT(said, HasSubstr("fc.bias (1 NaN, 0 infinite)"));
}

TEST_F(ModelsCommand, InspectRefusesWhatIsNoModel) {
  EXPECT_EQ(run("models inspect nett"), 2);
  EXPECT_THAT(said, HasSubstr("nett"));
  EXPECT_EQ(run("models inspect"), 2);
  write_file(path("page.bin"), "<html></html>");
  EXPECT_EQ(run("models inspect '" + path("page.bin") + "'"), 4);
  EXPECT_THAT(said, HasSubstr("a web page"));
}

class ModelsGet : public ProgramTest {
 protected:
  void SetUp() override {
    hub_.put("config.json", {R"({"model_type": "bert", "hidden_size": 8})", false, ""});
    SafetensorsWriter writer(path("w"), {{"w", TensorType::kF32, {1}}});
    writer.write(std::vector<float>{1});
    writer.finish();
    hub_.put("model.safetensors", {read_file(path("w")), true, ""});
    hub_.put("rust_model.ot", {"other", true, ""});
    in_environment("");
  }
  void in_environment(const std::string& more) {
    environment = "HF_HOME= HF_ENDPOINT='" + hub_.hub.url() + "' HF_HUB_CACHE='" + path("hub") +
                  "' EPICRISIS_MODELS='" + path("models") + "' HF_TOKEN=hf_canary_4711 " + more;
  }
  FakeHub hub_;
};

TEST_F(ModelsGet, FetchesWhatStudiesFindByName) {
  EXPECT_EQ(run("models get org/net"), 0) << said;
  EXPECT_THAT(said, AllOf(HasSubstr("model.safetensors"), HasSubstr("to fetch"),
                          HasSubstr("1 other file is left out"), HasSubstr("rust_model.ot"),
                          HasSubstr("a study names it as \"org/net\""), Not(HasSubstr("canary"))));
  in_environment("HF_HUB_OFFLINE=1");
  EXPECT_EQ(run("models"), 0);
  EXPECT_THAT(said, AllOf(HasSubstr("org/net"), HasSubstr("text encoder")));
  EXPECT_EQ(run("models inspect org/net"), 0);
  EXPECT_THAT(said, HasSubstr("Hugging Face snapshot"));
  EXPECT_EQ(run("models get org/net"), 2);
  EXPECT_THAT(said, HasSubstr("HF_HUB_OFFLINE is set"));
}

TEST_F(ModelsGet, IntoAnotherCacheAndAsJson) {
  EXPECT_EQ(run("models get org/net@v1 --all --json --to '" + path("models") + "'"), 0) << said;
  const Json json = parse_json(said, "said");
  EXPECT_EQ(json["files"].size(), 3U);
  EXPECT_EQ(json["architecture"], "bert");
  EXPECT_EQ(read_file(path("models/models--org--net/refs/v1")), hub_.commit);
  EXPECT_FALSE(std::filesystem::exists(path("hub")));
  EXPECT_EQ(run("models --json"), 0);
  EXPECT_EQ(parse_json(said, "said")["models"][0]["name"], "org/net");
}

TEST_F(ModelsGet, RefusalsAreErrorsOfTheCaller) {
  EXPECT_EQ(run("models get org/other"), 2);
  EXPECT_THAT(said, HasSubstr("there is no such repository"));
  EXPECT_EQ(run("models get a/b/c"), 2);
  EXPECT_THAT(said, HasSubstr("ORG/NAME"));
  hub_.put("../x", {"x", false, ""});
  EXPECT_EQ(run("models get org/net"), 4);
  EXPECT_THAT(said, AllOf(HasSubstr("may lead out"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace epicrisis::test
