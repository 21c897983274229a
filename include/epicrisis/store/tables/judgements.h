#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// What a judge, a language model, said of the claims of one note. Of the statuses, kWritten is one
// with verdicts.
struct Judgement {
  std::string key;  // of what is paid for once, as NoteRecord::key. Unique
  std::int64_t note_id = 0;
  std::string note_sha256;  // of the text that was judged: a note may be revised
  std::string judge;        // the strategy's name
  std::string provider;
  std::string model;
  std::string template_version;
  NoteStatus status = NoteStatus::kWritten;
  Json verdicts = Json::array();  // docs/formats/audits.md
  std::string reason;             // why there are none, or ""
  Json parameters = Json::object();
  std::string created_at;  // UTC; filled when empty
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;            // US dollars
  std::int64_t unpriced = 0;  // of the tokens, those without a known price: not in `cost`
  int attempts = 1;
};

// A stored one with verdicts is never changed; one of another status is replaced by this one, its
// attempts added. InputError if the note does not exist.
void put_judgement(Database& database, const Judgement& judgement);
std::optional<NoteStatus> judgement_status(Database& database, std::string_view key);
bool has_judgements(Database& database);  // of any note
// Those with verdicts of one note, and of other notes of its sample those of this text (`sha256`),
// in the order in which they were stored.
std::vector<Judgement> judgements_of(Database& database, std::int64_t note_id,
                                     std::string_view sha256);

}  // namespace epicrisis
