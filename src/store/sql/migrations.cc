#include "store/sql/migrations.h"

#include "epicrisis/core/error.h"
#include "epicrisis/store/workspace.h"
#include "store/sql/layouts.h"

namespace epicrisis {
namespace {

// A table that is made anew is dropped in between, which must not take the rows that refer to it.
// SQLite takes the setting outside a transaction alone.
class ForeignKeysOff {
 public:
  explicit ForeignKeysOff(Database& database) : database_(database) {
    database_.execute_script("PRAGMA foreign_keys = OFF");
  }
  ~ForeignKeysOff() {
    if (!off_) return;
    try {
      restore();
    } catch (const Error&) {  // what went wrong before is on its way to the caller
    }
  }
  void restore() {
    off_ = false;
    database_.execute_script("PRAGMA foreign_keys = ON");
  }
  ForeignKeysOff(const ForeignKeysOff&) = delete;
  ForeignKeysOff& operator=(const ForeignKeysOff&) = delete;

 private:
  Database& database_;
  bool off_ = true;
};

// The tables of the current layout.
constexpr std::string_view kTables = R"([
"audits", "batch_exports", "batch_files", "batch_jobs", "batch_requests", "datasets",
"derivations", "evaluations", "fingerprints", "judgements", "leakage_checks", "leakage_overlaps",
"ledger", "note_history", "note_labels", "notes", "picture_measures", "prepared", "results",
"runs", "samples", "settings", "split_roles", "split_sets", "under_way"])";

// A file that lost tables, or whose layout number was changed, is told before it is worked on.
void check_tables(Database& database, int layout) {
  if (layout != current_layout_version()) return;
  const std::optional<std::string> missing = database.query_text(
      "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT name FROM sqlite_schema WHERE "
      "type = 'table')",
      kTables);
  if (!missing) return;
  throw InputError(
      "cannot open {}: it says that it has layout {}, but lacks the table '{}': the file is "
      "damaged. Put a copy of it back",
      database.path().string(), layout, *missing);
}

}  // namespace

int current_layout_version() { return layouts().back().version; }

void migrate(Database& database) { migrate_to(database, current_layout_version()); }

void migrate_to(Database& database, int target) {
  const auto version = [&] { return database.query_integer("PRAGMA user_version").value_or(0); };
  const auto check = [&](std::int64_t found) {
    if (found < 0) {
      throw InputError(
          "cannot open {}: it says that it has layout {}, which no Epicrisis writes: the file is "
          "damaged. Put a copy of it back",
          database.path().string(), found);
    }
    if (found > current_layout_version()) {
      throw InputError(
          "cannot open {}: it has layout {}, written by a newer Epicrisis; this one knows layouts "
          "up to {}. Update the program",
          database.path().string(), found, current_layout_version());
    }
    const std::int64_t owner = database.query_integer("PRAGMA application_id").value_or(0);
    const bool is_new =
        found == 0 && owner == 0 &&
        database.query_integer("SELECT count(*) FROM sqlite_schema").value_or(0) == 0;
    if (!is_new && owner != kApplicationId) {
      throw InputError("cannot open {}: it is a database of another program; take another folder",
                       database.path().string());
    }
    if (found == 0 && !is_new) {
      throw InputError(
          "cannot open {}: it says that it has layout 0, that of an empty database, but is not "
          "empty: the file is damaged. Put a copy of it back",
          database.path().string());
    }
  };
  check(version());
  if (version() >= target) return check_tables(database, target);
  ForeignKeysOff foreign_keys_off(database);
  Transaction transaction(database);
  // Another process may have been quicker.
  const std::int64_t from = version();
  check(from);
  try {
    for (const Layout& migration : layouts()) {
      if (migration.version <= from || migration.version > target) continue;
      database.execute_script(migration.script);
      database.execute_script(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                          kApplicationId, migration.version));
    }
  } catch (const InternalError& error) {
    if (from == 0) throw;
    throw InputError(
        "cannot bring {} to layout {}: what it holds is not what layout {} has ({}). Put a copy of "
        "it back",
        database.path().string(), target, from, error.what());
  }
  if (database.query_text("PRAGMA foreign_key_check")) {
    throw InternalError("cannot bring {} to layout {}: rows would refer to rows that are gone",
                        database.path().string(), target);
  }
  transaction.commit();
  foreign_keys_off.restore();
}

}  // namespace epicrisis
