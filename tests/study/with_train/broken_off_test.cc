// Whole runs of the program that are killed or run out of disk, and then go on.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <thread>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/random.h"
#include "epicrisis/demo/demo_corpus.h"
#include "epicrisis/store/tables/results.h"
#include "epicrisis/store/tables/runs.h"
#include "epicrisis/store/workspace.h"
#include "study/small_study.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kStudy = test::small_study("small") + R"(
[train]
epochs = 3
batch = 8
threads = 1
checkpoint_seconds = 0
[[run]]
name = "with notes"
mode = "multimodal"
notes = ["M"]
[[run]]
name = "tuned"
mode = "image"
image_encoder = { model = "random:mobilenet_v2", frozen = false }
train = { epochs = 2, checkpoint_seconds = 0.1 }
)";

// What a study leaves that must not depend on how often it was broken off.
struct Outcome {
  std::vector<StoredResult> results;
  std::map<std::string, std::string> files;  // hashes of what training made
  std::map<std::string, RunStatus> runs;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome_of(const Path& root) {
  Workspace workspace = Workspace::open(root);
  Outcome outcome;
  outcome.results = load_results(workspace.database());
  for (const RunRecord& run : list_runs(workspace.database())) {
    outcome.runs[run.id] = run.status;
    for (const char* name : {"model.safetensors", "predictions/dermoscope_a.safetensors",
                             "predictions/phone.safetensors"}) {
      outcome.files[run.id + "/" + name] = sha256_hex(read_file(workspace.runs() / run.id / name));
    }
  }
  EXPECT_TRUE(fs::exists(workspace.reports() / "small.html"));
  return outcome;
}

class BrokenOffStudy : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new TemporaryFolder();
    write_demo_corpus(shared_->path(), Job(),
                      {.seed = 3, .internal_lesions = 24, .external_lesions = 8});
    write_file(shared_->path() / "small.toml", kStudy);
    const Path workspace = shared_->path() / "undisturbed";
    ASSERT_EQ(wait_for(start(workspace)), 0) << read_file(log());
    undisturbed_ = new Outcome(outcome_of(workspace));
    ASSERT_EQ(undisturbed_->runs.size(), 2U);
    ASSERT_FALSE(undisturbed_->results.empty());
  }
  static void TearDownTestSuite() {
    delete undisturbed_;
    delete shared_;
    undisturbed_ = nullptr;
    shared_ = nullptr;
  }

  static Path log() { return shared_->path() / "log"; }
  static std::vector<std::string> command(const Path& workspace) {
    return {std::string(EPICRISIS_BINARY_DIR).append("/epicrisis"),
            "study",
            "run",
            (shared_->path() / "small.toml").string(),
            "--workspace",
            workspace.string(),
            "--quiet"};
  }

  // Starts the program; no file of its may grow beyond `file_limit` bytes.
  static pid_t start(const std::vector<std::string>& words, rlim_t file_limit = RLIM_INFINITY) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string output = log().string();
    const pid_t child = fork();
    if (child == 0) {
      // Nothing that is not async-signal-safe until exec: the parent may have threads.
      const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
      const rlimit limit{file_limit, RLIM_INFINITY};
      if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0 ||
          setrlimit(RLIMIT_FSIZE, &limit) != 0) {
        _exit(126);
      }
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    return child;
  }
  static pid_t start(const Path& workspace, rlim_t file_limit = RLIM_INFINITY) {
    return start(command(workspace), file_limit);
  }

  // The exit code, or minus the signal that ended it.
  static int status_of(int status) {
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }
  static int wait_for(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status_of(status);
  }
  // Kills the child as soon as `now` holds, unless it ends before.
  static int kill_when(pid_t child, const std::function<bool()>& now) {
    for (;;) {
      int status = 0;
      if (waitpid(child, &status, WNOHANG) == child) return status_of(status);
      if (now()) {
        kill(child, SIGKILL);
        return wait_for(child);
      }
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }

  void expect_the_same_in_the_end(const Path& workspace) {
    ASSERT_EQ(wait_for(start(workspace)), 0) << read_file(log());
    const Outcome outcome = outcome_of(workspace);
    EXPECT_EQ(outcome.runs, undisturbed_->runs);
    EXPECT_EQ(outcome.files, undisturbed_->files);
    EXPECT_EQ(outcome.results, undisturbed_->results);
  }

  TemporaryFolder folder_;
  static TemporaryFolder* shared_;
  static Outcome* undisturbed_;
};
TemporaryFolder* BrokenOffStudy::shared_ = nullptr;
Outcome* BrokenOffStudy::undisturbed_ = nullptr;

// Whether a file of this name is somewhere below; others may come and go meanwhile.
bool has_file(const Path& folder, std::string_view name) {
  std::error_code ignored;
  for (fs::recursive_directory_iterator entry(folder, ignored), end; entry != end && !ignored;
       entry.increment(ignored)) {
    if (entry->path().filename().string().find(name) != std::string::npos) return true;
  }
  return false;
}

TEST_F(BrokenOffStudy, KilledAtEveryStage) {
  const Path root = folder_.path() / "w";
  int killed = 0;
  for (const char* made : {"epicrisis.db", "images/", "runs/", "runs/checkpoint",
                           "runs/small-tuned", "reports/small.csv"}) {
    const std::string_view wanted(made);
    const std::size_t slash = wanted.rfind('/');
    const Path folder =
        slash == std::string_view::npos ? root : root / Path(wanted.substr(0, slash));
    const std::string_view name =
        slash == std::string_view::npos ? wanted : wanted.substr(slash + 1);
    if (has_file(folder, name)) continue;
    const int ended = kill_when(start(root), [&] { return has_file(folder, name); });
    ASSERT_TRUE(ended == -SIGKILL || ended == 0) << made << ": " << read_file(log());
    killed += ended == -SIGKILL ? 1 : 0;
  }
  EXPECT_GE(killed, 2);  // the others ended before they were seen
  expect_the_same_in_the_end(root);
}

TEST_F(BrokenOffStudy, KilledAtAnyTime) {
  const Path root = folder_.path() / "w";
  Random random(17);
  int killed = 0;
  for (int i = 0; i < 4; ++i) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(100 + random.below(600));
    const int ended =
        kill_when(start(root), [&] { return std::chrono::steady_clock::now() >= end; });
    ASSERT_TRUE(ended == -SIGKILL || ended == 0) << read_file(log());
    killed += ended == -SIGKILL ? 1 : 0;
  }
  EXPECT_GE(killed, 1);
  expect_the_same_in_the_end(root);
}

TEST_F(BrokenOffStudy, AFileThatMayNotGrowIsAnErrorOfTheSystem) {
  const Path root = folder_.path() / "w";
  int failed = 0;
  // The database, the shards, the model and the report stop at different ones.
  for (const rlim_t limit : {4U << 10U, 200U << 10U, 700U << 10U, 3000U << 10U}) {
    const int code = wait_for(start(root, limit));
    const std::string said = read_file(log());
    ASSERT_TRUE(code == 0 || code == 5) << limit << ": " << code << '\n' << said;
    if (code == 0) continue;
    ++failed;
    EXPECT_THAT(said, HasSubstr(folder_.path().string())) << limit;
  }
  EXPECT_GE(failed, 2);
  expect_the_same_in_the_end(root);
}

TEST_F(BrokenOffStudy, AFullDiskIsAnErrorOfTheSystem) {
  if (wait_for(start({"unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"})) != 0) {
    GTEST_SKIP() << "SKIPPED: no file system may be mounted here";
  }
  // A disk of its own that gets larger; what is done in the end is copied out.
  const Path disk = folder_.path() / "disk";
  const Path copy = folder_.path() / "copy";
  fs::create_directories(disk);
  std::string words;
  for (const std::string& word : command(disk / "w")) words += "'" + word + "' ";
  const std::string script =
      "disk='" + disk.string() + "'\nmount -t tmpfs -o size=64k none $disk\n" +
      "for size in 64k 1m 6m 300m; do\n" + "  mount -o remount,size=$size $disk\n" + "  " + words +
      "\n  echo \"size $size code $?\"\ndone\n" + "cp -r $disk/w '" + copy.string() + "'\n";
  ASSERT_EQ(wait_for(start({"unshare", "-Urm", "sh", "-c", script})), 0) << read_file(log());
  const std::string said = read_file(log());
  EXPECT_THAT(said, HasSubstr("size 64k code 5"));
  EXPECT_THAT(said, HasSubstr("size 300m code 0")) << said;
  EXPECT_THAT(said, testing::AnyOf(HasSubstr("disk is full"), HasSubstr("No space left"))) << said;
  for (std::size_t at = 0; (at = said.find(" code ", at)) != std::string::npos; ++at) {
    EXPECT_THAT(said.substr(at + 6, 1), testing::AnyOf("0", "5")) << said;
  }
  const Outcome outcome = outcome_of(copy);
  EXPECT_EQ(outcome.results, undisturbed_->results);
  EXPECT_EQ(outcome.files, undisturbed_->files);
}

}  // namespace
}  // namespace epicrisis
