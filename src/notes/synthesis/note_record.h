#pragma once

#include <cstdint>
#include <string>

#include "epicrisis/core/json.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/llm/prices.h"
#include "epicrisis/notes/synthesis/answer.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"

namespace epicrisis {

// Which note of which sample was asked for, and of whom.
struct NoteOrigin {
  std::string key;
  std::int64_t sample_id = 0;
  int variant = 0;
  std::string facts;  // NoteRecord::origin
  std::string strategy;
  std::string template_version;
  std::string provider;
  std::string model;
  Json parameters;
};

// The entry of one request.
LedgerEntry ledger_entry(const NoteOrigin& origin, const llm::SentRequest& sent,
                         const Prices& prices);

// What the last of them made of the note: the ledger has each request, the note has them all.
NoteRecord note_record(const NoteOrigin& origin, const llm::SentRequest& sent,
                       const NoteResult& result, const Prices& prices);

}  // namespace epicrisis
