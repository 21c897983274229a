#include "epicrisis/store/sql/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <array>
#include <csignal>
#include <limits>
#include <optional>
#include <thread>

#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "support/fault_vfs.h"

namespace epicrisis {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  Path file() const { return folder_.path() / "test.db"; }
  Database open(const DatabaseOptions& options = {}) const { return Database(file(), options); }
  TemporaryFolder folder_;
};

template <typename Work>
std::string system_error(Work&& work) {
  try {
    work();
  } catch (const SystemError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no SystemError";
  return {};
}

TEST_F(DatabaseTest, ValuesComeBackAsTheyWere) {
  Database database = open();
  database.execute_script("CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e INTEGER) STRICT");
  const std::string text("a\0b \xF0\x9F\x94\xAC \"'--", 13);
  const std::array<std::uint8_t, 3> blob = {0, 255, 7};
  const std::uint64_t bits = 0xfedcba9876543210ULL;
  Statement insert = database.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)");
  insert.bind_all(std::numeric_limits<std::int64_t>::min(), 0.1, text,
                  std::span<const std::uint8_t>(blob), bits);
  insert.run();
  // The parameters of before do not linger.
  insert.run();
  // Empty is not NULL.
  insert.bind_all(0, 1.0, std::string_view(), std::span<const std::uint8_t>(),
                  std::optional<std::int64_t>());
  insert.run();

  Statement rows = database.prepare("SELECT * FROM t");
  ASSERT_TRUE(rows.step());
  EXPECT_EQ(rows.integer(0), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(rows.number(1), 0.1);
  EXPECT_EQ(rows.text(2), text);
  EXPECT_THAT(rows.blob(3), testing::ElementsAreArray(blob));
  EXPECT_EQ(rows.bits(4), bits);
  ASSERT_TRUE(rows.step());
  for (int column = 0; column < 5; ++column) EXPECT_TRUE(rows.is_null(column));
  EXPECT_EQ(rows.integer_if(0), std::nullopt);
  ASSERT_TRUE(rows.step());
  EXPECT_FALSE(rows.is_null(2));
  EXPECT_FALSE(rows.is_null(3));
  EXPECT_TRUE(rows.is_null(4));
  EXPECT_FALSE(rows.step());
}

TEST_F(DatabaseTest, OneTextMayRunTwiceAtOnce) {
  Database database = open();
  const auto query = "SELECT 1 UNION ALL SELECT 2";
  Statement outer = database.prepare(query);
  int seen = 0;
  while (outer.step()) {
    Statement inner = database.prepare(query);
    while (inner.step()) ++seen;
  }
  EXPECT_EQ(seen, 4);
}

TEST_F(DatabaseTest, CachedStatementStartsAfresh) {
  Database database = open();
  for (int i = 0; i < 3; ++i) {
    Statement rows = database.prepare("SELECT ? UNION ALL SELECT 8");
    if (i != 1) rows.bind(1, 5);
    ASSERT_TRUE(rows.step());
    EXPECT_EQ(rows.is_null(0), i == 1);
    // Left in the middle.
  }
  EXPECT_EQ(database.query_integer("SELECT ?", 4), 4);
}

TEST_F(DatabaseTest, DurabilityIsChangedAndComesBack) {
  Database database = open();
  const auto level = [&] { return database.query_integer("PRAGMA synchronous"); };
  EXPECT_EQ(level(), 2);
  database.set_durability(Durability::kKill);
  EXPECT_EQ(level(), 1);
  database.set_durability(Durability::kPowerCut);
  EXPECT_EQ(level(), 2);
}

TEST_F(DatabaseTest, ManyStatementTextsDoNotPileUp) {
  Database database = open();
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(database.query_integer(fmt::format("SELECT {}", i)), i);
  }
}

TEST_F(DatabaseTest, TransactionsNestAndRollBack) {
  Database database = open();
  database.execute_script("CREATE TABLE t (a INTEGER)");
  {
    Transaction outer(database);
    database.execute("INSERT INTO t VALUES (1)");
    {
      Transaction inner(database);
      database.execute("INSERT INTO t VALUES (2)");
      {
        Transaction innermost(database);
        database.execute("INSERT INTO t VALUES (3)");
        innermost.commit();
      }
    }
    EXPECT_EQ(database.query_integer("SELECT sum(a) FROM t"), 1);
    {
      Transaction inner(database);
      database.execute("INSERT INTO t VALUES (4)");
      inner.commit();
    }
    outer.commit();
  }
  EXPECT_EQ(database.query_integer("SELECT sum(a) FROM t"), 5);
  {
    Transaction lost(database);
    database.execute("DELETE FROM t");
  }
  EXPECT_EQ(database.query_integer("SELECT sum(a) FROM t"), 5);
}

TEST_F(DatabaseTest, LockedDatabaseIsNamed) {
  Database first = open();
  first.execute_script("CREATE TABLE t (a INTEGER)");
  Database second = open({.busy_timeout_ms = 30});
  Transaction transaction(first);
  first.execute("INSERT INTO t VALUES (1)");
  EXPECT_THAT(system_error([&] { second.execute("INSERT INTO t VALUES (2)"); }),
              AllOf(HasSubstr("locked"), HasSubstr(file().string()), HasSubstr("0.03 s")));
  // Reading goes on.
  EXPECT_EQ(second.query_integer("SELECT count(*) FROM t"), 0);
  transaction.commit();
  second.execute("INSERT INTO t VALUES (2)");
}

TEST_F(DatabaseTest, WriterWaitsForAnother) {
  Database first = open();
  first.execute_script("CREATE TABLE t (a INTEGER)");
  std::optional<Transaction> transaction(std::in_place, first);
  std::thread other([&] {
    Database second = open({.busy_timeout_ms = 20'000});
    second.execute("INSERT INTO t VALUES (2)");
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  first.execute("INSERT INTO t VALUES (1)");
  transaction->commit();
  other.join();
  EXPECT_EQ(first.query_integer("SELECT sum(a) FROM t"), 3);
}

TEST_F(DatabaseTest, FullDiskLosesNothing) {
  Database database = open();
  database.execute_script("CREATE TABLE t (a TEXT)");
  database.execute("INSERT INTO t VALUES ('kept')");
  database.execute_script("PRAGMA max_page_count = 10");
  const std::string long_text(100'000, 'x');
  EXPECT_THAT(system_error([&] {
                Transaction transaction(database);
                database.execute("INSERT INTO t VALUES ('half')");
                database.execute("INSERT INTO t VALUES (?)", long_text);
                transaction.commit();
              }),
              AllOf(HasSubstr("full"), HasSubstr("Free some space")));
  EXPECT_FALSE(database.in_transaction());
  EXPECT_EQ(database.query_text("SELECT group_concat(a) FROM t"), "kept");
  database.execute_script("PRAGMA max_page_count = 100000");
  database.execute("INSERT INTO t VALUES (?)", long_text);
}

// The log is what fills up first, and SQLite calls that a failed write.
TEST_F(DatabaseTest, ALogThatDoesNotFitIsAFullDisk) {
  Database database = open();
  database.execute_script("CREATE TABLE t (a TEXT)");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{40'000, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const std::string error = system_error(
      [&] { database.execute("INSERT INTO t VALUES (?)", std::string(100'000, 'x')); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(error, AllOf(HasSubstr("full"), HasSubstr("Free some space")));
}

TEST_F(DatabaseTest, DiskThatFailsAnywhereLosesNothing) {
  { open().execute_script("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)"); }
  // The n-th write, sync or truncation fails, for every n until the work gets through.
  bool failed = true;
  for (std::int64_t n = 0; failed; ++n) {
    ASSERT_LT(n, 200);
    failed = false;
    const std::int64_t before = 1;
    bool committed = false;
    {
      const test::FaultVfs disk([&](std::int64_t number, int& bytes) {
        if (number != n) return SQLITE_OK;
        bytes /= 2;
        failed = true;
        return n % 2 == 0 ? SQLITE_FULL : SQLITE_IOERR;
      });
      try {
        Database database = open();
        Transaction transaction(database);
        for (int i = 0; i < 50; ++i) database.execute("INSERT INTO t VALUES (1)");
        transaction.commit();
        committed = true;
      } catch (const SystemError& error) {
        EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("full"), HasSubstr("disk failed")));
      }
    }
    Database database = open();
    EXPECT_EQ(database.query_text("PRAGMA integrity_check"), "ok");
    const std::int64_t rows = database.query_integer("SELECT count(*) FROM t").value_or(-1);
    EXPECT_EQ(rows, committed ? before + 50 : before) << "operation " << n;
    database.execute("DELETE FROM t WHERE rowid > 1");
  }
}

TEST_F(DatabaseTest, ReadOnlyIsNamed) {
  { open().execute_script("CREATE TABLE t (a INTEGER)"); }
  Database database = open({.read_only = true});
  EXPECT_EQ(database.query_integer("SELECT count(*) FROM t"), 0);
  EXPECT_THAT(system_error([&] { database.execute("INSERT INTO t VALUES (1)"); }),
              AllOf(HasSubstr("read-only"), HasSubstr("permissions")));
}

TEST_F(DatabaseTest, FolderThatTakesNoFiles) {
  // Root, too, cannot make files there.
  EXPECT_THAT(system_error([] { Database database("/proc/epicrisis.db"); }),
              AllOf(HasSubstr("/proc/epicrisis.db"), HasSubstr("cannot be opened")));
  EXPECT_THAT(system_error([&] { Database database(folder_.path() / "no" / "such.db"); }),
              HasSubstr("folder exists"));
  EXPECT_THAT(system_error([&] { open({.create = false}); }), HasSubstr("cannot be opened"));
}

TEST_F(DatabaseTest, OtherFilesAreNamed) {
  write_file(file(), std::string(5000, 'x'));
  EXPECT_THAT(system_error([&] { open(); }),
              AllOf(HasSubstr("not a database"), HasSubstr(file().string())));
}

TEST_F(DatabaseTest, DamageIsNamed) {
  {
    Database database = open();
    database.execute_script("CREATE TABLE t (a TEXT); CREATE INDEX i ON t (a)");
    Transaction transaction(database);
    for (int i = 0; i < 2000; ++i) {
      database.execute("INSERT INTO t VALUES (?)", fmt::format("text {:060}", i));
    }
    transaction.commit();
  }
  // Every page but the first is written over.
  std::string bytes = read_file(file());
  ASSERT_GT(bytes.size(), 40'000U);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  write_file(file(), bytes);
  EXPECT_THAT(system_error([&] {
                Database database = open();
                database.query_integer("SELECT count(*) FROM t WHERE a > 'text'");
              }),
              AllOf(HasSubstr("damaged"), HasSubstr(".recover"), HasSubstr(file().string())));
  // Cut short.
  write_file(file(), bytes.substr(0, 4096 + 100));
  EXPECT_THAT(system_error([&] { open().query_integer("SELECT count(*) FROM t"); }),
              HasSubstr("damaged"));
}

TEST_F(DatabaseTest, OurOwnMistakesAreInternal) {
  Database database = open();
  EXPECT_THROW(database.execute("SELEC 1"), InternalError);
  EXPECT_THROW(database.execute("SELECT 1; SELECT 2"), InternalError);
  EXPECT_THROW(database.execute(""), InternalError);
  EXPECT_THROW(database.execute("SELECT 1", 7), InternalError);
  database.execute_script("CREATE TABLE t (a INTEGER CHECK (a > 0)) STRICT");
  EXPECT_THROW(database.execute("INSERT INTO t VALUES (0)"), InternalError);
  EXPECT_THROW(database.execute("INSERT INTO t VALUES ('x')"), InternalError);
}

TEST_F(DatabaseTest, SettingsAreTheSafeOnes) {
  Database database = open();
  EXPECT_EQ(database.query_text("PRAGMA journal_mode"), "wal");
  EXPECT_EQ(database.query_integer("PRAGMA synchronous"), 2);
  EXPECT_EQ(database.query_integer("PRAGMA foreign_keys"), 1);
  // A damaged schema cannot be written by SQL either.
  database.execute_script("PRAGMA writable_schema = ON");
  EXPECT_THROW(database.execute("DELETE FROM sqlite_schema"), Error);
}

}  // namespace
}  // namespace epicrisis
