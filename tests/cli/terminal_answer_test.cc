#include "terminal_answer.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "cli/program_fixture.h"
#include "epicrisis/core/error.h"

namespace epicrisis::cli {
namespace {

class Pipe {
 public:
  Pipe() { EXPECT_EQ(::pipe(ends_.data()), 0); }
  ~Pipe() {
    ::close(ends_[0]);
    close_writing();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reading() const { return ends_[0]; }
  void write(std::string_view text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), std::ssize(text));
  }
  void close_writing() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(TerminalAnswer, IsTheNextLine) {
  Job job;
  Pipe pipe;
  pipe.write("yes\nmore");
  EXPECT_EQ(read_answer(pipe.reading(), job), "yes");
  pipe.write("n");
  pipe.close_writing();
  EXPECT_EQ(read_answer(pipe.reading(), job), "n");
  EXPECT_EQ(read_answer(pipe.reading(), job), "");
}

TEST(TerminalAnswer, ACancelledJobWaitsForNone) {
  Job job;
  const Pipe pipe;
  std::thread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    job.cancel();
  });
  EXPECT_THROW(read_answer(pipe.reading(), job), Interrupted);
  canceller.join();
  pipe.write("yes\n");  // an answer that came with it is none
  EXPECT_THROW(read_answer(pipe.reading(), job), Interrupted);
}

// The program on a terminal of its own, as a person has it.
class RemovalOnATerminal : public test::ProgramTest {
 protected:
  // What the program wrote up to `text`, or until it is silent for long.
  std::string said_until(int terminal, const std::string& text) {
    std::string said;
    while (said.find(text) == std::string::npos) {
      pollfd waited{terminal, POLLIN, 0};
      constexpr int kLong = 20'000;  // milliseconds
      std::array<char, 1024> bytes{};
      if (::poll(&waited, 1, kLong) <= 0) break;
      const ssize_t count = ::read(terminal, bytes.data(), bytes.size());
      if (count <= 0) break;
      said.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return said;
  }
  static int status_of(pid_t child) {
    for (int i = 0; i < 2000; ++i) {
      int status = 0;
      if (::waitpid(child, &status, WNOHANG) == child) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return -1;
  }
  // The exit status after these keys are pressed at the question.
  int answer(const std::string& keys) {
    const std::string program = std::string(EPICRISIS_BINARY_DIR) + "/epicrisis";
    const std::string workspace = path("w");
    int terminal = -1;
    const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
      ::execl(program.c_str(), "epicrisis", "remove", "--dataset", "ham10000", "-w",
              workspace.c_str(), static_cast<char*>(nullptr));
      ::_exit(127);
    }
    said = said_until(terminal, "[y/N]");
    EXPECT_EQ(::write(terminal, keys.data(), keys.size()), std::ssize(keys)) << said;
    const int status = status_of(child);
    ::close(terminal);
    return status;
  }
};

TEST_F(RemovalOnATerminal, ACtrlCAtTheQuestionEndsIt) {
  write_file(path("ham/images/ISIC_0000001.jpg"), "picture");
  ham("H1,ISIC_0000001,nv,histo,50.0,male,back\n");
  ASSERT_EQ(import(), 0) << said;
  EXPECT_EQ(answer("\x03"), 130) << said;
  EXPECT_EQ(answer("n\n"), 2) << said;
  EXPECT_EQ(run("status -w '" + path("w") + "'"), 0);
  EXPECT_THAT(said, testing::HasSubstr("ham10000: 1 sample"));
  EXPECT_EQ(answer("y\n"), 0) << said;
  EXPECT_EQ(run("status -w '" + path("w") + "'"), 0);
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("ham10000: 1 sample")));
}

}  // namespace
}  // namespace epicrisis::cli
