#include "notes/synthesis/note_record.h"

namespace epicrisis {

LedgerEntry ledger_entry(const NoteOrigin& origin, const llm::SentRequest& sent,
                         const Prices& prices) {
  LedgerEntry entry;
  entry.note_key = origin.key;
  entry.sample_id = origin.sample_id;
  entry.strategy = origin.strategy;
  entry.provider = origin.provider;
  entry.model = origin.model;
  entry.endpoint = sent.endpoint;
  entry.attempt = sent.attempt;
  entry.sent_at = sent.sent_at;
  entry.latency = sent.latency.count();
  entry.http_status = sent.http_status;
  entry.outcome = sent.outcome;
  entry.reason = sent.reason;
  entry.input_tokens = sent.input_tokens;
  entry.output_tokens = sent.output_tokens;
  entry.cost = prices.of(sent.input_tokens, sent.output_tokens);
  entry.unpriced = prices.unpriced(sent.input_tokens, sent.output_tokens);
  return entry;
}

NoteRecord note_record(const NoteOrigin& origin, const llm::SentRequest& sent,
                       const NoteResult& result, const Prices& prices) {
  NoteRecord note;
  note.key = origin.key;
  note.sample_id = origin.sample_id;
  note.strategy = origin.strategy;
  note.provider = origin.provider;
  note.model = origin.model;
  note.template_version = origin.template_version;
  note.variant = origin.variant;
  note.text = result.text;
  note.status = result.status;
  note.reason = sent.reason;
  note.parameters = origin.parameters;
  note.origin = origin.facts;
  note.attempts = sent.attempt;
  note.input_tokens = sent.all_input_tokens;
  note.output_tokens = sent.all_output_tokens;
  note.cost = prices.of(note.input_tokens, note.output_tokens);
  note.unpriced = prices.unpriced(note.input_tokens, note.output_tokens);
  return note;
}

}  // namespace epicrisis
