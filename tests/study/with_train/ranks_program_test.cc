// `train` in several processes, as torchrun starts them.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/demo/demo_corpus.h"
#include "study/small_study.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;

// A port of this machine that nobody has at this moment.
int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(socket, plain, size), 0);
  EXPECT_EQ(getsockname(socket, plain, &size), 0);
  close(socket);
  return ntohs(address.sin_port);
}

class RanksProgram : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    corpus_ = new TemporaryFolder();
    write_demo_corpus(corpus_->path(), Job(),
                      {.seed = 3, .internal_lesions = 40, .external_lesions = 8});
  }
  static void TearDownTestSuite() {
    delete corpus_;
    corpus_ = nullptr;
  }
  void SetUp() override {
#ifndef EPICRISIS_GLOO
    GTEST_SKIP() << "needs Gloo's headers (libgloo-dev) when the program is built";
#endif
  }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  // A vision transformer of two layers: it has no batch norms, whose numbers would be of parts.
  void write_study(int epochs, int batch = 8) const {
    std::string text = test::small_study("small");
    const std::string frozen = "model = \"random:mobilenet_v2\"\naugmented_copies = 1\n";
    const std::size_t place = text.find(frozen);
    ASSERT_NE(place, std::string::npos);
    text.replace(place, frozen.size(),
                 fmt::format("model = \"{}/tests/model/data/vit_timm\"\nfrozen = false\n",
                             EPICRISIS_SOURCE_DIR));
    write_file(path("small.toml"),
               fmt::format("seeds = [1]\n{}[train]\nepochs = {}\npatience = 0\nbatch = {}\n"
                           "precision = \"fp32\"\nlearning_rate = 0.001\n"
                           "[[run]]\nname = \"tuned\"\nmode = \"multimodal\"\nnotes = [\"M\"]\n",
                           text, epochs, batch));
  }
  std::string command(const std::string& workspace, const std::string& output) const {
    return fmt::format("'{}/epicrisis' train --config '{}' -w '{}' --data-root '{}' > '{}' 2>&1",
                       EPICRISIS_BINARY_DIR, path("small.toml"), path(workspace),
                       corpus_->path().string(), path(output));
  }
  static std::string as_rank(int rank, int count, int port) {
    return fmt::format(
        "env -u TORCHELASTIC_USE_AGENT_STORE RANK={} WORLD_SIZE={} LOCAL_WORLD_SIZE={} "
        "MASTER_ADDR=127.0.0.1 MASTER_PORT={} ",
        rank, count, count, port);
  }
  static int shell(const std::string& script) {
    const int status = std::system(script.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::vector<Json> epochs_of(const std::string& workspace) const {
    std::vector<Json> lines;
    for (const auto& run :
         std::filesystem::directory_iterator(folder_.path() / workspace / "runs")) {
      for (const std::string& line : split(read_file(run.path() / "metrics.jsonl"), '\n')) {
        if (!line.empty()) lines.push_back(parse_json(line, "metrics"));
      }
    }
    return lines;
  }

  TemporaryFolder folder_;
  static TemporaryFolder* corpus_;
};
TemporaryFolder* RanksProgram::corpus_ = nullptr;

TEST_F(RanksProgram, TwoHaveTheLossesOfOneWithTheWholeBatch) {
  write_study(4);
  ASSERT_EQ(shell("env -u WORLD_SIZE " + command("alone", "alone.txt")), 0)
      << read_file(path("alone.txt"));
  const int port = free_port();
  const std::string both = fmt::format("{}{} & {}{}; led=$?; wait $! && exit $led",
                                       as_rank(1, 2, port), command("none", "follower.txt"),
                                       as_rank(0, 2, port), command("both", "leader.txt"));
  ASSERT_EQ(shell(both), 0) << read_file(path("leader.txt")) << read_file(path("follower.txt"));
  const std::vector<Json> one = epochs_of("alone");
  const std::vector<Json> two = epochs_of("both");
  ASSERT_EQ(one.size(), 4U);
  ASSERT_EQ(two.size(), 4U);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_NEAR(two[i]["train_loss"].get<double>(), one[i]["train_loss"].get<double>(), 1e-5);
    EXPECT_NEAR(two[i]["validation_loss"].get<double>(), one[i]["validation_loss"].get<double>(),
                1e-5);
  }
  EXPECT_NE(one[0]["train_loss"], one[3]["train_loss"]);
  // The other wrote nothing and printed nothing.
  EXPECT_FALSE(std::filesystem::exists(path("none")));
  EXPECT_EQ(read_file(path("follower.txt")), "");
}

TEST_F(RanksProgram, ALostOneIsNamedAndTheRestGoesOnWithAnotherNumber) {
  write_study(25);
  const int port = free_port();
  const std::string script = fmt::format(
      "(exec {}{}) & other=$!\n"
      "({}{}; echo $? > '{}') & leader=$!\n"
      "for i in $(seq 6000); do\n"
      "  for file in '{}'/runs/*/metrics.jsonl; do [ -s \"$file\" ] && break 2; done\n"
      "  sleep 0.02\n"
      "done\n"
      "kill -9 $other; wait $leader; exit \"$(cat '{}')\"",
      as_rank(1, 2, port), command("none", "follower.txt"), as_rank(0, 2, port),
      command("w", "leader.txt"), path("code"), path("w"), path("code"));
  write_file(path("script.sh"), script);
  EXPECT_EQ(shell("bash '" + path("script.sh") + "' 2> /dev/null"), 5)
      << read_file(path("leader.txt"));
  EXPECT_THAT(read_file(path("leader.txt")), HasSubstr("rank 1 is gone"));
  EXPECT_EQ(shell("env -u WORLD_SIZE " + command("w", "alone.txt")), 0)
      << read_file(path("alone.txt"));
  EXPECT_EQ(epochs_of("w").size(), 25U);
}

TEST_F(RanksProgram, ABatchThatCannotBeSharedIsRefused) {
  write_study(1, 7);
  const int port = free_port();
  const std::string both = fmt::format("{}{} & {}{}; led=$?; wait $!; exit $led",
                                       as_rank(1, 2, port), command("none", "follower.txt"),
                                       as_rank(0, 2, port), command("both", "leader.txt"));
  EXPECT_EQ(shell(both), 2);
  EXPECT_THAT(read_file(path("leader.txt")), HasSubstr("cannot share a batch of 7 evenly"));
  EXPECT_THAT(read_file(path("follower.txt")), HasSubstr("rank 0 is gone"));
}

}  // namespace
}  // namespace epicrisis
