#include "store/tables/leakage_checks.h"

namespace epicrisis {

std::int64_t put_leakage_check(Database& database, const LeakageCheckRow& check) {
  database.execute(
      "INSERT INTO leakage_checks (created_at, options, samples, pictures, unreadable, uncompared, "
      "leaks, allowed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      check.created_at, dump_json(check.options), check.samples, check.pictures, check.unreadable,
      check.uncompared, check.leaks, check.allowed);
  return database.last_insert_id();
}

void put_leakage_overlap(Database& database, std::int64_t check_id,
                         const LeakageOverlapRow& overlap) {
  database.execute(
      "INSERT INTO leakage_overlaps (check_id, kind, a, b, role_a, role_b, leakage, distance) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      check_id, overlap.kind, overlap.a, overlap.b, overlap.role_a, overlap.role_b, overlap.leakage,
      overlap.distance);
}

}  // namespace epicrisis
