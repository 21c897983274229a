// The commands that use a run, as a person calls them.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "study/with_train/used_runs.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class UseProgramTest : public test::UsedRunsTest {
 protected:
  static std::string program() { return std::string(EPICRISIS_BINARY_DIR) + "/epicrisis"; }
  std::string path(const std::string& name) const { return (copies_.path() / name).string(); }
  // The exit code; what was printed is in `out` and `said`.
  int run(const std::string& words) {
    const std::string command = "env -u EPICRISIS_WORKSPACE '" + program() + "' " + words + " > '" +
                                path("out") + "' 2> '" + path("said") + "'";
    const int status = std::system(command.c_str());
    out = read_file(path("out"));
    said = read_file(path("said"));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static std::string quoted(const Path& file) { return "'" + file.string() + "'"; }

  std::string out;
  std::string said;
};

// 64 pictures are a batch. The first of the next one is a pipe: once it is opened, the batch before
// is done, and the program waits.
class WaitingPredict : public UseProgramTest {
 protected:
  void SetUp() override {
    const std::string pipe = path("pipe.jpg");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    std::string table = "picture\n";
    for (int i = 0; i < 64; ++i) table += sample(1).image_path + "\n";
    table += pipe + "\n";
    for (int i = 0; i < 64; ++i) table += sample(1).image_path + "\n";
    write_file(path("list.csv"), table);
    const std::string words[] = {program(),        "predict",        run_folder().string(),
                                 path("list.csv"), "--json",         "--quiet",
                                 "--csv",          path("table.csv")};
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const std::string output = path("out");
    child_ = fork();
    if (child_ == 0) {
      const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      if (file < 0 || dup2(file, STDOUT_FILENO) < 0) _exit(126);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    pipe_ = open(pipe.c_str(), O_WRONLY);
    ASSERT_GE(pipe_, 0);
  }
  int end() {
    close(pipe_);
    int status = 0;
    EXPECT_EQ(waitpid(child_, &status, 0), child_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::ptrdiff_t lines(const std::string& name) {
    const std::string text = read_file(path(name));
    return std::ranges::count(text, '\n');
  }

  pid_t child_ = 0;
  int pipe_ = -1;
};

TEST_F(WaitingPredict, LinesGoOutAsBatchesAreDone) {
  EXPECT_EQ(lines("out"), 64);
  EXPECT_EQ(end(), 0);
  EXPECT_EQ(lines("out"), 129);
  EXPECT_EQ(lines("table.csv"), 130);
}

TEST_F(WaitingPredict, CtrlCKeepsWhatWasPrinted) {
  kill(child_, SIGINT);
  EXPECT_EQ(end(), 130);
  EXPECT_EQ(lines("out"), 64);
  EXPECT_EQ(lines("table.csv"), 65);
}

TEST_F(UseProgramTest, TrainSaysWhereItsTrainingsAre) {
  write_file(path("small.toml"),
             "seeds = [1]\n" + test::small_study("small") + "[train]\nepochs = 2" + test::kTwoRuns);
  const std::string train = "train --config " + quoted(path("small.toml")) + " -w " +
                            quoted(root()) + " --data-root " + quoted(corpus());
  EXPECT_EQ(run(train + " --run 'image only' --json"), 0) << said;
  const Json told = parse_json(out, "out");
  EXPECT_EQ(told["runs_kept"], 1);
  EXPECT_EQ(told["trainings"].size(), 1U);
  EXPECT_EQ(told["trainings"][0]["folder"], run_folder().string());
  EXPECT_EQ(run(train), 0) << said;
  EXPECT_THAT(out, testing::AllOf(HasSubstr("validation loss"), HasSubstr("with notes"),
                                  HasSubstr("0 runs trained, 2 there already")));
  EXPECT_EQ(run(train + " --run nobody"), 2);
  EXPECT_THAT(said, HasSubstr("study 'small' has no run 'nobody'; it has: image only, with notes"));
  EXPECT_EQ(run("train --config " + quoted(path("none.toml")) + " -w " + quoted(root())), 2);
  EXPECT_EQ(run("train -w " + quoted(root())), 2);
  EXPECT_THAT(said, HasSubstr("--config is required"));
}

TEST_F(UseProgramTest, ATableIsNotWrittenOverTheOneThatIsRead) {
  const std::string table = "picture\n" + sample(1).image_path + "\n";
  write_file(path("list.csv"), table);
  const std::string list = quoted(path("list.csv"));
  const std::string predict = "predict " + quoted(run_folder()) + " " + list + " --json --csv ";
  EXPECT_EQ(run(predict + list), 2);
  EXPECT_THAT(said, HasSubstr("it is what is read"));
  EXPECT_EQ(read_file(path("list.csv")), table);
  write_file(path("mine.csv"), "picture,class\n");
  EXPECT_EQ(run(predict + quoted(path("mine.csv"))), 2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(run(predict + quoted(path("done.csv"))), 0) << said;
    const Json line = parse_json(out, "out");
    EXPECT_EQ(line["run"]["calibrated"], false);
    EXPECT_TRUE(line["run"]["validation"].contains("weighted_f1"));
    EXPECT_THAT(read_file(path("done.csv")),
                HasSubstr(",similarity,error,remarks,seen_in,seen_as\n"));
  }
}

TEST_F(UseProgramTest, EmbedWritesVectorsOfTheWorkspaceInWhichTheRunLies) {
  ASSERT_EQ(run("embed " + quoted(run_folder("with notes")) + " --split test --json -o " +
                quoted(path("vectors"))),
            0)
      << said;
  const Json json = parse_json(out, "out");
  EXPECT_GT(json["pictures"], 0);
  EXPECT_GT(json["notes"], 0);
  EXPECT_EQ(json["width"], 128);
  EXPECT_EQ(json["files"].size(), 5U);
  for (const Json& file : json["files"]) EXPECT_TRUE(fs::exists(file.get<std::string>()));
  EXPECT_EQ(run("embed " + quoted(run_folder()) + " -o " + quoted(path("vectors"))), 2);
  EXPECT_THAT(said, HasSubstr("--replace"));
  EXPECT_EQ(run("embed " + quoted(copied_run()) + " -o " + quoted(path("more"))), 2);
  EXPECT_THAT(said, HasSubstr("--workspace"));
  EXPECT_EQ(run("embed nowhere -o " + quoted(path("more"))), 2);
  EXPECT_THAT(said, HasSubstr("run 'nowhere'"));
  write_file(path("broken.jpg"), "no picture");
  EXPECT_EQ(run("embed " + quoted(run_folder()) + " " + quoted(path("broken.jpg")) + " -o " +
                quoted(path("more"))),
            4);
  EXPECT_FALSE(fs::exists(path("more")));
}

TEST_F(UseProgramTest, SearchShowsWhatIsMostAlike) {
  const std::string run_words = quoted(run_folder("with notes"));
  ASSERT_EQ(run("search " + run_words + " --text 'a dark lesion' --top 3 --html " +
                quoted(path("found.html"))),
            0)
      << said;
  EXPECT_THAT(out, HasSubstr("cross-modal"));
  EXPECT_THAT(out, HasSubstr("M: "));
  EXPECT_TRUE(fs::exists(path("found.html")));
  ASSERT_EQ(run("search " + run_words + " --json --sample '" + sample(1).key + "'"), 0) << said;
  EXPECT_EQ(parse_json(out, "out")["hits"].size(), 10U);
  EXPECT_EQ(run("search " + run_words), 2);
  EXPECT_THAT(said, HasSubstr("--picture"));
  EXPECT_EQ(run("search " + quoted(run_folder()) + " --text nevus"), 2);
  EXPECT_THAT(said, HasSubstr("trains with notes"));
}

}  // namespace
}  // namespace epicrisis
