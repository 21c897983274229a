#include "epicrisis/store/workspace.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <optional>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/shell_word.h"
#include "support/read_only.h"
#include "support/store_support.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

template <typename Exception, typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const Exception& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing of this type was thrown";
  return {};
}

class WorkspaceTest : public test::StoreTest {};

TEST_F(WorkspaceTest, IsMadeOnceAndOpenedAgain) {
  EXPECT_FALSE(Workspace::exists(root()));
  {
    Workspace workspace = make();
    EXPECT_TRUE(std::filesystem::is_directory(workspace.images()));
    EXPECT_TRUE(std::filesystem::is_directory(workspace.embeddings()));
    EXPECT_TRUE(std::filesystem::is_directory(workspace.runs()));
    EXPECT_TRUE(std::filesystem::is_directory(workspace.reports()));
    test::store_sample(workspace.database(), "d", test::make_sample("k"));
  }
  EXPECT_THAT(message_of<UsageError>([&] { Workspace::create(root()); }), HasSubstr("already"));
  bool created = true;
  Workspace workspace = Workspace::open_or_create(root() / "." / "", &created);
  EXPECT_FALSE(created);
  EXPECT_EQ(workspace.root(), root());
  EXPECT_EQ(count_samples(workspace.database(), {}), 1);
}

TEST_F(WorkspaceTest, MissingOnesAreNamed) {
  EXPECT_THAT(message_of<UsageError>([&] { Workspace::open(root()); }),
              AllOf(HasSubstr(root().string()), HasSubstr("epicrisis init")));
  EXPECT_FALSE(std::filesystem::exists(root()));
  EXPECT_THROW(Workspace::open(""), UsageError);
}

TEST_F(WorkspaceTest, FolderOfOtherThingsIsLeftAlone) {
  write_file(root() / "thesis.tex", "x");
  EXPECT_THAT(message_of<UsageError>([&] { make(); }), HasSubstr("thesis.tex"));
  EXPECT_THROW(Workspace::open_or_create(root()), UsageError);
  write_file(folder_.path() / "file", "x");
  EXPECT_THROW(Workspace::create(folder_.path() / "file"), UsageError);
}

TEST_F(WorkspaceTest, HalfMadeOneIsFinished) {
  std::filesystem::create_directories(root() / "images");
  write_file(root() / "epicrisis.db", "");  // the process died before the first page
  Workspace workspace = Workspace::open_or_create(root());
  EXPECT_EQ(workspace.database().query_integer("PRAGMA user_version"), current_layout_version());
}

TEST_F(WorkspaceTest, NewerLayoutIsRefusedWithBothNumbers) {
  { make().database().execute_script("PRAGMA user_version = 4711"); }
  EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }),
              AllOf(HasSubstr("4711"), HasSubstr(std::to_string(current_layout_version())),
                    HasSubstr("newer")));
  // And left as it was.
  EXPECT_EQ(Database(root() / "epicrisis.db").query_integer("PRAGMA user_version"), 4711);
}

TEST_F(WorkspaceTest, LayoutThatNobodyWritesIsRefused) {
  { make().database().execute_script("PRAGMA user_version = -3"); }
  EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }),
              AllOf(HasSubstr("layout -3"), HasSubstr("damaged"), HasSubstr("a copy")));
  Database(root() / "epicrisis.db").execute_script("PRAGMA user_version = 0");
  EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }), HasSubstr("layout 0"));
  // An older number than the tables have.
  Database(root() / "epicrisis.db").execute_script("PRAGMA user_version = 2");
  EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }),
              HasSubstr("is not what layout 2 has"));
}

TEST_F(WorkspaceTest, LostTableIsNamed) {
  std::vector<std::string> tables;
  {
    Workspace workspace = make();
    Statement rows = workspace.database().prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    while (rows.step()) tables.push_back(rows.text(0));
  }
  ASSERT_GT(tables.size(), 10U);
  for (const std::string& table : tables) {
    std::filesystem::remove_all(root());
    make().database().execute_script(
        fmt::format("PRAGMA foreign_keys = OFF; DROP TABLE {}", table));
    EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }),
                HasSubstr(fmt::format("lacks the table '{}'", table)));
  }
}

// An empty or fresh database beside the work of another: that one was lost.
TEST_F(WorkspaceTest, LostDatabaseBesideWorkIsRefused) {
  const Path database = root() / "epicrisis.db";
  for (const char* work :
       {"images/v2-224/shard-00000.eps", "runs/s-1/model.safetensors",
        "embeddings/text-0/1.safetensors", "batches/1/answers.jsonl", "reports/small.html"}) {
    std::filesystem::remove_all(root());
    make();
    write_file(root() / work, "x");
    const auto refused = [&](const char* why) {
      EXPECT_THAT(message_of<InputError>([&] { Workspace::open_or_create(root()); }),
                  AllOf(HasSubstr(why), HasSubstr(work), HasSubstr("a copy")));
    };
    refused("has no data set");  // made anew
    write_file(database, "");
    refused("is empty");
    EXPECT_EQ(std::filesystem::file_size(database), 0U);
    std::filesystem::remove(database);
    refused("is gone");
    EXPECT_FALSE(std::filesystem::exists(database));
    EXPECT_THROW(make(), InputError);
  }
}

TEST_F(WorkspaceTest, DatabaseOfAnotherProgramIsRefused) {
  std::filesystem::create_directories(root());
  { Database(root() / "epicrisis.db").execute_script("CREATE TABLE bookmarks (url TEXT)"); }
  EXPECT_THAT(message_of<InputError>([&] { Workspace::open(root()); }),
              HasSubstr("another program"));
  Database database(root() / "epicrisis.db");
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST_F(WorkspaceTest, DamagedFileIsASystemError) {
  make();
  std::string bytes = read_file(root() / "epicrisis.db");
  bytes.replace(0, 100, std::string(100, '?'));
  write_file(root() / "epicrisis.db", bytes);
  EXPECT_THAT(message_of<SystemError>([&] { Workspace::open(root()); }),
              AllOf(HasSubstr("not a database"), HasSubstr(root().string())));
}

TEST_F(WorkspaceTest, ManyProcessesMayCreateIt) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      try {
        Workspace workspace = Workspace::open_or_create(root());
        test::store_sample(workspace.database(), "d", test::make_sample(std::to_string(i)));
        ::_exit(0);
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        ::_exit(1);
      }
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(count_samples(Workspace::open(root()).database(), {}), 6);
}

TEST_F(WorkspaceTest, LockIsHeldByOneAndFreedByDeath) {
  Workspace workspace = make();
  std::optional<WorkspaceLock> lock(workspace.lock("study-a"));
  EXPECT_THAT(message_of<SystemError>([&] { workspace.lock("study-a"); }),
              AllOf(HasSubstr("study-a"), HasSubstr(std::to_string(::getpid()))));
  workspace.lock("study-b");
  lock.reset();
  workspace.lock("study-a");

  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    [[maybe_unused]] const WorkspaceLock held = workspace.lock("study-a");  // until the kill
    const char byte = 1;
    if (::write(pipe[1], &byte, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(pipe[0], &byte, 1), 1);
  EXPECT_THAT(message_of<SystemError>([&] { workspace.lock("study-a"); }),
              HasSubstr(std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(workspace.lock("study-a"));
  ::close(pipe[0]);
  ::close(pipe[1]);
  EXPECT_THROW(workspace.lock("../x"), InternalError);
}

TEST_F(WorkspaceTest, AFolderThatMayNotBeWrittenToCanBeRead) {
  const Path root = folder_.path() / "w";
  { Workspace::create(root).database().execute("CREATE TABLE t (a)"); }
  {
    const test::ReadOnly fixed(folder_.path());
    EXPECT_EQ(test::as_somebody_else([&] {
                Workspace workspace = Workspace::open_to_read(root);
                if (workspace.root() != root || workspace.kept()) return 3;
                workspace.database().execute("INSERT INTO t VALUES (1)");  // into the copy
                const WorkspaceLock lock = workspace.lock("study-x");
                return 0;
              }),
              0);
    EXPECT_EQ(test::as_somebody_else([&] {
                try {
                  Workspace::open(root);
                } catch (const SystemError& error) {
                  return std::string_view(error.what()).find("a copy of it") < 1000 ? 0 : 4;
                }
                return 5;
              }),
              0);
  }
  EXPECT_EQ(Workspace::open(root).database().query_integer("SELECT count(*) FROM t"), 0);
}

// It makes the index of a log to read, and a copy where it cannot: there is no room for either.
TEST_F(WorkspaceTest, AWorkspaceOnAFullDiskCanBeRead) {
  const Path root = folder_.path() / "w";
  {
    Workspace::create(root).database().execute_script(
        "CREATE TABLE t (a); INSERT INTO t VALUES (7)");
  }
  EXPECT_EQ(test::on_a_full_disk([&] {
              for (const auto open : {&Workspace::open_to_read, &Workspace::open_to_look}) {
                Workspace workspace = open(root);
                if (workspace.root() != root || workspace.kept()) return 4;
                try {
                  workspace.database().execute("INSERT INTO t VALUES (1)");
                  return 5;
                } catch (const SystemError&) {
                }
                if (workspace.database().query_integer("SELECT sum(a) FROM t") != 7) return 6;
              }
              return 0;
            }),
            0);
  EXPECT_TRUE(Workspace::open_to_look(root).kept());
  EXPECT_THROW(Workspace::open_to_look(folder_.path() / "none"), UsageError);
}

// As where the workspace's disk is full and that of temporary files is not: the index of the log
// cannot be made, the copy can.
TEST_F(WorkspaceTest, WhatCannotBeWrittenToIsReadFromACopy) {
  const Path root = folder_.path() / "w";
  {
    Workspace::create(root).database().execute_script(
        "CREATE TABLE t (a); INSERT INTO t VALUES (7)");
  }
  std::filesystem::create_symlink(root / "nowhere", root / "epicrisis.db-shm");
  EXPECT_THROW(Workspace::open(root), SystemError);
  {
    Workspace workspace = Workspace::open_to_read(root);
    EXPECT_FALSE(workspace.kept());
    workspace.database().execute("INSERT INTO t VALUES (1)");
    EXPECT_EQ(workspace.database().query_integer("SELECT sum(a) FROM t"), 8);
    std::filesystem::remove_all(root / "locks");
    EXPECT_NO_THROW(workspace.lock("audit"));
  }
  std::filesystem::remove(root / "epicrisis.db-shm");
  EXPECT_EQ(Workspace::open(root).database().query_integer("SELECT sum(a) FROM t"), 7);
}

TEST_F(WorkspaceTest, AFileIsNoWorkspace) {
  const Path file = folder_.path() / "study.toml";
  write_file(file, "name = 1");
  for (const auto open : {&Workspace::open, &Workspace::open_to_read, &Workspace::open_copy}) {
    EXPECT_THAT(message_of<UsageError>([&] { open(file); }), HasSubstr("it is a file"));
  }
}

TEST_F(WorkspaceTest, ALogWithoutItsIndexIsReadToo) {
  const Path root = folder_.path() / "w";
  Workspace workspace = Workspace::create(root);
  workspace.database().execute_script("CREATE TABLE t (a); INSERT INTO t VALUES (7)");
  // What a killed program leaves, without the index.
  const Path copy = folder_.path() / "copy";
  std::filesystem::create_directory(copy);
  for (const char* name : {"epicrisis.db", "epicrisis.db-wal"}) {
    std::filesystem::copy_file(root / name, copy / name);
  }
  EXPECT_EQ(Workspace::open_to_read(copy).database().query_integer("SELECT a FROM t"), 7);
}

TEST_F(WorkspaceTest, TheCommandThatMakesOneCanBeTyped) {
  const Path spaced = folder_.path() / "my work";
  try {
    Workspace::open(spaced);
    FAIL() << "opened what is not there";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr(": epicrisis init " + shell_word(spaced.string())));
  }
}

}  // namespace
}  // namespace epicrisis
