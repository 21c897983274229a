#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"
#include "epicrisis/audit/judge.h"
#include "epicrisis/core/job.h"
#include "epicrisis/llm/dispatcher.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis::audit {

// A note whose claims are asked about.
struct NoteToJudge {
  PlannedNote planned;
  std::int64_t note_id = 0;
  std::string note_sha256;
  std::vector<Claim> claims;
};

// The notes that a judge has not read yet, as requests; the subject is a NoteToJudge.
class JudgeSource : public llm::Source {
 public:
  JudgeSource(Database& database, const RequestBuilder& builder, const JudgeOptions& options,
              const Job& job);

  std::optional<llm::Request> next() override;
  std::string body(const llm::Request& request, int max_tokens) const override;
  bool has_slow_bodies() const override { return builder_.needs_image(); }
  void drop(const llm::Request& request) override;
  std::int64_t taken() const override { return taken_; }
  const std::map<std::string, std::int64_t>& skips() const override { return skips_; }
  std::int64_t rest() const override { return static_cast<std::int64_t>(ids_.size() - at_); }

  std::size_t notes() const { return ids_.size(); }

 private:
  // Empty, with the reason counted, if there is nothing to ask.
  std::optional<NoteToJudge> plan(const NoteRecord& note);

  Database& database_;
  const RequestBuilder& builder_;
  bool retry_rejected_;
  const Job& job_;
  Field field_;
  ClaimReader reader_;
  std::vector<std::int64_t> ids_;
  std::size_t at_ = 0;
  std::int64_t taken_ = 0;
  std::set<std::string> asked_;  // keys
  std::map<std::string, std::int64_t> skips_;
};

const NoteToJudge& note_to_judge(const llm::Request& request);

// A list of claims as a judge reads it: "1) diagnosis: pneumonia; 2) border: sharp, denied".
// Classes are in the field's words.
std::string numbered_claims(const std::vector<Claim>& claims, const Field& field);

// What the judge said of each of the claims, in their order: kind, value, polarity, begin, end and
// verdict. InputError that says what is wrong if a number is missing, none of theirs, or there
// with two verdicts.
Json verdicts_on(const std::vector<Claim>& claims, const Json& answer);

}  // namespace epicrisis::audit
