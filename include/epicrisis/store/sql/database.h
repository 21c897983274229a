#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"

struct sqlite3_stmt;

namespace epicrisis {

struct DatabaseOptions {
  bool read_only = false;
  // Read-only, as a file that nobody changes: no log is looked at, and nothing is made beside it.
  bool unchanging = false;
  bool create = true;  // make the file if it is missing
  int busy_timeout_ms = 10'000;
  std::string vfs = "";  // name of a registered SQLite VFS; "" for the system's. For tests.
};

namespace detail {
struct DatabaseState;
struct CachedStatement;
}  // namespace detail

// One prepared statement, borrowed from its connection's cache and given back, reset, at the end of
// its life. Must not outlive the Database. Parameters are numbered from 1, columns from 0. Errors:
// those of Database.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  ~Statement();

  // Text and blobs are copied.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, int value) { return bind(index, static_cast<std::int64_t>(value)); }
  Statement& bind(int index, std::uint64_t value);  // bits kept: read it back with bits()
  Statement& bind(int index, bool value) { return bind(index, std::int64_t{value}); }
  Statement& bind(int index, double value);  // NaN becomes NULL
  Statement& bind(int index, std::string_view value);
  Statement& bind(int index, const std::string& v) { return bind(index, std::string_view(v)); }
  Statement& bind(int index, const char* value) { return bind(index, std::string_view(value)); }
  Statement& bind(int index, std::span<const std::uint8_t> blob);
  Statement& bind(int index, std::nullopt_t);
  template <typename T>
  Statement& bind(int index, const std::optional<T>& value) {
    return value ? bind(index, *value) : bind(index, std::nullopt);
  }
  // Parameters 1, 2, ... in order.
  template <typename... Args>
  Statement& bind_all(const Args&... args) {
    [[maybe_unused]] int index = 0;
    (bind(++index, args), ...);
    return *this;
  }

  // Advances to the next row; false at the end.
  bool step();
  // Runs to the end and resets, so that it may be bound and run again; parameters are cleared.
  void run();
  void reset();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t bits(int column) const;
  double number(int column) const;
  std::string text(int column) const;
  std::string_view text_view(int column) const;              // valid until the next step
  std::span<const std::uint8_t> blob(int column) const;      // valid until the next step
  std::optional<std::int64_t> integer_if(int column) const;  // empty for NULL
  std::optional<double> number_if(int column) const;

 private:
  friend class Database;
  Statement(detail::DatabaseState* database, std::unique_ptr<detail::CachedStatement> cached);
  sqlite3_stmt* handle() const;

  detail::DatabaseState* database_ = nullptr;
  std::unique_ptr<detail::CachedStatement> cached_;
};

// What a commit survives. kPowerCut: it waits for the disk. kKill: the end of the process alone.
enum class Durability { kPowerCut, kKill };

// A connection to one SQLite file: write-ahead log, commits that survive a power cut, foreign keys
// on, a busy timeout. One thread at a time may use a connection; threads that work at the same time
// open one each.
//
// Errors are SystemError with the file, what was tried and what to do: locked (after the timeout),
// disk full, read-only, cannot be opened, damaged, not a database. A broken constraint or SQL text
// is an InternalError: both are ours.
class Database {
 public:
  explicit Database(const Path& path, const DatabaseOptions& options = {});
  ~Database();
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;

  const Path& path() const;
  // To the same file, for another thread; waits for locks as long as this one.
  Database another_connection();

  // From the cache, keyed by the SQL text; a text that is in use twice at once gets two statements.
  Statement prepare(std::string_view sql);

  // prepare, bind_all, run.
  template <typename... Args>
  void execute(std::string_view sql, const Args&... args) {
    Statement statement = prepare(sql);
    statement.bind_all(args...);
    statement.run();
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the cache has it
  // Several statements, separated by ';', without parameters. Nothing is cached.
  void execute_script(std::string_view sql);

  // First column of the first row; empty if there is no row or it is NULL.
  template <typename... Args>
  std::optional<std::int64_t> query_integer(std::string_view sql, const Args&... args) {
    Statement statement = prepare(sql);
    statement.bind_all(args...);
    return statement.step() ? statement.integer_if(0) : std::nullopt;
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the cache has it
  template <typename... Args>
  std::optional<std::string> query_text(std::string_view sql, const Args&... args) {
    Statement statement = prepare(sql);
    statement.bind_all(args...);
    if (!statement.step() || statement.is_null(0)) return std::nullopt;
    return statement.text(0);
  }  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the cache has it

  // What a commit from now on survives; not within a transaction.
  void set_durability(Durability durability);

  std::int64_t last_insert_id() const;
  std::int64_t changes() const;  // rows that the last INSERT, UPDATE or DELETE touched
  bool in_transaction() const;

 private:
  friend class Transaction;
  std::unique_ptr<detail::DatabaseState> state_;
};

// All or nothing. The outermost one takes the write lock at once (BEGIN IMMEDIATE), so that a
// reader never has to become a writer; one inside another is a savepoint. Without commit() the
// destructor rolls back.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool nested_ = false;
  bool open_ = true;
};

}  // namespace epicrisis
