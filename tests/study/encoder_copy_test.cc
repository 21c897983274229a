#include "study/encoder_copy.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "core/json_checksum.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/copy_fingerprints.h"
#include "study/folders.h"
#include "study/run_use.h"
#include "support/job_log.h"

namespace epicrisis::study {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class EncoderCopy : public testing::Test {
 protected:
  EncoderCopy() {
    put_model(model_);
    sha256_ = model_fingerprint(model_.string());
  }

  static void put_model(const Path& folder) {
    write_file(folder / "config.json", R"({"architecture": "resnet18"})");
    SafetensorsWriter(folder / "model.safetensors", {{"w", TensorType::kF32, {0}}}).finish();
  }
  // As a run is completed: the copy, then the file that names it.
  Path complete(const std::string& name) {
    const Path run = runs() / name;
    const std::string copy = copy_encoder(model_.string(), sha256_, run, kEncoderFolder);
    Json json = {
        {kEncoderFolder,
         {{"model", model_.string()}, {"sha256", sha256_}, {"copy", copy}, {"place", ""}}}};
    add_checksum(json);
    write_file(run / "use.json", dump_json(json));
    return run / kEncoderFolder / "model.safetensors";
  }
  Path runs() const { return folder_.path() / "runs"; }

  TemporaryFolder folder_;
  Path model_ = folder_.path() / "net";
  std::string sha256_;
};

// Encoders above 32 MiB were left out.
TEST_F(EncoderCopy, ALargeEncoderIsThereToo) {
  fs::resize_file(model_ / "model.safetensors", (32U << 20U) + 1);
  sha256_ = model_fingerprint(model_.string());
  const Path copy = complete("a");
  EXPECT_EQ(fs::file_size(copy), (32U << 20U) + 1);
  EXPECT_EQ(model_fingerprint((runs() / "a" / kEncoderFolder).string()), sha256_);
}

TEST_F(EncoderCopy, AFingerprintThatIsKeptIsOfTheFilesAsTheyAre) {
  const std::string copy = complete("a").parent_path().string();
  const std::string shared = complete("b").parent_path().string();
  CopyFingerprints copies;
  EXPECT_EQ(copies.of(copy), sha256_);
  EXPECT_EQ(copies.of(shared), sha256_);
  write_file(Path(copy) / "config.json", R"({"architecture": "resnet34"})");
  EXPECT_EQ(copies.of(copy), model_fingerprint(copy));
  EXPECT_NE(copies.of(copy), sha256_);
}

TEST_F(EncoderCopy, RunsShareOneCopyAndNeverTheOwnersFile) {
  const Path first = complete("a");
  EXPECT_EQ(fs::hard_link_count(model_ / "model.safetensors"), 1U);
  EXPECT_EQ(fs::hard_link_count(first), 1U);
  const Path second = complete("b");
  EXPECT_TRUE(fs::equivalent(first, second));
  EXPECT_EQ(fs::hard_link_count(model_ / "model.safetensors"), 1U);
  // Disk space counts once; each file is a file.
  const FolderSize one = folder_size(runs() / "a" / kEncoderFolder);
  const FolderSize both = folder_size(runs());
  EXPECT_EQ(both.bytes, one.bytes + fs::file_size(runs() / "a" / "use.json") +
                            fs::file_size(runs() / "b" / "use.json"));
  EXPECT_EQ(both.files, 2 * one.files + 2);
  // To complete it again changes nothing.
  EXPECT_TRUE(fs::equivalent(complete("b"), first));
}

TEST_F(EncoderCopy, OnlyAnEqualCopyOfTheProgramIsShared) {
  // A user's own, which no run's file names.
  put_model(runs() / "mine" / kEncoderFolder);
  const Path first = complete("a");
  EXPECT_EQ(fs::hard_link_count(first), 1U);
  // A damaged one.
  std::ofstream(first, std::ios::app) << "x";
  const Path second = complete("b");
  EXPECT_EQ(fs::hard_link_count(second), 1U);
  EXPECT_EQ(model_fingerprint((runs() / "b" / kEncoderFolder).string()), sha256_);
  // A link to the owner's files.
  fs::remove_all(runs() / "b" / kEncoderFolder);
  fs::create_directories(runs() / "b" / kEncoderFolder);
  for (const char* name : {"config.json", "model.safetensors"}) {
    fs::create_symlink(model_ / name, runs() / "b" / kEncoderFolder / name);
  }
  EXPECT_EQ(fs::hard_link_count(complete("c")), 1U);
  EXPECT_EQ(fs::hard_link_count(model_ / "model.safetensors"), 1U);
}

TEST_F(EncoderCopy, OneModelForPicturesAndTextIsThereOnce) {
  const Path image = complete("a");
  copy_encoder(model_.string(), sha256_, runs() / "a", kTextEncoderFolder);
  EXPECT_TRUE(fs::equivalent(image, runs() / "a" / kTextEncoderFolder / "model.safetensors"));
}

TEST_F(EncoderCopy, ARunThatIsCopiedSharesItsEncoder) {
  const Path first = complete("a");
  write_file(runs() / "a" / "predictions" / "p.safetensors", "p");
  copy_run_folder(runs() / "a", runs() / "b");
  EXPECT_TRUE(fs::equivalent(first, runs() / "b" / kEncoderFolder / "model.safetensors"));
  EXPECT_EQ(read_file(runs() / "b" / "predictions" / "p.safetensors"), "p");
  EXPECT_FALSE(fs::equivalent(runs() / "a" / "use.json", runs() / "b" / "use.json"));
}

TEST_F(EncoderCopy, AModelThatStandsInForADamagedCopyIsTold) {
  const Path copy = complete("a");
  RunUse use;
  use.image_encoder = {
      .model = "/nowhere/net", .sha256 = sha256_, .copy = kEncoderFolder, .place = ""};
  const char* const before = std::getenv("EPICRISIS_MODELS");
  const std::string old = before != nullptr ? before : "";
  setenv("EPICRISIS_MODELS", folder_.path().c_str(), 1);
  test::JobLog log;
  const Job job(log);
  find_image_encoder(runs() / "a", use, job);
  EXPECT_THAT(log.lines, IsEmpty());
  EXPECT_EQ(use.image_encoder.found, (runs() / "a" / kEncoderFolder).string());
  fs::remove(copy);
  find_image_encoder(runs() / "a", use, job);
  EXPECT_THAT(log.lines, Contains(AllOf(HasSubstr("damaged or missing"), HasSubstr(sha256_),
                                        HasSubstr(model_.string()))));
  EXPECT_EQ(image_encoder_of(runs() / "a", use), model_.string());
  // Another model of the name is no stand-in.
  write_file(model_ / "config.json", R"({"architecture": "resnet34"})");
  use.image_encoder.found.clear();
  find_image_encoder(runs() / "a", use, job);
  EXPECT_EQ(use.image_encoder.found, "");
  EXPECT_THROW(image_encoder_of(runs() / "a", use), InputError);
  if (before != nullptr) {
    setenv("EPICRISIS_MODELS", old.c_str(), 1);
  } else {
    unsetenv("EPICRISIS_MODELS");
  }
}

TEST_F(EncoderCopy, AFileOfSeveralNamesIsMetOften) {
  const Path first = complete("a");
  const Path second = complete("b");
  LinkedFiles linked;
  EXPECT_EQ(linked.meet(first).times, 1U);
  const LinkedFiles::Met met = linked.meet(second);
  EXPECT_EQ(met.times, 2U);
  EXPECT_EQ(met.names, 2U);
}

}  // namespace
}  // namespace epicrisis::study
