#include "epicrisis/study/study_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "epicrisis/corpus/leakage.h"
#include "epicrisis/corpus/split_table.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/run_trainer.h"
#include "study/study_check_fixture.h"
#include "study/study_inputs.h"
#include "support/dermatology.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class StudyCheckTest : public test::StudyCheckFixture {};

TEST_F(StudyCheckTest, ASoundStudyHasAPlanAndNothingIsMade) {
  const StudyCheck found = check(study_, true);
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_EQ(found.study, "small");
  ASSERT_EQ(found.plan.data.size(), 2U);
  const PlannedData& internal = found.plan.data.front();
  EXPECT_GT(internal.train, internal.validation);
  EXPECT_EQ(internal.samples, internal.train + internal.validation + internal.test);
  EXPECT_GT(internal.validation, 0);
  EXPECT_TRUE(found.plan.data.back().external);
  ASSERT_EQ(found.plan.notes.size(), 1U);
  EXPECT_EQ(found.plan.notes.front().to_write, internal.samples + found.plan.data.back().samples);
  EXPECT_THAT(states(found), ElementsAre("train", "train"));
  EXPECT_EQ(found.plan.runs.front().train, internal.train);
  EXPECT_EQ(found.plan.pictures, found.plan.notes.front().to_write);
  EXPECT_GT(found.plan.disk_needed, 0U);
  EXPECT_FALSE(std::filesystem::exists(root()));
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("runs: 2, 0 done already, 2 to train")));
}

TEST_F(StudyCheckTest, ClassesOfFewTestSamplesAreWarnedOf) {
  const StudyCheck found = check(study_);
  const PlannedData& internal = found.plan.data.front();
  std::int64_t tested = 0;
  std::string few;
  for (const auto& [name, count] : internal.tested) {
    tested += count;
    if (count < 5 && few.empty()) few = fmt::format("few test samples: {} of {}", count, name);
  }
  EXPECT_EQ(tested, internal.test);
  ASSERT_FALSE(few.empty());
  EXPECT_THAT(lines(found),
              Contains(AllOf(HasSubstr("warning"), HasSubstr(few), HasSubstr("`test`"))));
}

// A picture under another id, with another diagnosis.
TEST_F(StudyCheckTest, OnePictureOfTwoClassesIsWarnedOf) {
  const Path images = corpus() / "dermoscope_a" / "images";
  Workspace workspace = Workspace::create(root());
  const Study study = parse_study(study_, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  const std::vector<Sample> samples =
      load_samples(workspace.database(), {.datasets = {"dermoscope_a"}, .with_image = true});
  const auto other = std::ranges::find_if(samples, [&](const Sample& sample) {
    return sample.label != samples.front().label && sample.group != samples.front().group &&
           sample.label && std::ranges::find(study.classes, *sample.label) != study.classes.end();
  });
  ASSERT_NE(other, samples.end());
  ASSERT_NE(std::ranges::find(study.classes, *samples.front().label), study.classes.end());
  std::filesystem::copy_file(samples.front().image_path, other->image_path,
                             std::filesystem::copy_options::overwrite_existing);
  StudyCheck found = check(study_, true);
  EXPECT_FALSE(found.plan.compared);
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("not compared with each other yet")));
  check_leakage(workspace, job_);
  found = check(study_, true);
  EXPECT_TRUE(found.plan.compared);
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("warning"), HasSubstr("of different classes"),
                                           HasSubstr(other->key))));
}

// The study compares the pictures that it uses; those of other classes are nothing to wait for.
TEST_F(StudyCheckTest, PicturesOfOtherClassesNeedNoComparing) {
  const std::string text = replaced(study_, ", \"MEL\"]", "]");
  Workspace workspace = Workspace::create(root());
  const Study study = parse_study(text, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  EXPECT_FALSE(check(text, true).plan.compared);
  study::assign_roles(workspace, study, job_);
  EXPECT_TRUE(check(text, true).plan.compared);
  EXPECT_FALSE(check(study_, true).plan.compared);  // with the class there are others
}

// What prepare met before is planned with.
TEST_F(StudyCheckTest, PicturesThatCannotBePreparedAreLeftOut) {
  Workspace workspace = Workspace::create(root());
  const Study study = parse_study(study_, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  const StudyCheck before = check(study_, true);
  study::CaseSet set = study::assign_roles(workspace, study, job_);
  const auto tested = std::ranges::find(set.cases, Role::kTest, &study::Case::role);
  ASSERT_NE(tested, set.cases.end());
  const Sample sample = sample_by_id(workspace.database(), tested->sample_id);
  const std::string picture = read_file(sample.image_path);
  write_file(sample.image_path, "no picture");
  study::load_pictures(workspace, study, set, job_);
  const StudyCheck after = check(study_, true);
  const PlannedData& was = before.plan.data.front();
  const PlannedData& now = after.plan.data.front();
  EXPECT_EQ(now.samples, was.samples - 1);
  EXPECT_EQ(now.test, was.test - 1);
  EXPECT_EQ(now.left_out, was.left_out + 1);
  EXPECT_EQ(now.left_out_why.at("with a picture that cannot be prepared"), 1);
  EXPECT_THAT(plan_lines(after.plan),
              Contains(HasSubstr("; left out: 1 with a picture that cannot be prepared")));
  EXPECT_EQ(after.plan.pictures, 0);
  EXPECT_THAT(lines(after),
              Contains(AllOf(HasSubstr("1 picture could not be prepared and will be left out"),
                             HasSubstr(sample.key))));
  // Another file is tried again.
  write_file(sample.image_path, picture + " ");
  EXPECT_EQ(check(study_, true).plan.data.front().samples, was.samples);
}

TEST_F(StudyCheckTest, PicturesOfAVisionTransformerAreAWholeNumberOfPatches) {
  const auto with = [&](const std::string& model) {
    return lines(check(replaced(study_, "random:mobilenet_v2", "random:" + model)));
  };
  EXPECT_THAT(with("vit_base_patch32_224"), Not(Contains(HasSubstr("patches"))));
  EXPECT_THAT(with("vit_small_patch14_dinov2"),
              Contains(AllOf(HasSubstr("patches of 14 pixels"), HasSubstr("32 pixels"),
                             HasSubstr("28 or 42"))));
}

TEST_F(StudyCheckTest, AllThatIsWrongIsInOneList) {
  std::string text = replaced(study_, "path = \"dermoscope_a\"", "path = \"nowhere\"");
  text = replaced(text, "model = \"random:mobilenet_v2\"", "model = \"random:mobilenet_v9\"");
  text = replaced(text, "write = [\"M\"]", "write = [\"Q7\"]");
  text = replaced(text, "mode = \"image\"", "mode = \"images\"");
  text += "[[run]]\nname = \"third\"\nmode = \"multimodal\"\nnotes = [\"P9\"]\nsedes = [1]\n";
  text += "[[run]]\nname = \"fourth\"\nmode = \"multimodal\"\nnotes = [\"P9\"]\n";
  const StudyCheck found = check(text);
  EXPECT_EQ(found.error(), ErrorKind::kUsage);
  const std::vector<std::string> list = lines(found);
  EXPECT_THAT(list, Contains(HasSubstr("error :5: there is no ")));
  EXPECT_THAT(list, Contains(HasSubstr("mobilenet_v9")));
  EXPECT_THAT(list, Contains(HasSubstr("'Q7'")));
  EXPECT_THAT(list, Contains(HasSubstr("'images'")));
  EXPECT_THAT(list, Contains(HasSubstr("sedes'; did you mean 'seeds'")));
  EXPECT_THAT(list, Contains(AllOf(HasSubstr("run 'fourth' needs notes of P9"),
                                   HasSubstr("write them under [notes]"))));
  for (const StudyFinding& finding : found.findings) {
    EXPECT_THAT(finding.place, HasSubstr("study.toml")) << finding.text;
  }
  EXPECT_THAT(lines(check("name = \n")), ElementsAre(HasSubstr("error :1")));
  EXPECT_THAT(check_study(folder_.path() / "none.toml", {}, job_).findings.at(0).text,
              HasSubstr("No such file"));
}

// A misspelt key of the study itself was told only once all else was mended.
TEST_F(StudyCheckTest, UnknownKeysAreToldBesideOtherFaults) {
  std::string text = "sedes = [2]\ntext_encodr = \"bag\"\nallow_leakage = 3\n" + study_;
  text = replaced(text, "mode = \"image\"", "mode = \"images\"");
  const std::vector<std::string> list = lines(check(text + "[prepar]\nsize = 32\n"));
  EXPECT_THAT(list, Contains(HasSubstr("error :1: unknown key 'sedes'; did you mean 'seeds'")));
  EXPECT_THAT(list, Contains(HasSubstr("error :2: unknown key 'text_encodr'")));
  EXPECT_THAT(list, Contains(HasSubstr("unknown key 'prepar'; did you mean 'prepare'")));
  EXPECT_THAT(list, Contains(HasSubstr("allow_leakage")));
  EXPECT_THAT(list, Contains(HasSubstr("'images'")));
  EXPECT_THAT(list, Not(Contains(HasSubstr("unknown key 'run"))));
  // What runs share is a fault among others too.
  EXPECT_THAT(lines(check(replaced(text, "text_encoder = \"bag\"", "text_encoder = 3"))),
              AllOf(Contains(HasSubstr("key 'text_encoder' is a whole number")),
                    Contains(HasSubstr("'images'"))));
}

TEST_F(StudyCheckTest, PathsThatAreSlipsAreToldWithWhatIsNear) {
  EXPECT_THAT(lines(check(replaced(study_, "path = \"dermoscope_a\"", "path = \"dermoscpe_a\""))),
              Contains(AllOf(HasSubstr("error :5"), HasSubstr("/dermoscope_a'?"),
                             HasSubstr("data_root ("))));
  EXPECT_THAT(lines(check("data_root = \"../corpsu\"\n" + study_)),
              Contains(HasSubstr("/corpus/dermoscope_a'?")));
  EXPECT_THAT(lines(check(replaced(study_, "column_map = \"columns.toml\"",
                                   "column_map = \"colums.toml\""))),
              Contains(AllOf(HasSubstr("no column map"), HasSubstr("/columns.toml'?"))));
}

// What the loader would not take, after all notes were written.
TEST_F(StudyCheckTest, ATextEncoderWhoseFilesDisagreeIsToldBeforehand) {
  const Path tiny = Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert";
  const Path bert = folder_.path() / "bert";
  std::filesystem::create_directory(bert);
  const std::string text =
      replaced(study_, "text_encoder = \"bag\"", "text_encoder = \"" + bert.string() + "\"");
  const auto with = [&](const std::string& file, const std::string& content) {
    for (const char* name : {"config.json", "model.safetensors", "vocab.txt"}) {
      write_file(bert / name, read_file(tiny / name));
    }
    write_file(bert / file, content);
    return lines(check(text));
  };
  const auto config = [&](const std::string& key, const Json& value) {
    Json json = parse_json(read_file(tiny / "config.json"), "x");
    json[key] = value;
    return with("config.json", dump_json(json));
  };
  const auto error = [](const std::string& words) {
    return Contains(AllOf(HasSubstr("error"), HasSubstr(words)));
  };
  EXPECT_THAT(config("layer_norm_eps", 1e-6), Not(error("bert")));
  EXPECT_THAT(config("intermediate_size", 41), error("the file has [40, 24], the model [41, 24]"));
  EXPECT_THAT(config("hidden_size", 48), error("the weights do not fit config.json"));
  EXPECT_THAT(config("num_hidden_layers", 9), error("missing: encoder.layer.2."));
  EXPECT_THAT(config("hidden_act", "silu"), error("hidden_act 'silu'"));
  EXPECT_THAT(config("position_embedding_type", "relative_key"), error("relative_key"));
  const std::string words = read_file(tiny / "vocab.txt");
  std::string more = words;
  for (int i = 0; i < 2000; ++i) more += fmt::format("more{}\n", i);
  EXPECT_THAT(with("vocab.txt", more), error("the model has vectors for"));
  with("vocab.txt", words);
  std::filesystem::remove(bert / "model.safetensors");
  EXPECT_THAT(lines(check(text)), error("no weight file"));
}

// Stopped the run once its pictures were prepared and its notes written.
TEST_F(StudyCheckTest, ABrokenPoolingIsToldBeforehand) {
  const Path bert = folder_.path() / "bert";
  std::filesystem::copy(Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert", bert,
                        std::filesystem::copy_options::recursive);
  const std::string text =
      replaced(study_, "text_encoder = \"bag\"", "text_encoder = \"" + bert.string() + "\"");
  const auto with = [&](const std::string& modules, const std::string& pooling) {
    write_file(bert / "modules.json", modules);
    std::filesystem::remove_all(bert / "1_Pooling");
    if (!pooling.empty()) write_file(bert / "1_Pooling/config.json", pooling);
    return lines(check(text));
  };
  const auto error = [](const std::string& words) {
    return Contains(AllOf(HasSubstr("error"), HasSubstr(words)));
  };
  const std::string modules =
      R"([{"path": "", "type": "sentence_transformers.models.Transformer"},
          {"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])";
  const std::string mean = R"({"pooling_mode_mean_tokens": true})";
  EXPECT_THAT(with(modules, mean), Not(error("bert")));
  EXPECT_THAT(with(modules, ""), error("1_Pooling/config.json"));
  EXPECT_THAT(with(modules, "{"), error("1_Pooling/config.json"));
  EXPECT_THAT(with(modules, R"({"pooling_mode_max_tokens": true})"), error("only mean_tokens"));
  EXPECT_THAT(with("[", mean), error("modules.json"));
  EXPECT_THAT(with("{}", mean), error("a list of modules"));
  EXPECT_THAT(with(R"([{"path": "", "type": "a.Dense"}])", mean), error("'a.Dense' is not known"));
}

TEST_F(StudyCheckTest, AnImageEncoderWhoseFilesDisagreeIsToldBeforehand) {
  if (study::torch_in_this_build() == "none") GTEST_SKIP() << "LibTorch knows the tensors";
  const Path folder = folder_.path() / "net";
  const std::string text = replaced(study_, "random:mobilenet_v2", folder.string());
  const auto with = [&](const std::string& architecture) {
    write_file(folder / "config.json", R"({"architecture": ")" + architecture + "\"}");
    return lines(check(text));
  };
  const FloatMatrix one(1, 64);
  write_safetensors(folder / "model.safetensors", {{"layer1.0.bn1.weight", tensor_view(one)}});
  EXPECT_THAT(with("resnet18"),
              Contains(AllOf(HasSubstr("error :20: "), HasSubstr("which says resnet18"))));
}

TEST_F(StudyCheckTest, ATextEncoderWithoutItsWordsIsToldBeforehand) {
  const Path bert = folder_.path() / "bert";
  std::filesystem::copy(Path(EPICRISIS_SOURCE_DIR) / "tests/model/data/tiny_bert", bert);
  const std::string text =
      replaced(study_, "text_encoder = \"bag\"", "text_encoder = \"" + bert.string() + "\"");
  EXPECT_THAT(lines(check(text)), Not(Contains(HasSubstr("vocab.txt"))));
  std::filesystem::remove(bert / "vocab.txt");
  EXPECT_THAT(lines(check(text)), Contains(AllOf(HasSubstr("error"), HasSubstr("vocab.txt"))));
}

TEST_F(StudyCheckTest, WhoIsAskedIsKnownByNameAlone) {
  unsetenv("EPICRISIS_TEST_KEY");
  write_file(corpus() / "own.toml", R"(name = "own"
model = "m"
[prices]
input = 1.0
output = 2.0
[[endpoint]]
url = "https://192.0.2.1/v1"
key_variable = "EPICRISIS_TEST_KEY"
)");
  const std::string text = study_ +
                           "[[notes.synthesis]]\nstrategies = [\"P2\"]\nprovider = \"own.toml\"\n"
                           "roles = [\"train\"]\n"
                           "[[run]]\nname = \"asked\"\nmode = \"multimodal\"\nnotes = [\"P2\"]\n"
                           "train_with = [\"P2\"]\n";
  StudyCheck found = check(text);
  EXPECT_THAT(lines(found),
              Contains(HasSubstr("EPICRISIS_TEST_KEY, which holds its key, is not set")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("`allow_remote`")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("run 'asked': no validation sample will have a note "
                                               "of each of P2; all")));
  ASSERT_EQ(found.plan.notes.size(), 2U);
  EXPECT_EQ(found.plan.notes.back().to_write, found.plan.data.front().train);
  EXPECT_GT(found.plan.notes.back().cost.value_or(0), 0);
  EXPECT_EQ(found.plan.runs.back().validation, found.plan.data.front().validation);
  setenv("EPICRISIS_TEST_KEY", "sk-canary", 1);
  found = check_study(file(), {.data_root = {}, .workspace = {}, .allow_remote = true}, job_);
  unsetenv("EPICRISIS_TEST_KEY");
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  EXPECT_THAT(dump_json(to_json(found)), Not(HasSubstr("sk-canary")));
}

TEST_F(StudyCheckTest, AnUnknownPriceIsNullWithItsReason) {
  write_file(corpus() / "own.toml",
             "name = \"own\"\nmodel = \"m\"\n[[endpoint]]\nurl = \"http://192.0.2.1:1/v1\"\n");
  const StudyCheck found = check(study_ +
                                 "[[notes.synthesis]]\nstrategies = [\"P2\"]\n"
                                 "provider = \"own.toml\"\n");
  const Json notes = to_json(found).at("plan").at("notes");
  ASSERT_EQ(notes.size(), 2U) << testing::PrintToString(lines(found));
  EXPECT_EQ(notes[0].at("cost"), 0);  // a template
  EXPECT_EQ(notes[0].at("cost_unknown"), "");
  EXPECT_TRUE(notes[1].at("cost").is_null());
  EXPECT_THAT(notes[1].at("cost_unknown").get<std::string>(),
              AllOf(HasSubstr("'own' is not known"), HasSubstr("input_price")));
  EXPECT_THAT(plan_lines(found.plan), Contains(HasSubstr("input_price")));
}

TEST_F(StudyCheckTest, ClassesAndSplitsAreHeldAgainstEachOther) {
  // A patient in two published splits, and an external set without a class of the study.
  write_file(corpus() / "two" / "cases.csv",
             "case,dx,patient,part\na1,MEL,p1,train\na2,NEV,p1,test\na3,MEL,p2,validation\n");
  write_file(
      corpus() / "two" / "columns.toml",
      "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\ngroup = \"patient\"\n"
      "split = \"part\"\n");
  write_file(corpus() / "vascular" / "cases.csv", "case,dx\nb1,VASC\n");
  write_file(corpus() / "vascular" / "columns.toml",
             "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\n");
  for (const char* name :
       {"two/images/a1.png", "two/images/a2.png", "two/images/a3.png", "vascular/images/b1.png"}) {
    write_file(corpus() / name, "no picture that is read");
  }
  const auto data = [](const std::string& name, const std::string& role) {
    return "[[data]]\nname = \"" + name + "\"\nadapter = \"generic_csv\"\npath = \"" + name +
           "\"\ncolumn_map = \"columns.toml\"\nrole = \"" + role + "\"\n";
  };
  const StudyCheck found = check("name = \"s\"\nclasses = [\"MEL\", \"NEV\"]\n" +
                                 data("two", "internal") + data("vascular", "external") +
                                 "[image_encoder]\nmodel = \"random:resnet18\"\n"
                                 "[[run]]\nname = \"image\"\nmode = \"image\"\n");
  EXPECT_THAT(lines(found), Contains(HasSubstr("vascular: no sample with a picture is of the "
                                               "study's classes")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("another split has too")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("no training sample")));
}

// A run of them trained, and said nothing.
TEST_F(StudyCheckTest, OneClassToTrainOnIsAnError) {
  const auto of = [&](const std::string& rows) {
    write_file(corpus() / "own" / "cases.csv", "case,dx,part\n" + rows);
    write_file(corpus() / "own" / "columns.toml",
               "table = \"cases.csv\"\n[columns]\nid = \"case\"\nlabel = \"dx\"\n"
               "split = \"part\"\n");
    for (const char* name : {"a1", "a2", "a3", "a4"}) {
      write_file(corpus() / "own" / "images" / (std::string(name) + ".png"), "not read");
    }
    return lines(
        check("name = \"s\"\nclasses = [\"MEL\", \"NEV\"]\n[[data]]\nname = \"own\"\n"
              "adapter = \"generic_csv\"\npath = \"own\"\nrole = \"internal\"\n"
              "[image_encoder]\nmodel = \"random:resnet18\"\n"
              "[[run]]\nname = \"image\"\nmode = \"image\"\n"));
  };
  EXPECT_THAT(of("a1,NEV,train\na2,NEV,train\na3,NEV,validation\na4,NEV,test\n"),
              Contains(AllOf(HasSubstr("error"), HasSubstr("are of one class (NEV 4)"))));
  const std::vector<std::string> part =
      of("a1,NEV,train\na2,NEV,train\na3,MEL,validation\na4,MEL,test\n");
  EXPECT_THAT(part, Contains(AllOf(HasSubstr("error"), HasSubstr("has one class alone (NEV 2)"),
                                   HasSubstr("(MEL 2, NEV 2)"))));
  const std::vector<std::string> sound =
      of("a1,NEV,train\na2,MEL,train\na3,MEL,validation\na4,MEL,test\n");
  EXPECT_THAT(sound, Not(Contains(HasSubstr("one class"))));
  // And nobody says whose the pictures are.
  EXPECT_THAT(sound, Contains(AllOf(HasSubstr("warning"),
                                    HasSubstr("own: no sample says its patient or case"))));
}

TEST_F(StudyCheckTest, NotesOfOneClassAreNotTrainedOn) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  std::string notes;
  for (const Sample& sample : load_samples(workspace.database(), {.datasets = {"dermoscope_a"}})) {
    if (sample.label != test::kNevus) continue;
    notes += dump_json({{"dataset", sample.dataset},
                        {"key", sample.key},
                        {"strategy", "P7"},
                        {"note", "A brown spot with a sharp border."}}) +
             "\n";
  }
  write_file(corpus() / "notes.jsonl", notes);
  const std::string text =
      replaced(test::small_study("small", false), "write = [\"M\"]", "import = [\"notes.jsonl\"]") +
      "[[run]]\nname = \"a\"\nmode = \"multimodal\"\nnotes = [\"P7\"]\n"
      "train_with = [\"P7\"]\n";
  EXPECT_THAT(lines(check(text, true)), Contains(AllOf(HasSubstr("error"), HasSubstr("run 'a'"),
                                                       HasSubstr("are of one class (NEV "))));
}

TEST_F(StudyCheckTest, WhatIsDoneIsKnownAndAnExternalSetTrainsNothingAgain) {
  const std::string alone = test::small_study("small", false) + test::kTwoRuns;
  train_nothing(alone);
  StudyCheck found = check(alone, true);
  EXPECT_THAT(states(found), ElementsAre("done", "done"));
  EXPECT_EQ(found.plan.pictures, 0);
  EXPECT_THAT(found.plan.predictions, IsEmpty());
  found = check(study_, true);
  EXPECT_THAT(states(found), ElementsAre("done", "done"));
  EXPECT_THAT(found.plan.predictions, ElementsAre("phone"));
  found = check(alone + "[train]\nepochs = 3\n", true);
  EXPECT_THAT(states(found), ElementsAre("train again", "train again"));
  EXPECT_THAT(found.plan.runs.front().why, HasSubstr("settings of the training"));
  // A new name is no reason to train.
  const std::string renamed = replaced(alone, "name = \"small\"", "name = \"other\"");
  EXPECT_THAT(states(check(renamed, true)), ElementsAre("done", "done"));
  // Without its encoder nobody knows whether a run is the one that was trained.
  found = check(replaced(alone, "random:mobilenet_v2", "gone_away"), true);
  EXPECT_THAT(states(found), ElementsAre("not known", "not known"));
  EXPECT_THAT(plan_lines(found.plan),
              Contains(HasSubstr("2 were trained, and without the encoder")));
  EXPECT_THAT(lines(found), Contains(HasSubstr("docs/first-day.md")));
}

// Labels that a table has otherwise now, of as many samples as before.
TEST_F(StudyCheckTest, OtherLabelsAreAReasonToTrainAgain) {
  train_nothing(study_);
  EXPECT_THAT(states(check(study_, true)), ElementsAre("done", "done"));
  const Path table = corpus() / "dermoscope_a" / "metadata.csv";
  std::string text = read_file(table);
  for (const auto& [from, to] :
       {std::pair(",nevus,", ",?,"), {",melanoma,", ",nevus,"}, {",?,", ",melanoma,"}}) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;) {
      text.replace(at, std::string_view(from).size(), to);
    }
  }
  ASSERT_NE(text, read_file(table));
  write_file(table, text);
  const StudyCheck found = check(study_, true);
  EXPECT_TRUE(found.plan.compared);
  EXPECT_THAT(states(found), ElementsAre("train again", "train again"));
  EXPECT_THAT(found.plan.runs.front().why, HasSubstr("labels"));
}

TEST_F(StudyCheckTest, ASplitOfAFileIsTheStudys) {
  Workspace workspace = Workspace::create(root());
  study::import_data(workspace, parse_study(study_, "small.toml", corpus()), job_);
  SplitRequest request{.filter = {.datasets = {"dermoscope_a"}, .with_image = true},
                       .fractions = {1, 0, 0},
                       .folds = 4};
  const SplitTable table = split_samples(workspace, request, job_);
  write_split_csv(table, corpus() / "folds.csv");
  StudyCheck found = check(study_ + "[split]\nfile = \"folds.csv\"\nfold = 2\n");
  EXPECT_TRUE(found.sound()) << testing::PrintToString(lines(found));
  std::int64_t in_fold = 0;
  for (const SplitEntry& entry : table.entries) {
    in_fold += entry.fold == 2 &&
               std::string_view("BEK NEV BCC MEL").find(table.field.at(*entry.label).name) !=
                   std::string_view::npos;
  }
  EXPECT_EQ(found.plan.data.front().test, in_fold);
  EXPECT_GT(found.plan.data.front().validation, 0);
  EXPECT_THAT(lines(check(study_ + "[split]\nfile = \"folds.csv\"\nfold = 9\n")),
              Contains(HasSubstr("has no sample in the fold 9")));
  EXPECT_THAT(lines(check(study_ + "[split]\nfold = 2\n")),
              Contains(HasSubstr("write file = \"...\" too")));
  EXPECT_THAT(lines(check(study_ + "[split]\nfile = \"none.csv\"\n")),
              Contains(HasSubstr("none.csv")));
}

TEST_F(StudyCheckTest, AFileOfFoldsNeedsOne) {
  write_file(corpus() / "folds.csv", "dataset,key,fold\ndermoscope_a,a,1\ndermoscope_a,b,5\n");
  const StudyCheck found = check(study_ + "[split]\nfile = \"folds.csv\"\n");
  EXPECT_EQ(found.error(), ErrorKind::kUsage);
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("error"), HasSubstr("the folds 1 to 5"),
                                           HasSubstr("fold = 1"))));
}

TEST_F(StudyCheckTest, AClassThatNothingIsTrainedOnIsAnError) {
  const std::string text = replaced(study_, "\"BEK\", ", "\"BEK\", \"VASC\", ");
  const StudyCheck found = check(text);
  EXPECT_FALSE(found.sound());
  EXPECT_THAT(lines(found), Contains(AllOf(HasSubstr("error :2: "), HasSubstr("the class VASC"),
                                           HasSubstr("take it out of `classes`"))));
  EXPECT_TRUE(check(study_).sound());
}

// One fault is told once, where it is, and hides no other.
TEST_F(StudyCheckTest, AFaultOfWhatRunsShareIsToldOnceAndAlone) {
  std::string text = replaced(study_, "augmented_copies = 1\n", "frozen = \"ja\"\n");
  text += "[train]\nepoch = 3\n";
  std::vector<std::string> list = lines(check(text));
  EXPECT_THAT(list, Contains(HasSubstr("frozen")));
  EXPECT_THAT(list, Contains(HasSubstr("unknown key 'train.epoch'")));
  EXPECT_THAT(list, Not(Contains(HasSubstr("has no image encoder"))));

  list = lines(check(study_ + "[train]\nepochs = 0\n[split]\ntrain = 0.9\ntest = 0.25\n"));
  const auto told = [&](const std::string& words) {
    return std::ranges::count_if(
        list, [&](const std::string& line) { return line.find(words) != std::string::npos; });
  };
  EXPECT_EQ(told("epochs"), 1);
  EXPECT_EQ(told("1.3"), 1) << testing::PrintToString(list);
}

TEST_F(StudyCheckTest, AnUnknownModelIsToldAtItsOwnLine) {
  const std::string text = replaced(study_, "random:mobilenet_v2", "random:mobilenet_v9");
  EXPECT_THAT(lines(check(text)),
              Contains(AllOf(HasSubstr("error :20: "), HasSubstr("mobilenet_v9"))));
}

TEST_F(StudyCheckTest, AnUnknownClassHidesNoOtherFault) {
  std::string text = replaced(study_, "\"BEK\"", "\"KEB\"");
  text = replaced(text, "path = \"dermoscope_a\"", "path = \"nowhere\"");
  text = replaced(text, "random:mobilenet_v2", "random:mobilenet_v9");
  const std::vector<std::string> list = lines(check(text));
  EXPECT_THAT(list, Contains(HasSubstr("unknown class 'KEB'")));
  EXPECT_THAT(list, Contains(HasSubstr("there is no ")));
  EXPECT_THAT(list, Contains(HasSubstr("mobilenet_v9")));
}

// It did, and the training then went through all its epochs.
TEST_F(StudyCheckTest, TrainWithLeavesSamplesToValidateOn) {
  Workspace workspace = Workspace::create(root());
  Study study = parse_study(study_, "small.toml", corpus());
  study::import_data(workspace, study, job_);
  const study::CaseSet set = study::assign_roles(workspace, study, job_);
  for (const study::Case& item : set.cases) {
    if (item.role != Role::kTrain) continue;
    NoteRecord note;
    note.key = std::to_string(item.sample_id);
    note.sample_id = item.sample_id;
    note.strategy = "P2";
    note.provider = "import";
    note.text = "A mole.";
    put_note(workspace.database(), note);
  }
  study.runs.front().train_with = {"P2"};
  study::RunNotes notes = study::load_run_notes(workspace, study.runs.front(), set);
  EXPECT_TRUE(notes.validated_on_all);
  for (std::size_t i = 0; i < set.cases.size(); ++i) {
    const Role role = set.cases[i].role;
    EXPECT_EQ(notes.trained_on[i], role == Role::kTrain || role == Role::kValidation);
  }
  study.runs.front().train_with = {};
  notes = study::load_run_notes(workspace, study.runs.front(), set);
  EXPECT_FALSE(notes.validated_on_all);
}

TEST_F(StudyCheckTest, AColumnMapLiesBesideTheStudyFile) {
  const Path map = corpus() / "dermoscope_a" / "columns.toml";
  std::filesystem::rename(map, corpus() / "own-columns.toml");
  const std::string text =
      replaced(study_, "column_map = \"columns.toml\"", "column_map = \"own-columns.toml\"");
  EXPECT_TRUE(check(text).sound()) << testing::PrintToString(lines(check(text)));
  EXPECT_THAT(lines(check(study_)), Contains(HasSubstr("error :5: there is no column map")));
}

}  // namespace
}  // namespace epicrisis
