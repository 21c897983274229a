#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "audit/repair_pass.h"
#include "epicrisis/core/job.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis::audit {

// A note that a model is to write again.
struct NoteToRevise {
  PlannedNote planned;
  Json provenance;
};

// The notes that wait for a model, as requests; the subject is a NoteToRevise.
class RevisionSource : public llm::Source {
 public:
  RevisionSource(Database& database, const RequestBuilder& builder, const SynthesisOptions& options,
                 std::vector<WaitingNote> waiting, const Job& job);

  std::optional<llm::Request> next() override;
  std::string body(const llm::Request& request, int max_tokens) const override;
  bool has_slow_bodies() const override { return builder_.needs_image(); }
  void drop(const llm::Request& request) override;
  std::int64_t taken() const override { return static_cast<std::int64_t>(at_); }
  const std::map<std::string, std::int64_t>& skips() const override { return skips_; }
  std::int64_t rest() const override { return static_cast<std::int64_t>(waiting_.size() - at_); }

 private:
  // Empty, with the reason counted, if there is nothing to ask.
  std::optional<NoteToRevise> plan(const WaitingNote& note);

  Database& database_;
  const RequestBuilder& builder_;
  bool retry_rejected_;
  std::vector<WaitingNote> waiting_;
  const Job& job_;
  std::size_t at_ = 0;
  std::set<std::string> asked_;  // ids
  std::map<std::string, std::int64_t> skips_;
};

const NoteToRevise& note_to_revise(const llm::Request& request);

}  // namespace epicrisis::audit
