#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "epicrisis/core/clock.h"
#include "epicrisis/store/ledger.h"
#include "epicrisis/store/notes.h"

namespace epicrisis {

// Puts notes and ledger entries into the store in groups: a commit for each would cost more than
// the answer itself. A group is at most 64 entries or 50 ms old.
class ResultWriter {
 public:
  ResultWriter(Database& database, Clock& clock) : database_(database), clock_(clock) {}

  // `note` empty: the request will be tried again, or was given up.
  void add(LedgerEntry entry, std::optional<NoteRecord> note);
  // Commits the group if it is due. SystemError of the store (disk full, locked) leaves the group
  // as it is: flush() may be tried again.
  void flush_if_due();
  void flush();
  std::size_t pending() const { return group_.size(); }

 private:
  struct Item {
    LedgerEntry entry;
    std::optional<NoteRecord> note;
  };
  Database& database_;
  Clock& clock_;
  std::vector<Item> group_;
  Seconds oldest_{0};
};

}  // namespace epicrisis
