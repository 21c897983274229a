// Run folders whose files are broken or damaged.

#include <gmock/gmock.h>

#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/train/trainer.h"
#include "train/run_folder_fixture.h"
#include "train/synthetic.h"

namespace epicrisis {
namespace {

using test::quick_config;
using test::Synthetic;
using test::synthetic;
using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

class DamagedRunTest : public test::RunFolderTest {};

TEST_F(DamagedRunTest, BrokenRunFoldersAreErrorsWithTheFile) {
  const Synthetic data = synthetic();
  const TrainConfig config = quick_config(Mode::kMultimodal);
  train_model(config, data.input(), folder("run"), job_);
  const auto with = [&](const char* file, const std::string& bytes) {
    std::filesystem::remove_all(folder("copy"));
    std::filesystem::copy(folder("run"), folder("copy"));
    write_file(folder("copy") / file, bytes);
    return folder("copy");
  };
  const std::string good = weights("run");
  EXPECT_NO_THROW(TrainedModel::load(with("model.safetensors", good)));
  EXPECT_THAT(
      [&] { TrainedModel::load(with("model.safetensors", good.substr(0, good.size() / 2))); },
      ThrowsMessage<InputError>(HasSubstr("model.safetensors")));
  std::string flipped = good;
  flipped[flipped.size() - 9] ^= 1;
  EXPECT_THAT(
      [&] { TrainedModel::load(with("model.safetensors", flipped)); },
      ThrowsMessage<InputError>(AllOf(HasSubstr("model.safetensors"), HasSubstr("damaged"))));
  for (const char* text : {"", "{", "[]", "{\"format\": \"other\", \"version\": 1}",
                           "{\"format\": \"epicrisis-run\", \"version\": 2}"}) {
    EXPECT_THAT([&] { TrainedModel::load(with("config.json", text)); },
                ThrowsMessage<InputError>(HasSubstr("config.json")))
        << text;
  }
  std::string config_text = read_file(folder("run") / "config.json");
  const auto replaced = [&](const std::string& from, const std::string& to) {
    std::string text = config_text;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  // A width that does not fit the weights, and one that no memory holds.
  for (const char* width : {"\"image_width\": 13", "\"image_width\": 1000000000"}) {
    EXPECT_THROW(TrainedModel::load(with("config.json", replaced("\"image_width\": 12", width))),
                 InputError);
  }
  EXPECT_THROW(read_train_result(with("result.json", "{\"best_epoch\": 9}")), InputError);
  EXPECT_THROW(read_train_result(with("metrics.jsonl", "")), InputError);
  // A digit of a curve, a setting, the epoch that was kept.
  std::string metrics = read_file(folder("run") / "metrics.jsonl");
  const std::size_t digit = metrics.find_first_of("123456789", metrics.find("train_loss"));
  metrics[digit] = metrics[digit] == '1' ? '2' : '1';
  EXPECT_THAT([&] { read_train_result(with("metrics.jsonl", metrics)); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("metrics.jsonl"), HasSubstr("damaged"))));
  EXPECT_THAT([&] { read_train_result(with("config.json", config_text + " ")); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("config.json"), HasSubstr("damaged"))));
  std::string result = read_file(folder("run") / "result.json");
  const std::size_t at = result.find_first_of("0123456789", result.find("\"seconds\""));
  result[at] = result[at] == '9' ? '8' : '9';
  EXPECT_THAT([&] { read_train_result(with("result.json", result)); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("result.json"), HasSubstr("damaged"))));
}

TEST_F(DamagedRunTest, ABrokenCheckpointIsAnErrorAndNotANewStart) {
  const Synthetic data = synthetic();
  const TrainConfig config = quick_config(Mode::kMultimodal);
  Job cancelled;
  TrainObserver observer;
  observer.epoch = [&](const EpochMetrics&) { cancelled.cancel(); };
  EXPECT_THROW(train_model(config, data.input(), folder("run"), cancelled, observer), Interrupted);
  const Path path = folder("run") / "checkpoint.safetensors";
  const std::string good = read_file(path);
  write_file(path, good.substr(0, good.size() - 10));
  EXPECT_THAT([&] { train_model(config, data.input(), folder("run"), job_); },
              ThrowsMessage<UnusableRunFolder>(HasSubstr("checkpoint.safetensors")));
  // One flipped bit in the middle of the tensors.
  std::string flipped = good;
  flipped[flipped.size() - flipped.size() / 3] ^= 4;
  write_file(path, flipped);
  EXPECT_THAT([&] { train_model(config, data.input(), folder("run"), job_); },
              ThrowsMessage<UnusableRunFolder>(
                  AllOf(HasSubstr("checkpoint.safetensors"), HasSubstr("damaged"))));
  write_file(path, good);
  EXPECT_NO_THROW(train_model(config, data.input(), folder("run"), job_));
}

}  // namespace
}  // namespace epicrisis
