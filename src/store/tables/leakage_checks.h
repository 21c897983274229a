#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"

// Rows of `leakage_checks` and `leakage_overlaps`: what was found when splits were held against
// each other.
namespace epicrisis {

struct LeakageCheckRow {
  std::string created_at;         // UTC
  Json options = Json::object();  // what was checked, and counts by kind
  std::int64_t samples = 0;
  std::int64_t pictures = 0;
  std::int64_t unreadable = 0;
  std::int64_t uncompared = 0;
  std::int64_t leaks = 0;
  bool allowed = false;  // to go on in spite of them
};
// Returns its id.
std::int64_t put_leakage_check(Database& database, const LeakageCheckRow& check);

// Two samples that are the same in some way.
struct LeakageOverlapRow {
  std::string_view kind;
  std::int64_t a = 0;  // ids of samples
  std::int64_t b = 0;
  std::string_view role_a;
  std::string_view role_b;
  bool leakage = false;
  int distance = 0;  // bits in which perceptual hashes differ
};
// Of the check of this id. A commit for each would take long: use inside a Transaction.
void put_leakage_overlap(Database& database, std::int64_t check_id,
                         const LeakageOverlapRow& overlap);

}  // namespace epicrisis
