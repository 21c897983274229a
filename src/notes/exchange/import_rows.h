#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/strings.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// The writes of an import, in transactions of 1,000 rows: what is interrupted keeps the groups that
// were whole.
class GroupedWrites {
 public:
  explicit GroupedWrites(Database& database) : database_(database) { group_.emplace(database_); }

  // Before the writes of each row. True after a commit: there a caller may stop and lose nothing.
  bool begin_row() {
    if (++rows_ % kGroup != 0) return false;
    finish();
    group_.emplace(database_);
    return true;
  }
  // Commits the rest. What is not finished is rolled back.
  void finish() {
    group_->commit();
    group_.reset();
  }
  std::int64_t rows() const { return rows_; }

 private:
  static constexpr std::int64_t kGroup = 1000;

  Database& database_;
  std::optional<Transaction> group_;
  std::int64_t rows_ = 0;
};

// Keeps the first 20 rows that a report tells of, cleaned: they quote what comes from outside.
inline void keep_example(std::vector<std::string>& examples, std::string_view example) {
  constexpr std::size_t kMaxExamples = 20;
  constexpr std::size_t kMaxBytes = 500;
  if (examples.size() < kMaxExamples) examples.push_back(clean_text(example, kMaxBytes));
}

}  // namespace epicrisis
