#include "epicrisis/study/study_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr const char* kMinimal = R"(
name = "s"
text_encoder = "bag"
[[data]]
name = "a"
adapter = "ham10000"
path = "here"
role = "internal"
[image_encoder]
model = "random:resnet18"
[[run]]
name = "image only"
mode = "image"
)";

Study parse(const std::string& text) { return parse_study(text, "s.toml", "/data"); }

std::string message(const std::string& text) {
  try {
    parse(text);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(StudyFile, ReadsTheMinimum) {
  const Study study = parse(kMinimal);
  EXPECT_EQ(study.data.at(0).path, Path("/data/here"));
  EXPECT_EQ(study.classes.size(), 8U);
  EXPECT_EQ(study.runs.at(0).seeds, (std::vector<std::int64_t>{1}));
  EXPECT_TRUE(study.runs.at(0).train.freeze_image_encoder);
  EXPECT_EQ(study.runs.at(0).train.copies, study.runs.at(0).image_encoder.augmented_copies);
}

TEST(StudyFile, RunsOverrideTheStudysTraining) {
  const Study study = parse(std::string(kMinimal) + R"(
train = { epochs = 3 }
seeds = [4, 5]
[train]
epochs = 7
batch = 16
)");
  EXPECT_EQ(study.runs.at(0).train.epochs, 3);
  EXPECT_EQ(study.runs.at(0).train.batch, 16);
  EXPECT_EQ(study.runs.at(0).seeds, (std::vector<std::int64_t>{4, 5}));
}

// They would be overwritten by what the study says elsewhere.
TEST(StudyFile, TrainingKeysThatBelongElsewhereSayWhere) {
  const std::vector<std::pair<std::string, std::string>> keys = {
      {"mode = \"image\"", "[[run]]"},
      {"seed = 3", "seeds"},
      {"copies = 2", "augmented_copies"},
      {"freeze_image_encoder = false", "frozen"}};
  for (const auto& [line, place] : keys) {
    const std::string key = line.substr(0, line.find(' '));
    for (const std::string& text : {std::string(kMinimal) + "[train]\n" + line + "\n",
                                    std::string(kMinimal) + "train = { " + line + " }\n"}) {
      const std::string error = message(text);
      EXPECT_NE(error.find("s.toml:"), std::string::npos) << error;
      EXPECT_NE(error.find(key + " is not set here"), std::string::npos) << error;
      EXPECT_NE(error.find(place), std::string::npos) << error;
    }
  }
}

TEST(StudyFile, TheShippedStudiesAreSound) {
  EXPECT_EQ(built_in_study("demo", "/data").runs.size(), 2U);
  EXPECT_EQ(built_in_study("ham-to-external", "/data").data.size(), 4U);
  int read = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(Path(EPICRISIS_SOURCE_DIR) / "studies")) {
    if (file.path().extension() != ".toml") continue;
    EXPECT_NO_THROW(read_study(file.path())) << file.path();
    ++read;
  }
  EXPECT_GE(read, 4);
}

TEST(StudyFile, DataRootReplacesTheFilesOwn) {
  const TemporaryFolder folder;
  write_file(folder.path() / "s.toml", "data_root = \"own\"\n" + std::string(kMinimal));
  EXPECT_EQ(read_study(folder.path() / "s.toml").data.at(0).path, folder.path() / "own" / "here");
  EXPECT_EQ(read_study(folder.path() / "s.toml", Path("/other")).data.at(0).path,
            Path("/other/here"));
}

TEST(StudyFile, ErrorsNameFileLineAndValue) {
  const std::string text = kMinimal;
  EXPECT_NE(message(replaced(text, "mode =", "mood =")).find("s.toml"), std::string::npos);
  const std::string mode = message(replaced(text, "\"image\"", "\"images\""));
  EXPECT_NE(mode.find("s.toml:"), std::string::npos) << mode;
  EXPECT_NE(mode.find("'images'"), std::string::npos) << mode;
  EXPECT_NE(message(replaced(text, "\"internal\"", "\"inside\"")).find("'inside'"),
            std::string::npos);
  EXPECT_NE(message(replaced(text, "\"internal\"", "\"external\"")).find("to train on"),
            std::string::npos);
  EXPECT_NE(message(replaced(text, "\"s\"", "\"../s\"")).find("../s"), std::string::npos);
  EXPECT_NE(message(replaced(text, "\"s\"", "\"s.audit\"")).find("'s.audit'"), std::string::npos);
  EXPECT_NE(message(replaced(text, "\"a\"", "\"a b\"")).find("'a b'"), std::string::npos);
  EXPECT_NE(message(text + "image_encoder = { model = \"\" }\n").find("model is empty"),
            std::string::npos);
  EXPECT_NE(message(text + "notes = [\"M\"]\n").find("uses no notes"), std::string::npos);
  EXPECT_NE(message(replaced(text, "\"image\"", "\"multimodal\"")).find("needs notes"),
            std::string::npos);
  EXPECT_NE(message(text + "seeds = [1, 1]\n").find("seeds"), std::string::npos);
  EXPECT_NE(message("classes = [\"NEV\", \"XYZ\"]\n" + text).find("'XYZ'"), std::string::npos);
  EXPECT_NE(message("classes = [\"NEV\", \"NEV\"]\n" + text).find("twice"), std::string::npos);
  EXPECT_NE(message("baseline = \"nothing\"\n" + text).find("'nothing'"), std::string::npos);
  EXPECT_NE(message(text + "[split]\ntrain = 0.5\n").find("not to 1"), std::string::npos);
  // What assign_splits() would refuse once the pictures were read.
  EXPECT_NE(message(text + "[split]\ntrain = 0.7005\n").find("s.toml:"), std::string::npos);
  EXPECT_NE(message(text + "[prepare]\nsize = 9\n").find("size"), std::string::npos);
  EXPECT_NE(message("name = \"s\"\n").find("internal"), std::string::npos);
  const std::string unknown = message(text + "[notes]\nwrit = [\"M\"]\n");
  EXPECT_NE(unknown.find("'notes.writ'"), std::string::npos) << unknown;
}

TEST(StudyFile, FaultsAreAtTheirOwnLine) {
  // The place of the last line of `text` that begins like this, and what is said of it.
  const auto at = [](const std::string& text, const std::string& line, const std::string& fault) {
    const auto before = text.begin() + static_cast<std::ptrdiff_t>(text.rfind("\n" + line)) + 1;
    return "s.toml:" + std::to_string(1 + std::count(text.begin(), before, '\n')) + ": " + fault;
  };
  const auto expect = [&](const std::string& text, const std::string& line,
                          const std::string& fault) {
    EXPECT_EQ(message(text).substr(0, at(text, line, fault).size()), at(text, line, fault));
  };
  const std::string text = kMinimal;
  const std::string run = "[[run]]\nname = \"image only\"\nmode = \"image\"\n";
  expect(text + run, "[[run]]", "two runs are called 'image only', the first is at s.toml:");
  const std::string data =
      text.substr(text.find("[[data]]"), text.find("[image") - text.find("[[data]]"));
  expect(text + data, "[[data]]", "two data sets are called 'a'");
  expect(replaced(text, "\"s\"", "\"s.audit\""), "name = \"s.audit\"", "name 's.audit'");
  expect(replaced(text, "\"internal\"", "\"external\""), "[[data]]", "no [[data]] with role");
  expect(text + "[[notes.synthesis]]\nstrategies = [\"P2\"]\nbudget = \"much\"\n", "budget",
         "budget 'much'");
}

}  // namespace
}  // namespace epicrisis
