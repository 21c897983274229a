#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// One request that was sent to a provider and what came of it. Never changed, never removed.
struct LedgerEntry {
  std::int64_t id = 0;   // 0 before it is stored
  std::string note_key;  // NoteRecord::key
  std::int64_t sample_id = 0;
  std::string strategy;
  std::string provider;
  std::string model;
  std::string endpoint;  // base URL; "batch" and its id for batches
  int attempt = 1;       // 1 for the first request of this key in its run
  std::string sent_at;   // UTC
  double latency = 0;    // seconds
  int http_status = 0;   // 0: no HTTP answer
  std::string outcome;   // a note status, "retry", "stop", "cancelled" or "lost"
  std::string reason;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;            // US dollars
  std::int64_t unpriced = 0;  // of the tokens, those without a known price: not in `cost`
};

void put_ledger_entry(Database& database, const LedgerEntry& entry);

// What is about to be sent, before it is: the most that it may cost. It is no entry of the ledger
// yet; put_ledger_entry() of the same note and attempt makes it one. One writer at a time for a
// strategy.
void put_under_way(Database& database, std::span<const LedgerEntry> entries);

struct LedgerTotals {
  std::int64_t requests = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
  std::int64_t unpriced = 0;
};
LedgerTotals ledger_totals(Database& database, std::string_view strategy = {});
// What a killed run of the strategy left under way becomes entries with the outcome "lost": it may
// have been paid for. Their totals.
LedgerTotals settle_lost(Database& database, std::string_view strategy);
// In order of id. Return false to stop.
void for_each_ledger_entry(Database& database, std::string_view note_key,
                           const std::function<bool(const LedgerEntry&)>& callback);

// When, and for which provider, it was last allowed that data of patients leave this machine.
inline constexpr std::string_view kRemoteAllowed = "allow-remote";

// Small facts of a workspace by name: kRemoteAllowed, "pseudonym-secret".
std::optional<std::string> find_setting(Database& database, std::string_view name);
void put_setting(Database& database, std::string_view name, std::string_view value);

// 32 random bytes as hex, made once a workspace: what pseudonyms are derived with.
std::string pseudonym_secret(Database& database);

}  // namespace epicrisis
