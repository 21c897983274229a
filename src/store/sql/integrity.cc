#include "store/sql/integrity.h"

#include <fmt/format.h>

namespace epicrisis {

std::vector<std::string> database_faults(Database& database) {
  std::vector<std::string> faults;
  for (const char* check : {"PRAGMA integrity_check", "PRAGMA foreign_key_check"}) {
    Statement rows = database.prepare(check);
    while (rows.step()) {
      if (rows.text_view(0) == "ok") continue;
      faults.push_back(fmt::format("{}: {}", check, rows.text(0)));
    }
  }
  return faults;
}

}  // namespace epicrisis
