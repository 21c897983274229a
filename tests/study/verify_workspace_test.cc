#include "epicrisis/study/verify_workspace.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <functional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/settings/model_folders.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/study/study.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/kept_studies.h"
#include "study/predictions.h"
#include "study/report_files.h"
#include "study/run_use.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// A study whose two runs are whole, as far as files go.
class VerifyWorkspace : public test::KeptStudies {
 protected:
  VerifyWorkspace() {
    keep_study("small");
    for (const char* dataset : {"dermoscope_a", "phone"}) {
      test::store_sample(database_, dataset, test::make_sample("1"));
    }
    std::vector<StoredResult> results;
    for (const char* name : {"image only", "with notes"}) {
      ids_.push_back(add_run(name == std::string("image only") ? "a" : "b", "small", name, 1,
                             RunStatus::kDone));
      complete(folder(), *find_run_of(name));
      for (const char* dataset : {"dermoscope_a", "phone"}) {
        StoredResult result{.run_id = ids_.back(), .row = {}};
        result.row.run = name;
        result.row.seed = "1";
        result.row.dataset = dataset;
        result.row.role = "internal";
        result.row.value = 0.5;
        result.row.seeds = 1;
        results.push_back(std::move(result));
      }
    }
    put_results(database_, "small", "key", results);
  }
  Path folder() const { return workspace_.runs() / ids_.back(); }
  std::string fault_of_use(bool& damaged) const {
    study::CopyFingerprints copies;
    return study::fault_of_run_use(folder(), damaged, copies);
  }
  Path record() const { return root() / "studies" / "small.json"; }

  const StudyRun* find_run_of(const std::string& name) {
    if (study_.runs.empty()) study_ = load_study(workspace_, "small");
    for (const StudyRun& run : study_.runs) {
      if (run.name == name) return &run;
    }
    return nullptr;
  }
  void complete(const Path& folder, const StudyRun& run) const {
    const FloatMatrix one(1, 2);
    write_checked_safetensors(folder / "model.safetensors", {{"weights", tensor_view(one)}});
    study::write_run_use(folder, study_, run, "small-1", nullptr, {{{"phone", "1", "NEV"}}, one});
    for (const char* dataset : {"dermoscope_a", "phone"}) {
      study::Predictions predictions;
      predictions.sample_ids = {1};
      predictions.images = one;
      predictions.logits = one;
      study::write_predictions(study::predictions_file(folder, dataset), predictions);
    }
  }
  // A record as this version writes it.
  void seal_record() const {
    Json json = parse_json(read_file(record()), "record");
    json.erase("sha256");
    json["sha256"] = sha256_hex(dump_json(json));
    write_file(record(), dump_json(json));
  }
  static void change(const Path& file, const std::string& before, const std::string& after) {
    std::string text = read_file(file);
    const std::size_t at = text.find(before);
    ASSERT_NE(at, std::string::npos) << file;
    write_file(file, text.replace(at, before.size(), after));
  }
  VerifyReport verify() { return verify_workspace(workspace_, job_); }
  const VerifyTally& tally(const VerifyReport& report, const std::string& kind) const {
    for (const VerifyTally& one : report.tallies) {
      if (one.kind == kind) return one;
    }
    throw InternalError("no tally of {}", kind);
  }

  Study study_;
  std::vector<std::string> ids_;
  Job job_;
};

TEST_F(VerifyWorkspace, EveryFileOfAFinishedRunIsHeld) {
  EXPECT_TRUE(verify().sound()) << to_json(verify()).dump(1);
  EXPECT_EQ(tally(verify(), "runs").unverified, 0);
  const std::vector<std::pair<const char*, std::function<void(const Path&)>>> damages = {
      {"predictions/phone.safetensors", [](const Path& file) { std::filesystem::remove(file); }},
      {"predictions/dermoscope_a.safetensors",
       [](const Path& file) { std::filesystem::remove(file); }},
      {"use.json", [](const Path& file) { std::filesystem::remove(file); }},
      {"use.json", [](const Path& file) { change(file, "BCC", "BCD"); }},
      {"training_cases.safetensors", [](const Path& file) { std::filesystem::remove(file); }},
      {"model.safetensors", [](const Path& file) { std::filesystem::remove(file); }},
      {"metrics.jsonl", [](const Path& file) { change(file, "1", "2"); }},
  };
  for (const auto& [name, make] : damages) {
    const Path file = folder() / name;
    const std::string before = read_file(file);
    make(file);
    const VerifyReport report = verify();
    ASSERT_FALSE(report.sound()) << name;
    EXPECT_EQ(tally(report, "runs").damaged, 1) << name;
    EXPECT_THAT(report.faults.front().place + report.faults.front().what, HasSubstr(name));
    write_file(file, before);
  }
  EXPECT_TRUE(verify().sound());
}

// What no result was measured on was never there.
TEST_F(VerifyWorkspace, OnlyPredictionsThatTheStudyHasAreMissed) {
  std::filesystem::remove(study::predictions_file(folder(), "phone"));
  EXPECT_FALSE(verify().sound());
  database_.execute("DELETE FROM results WHERE dataset = 'phone'");
  EXPECT_TRUE(verify().sound());
}

TEST_F(VerifyWorkspace, ARunOfAnEarlierVersionHasNoChecksum) {
  for (const char* name : {"use.json", "training_cases.safetensors"}) {
    std::filesystem::remove(folder() / name);
  }
  const VerifyReport report = verify();
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(tally(report, "runs").unverified, 1);
}

TEST_F(VerifyWorkspace, ACopyOfAnEncoderIsHeld) {
  const Path copy = folder() / "image_encoder" / "config.json";
  write_file(copy, "{}");
  Json use = parse_json(read_file(folder() / "use.json"), "use.json");
  use.erase("sha256");
  use["image_encoder"]["copy"] = "image_encoder";
  use["sha256"] = sha256_hex(dump_json(use));
  write_file(folder() / "use.json", dump_json(use));
  EXPECT_FALSE(verify().sound());
}

// What a study is told to make anew, it has to notice itself.
TEST_F(VerifyWorkspace, ADamagedCopyOfAnEncoderIsSeenByWhoCompletesTheRun) {
  const auto put_model = [](const Path& model) {
    write_file(model / "config.json", R"({"architecture": "resnet18"})");
    const FloatMatrix one(1, 2);
    write_safetensors(model / "model.safetensors", {{"w", tensor_view(one)}});
  };
  put_model(folder() / "image_encoder");
  Json use = parse_json(read_file(folder() / "use.json"), "use.json");
  use.erase("sha256");
  use["image_encoder"]["copy"] = "image_encoder";
  use["image_encoder"]["sha256"] = model_fingerprint((folder() / "image_encoder").string());
  use["sha256"] = sha256_hex(dump_json(use));
  write_file(folder() / "use.json", dump_json(use));
  bool damaged = true;
  EXPECT_EQ(fault_of_use(damaged), "");
  EXPECT_FALSE(damaged);
  EXPECT_TRUE(verify().sound()) << to_json(verify()).dump(1);
  study::drop_damaged_copies(folder());
  EXPECT_TRUE(std::filesystem::exists(folder() / "image_encoder"));
  const auto remove = [](const Path& file) { std::filesystem::remove(file); };
  const std::vector<std::pair<const char*, std::function<void(const Path&)>>> damages = {
      {"config.json", [](const Path& file) { write_file(file, read_file(file) + "\n"); }},
      {"config.json", remove},
      {"model.safetensors",
       [](const Path& file) {
         std::string bytes = read_file(file);
         bytes.back() = 'x';
         write_file(file, bytes);
       }},
      {"model.safetensors",
       [](const Path& file) { write_file(file, read_file(file).substr(0, 9)); }},
      {"model.safetensors", [](const Path& file) { write_file(file, ""); }},
      {"model.safetensors", remove},
      {"model.safetensors",
       [](const Path& file) {
         std::filesystem::remove(file);
         std::filesystem::create_directory(file);
       }},
      {"model.safetensors",
       [](const Path& file) {
         std::filesystem::remove(file);
         ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
       }},
      {".", [](const Path& place) { std::filesystem::remove_all(place.parent_path()); }},
  };
  for (const auto& [name, make] : damages) {
    make(folder() / "image_encoder" / name);
    EXPECT_FALSE(verify().sound()) << name;
    damaged = false;
    EXPECT_NE(fault_of_use(damaged), "") << name;
    EXPECT_TRUE(damaged) << name;
    // Nothing is in the way of a new copy.
    study::drop_damaged_copies(folder());
    EXPECT_FALSE(std::filesystem::exists(folder() / "image_encoder")) << name;
    put_model(folder() / "image_encoder");
    EXPECT_EQ(fault_of_use(damaged), "") << name;
  }
  std::filesystem::remove(folder() / "training_cases.safetensors");
  EXPECT_NE(fault_of_use(damaged), "");
  EXPECT_TRUE(damaged);
}

// The next run of a study reads no feature that a finished training was made of, no prediction for
// a data set that it has no more, and no run that was trained again.
TEST_F(VerifyWorkspace, TheRemedyIsOneThatHelps) {
  const auto remedy_of = [&](const std::string& place) -> std::string {
    for (const WorkspaceFault& fault : verify().faults) {
      if (fault.place == place) return fault.remedy;
    }
    return "none";
  };
  const std::string cache = "embeddings/image-0123456789abcdef/0123456789abcdef.safetensors";
  write_file(root() / cache, "damaged");
  EXPECT_THAT(remedy_of(cache), HasSubstr("remove the file"));
  std::filesystem::remove(root() / cache);
  const std::string run = "runs/" + ids_.back();
  write_file(root() / run / "predictions" / "phone.safetensors", "damaged");
  EXPECT_THAT(remedy_of(run + "/predictions/phone.safetensors"), HasSubstr("run the study again"));
  write_file(root() / run / "predictions" / "gone.safetensors", "damaged");
  EXPECT_THAT(remedy_of(run + "/predictions/gone.safetensors"), HasSubstr("remove the file"));
  write_file(root() / run / "embeddings" / "text-1" / "1.safetensors", "damaged");
  EXPECT_THAT(remedy_of(run + "/embeddings/text-1/1.safetensors"), HasSubstr("remove the file"));
  write_file(root() / run / "model.safetensors", "damaged");
  EXPECT_THAT(remedy_of(run + "/model.safetensors"), HasSubstr("run the study again"));
  add_run("c", "small", "with notes", 1, RunStatus::kDone);  // trained again
  database_.execute("DELETE FROM results");
  EXPECT_THAT(remedy_of(run + "/model.safetensors"), HasSubstr("no study needs the run"));
}

TEST_F(VerifyWorkspace, WhatIsNoFileIsDamaged) {
  const Path html = workspace_.reports() / "small.html";
  for (const char* extension : {".html", ".csv", ".audit.csv", ".json", ".tex", ".txt"}) {
    write_file(study::beside(html, extension), "x");
  }
  study::end_report(workspace_, study_, "2026-01-01", "key");
  EXPECT_TRUE(verify().sound()) << to_json(verify()).dump(1);
  for (const Path& file : {html, study::beside(html, ".key"), record(), folder() / "use.json",
                           folder() / "model.safetensors"}) {
    const std::string before = read_file(file);
    for (const bool pipe : {true, false}) {
      std::filesystem::remove(file);
      if (pipe) {
        ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
      } else {
        std::filesystem::create_directory(file);
      }
      EXPECT_FALSE(verify().sound()) << file;
    }
    std::filesystem::remove(file);
    write_file(file, before);
  }
  EXPECT_TRUE(verify().sound());
}

TEST_F(VerifyWorkspace, TheRecordOfAStudyIsHeld) {
  EXPECT_EQ(tally(verify(), "studies").unverified, 1);  // of an earlier version, and read
  EXPECT_EQ(load_study(workspace_, "small").bootstrap, 100);
  seal_record();
  EXPECT_EQ(tally(verify(), "studies").unverified, 0);
  EXPECT_EQ(load_study(workspace_, "small").bootstrap, 100);
  change(record(), "bootstrap = 100", "bootstrap = 900");
  const VerifyReport report = verify();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(report.faults.front().place, "studies/small.json");
  try {
    load_study(workspace_, "small");
    FAIL() << "a changed record was read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("studies/small.json"), HasSubstr("checksum"),
                                    HasSubstr("run the study again from its file")));
  }
}

// Of an earlier version too: what cannot be read names the record, and how to go on.
TEST_F(VerifyWorkspace, ARecordThatCannotBeReadIsNamed) {
  change(record(), "dermoscope_a\\\"\\nadapter", "dermoscope_a\\\"\\nadaptor");
  EXPECT_FALSE(verify().sound());
  try {
    load_study(workspace_, "small");
    FAIL() << "a damaged record was read";
  } catch (const InputError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("studies/small.json"),
                                    HasSubstr("run the study again from its file")));
  }
}

TEST_F(VerifyWorkspace, ARecordThatIsGoneIsMissedWhereThereAreResults) {
  std::filesystem::remove(record());
  const VerifyReport report = verify();
  ASSERT_EQ(report.faults.size(), 1U);
  EXPECT_EQ(report.faults.front().place, "studies/small.json");
}

}  // namespace
}  // namespace epicrisis
