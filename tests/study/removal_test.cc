#include "epicrisis/study/removal.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/store/tables/inventory.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/store/tables/splits.h"
#include "epicrisis/study/study.h"
#include "epicrisis/tensor/safetensors.h"
#include "study/kept_studies.h"
#include "support/job_log.h"

namespace epicrisis {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::size_t kHash = 32;

class RemovalTest : public test::KeptStudies {
 protected:
  // A sample with a note, a prepared picture whose hash begins with `byte`, and a role.
  std::int64_t add_sample(const std::string& dataset, const std::string& key, std::uint8_t byte,
                          const std::string& recipe) const {
    Sample sample = test::make_sample(key);
    sample.image_path = "/pictures/" + key + ".png";
    const std::int64_t id = test::store_sample(database_, dataset, sample);
    NoteRecord note;
    note.key = dataset + key;
    note.sample_id = id;
    note.strategy = "P2";
    note.provider = "openai";
    note.text = "A mole of " + key + ".";
    note.cost = 0.25;
    put_note(database_, note);
    std::array<std::uint8_t, kHash> hash{byte};
    database_.execute("INSERT INTO prepared VALUES (?, ?, '', 0, 0, 0, ?, 0.0, 0, 0, '')", recipe,
                      id, std::span<const std::uint8_t>(hash));
    return id;
  }
  void add_shard(const std::string& recipe) const {
    write_file(workspace_.images() / recipe / "shard-00000.eps", "pixels");
    write_file(workspace_.images() / recipe / "lock", "");
  }
  // A file of features of pictures or texts with these hashes.
  Path add_features(const std::string& name, const std::vector<std::string>& hashes) const {
    const FloatMatrix rows(hashes.size(), 2);
    std::vector<std::string> keys;
    for (const std::string& hash : hashes) keys.push_back(hash + " 32 0123456789abcdef");
    Path file = workspace_.embeddings() / "image-0123456789abcdef" / (name + ".safetensors");
    write_checked_safetensors(file, {{"features", tensor_view(rows)}},
                              {{"format", "epicrisis-features"}, {"keys", dump_json(Json(keys))}});
    return file;
  }
  static std::string hash_of(const char* byte) { return byte + std::string(2 * kHash - 2, '0'); }
  std::vector<std::string> places(const std::vector<UnusedFiles>& files) const {
    std::vector<std::string> names;
    for (const UnusedFiles& one : files) names.push_back(one.place);
    return names;
  }
  bool there(const Path& path) const { return std::filesystem::exists(path); }
};

TEST_F(RemovalTest, ADataSetGoesWithAllThatHangsOnIt) {
  const std::int64_t a = add_sample("a", "1", 0xaa, "v2-32");
  const std::int64_t b = add_sample("b", "1", 0xbb, "v2-64");
  save_split_set(database_, "s-1", 1, {{"study", "s"}}, {{a, Role::kTrain}, {b, Role::kTest}});
  save_split_set(database_, "mine", 1, Json::object(), {{a, Role::kTrain}, {b, Role::kTest}});
  save_split_set(database_, "of-a", 1, Json::object(), {{a, Role::kTrain}});
  LedgerEntry entry;
  entry.note_key = "a1";
  entry.sample_id = a;
  entry.strategy = "P2";
  entry.outcome = "written";
  put_ledger_entry(database_, entry);
  add_shard("v2-32");
  add_shard("v2-64");
  const Path of_a = add_features("00000000000000aa", {hash_of("aa")});
  const Path of_both = add_features("00000000000000ab", {hash_of("aa"), hash_of("bb")});
  const Path text =
      add_features("00000000000000bb", {sha256_hex(std::string_view("A mole of 1."))});

  DatasetRemoval planned = remove_dataset(workspace_, "a", {.dry_run = true}, job_);
  EXPECT_EQ(planned.content.samples, 1);
  EXPECT_EQ(planned.content.written, 1);
  EXPECT_EQ(planned.content.cost, 0.25);
  EXPECT_THAT(planned.content.split_sets, ElementsAre("mine", "of-a", "s-1"));
  EXPECT_THAT(
      places(planned.sweep.gone),
      UnorderedElementsAre("images/v2-32",
                           "embeddings/image-0123456789abcdef/00000000000000aa.safetensors"));
  EXPECT_EQ(count_inventory(database_).size(), 2U);
  EXPECT_TRUE(there(of_a));

  const DatasetRemoval removal = remove_dataset(workspace_, "a", {}, job_);
  EXPECT_EQ(to_json(removal), to_json(planned));
  EXPECT_THAT(dataset_names(database_), ElementsAre("b"));
  EXPECT_FALSE(there(workspace_.images() / "v2-32"));
  EXPECT_TRUE(there(workspace_.images() / "v2-64" / "shard-00000.eps"));
  EXPECT_FALSE(there(of_a));
  EXPECT_TRUE(there(of_both));
  EXPECT_TRUE(there(text));  // b's note says the same
  EXPECT_EQ(ledger_totals(database_).requests, 1);
  std::vector<std::string> sets;
  for (const SplitSet& set : list_split_sets(database_)) sets.push_back(set.name);
  EXPECT_THAT(sets, ElementsAre("mine"));
  EXPECT_FALSE(database_.query_integer("SELECT 1 FROM sqlite_schema WHERE name LIKE 'removal%'"));
  EXPECT_THROW(remove_dataset(workspace_, "a", {}, job_), UsageError);
}

TEST_F(RemovalTest, WhatSharesFilesWithOthersIsTold) {
  add_sample("a", "1", 0xaa, "v2-32");
  add_sample("b", "1", 0xbb, "v2-32");
  add_shard("v2-32");
  const DatasetRemoval removal = remove_dataset(workspace_, "a", {}, job_);
  EXPECT_THAT(places(removal.inside), ElementsAre("images/v2-32"));
  EXPECT_TRUE(there(workspace_.images() / "v2-32" / "shard-00000.eps"));
}

TEST_F(RemovalTest, RunsThatDependOnADataSetAreNamedAndStay) {
  add_sample("dermoscope_a", "1", 1, "v2-32");
  add_sample("phone", "1", 2, "v2-32");
  keep_study("small");
  const std::string run = add_run("a", "small", "image only", 1, RunStatus::kDone);
  const Path predictions = workspace_.runs() / run / "predictions";
  write_file(predictions / "phone.safetensors", "of phone");
  write_file(predictions / "dermoscope_a.safetensors", "of a");
  DatasetRemoval removal = remove_dataset(workspace_, "phone", {}, job_);
  ASSERT_EQ(removal.runs.size(), 1U);
  EXPECT_EQ(removal.runs.front().run, run);
  EXPECT_FALSE(removal.runs.front().trained);
  EXPECT_FALSE(there(predictions / "phone.safetensors"));
  EXPECT_TRUE(there(predictions / "dermoscope_a.safetensors"));
  removal = remove_dataset(workspace_, "dermoscope_a", {}, job_);
  EXPECT_TRUE(removal.runs.front().trained);
  EXPECT_TRUE(find_run(database_, run));
  // A workspace without a data set beside a run is no lost one.
  Workspace::open(root());
}

// A study that takes a data set as it was imported cannot import it again.
TEST_F(RemovalTest, WhoCannotImportADataSetAgainIsNamed) {
  add_sample("phone", "1", 2, "v2-32");
  keep_study("small");
  keep_study("taken",
             std::string("\n[[data]]\nname = \"other\"\nrole = \"external\"\n") + test::kTwoRuns);
  EXPECT_THAT(remove_dataset(workspace_, "phone", {}, job_).without_source, IsEmpty());
  add_sample("other", "1", 3, "v2-32");
  const DatasetRemoval removal = remove_dataset(workspace_, "other", {}, job_);
  EXPECT_THAT(removal.studies, ElementsAre("taken"));
  EXPECT_THAT(removal.without_source, ElementsAre("taken"));
  EXPECT_EQ(removal.adapter, "fake");
  const std::vector<StudyProgress> studies = list_study_progress(workspace_);
  EXPECT_THAT(studies.at(0).absent, ElementsAre("dermoscope_a", "phone"));
  EXPECT_THAT(studies.at(0).to_import, IsEmpty());
  EXPECT_THAT(studies.at(1).to_import, ElementsAre("other"));
}

TEST_F(RemovalTest, AStudyGoesWithItsRunsAndReport) {
  add_sample("a", "1", 1, "v2-32");
  keep_study("small");
  keep_study("smaller");
  const std::string run = add_run("a", "small", "image only", 1, RunStatus::kDone);
  const std::string other = add_run("b", "smaller", "image only", 1, RunStatus::kDone);
  StoredResult result{.run_id = run, .row = {}};
  result.row.seed = "1";
  result.row.role = "internal";
  result.row.value = 0.5;
  result.row.seeds = 1;
  put_results(database_, "small", "key", {result});
  for (const char* name :
       {"small.html", "small.audit.csv", "small.key", "small@2026-11-24-01234567.html",
        "small@2026-11-24-01234567.audit.csv", "smaller.html", "smaller.audit.csv", "small.docx"}) {
    write_file(workspace_.reports() / name, "report");
  }
  write_file(workspace_.runs() / run / "thoughts.docx", "of the user");
  write_file(workspace_.runs() / run / "model.safetensors", "weights");
  for (const char* name : {"image_encoder/model.pth", "image_encoder/config.json",
                           "text_encoder/vocab.txt", "text_encoder/merges.txt"}) {
    write_file(workspace_.runs() / run / name, "of the program");
  }
  write_file(workspace_.runs() / run / "text_encoder/mine/vocab.txt", "of the user");
  const StudyRemoval planned = remove_study(workspace_, "small", {.dry_run = true}, job_);
  EXPECT_THAT(list_studies(workspace_), ElementsAre("small", "smaller"));
  const StudyRemoval removal = remove_study(workspace_, "small", {}, job_);
  EXPECT_EQ(to_json(removal), to_json(planned));
  EXPECT_THAT(list_studies(workspace_), ElementsAre("smaller"));
  EXPECT_FALSE(find_run(database_, run));
  EXPECT_TRUE(find_run(database_, other));
  EXPECT_TRUE(load_results(database_).empty());
  EXPECT_FALSE(there(workspace_.reports() / "small.html"));
  EXPECT_FALSE(there(workspace_.reports() / "small.audit.csv"));
  EXPECT_FALSE(there(workspace_.reports() / "small@2026-11-24-01234567.html"));
  EXPECT_FALSE(there(workspace_.reports() / "small@2026-11-24-01234567.audit.csv"));
  EXPECT_TRUE(there(workspace_.reports() / "smaller.html"));
  EXPECT_TRUE(there(workspace_.reports() / "smaller.audit.csv"));
  EXPECT_TRUE(there(workspace_.reports() / "small.docx"));
  EXPECT_FALSE(there(workspace_.runs() / run / "model.safetensors"));
  EXPECT_TRUE(there(workspace_.runs() / run / "thoughts.docx"));
  EXPECT_THAT(places(removal.sweep.kept),
              UnorderedElementsAre("runs/" + run + "/thoughts.docx",
                                   "runs/" + run + "/text_encoder/mine/vocab.txt"));
  EXPECT_FALSE(there(workspace_.runs() / run / "image_encoder"));
  EXPECT_EQ(count_notes(database_).size(), 1U);
  EXPECT_THROW(remove_study(workspace_, "small", {}, job_), UsageError);
}

// The rows are gone, the process is too: the next call finishes it.
TEST_F(RemovalTest, ARemovalThatDiedIsFinishedByTheNext) {
  add_sample("a", "1", 1, "v2-32");
  keep_study("small");
  const std::string run = add_run("a", "small", "image only", 1, RunStatus::kDone);
  write_file(workspace_.reports() / "small.html", "report");
  remove_study_rows(database_, "small");
  add_shard("v9-16");
  write_file(workspace_.embeddings() / "text-0123456789abcdef" / ".epicrisis-999999999-1.part", "");
  write_file(workspace_.embeddings() / "text-0123456789abcdef" / "mine.safetensors", "");
  prune_runs(workspace_, "", {}, job_);
  EXPECT_THAT(list_studies(workspace_), IsEmpty());
  EXPECT_FALSE(there(workspace_.reports() / "small.html"));
  EXPECT_FALSE(there(workspace_.runs() / run));
  EXPECT_FALSE(there(workspace_.images() / "v9-16"));
  EXPECT_FALSE(
      there(workspace_.embeddings() / "text-0123456789abcdef" / ".epicrisis-999999999-1.part"));
  EXPECT_TRUE(there(workspace_.embeddings() / "text-0123456789abcdef" / "mine.safetensors"));
  EXPECT_THAT(studies_being_removed(database_), IsEmpty());
  // Run again before that, it is a new study.
  remove_study_rows(database_, "small");
  keep_study("small");
  add_run("b", "small", "image only", 1, RunStatus::kDone);
  prune_runs(workspace_, "", {}, job_);
  EXPECT_THAT(list_studies(workspace_), ElementsAre("small"));
}

// Runs share their encoders as hard links: the space is free when the last of them goes.
TEST_F(RemovalTest, ASharedFileIsCountedWhenItsLastNameGoes) {
  add_sample("a", "1", 1, "v2-32");
  const auto add = [&](const std::string& run) {
    return workspace_.runs() / run / "image_encoder" / "model.pth";
  };
  const Path first = add("a-run-1-0123456789");
  const Path second = add("a-run-2-0123456789");
  const Path kept = folder_.path() / "kept.pth";
  write_file(first, "0123456789");
  std::filesystem::create_directories(second.parent_path());
  std::filesystem::create_hard_link(first, second);
  std::filesystem::create_hard_link(first, kept);
  EXPECT_EQ(prune_runs(workspace_, "", {.dry_run = true}, job_).sweep.bytes(), 0U);
  std::filesystem::remove(kept);
  EXPECT_EQ(prune_runs(workspace_, "", {.dry_run = true}, job_).sweep.bytes(), 10U);
  EXPECT_EQ(prune_runs(workspace_, "", {}, job_).sweep.bytes(), 10U);
  EXPECT_FALSE(there(first));
}

TEST_F(RemovalTest, TheListOfRunsSaysWhatTheyShare) {
  const Path first = workspace_.runs() / add_run("a", "small", "one", 1, RunStatus::kDone);
  const Path second = workspace_.runs() / add_run("b", "small", "two", 1, RunStatus::kDone);
  const auto sizes = [&] {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes;
    for (const ListedRun& run : list_workspace_runs(workspace_)) {
      sizes.emplace_back(run.bytes, run.shared_bytes);
    }
    return sizes;
  };
  const auto before = sizes();
  write_file(first / "image_encoder" / "model.pth", "0123456789");
  std::filesystem::create_directories(second / "image_encoder");
  std::filesystem::create_hard_link(first / "image_encoder" / "model.pth",
                                    second / "image_encoder" / "model.pth");
  // Twice in one folder is not shared with another.
  write_file(first / "x", "12345");
  std::filesystem::create_hard_link(first / "x", first / "y");
  const auto after = sizes();
  EXPECT_EQ(after.at(0).first - before.at(0).first, 15U);
  EXPECT_EQ(after.at(1).first - before.at(1).first, 10U);
  EXPECT_EQ(after.at(0).second, 10U);
  EXPECT_EQ(after.at(1).second, 10U);
}

TEST_F(RemovalTest, LinksThatLeadOutAreNotFollowed) {
  add_sample("a", "1", 1, "v2-32");
  const Path outside = folder_.path() / "disk";
  write_file(outside / "v2-16" / "shard-00000.eps", "pixels");
  write_file(outside / "a-run-1-0123456789" / "config.json", "{}");
  std::filesystem::create_directory_symlink(outside / "v2-16", workspace_.images() / "v2-16");
  std::filesystem::create_directory_symlink(outside / "a-run-1-0123456789",
                                            workspace_.runs() / "a-run-1-0123456789");
  const RunPruning pruning = prune_runs(workspace_, "", {}, job_);
  EXPECT_THAT(places(pruning.sweep.kept),
              UnorderedElementsAre("images/v2-16", "runs/a-run-1-0123456789"));
  EXPECT_TRUE(there(outside / "v2-16" / "shard-00000.eps"));
  EXPECT_TRUE(there(outside / "a-run-1-0123456789" / "config.json"));
}

TEST_F(RemovalTest, NothingIsRemovedWhereAProcessIsAtWork) {
  add_sample("a", "1", 1, "v2-32");
  const WorkspaceLock lock = workspace_.lock("notes-P2");
  EXPECT_THROW(remove_dataset(workspace_, "a", {}, job_), SystemError);
  EXPECT_THAT(dataset_names(database_), ElementsAre("a"));
}

TEST_F(RemovalTest, RunsThatNothingNeedsArePruned) {
  add_sample("a", "1", 1, "v2-32");
  keep_study("small");
  const std::string first = add_run("a", "small", "image only", 1, RunStatus::kDone);
  const std::string second = add_run("b", "small", "image only", 1, RunStatus::kDone);
  const std::string left = add_run("c", "small", "with notes", 1, RunStatus::kInterrupted);
  const std::string goes_on = add_run("d", "small", "with notes", 1, RunStatus::kRunning);
  const std::string dropped = add_run("e", "small", "of before", 1, RunStatus::kDone);
  const std::string orphan = add_run("f", "gone", "image only", 1, RunStatus::kDone);
  const std::string measured = add_run("g", "gone", "image only", 2, RunStatus::kDone);
  StoredResult result{.run_id = measured, .row = {}};
  result.row.seed = "2";
  result.row.role = "internal";
  result.row.value = 0.5;
  result.row.seeds = 1;
  put_results(database_, "gone", "key", {result});
  write_file(workspace_.runs() / "my own" / "weights.safetensors", "of the user");
  std::map<std::string, RunUse> uses;
  for (const ListedRun& run : list_workspace_runs(workspace_)) uses[run.id] = run.use;
  EXPECT_EQ(uses, (std::map<std::string, RunUse>{{first, RunUse::kSuperseded},
                                                 {second, RunUse::kUsed},
                                                 {left, RunUse::kSuperseded},
                                                 {goes_on, RunUse::kGoesOn},
                                                 {dropped, RunUse::kUnwanted},
                                                 {orphan, RunUse::kUnwanted},
                                                 {measured, RunUse::kUsed}}));
  const RunPruning planned = prune_runs(workspace_, "", {.dry_run = true}, job_);
  EXPECT_TRUE(there(workspace_.runs() / first));
  const RunPruning pruning = prune_runs(workspace_, "", {}, job_);
  EXPECT_EQ(to_json(pruning), to_json(planned));
  std::vector<std::string> stay;
  for (const ListedRun& run : list_workspace_runs(workspace_)) stay.push_back(run.id);
  EXPECT_THAT(stay, UnorderedElementsAre(second, goes_on, measured));
  for (const std::string& id : {first, left, dropped, orphan}) {
    EXPECT_FALSE(there(workspace_.runs() / id)) << id;
  }
  for (const std::string& id : stay) EXPECT_TRUE(there(workspace_.runs() / id)) << id;
  EXPECT_TRUE(there(workspace_.runs() / "my own" / "weights.safetensors"));
  // Again: nothing.
  EXPECT_TRUE(prune_runs(workspace_, "", {}, job_).runs.empty());
  EXPECT_THROW(prune_runs(workspace_, "nope", {}, job_), UsageError);
}

// Cancels its job where a step begins.
class CancelAtAStep : public test::JobLog {
 public:
  void watch(Job& job) { job_ = &job; }
  void step_begun(const JobStep& /*step*/) override { job_->cancel(); }

 private:
  Job* job_ = nullptr;
};

// Ctrl-C was "interrupted", and whether all was gone or nothing nobody knew.
TEST_F(RemovalTest, AnInterruptSaysWhatIsGone) {
  add_sample("a", "1", 0xaa, "v2-32");
  add_features("one", {hash_of("bb")});
  test::JobLog log;
  Job cancelled(log);
  cancelled.cancel();
  EXPECT_THROW(remove_dataset(workspace_, "a", {}, cancelled), Interrupted);
  EXPECT_THAT(log.lines, ElementsAre("warning nothing was removed"));
  EXPECT_TRUE(find_dataset(database_, "a"));

  CancelAtAStep watcher;
  Job job(watcher);
  watcher.watch(job);
  EXPECT_THROW(remove_dataset(workspace_, "a", {}, job), Interrupted);
  EXPECT_THAT(watcher.lines, Contains(HasSubstr("warning it is taken out of the database; files")));
  EXPECT_FALSE(find_dataset(database_, "a"));
}

}  // namespace
}  // namespace epicrisis
