#include "epicrisis/store/tables/ledger.h"

#include <openssl/rand.h>

#include <array>

#include "epicrisis/core/error.h"

namespace epicrisis {

void put_ledger_entry(Database& database, const LedgerEntry& entry) {
  database.execute(
      "INSERT INTO ledger (note_key, sample_id, strategy, provider, model, endpoint, attempt, "
      "sent_at, latency, http_status, outcome, reason, input_tokens, output_tokens, cost, "
      "unpriced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      entry.note_key, entry.sample_id, entry.strategy, entry.provider, entry.model, entry.endpoint,
      entry.attempt, entry.sent_at, entry.latency, entry.http_status, entry.outcome, entry.reason,
      entry.input_tokens, entry.output_tokens, entry.cost, entry.unpriced);
  database.execute("DELETE FROM under_way WHERE note_key = ? AND attempt = ?", entry.note_key,
                   entry.attempt);
}

void put_under_way(Database& database, std::span<const LedgerEntry> entries) {
  Transaction transaction(database);
  for (const LedgerEntry& entry : entries) {
    database.execute(
        "INSERT OR REPLACE INTO under_way (note_key, attempt, sample_id, strategy, provider, "
        "model, endpoint, sent_at, input_tokens, output_tokens, cost, unpriced) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        entry.note_key, entry.attempt, entry.sample_id, entry.strategy, entry.provider, entry.model,
        entry.endpoint, entry.sent_at, entry.input_tokens, entry.output_tokens, entry.cost,
        entry.unpriced);
  }
  transaction.commit();
}

LedgerTotals settle_lost(Database& database, std::string_view strategy) {
  // Nothing is written, and no lock taken, where there is nothing.
  const auto any =
      database.query_integer("SELECT 1 FROM under_way WHERE strategy = ? LIMIT 1", strategy);
  if (!any) return {};
  Transaction transaction(database);
  LedgerTotals totals;
  {
    Statement row = database.prepare(
        "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
        "coalesce(sum(cost), 0.0), coalesce(sum(unpriced), 0) FROM under_way WHERE strategy = ?");
    row.bind(1, strategy);
    row.step();
    totals = {row.integer(0), row.integer(1), row.integer(2), row.number(3), row.integer(4)};
  }
  database.execute(
      "INSERT INTO ledger (note_key, sample_id, strategy, provider, model, endpoint, attempt, "
      "sent_at, latency, http_status, outcome, reason, input_tokens, output_tokens, cost, "
      "unpriced) SELECT note_key, sample_id, strategy, provider, model, endpoint, attempt, "
      "sent_at, 0.0, 0, "
      "'lost', 'under way when its run was killed; the most that it may have cost', input_tokens, "
      "output_tokens, cost, unpriced FROM under_way WHERE strategy = ? ORDER BY sent_at, note_key",
      strategy);
  database.execute("DELETE FROM under_way WHERE strategy = ?", strategy);
  transaction.commit();
  return totals;
}

LedgerTotals ledger_totals(Database& database, std::string_view strategy) {
  Statement row = database.prepare(
      "SELECT count(*), coalesce(sum(input_tokens), 0), coalesce(sum(output_tokens), 0), "
      "coalesce(sum(cost), 0.0), coalesce(sum(unpriced), 0) FROM ledger "
      "WHERE ?1 = '' OR strategy = ?1");
  row.bind(1, strategy);
  row.step();
  return {row.integer(0), row.integer(1), row.integer(2), row.number(3), row.integer(4)};
}

void for_each_ledger_entry(Database& database, std::string_view note_key,
                           const std::function<bool(const LedgerEntry&)>& callback) {
  Statement rows = database.prepare(
      "SELECT id, note_key, sample_id, strategy, provider, model, endpoint, attempt, sent_at, "
      "latency, http_status, outcome, reason, input_tokens, output_tokens, cost, unpriced "
      "FROM ledger WHERE note_key = ? ORDER BY id");
  rows.bind(1, note_key);
  while (rows.step()) {
    LedgerEntry entry;
    entry.id = rows.integer(0);
    entry.note_key = rows.text(1);
    entry.sample_id = rows.integer(2);
    entry.strategy = rows.text(3);
    entry.provider = rows.text(4);
    entry.model = rows.text(5);
    entry.endpoint = rows.text(6);
    entry.attempt = static_cast<int>(rows.integer(7));
    entry.sent_at = rows.text(8);
    entry.latency = rows.number(9);
    entry.http_status = static_cast<int>(rows.integer(10));
    entry.outcome = rows.text(11);
    entry.reason = rows.text(12);
    entry.input_tokens = rows.integer(13);
    entry.output_tokens = rows.integer(14);
    entry.cost = rows.number(15);
    entry.unpriced = rows.integer(16);
    if (!callback(entry)) return;
  }
}

std::optional<std::string> find_setting(Database& database, std::string_view name) {
  return database.query_text("SELECT value FROM settings WHERE name = ?", name);
}

void put_setting(Database& database, std::string_view name, std::string_view value) {
  database.execute(
      "INSERT INTO settings (name, value) VALUES (?, ?) "
      "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
      name, value);
}

std::string pseudonym_secret(Database& database) {
  constexpr std::string_view kName = "pseudonym-secret";
  Transaction transaction(database);
  if (auto secret = find_setting(database, kName)) return *secret;
  std::array<unsigned char, 32> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw SystemError("cannot draw random bytes for the pseudonyms of {}",
                      database.path().string());
  }
  std::string secret;
  for (const unsigned char byte : bytes) secret += fmt::format("{:02x}", byte);
  put_setting(database, kName, secret);
  transaction.commit();
  return secret;
}

}  // namespace epicrisis
