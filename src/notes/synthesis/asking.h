#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "epicrisis/core/job.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/net/http.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/workspace.h"
#include "notes/synthesis/note_record.h"

namespace epicrisis {

// What a run of a strategy asks, reads and keeps, whether notes come of it or verdicts.
struct Asking {
  llm::Source& source;
  llm::Reader read;
  std::function<const PlannedNote&(const llm::Request& request)> planned;  // in its subject
  // A final answer, in the transaction that keeps its ledger entry, over a connection of its own.
  std::function<void(Database& database, const NoteOrigin& origin, const llm::SentRequest& sent)>
      keep;
  std::string unit;            // "notes"
  std::uint64_t expected = 0;  // about; 0: not known
};

// Asks for consent, allows one run of the strategy at a time, counts what a killed run left against
// the budget, and keeps every request in the ledger. Ends as llm::dispatch() does. The report lacks
// `answers`, which are the reader's.
SynthesisReport ask(Workspace& workspace, const RequestBuilder& builder,
                    const SynthesisOptions& options, const Asking& asking, HttpTransport& transport,
                    Job& job);

// What of a run that writes notes is its own.
struct NoteAsking {
  llm::Source& source;
  std::function<const PlannedNote&(const llm::Request& request)> planned;  // in its subject
  std::uint64_t expected = 0;
  // Adds to a note before it is kept; may be empty.
  std::function<void(NoteRecord& note, const llm::Request& request)> finish = {};
};

// ask() where an answer is a note, which is kept as such.
SynthesisReport ask_for_notes(Workspace& workspace, const RequestBuilder& builder,
                              const SynthesisOptions& options, const NoteAsking& notes,
                              HttpTransport& transport, Job& job);

}  // namespace epicrisis
