#include "epicrisis/core/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "core/posix_files.h"
#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

template <typename E>
std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "no such error";
}

std::vector<std::string> names_in(const Path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

TEST(Files, WritesAndReadsBack) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "a" / "b" / "c.bin";
  const std::string bytes("x\0\xFF\n", 4);
  write_file(path, bytes);
  EXPECT_EQ(read_file(path), bytes);
  write_file(path, "");
  EXPECT_EQ(read_file(path), "");
  EXPECT_EQ(names_in(path.parent_path()), std::vector<std::string>{"c.bin"});
}

TEST(Files, RelativePathsWork) {
  const TemporaryFolder folder;
  const Path before = fs::current_path();
  fs::current_path(folder.path());
  write_file("x", "1");
  write_file("d/x", "2");
  write_file("./e//x", "3");
  EXPECT_EQ(read_file("x") + read_file("d/x") + read_file("e/x"), "123");
  fs::current_path(before);
}

TEST(Files, AFileLargerThanTheLimitIsRefused) {
  const TemporaryFolder folder;
  write_file(folder.path() / "x", "12345");
  EXPECT_EQ(read_file(folder.path() / "x", 5), "12345");
  EXPECT_THAT(error_of<InputError>([&] { read_file(folder.path() / "x", 4); }),
              HasSubstr("larger than the 4 bytes"));
  // These have no size that could be known before they are read.
  EXPECT_GT(read_file("/proc/self/maps").size(), 100U);
}

// Each of these would hang or never end if it were read like a file.
TEST(Files, WhatIsNoFileIsNotRead) {
  const TemporaryFolder folder;
  const Path pipe = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  const Path socket_path = folder.path() / "socket";
  const int socket_number = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(socket_number, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(socket_number);
  const std::vector<std::pair<Path, const char*>> cases{{pipe, "a named pipe"},
                                                        {socket_path, "a socket"},
                                                        {"/dev/zero", "a device"},
                                                        {"/dev/null", "a device"}};
  for (const auto& one : cases) {
    const Path& path = one.first;
    const char* what = one.second;
    EXPECT_THAT(error_of<InputError>([&] { read_file(path); }), HasSubstr(what)) << path;
    EXPECT_THAT(error_of<InputError>([&] { MappedFile{path}; }), HasSubstr(what)) << path;
    EXPECT_THAT(error_of<InputError>([&] { open_to_read(path); }), HasSubstr(path.string()));
  }
}

// What a shell makes of <(...).
TEST(Files, APipeThatSomebodyFillsIsRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  ASSERT_EQ(write(ends[1], "a,b\n", 4), 4);
  std::thread late([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(write(ends[1], "1,2\n", 4), 4);
    close(ends[1]);
  });
  EXPECT_EQ(read_file(fmt::format("/dev/fd/{}", ends[0])), "a,b\n1,2\n");
  late.join();
  close(ends[0]);
}

TEST(Files, APipeOrADeviceIsWrittenToAsItIs) {
  const TemporaryFolder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  write_file(fmt::format("/dev/fd/{}", ends[1]), "text");
  std::array<char, 8> read_back{};
  EXPECT_EQ(read(ends[0], read_back.data(), read_back.size()), 4);
  close(ends[0]);
  close(ends[1]);
  write_file("/dev/null", "text");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(error_of<SystemError>([] { write_file("/dev/full", "text"); }),
              AllOf(HasSubstr("cannot write '/dev/full'"), HasSubstr("No space")));
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
  const Path fifo = folder.path() / "pipe";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THROW(write_file(fifo, "nobody reads"), SystemError);
  EXPECT_TRUE(fs::is_fifo(fifo));
}

TEST(Files, ErrorsNamePathAndReason) {
  const TemporaryFolder folder;
  const Path file = folder.path() / "file";
  write_file(file, "x");
  EXPECT_THAT(error_of<SystemError>([&] { read_file(folder.path() / "none"); }),
              AllOf(HasSubstr("cannot read"), HasSubstr("none'"), HasSubstr("No such file")));
  EXPECT_THAT(error_of<SystemError>([&] { read_file(folder.path()); }),
              HasSubstr("it is a folder; give a file"));
  EXPECT_THAT(error_of<SystemError>([&] { MappedFile file(folder.path()); }),
              HasSubstr("it is a folder; give a file"));
  EXPECT_THAT(error_of<SystemError>([&] { write_file(file / "below", "x"); }),
              AllOf(HasSubstr("file/below'"), HasSubstr("a part of the path is a file")));
  EXPECT_THAT(error_of<SystemError>([&] { write_file(file / "below" / "x", "x"); }),
              HasSubstr("a part of the path is a file"));
  EXPECT_THAT(error_of<SystemError>([&] { write_file(folder.path(), "x"); }), HasSubstr("write"));
  EXPECT_THROW(write_file("", "x"), SystemError);
  EXPECT_THROW(write_file("a/", "x"), SystemError);
  EXPECT_THROW(write_file(std::string("a\0b", 3), "x"), SystemError);
  EXPECT_THROW(read_file(std::string("/etc/passwd\0.png", 16)), SystemError);
  EXPECT_THROW(write_file(folder.path() / std::string(300, 'n'), "x"), SystemError);
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(Files, ErrorsSayWhatToDo) {
  EXPECT_THAT(error_of<SystemError>([] { throw_errno("write", "f", ENOSPC); }),
              "cannot write 'f': No space left on device; free some space or choose a folder on "
              "another disk");
  EXPECT_THAT(error_of<SystemError>([] { throw_errno("write", "f", EROFS); }),
              HasSubstr("choose a folder on a disk that can be written"));
  EXPECT_THAT(error_of<SystemError>([] { throw_errno("write", "f", EACCES); }),
              HasSubstr("check the permissions"));
}

TEST(Files, AReaderNeverSeesAPart) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x";
  write_file(path, std::string(10000, 'a'));
  std::atomic<bool> stop{false};
  std::atomic<int> broken{0};
  std::jthread reader([&] {
    while (!stop) {
      const std::string text = read_file(path);
      if (text.size() != 10000 || text.find_first_not_of(text[0]) != std::string::npos) ++broken;
    }
  });
  std::vector<std::jthread> writers;
  for (const char letter : {'b', 'c'}) {
    writers.emplace_back([&path, letter] {
      for (int i = 0; i < 50; ++i) write_file(path, std::string(10000, letter));
    });
  }
  writers.clear();
  stop = true;
  reader.join();
  EXPECT_EQ(broken, 0);
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(Files, AWriterWithoutCommitLeavesNothing) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x";
  write_file(path, "old");
  {
    AtomicFileWriter writer(path);
    writer.write("new ");
    writer.write("text");
    EXPECT_EQ(writer.position(), 8U);
    EXPECT_EQ(read_file(path), "old");
  }
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(Files, ACommittedWriterIsClosed) {
  const TemporaryFolder folder;
  AtomicFileWriter writer(folder.path() / "x");
  writer.write("a");
  writer.commit();
  EXPECT_EQ(read_file(folder.path() / "x"), "a");
  EXPECT_THROW(writer.write("b"), InternalError);
  EXPECT_THROW(writer.commit(), InternalError);
}

TEST(Files, AKilledWriterLeavesTheOldFile) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x";
  write_file(path, "old");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    AtomicFileWriter writer(path);
    writer.write("half of the ne");
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_file(path), "old");
  write_file(path, "new");  // what was left over is in nobody's way
  EXPECT_EQ(read_file(path), "new");
}

TEST(Files, AFullDiskLeavesTheOldFileAndNoPart) {
  const TemporaryFolder folder;
  const Path path = folder.path() / "x";
  write_file(path, "old");
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // The limit on file sizes stands in for a disk that fills up in the middle of a write.
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
    try {
      write_file(path, std::string(5000, 'n'));
    } catch (const SystemError& error) {
      _exit(std::string_view(error.what()).find("cannot write") == 0 ? 0 : 3);
    }
    _exit(4);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(names_in(folder.path()).size(), 1U);
}

TEST(Files, MapsShowTheBytes) {
  const TemporaryFolder folder;
  write_file(folder.path() / "x", "hello");
  write_file(folder.path() / "empty", "");
  MappedFile map(folder.path() / "x");
  EXPECT_EQ(map.text(), "hello");
  EXPECT_EQ(map.bytes().size(), 5U);
  MappedFile moved(std::move(map));
  EXPECT_EQ(moved.text(), "hello");
  MappedFile empty(folder.path() / "empty");
  EXPECT_EQ(empty.text(), "");
  empty = std::move(moved);
  EXPECT_EQ(empty.text(), "hello");
  EXPECT_THROW(MappedFile(folder.path() / "none"), SystemError);
  EXPECT_THROW(MappedFile{folder.path()}, SystemError);
  EXPECT_THROW(MappedFile("/dev/zero"), InputError);
}

TEST(Files, TemporaryFoldersGoWithTheirContent) {
  Path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    write_file(path / "a" / "b", "x");
    EXPECT_TRUE(fs::exists(path / "a" / "b"));
  }
  EXPECT_FALSE(fs::exists(path));
}

class PathBelow : public ::testing::Test {
 protected:
  PathBelow() : root_(folder_.path() / "root") {
    write_file(root_ / "sub" / "file", "x");
    write_file(folder_.path() / "secret", "x");
    write_file(folder_.path() / "root2" / "file", "x");
  }

  std::string refusal(std::string_view relative) {
    return error_of<InputError>([&] { path_below(root_, relative, "image"); });
  }

  TemporaryFolder folder_;
  Path root_;
};

TEST_F(PathBelow, TakesWhatStaysBelow) {
  EXPECT_EQ(path_below(root_, "sub/file", "image"), root_ / "sub/file");
  EXPECT_EQ(path_below(root_, "new/folder/file.png", "image"), root_ / "new/folder/file.png");
  EXPECT_NO_THROW(path_below(root_, "sub/../sub/./file", "image"));
  EXPECT_NO_THROW(path_below(root_, "..file", "image"));
  EXPECT_NO_THROW(path_below(folder_.path() / "not made yet", "a/b", "image"));
}

TEST_F(PathBelow, RefusesWhatLeadsOut) {
  EXPECT_THAT(refusal("../secret"),
              AllOf(HasSubstr("image '../secret' is no path below"), HasSubstr("leads out")));
  for (const char* bad : {"..", "sub/../..", "sub/../../secret", "../root2/file",
                          "none/../../secret", "./../secret", "sub/./../../root2"}) {
    EXPECT_THAT(refusal(bad), HasSubstr("leads out")) << bad;
  }
  EXPECT_THAT(refusal("/etc/passwd"), HasSubstr("absolute"));
  EXPECT_THAT(refusal("//x"), HasSubstr("absolute"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("."), HasSubstr("itself"));
  EXPECT_THAT(refusal("sub/.."), HasSubstr("itself"));
  EXPECT_THAT(refusal(std::string_view("sub/file\0.png", 13)), HasSubstr("NUL"));
  EXPECT_THAT(refusal(std::string(100000, 'a')), HasSubstr("longer"));
}

TEST_F(PathBelow, MessagesCarryNoControlCharacters) {
  EXPECT_THAT(refusal("../\x1B[2J"), HasSubstr("../\\x1b[2J"));
}

TEST_F(PathBelow, FollowsLinks) {
  fs::create_symlink("../secret", root_ / "out");
  fs::create_symlink(folder_.path(), root_ / "up");
  fs::create_symlink("sub", root_ / "in");
  fs::create_symlink(folder_.path() / "not there", root_ / "dangling");
  fs::create_symlink("loop", root_ / "loop");
  EXPECT_THAT(refusal("out"), HasSubstr("leads out"));
  EXPECT_THAT(refusal("up/secret"), HasSubstr("leads out"));
  // Writing through it would make a file outside.
  EXPECT_THAT(refusal("dangling"), HasSubstr("leads out"));
  EXPECT_THAT(refusal("dangling/x"), HasSubstr("leads out"));
  EXPECT_THAT(refusal("loop"), HasSubstr("too many links"));
  EXPECT_NO_THROW(path_below(root_, "in/file", "image"));
  EXPECT_NO_THROW(path_below(root_, "up/root/sub/file", "image"));
  // "in/.." is the parent of what the link means.
  EXPECT_THAT(refusal("in/../.."), HasSubstr("leads out"));
}

TEST_F(PathBelow, TheRootItselfMayBeALink) {
  fs::create_directory_symlink(root_, folder_.path() / "link");
  EXPECT_EQ(path_below(folder_.path() / "link", "sub/file", "image"),
            folder_.path() / "link" / "sub/file");
  EXPECT_THROW(path_below(folder_.path() / "link", "../secret", "image"), InputError);
}

}  // namespace
}  // namespace epicrisis
