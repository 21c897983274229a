#include "notes/result_writer.h"

#include <utility>

namespace epicrisis {
namespace {

constexpr std::size_t kGroup = 64;
constexpr Seconds kLongestDelay{0.05};

}  // namespace

void ResultWriter::add(LedgerEntry entry, std::optional<NoteRecord> note) {
  if (group_.empty()) oldest_ = clock_.monotonic();
  group_.push_back({std::move(entry), std::move(note)});
}

void ResultWriter::flush_if_due() {
  if (group_.empty()) return;
  if (group_.size() >= kGroup || Seconds(clock_.monotonic()) - oldest_ >= kLongestDelay) flush();
}

void ResultWriter::flush() {
  if (group_.empty()) return;
  Transaction transaction(database_);
  for (const Item& item : group_) {
    put_ledger_entry(database_, item.entry);
    if (item.note) put_note(database_, *item.note);
  }
  transaction.commit();
  group_.clear();
}

}  // namespace epicrisis
