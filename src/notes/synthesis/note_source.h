#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "epicrisis/core/job.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis {

// The notes that a strategy is still missing, as requests; the subject is a PlannedNote.
class NoteSource : public llm::Source {
 public:
  NoteSource(Database& database, const RequestBuilder& builder, const SynthesisOptions& options,
             const Job& job);

  std::optional<llm::Request> next() override;
  std::string body(const llm::Request& request, int max_tokens) const override;
  bool has_slow_bodies() const override { return builder_.needs_image(); }
  void drop(const llm::Request& request) override;
  std::int64_t taken() const override { return pending_.notes(); }
  const std::map<std::string, std::int64_t>& skips() const override { return pending_.skips(); }
  std::int64_t rest() const override { return pending_.rest(); }

  // Counts one that was given out as skipped after all.
  void skip(const std::string& reason) { pending_.skip(reason); }

 private:
  const RequestBuilder& builder_;
  PendingNotes pending_;
};

const PlannedNote& planned_note(const llm::Request& request);

// The request of a planned note, but for its subject.
llm::Request request_of(const PlannedNote& note, const RequestBuilder& builder);

}  // namespace epicrisis
