#include "epicrisis/store/sql/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <unordered_map>
#include <utility>

#include "epicrisis/core/error.h"
#include "store/sql/database_copy.h"

namespace epicrisis {
namespace detail {

struct CachedStatement {
  CachedStatement(std::string text, sqlite3_stmt* statement)
      : sql(std::move(text)), handle(statement) {}
  ~CachedStatement() { sqlite3_finalize(handle); }
  CachedStatement(const CachedStatement&) = delete;
  CachedStatement& operator=(const CachedStatement&) = delete;

  std::string sql;
  sqlite3_stmt* handle;
};

struct DatabaseState {
  Path path;
  sqlite3* handle = nullptr;
  int busy_timeout_ms = 0;
  Durability durability = Durability::kPowerCut;
  std::string vfs;
  std::unordered_multimap<std::string, std::unique_ptr<CachedStatement>> idle;

  ~DatabaseState() {
    idle.clear();
    sqlite3_close_v2(handle);
  }

  [[noreturn]] void fail(std::string_view what, int code) const;
  bool is_disk_full(int code) const;
  int switch_to_log() const;
};

namespace {

constexpr std::size_t kMaxIdleStatements = 128;

}  // namespace

// Of two connections that switch a new file at once SQLite tells one "busy" whatever its timeout:
// all of the wait is ours. Returns SQLite's code.
int DatabaseState::switch_to_log() const {
  constexpr int kPause = 10;  // milliseconds
  sqlite3_busy_timeout(handle, 0);
  int code = SQLITE_BUSY;
  for (int waited = 0; waited <= busy_timeout_ms; waited += kPause) {
    code = sqlite3_exec(handle, "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if ((code & 0xff) != SQLITE_BUSY) break;
    sqlite3_sleep(kPause);
  }
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return code;
}

// SQLite says so by its own code for the database file alone; when the log, its index or a
// temporary file does not fit, it is a failed write, sync or map, or a file that cannot be opened.
bool DatabaseState::is_disk_full(int code) const {
  if ((code & 0xff) != SQLITE_IOERR && (code & 0xff) != SQLITE_CANTOPEN) return false;
  const auto is_full = [](int number) {
    return number == ENOSPC || number == EDQUOT || number == EFBIG;
  };
  if (handle != nullptr && is_full(sqlite3_system_errno(handle))) return true;
  switch (code) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_TRUNCATE:
    case SQLITE_IOERR_SHMOPEN:
    case SQLITE_IOERR_SHMSIZE:
    case SQLITE_IOERR_SHMMAP:
      break;
    default:
      return false;
  }
  // What the rollback did since then may have covered up the number: try it.
  rlimit limit{};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) return true;
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return is_full(errno);
  const std::string bytes(1 << 18, 'x');
  const ssize_t written = ::write(file, bytes.data(), bytes.size());
  const bool full = written < 0 ? is_full(errno) : written < std::ssize(bytes);
  ::close(file);
  return full;
}

void DatabaseState::fail(std::string_view what, int code) const {
  const std::string file = path.string();
  const std::string detail = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  switch (is_disk_full(code) ? SQLITE_FULL : code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw SystemError(
          "{} {}: the database is locked: another process has been writing to it for more than "
          "{:.3g} s. Wait until it is done, or stop it, and run the command again",
          what, file, busy_timeout_ms / 1000.0);
    case SQLITE_FULL:
      throw SystemError(
          "{} {}: the disk is full, or a quota or a limit of file sizes is reached ({}). Free some "
          "space and run the command again; what was not finished was rolled back",
          what, file, detail);
    case SQLITE_READONLY:
      throw SystemError(
          "{} {}: the database is read-only ({}). Check the permissions of the file and its folder; "
          "reports, notes and exports can be read as it is",
          what, file, detail);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      throw SystemError(
          "{} {}: cannot be opened ({}). Check that the folder exists and may be written to", what,
          file, detail);
    case SQLITE_CORRUPT:
      throw SystemError(
          "{} {}: the database is damaged ({}). Restore a copy, or save what can be read with "
          "'sqlite3 {} .recover'",
          what, file, detail, file);
    case SQLITE_NOTADB:
      throw SystemError(
          "{} {}: the file is not a database, or its beginning is damaged ({}). Restore a copy or "
          "take another workspace folder",
          what, file, detail);
    case SQLITE_IOERR:
      throw SystemError(
          "{} {}: the disk failed (code {}: {}). Check the disk and run the command again", what,
          file, code, detail);
    case SQLITE_NOMEM:
      throw SystemError("{} {}: out of memory", what, file);
    case SQLITE_TOOBIG:
      throw InputError("{} {}: a text is longer than the database can hold ({})", what, file,
                       detail);
    default:
      throw InternalError("{} {}: code {}: {}", what, file, code, detail);
  }
}

}  // namespace detail

using detail::CachedStatement;
using detail::DatabaseState;

Statement::Statement(DatabaseState* database, std::unique_ptr<CachedStatement> cached)
    : database_(database), cached_(std::move(cached)) {}

Statement::Statement(Statement&& other) noexcept = default;

Statement::~Statement() {
  if (cached_ == nullptr) return;
  sqlite3_reset(cached_->handle);
  sqlite3_clear_bindings(cached_->handle);
  if (database_->idle.size() >= detail::kMaxIdleStatements) return;
  try {
    std::string key = cached_->sql;
    database_->idle.emplace(std::move(key), std::move(cached_));
  } catch (const std::bad_alloc&) {
    cached_.reset();
  }
}

sqlite3_stmt* Statement::handle() const { return cached_->handle; }

namespace {

void check_bind(const DatabaseState& database, int code) {
  if (code != SQLITE_OK) database.fail("cannot bind a value for", code);
}

// What a statement does, for messages: its first word or two.
std::string_view short_sql(std::string_view sql) { return sql.substr(0, 80); }

}  // namespace

Statement& Statement::bind(int index, std::int64_t value) {
  check_bind(*database_, sqlite3_bind_int64(handle(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::uint64_t value) {
  return bind(index, static_cast<std::int64_t>(value));
}

Statement& Statement::bind(int index, double value) {
  check_bind(*database_, sqlite3_bind_double(handle(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // A null pointer would bind NULL.
  const char* data = value.data() != nullptr ? value.data() : "";
  check_bind(*database_, sqlite3_bind_text64(handle(), index, data, value.size(), SQLITE_TRANSIENT,
                                             SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, std::span<const std::uint8_t> blob) {
  check_bind(*database_, blob.empty() ? sqlite3_bind_zeroblob(handle(), index, 0)
                                      : sqlite3_bind_blob64(handle(), index, blob.data(),
                                                            blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind(int index, std::nullopt_t) {
  check_bind(*database_, sqlite3_bind_null(handle(), index));
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  // sqlite3_errmsg keeps the message until the next call.
  const std::string what = fmt::format("cannot run '{}' on", short_sql(cached_->sql));
  const int extended = sqlite3_extended_errcode(database_->handle);
  database_->fail(what, extended != SQLITE_OK ? extended : code);
}

void Statement::run() {
  while (step()) {
  }
  reset();
  sqlite3_clear_bindings(handle());
}

void Statement::reset() { sqlite3_reset(handle()); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle(), column) == SQLITE_NULL;
}
std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle(), column); }
std::uint64_t Statement::bits(int column) const {
  return static_cast<std::uint64_t>(integer(column));
}
double Statement::number(int column) const { return sqlite3_column_double(handle(), column); }
std::string Statement::text(int column) const { return std::string(text_view(column)); }
std::string_view Statement::text_view(int column) const {
  const auto* data = sqlite3_column_text(handle(), column);
  if (data == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column));
  return {reinterpret_cast<const char*>(data), size};
}
std::span<const std::uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle(), column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column));
  return data == nullptr ? std::span<const std::uint8_t>() : std::span(data, size);
}
std::optional<std::int64_t> Statement::integer_if(int column) const {
  return is_null(column) ? std::nullopt : std::optional(integer(column));
}
std::optional<double> Statement::number_if(int column) const {
  return is_null(column) ? std::nullopt : std::optional(number(column));
}

Database::Database(const Path& path, const DatabaseOptions& options)
    : state_(std::make_unique<DatabaseState>()) {
  state_->path = path;
  state_->busy_timeout_ms = options.busy_timeout_ms;
  state_->vfs = options.vfs;
  const bool read_only = options.read_only || options.unchanging;
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  flags |= read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  if (!read_only && options.create) flags |= SQLITE_OPEN_CREATE;
  if (options.unchanging) flags |= SQLITE_OPEN_URI;
  const std::string name = options.unchanging ? immutable_uri(path) : path.string();
  int code = sqlite3_open_v2(name.c_str(), &state_->handle, flags,
                             options.vfs.empty() ? nullptr : options.vfs.c_str());
  if (code != SQLITE_OK) state_->fail("cannot open", code);
  sqlite3_busy_timeout(state_->handle, options.busy_timeout_ms);
  // The file may come from anywhere: its schema must not run functions with side effects.
  sqlite3_db_config(state_->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(state_->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  execute_script(
      "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; "
      "PRAGMA journal_size_limit = 67108864; PRAGMA cell_size_check = ON;");
  std::string mode = query_text("PRAGMA journal_mode").value_or("");
  if (mode != "wal" && !read_only) {
    if (const int failed = state_->switch_to_log(); failed != SQLITE_OK) {
      state_->fail("cannot run 'PRAGMA journal_mode = WAL' on", failed);
    }
    mode = query_text("PRAGMA journal_mode").value_or("");
    if (mode != "wal") {
      throw SystemError(
          "cannot open {}: its file system does not allow a write-ahead log (mode '{}'). Put the "
          "workspace on a local disk",
          path.string(), mode);
    }
  }
}

Database::~Database() = default;
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;

const Path& Database::path() const { return state_->path; }

Database Database::another_connection() {
  DatabaseOptions options;
  options.create = false;
  options.vfs = state_->vfs;
  options.busy_timeout_ms =
      static_cast<int>(query_integer("PRAGMA busy_timeout").value_or(state_->busy_timeout_ms));
  return Database(state_->path, options);
}

void Database::set_durability(Durability durability) {
  if (durability == state_->durability) return;
  execute_script(durability == Durability::kPowerCut ? "PRAGMA synchronous = FULL"
                                                     : "PRAGMA synchronous = NORMAL");
  state_->durability = durability;
}

Statement Database::prepare(std::string_view sql) {
  std::string key(sql);
  const auto found = state_->idle.find(key);
  if (found != state_->idle.end()) {
    std::unique_ptr<CachedStatement> cached = std::move(found->second);
    state_->idle.erase(found);
    return {state_.get(), std::move(cached)};
  }
  sqlite3_stmt* handle = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(state_->handle, key.c_str(), static_cast<int>(key.size() + 1),
                                      SQLITE_PREPARE_PERSISTENT, &handle, &rest);
  if (code != SQLITE_OK) {
    state_->fail(fmt::format("cannot prepare '{}' on", short_sql(sql)), code);
  }
  auto cached = std::make_unique<CachedStatement>(std::move(key), handle);
  if (handle == nullptr || *rest != '\0') {
    throw InternalError("one SQL statement was expected, not '{}'", short_sql(sql));
  }
  return {state_.get(), std::move(cached)};
}

void Database::execute_script(std::string_view sql) {
  const std::string text(sql);
  const int code = sqlite3_exec(state_->handle, text.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    state_->fail(fmt::format("cannot run '{}' on", short_sql(sql)), code);
  }
}

std::int64_t Database::last_insert_id() const { return sqlite3_last_insert_rowid(state_->handle); }
std::int64_t Database::changes() const { return sqlite3_changes64(state_->handle); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(state_->handle) == 0; }

Transaction::Transaction(Database& database)
    : database_(database), nested_(database.in_transaction()) {
  database_.execute(nested_ ? "SAVEPOINT nested" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
  // After some errors (a full disk) SQLite has rolled back by itself.
  if (!open_ || !database_.in_transaction()) return;
  sqlite3* handle = database_.state_->handle;
  if (nested_) {
    // "nested" is the innermost savepoint of this name, so the names need not differ.
    sqlite3_exec(handle, "ROLLBACK TO nested; RELEASE nested", nullptr, nullptr, nullptr);
  } else {
    sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

void Transaction::commit() {
  database_.execute(nested_ ? "RELEASE nested" : "COMMIT");
  open_ = false;
}

}  // namespace epicrisis
