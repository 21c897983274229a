#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/store/sql/database.h"

namespace epicrisis {

// What became of a request. Only kWritten is a note; the others are kept so that a report can say
// what happened, and a later attempt with the same key takes their place.
enum class NoteStatus {
  kWritten,
  kTruncated,  // cut off at the token limit
  kRefused,    // the model declined
  kFiltered,   // the provider's content filter
  kEmpty,
  kInvalid,  // not of the form that was asked for
  kFailed    // no answer: network, server, request refused
};
std::string_view note_status_name(NoteStatus status);  // "written", "truncated", ...
NoteStatus parse_note_status(std::string_view name);   // InternalError for another word

struct NoteRecord {
  std::int64_t id = 0;  // 0 before it is stored
  // hash(image bytes, prompt, provider, model, parameters, template version, variant): what is paid
  // for once. Unique.
  std::string key;
  std::int64_t sample_id = 0;
  std::string strategy;          // "M", "P1", "P2", "P3", or a user's
  std::string provider;          // "template", "openai", "import", ...
  std::string model;             // as the provider names it; "" for a template
  std::string template_version;  // hash or number of the prompt template
  int variant = 0;               // several notes of one strategy for one sample
  std::string text;              // "" unless written, or what a rejected answer said
  NoteStatus status = NoteStatus::kWritten;
  std::string reason;                // why it is not written, or ""
  Json parameters = Json::object();  // temperature, max tokens, ...
  std::string origin;  // where the facts come from: "metadata", "image", "image+metadata", "import"
  std::string created_at;  // UTC; filled when empty
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;            // US dollars
  std::int64_t unpriced = 0;  // of the tokens, those without a known price: not in `cost`
  int attempts = 1;
};

Json to_json(const NoteRecord& note);

enum class NoteOutcome { kNew, kReplaced, kUnchanged };

// Idempotent by key. A stored kWritten note is never changed (kUnchanged); a stored note of another
// status is replaced by this one, its attempts added. One statement: nothing is lost or
// half-written whenever the process dies. InputError if the sample does not exist.
NoteOutcome put_note(Database& database, const NoteRecord& note);

// Changes the text of a written note (repair); the old text goes to the note's history, its audit
// goes. `template_version`, unless empty, is that which the new text is from. InputError if there
// is no written note of this number.
void revise_note(Database& database, std::int64_t note_id, std::string_view text,
                 std::string_view reason, std::string_view template_version = {});

// Replaces the parameters and the origin of a note, where what it stands on changed.
void set_note_basis(Database& database, std::int64_t note_id, const Json& parameters,
                    std::string_view origin);

// The texts that a note had before, oldest first.
struct NoteRevision {
  std::string text;
  std::string reason;       // for which it was replaced
  std::string replaced_at;  // UTC
};
std::vector<NoteRevision> note_history(Database& database, std::int64_t note_id);

struct NoteFilter {
  std::vector<std::int64_t> sample_ids = {};  // empty: all
  std::vector<std::string> datasets = {};
  std::vector<std::string> strategies = {};
  std::vector<std::string> providers = {};
  std::vector<std::string> models = {};
  std::optional<NoteStatus> status = NoteStatus::kWritten;  // empty: all
  bool without_failed_audit = false;  // leave out those whose audit says "fail"
};

// In order of (sample, strategy, variant, id); memory is one note. Return false to stop. The
// callback may write to the same database, but not to the notes.
void for_each_note(Database& database, const NoteFilter& filter,
                   const std::function<bool(const NoteRecord&)>& callback);
std::vector<NoteRecord> load_notes(Database& database, const NoteFilter& filter);
std::optional<NoteRecord> find_note(Database& database, std::int64_t id);
std::optional<NoteRecord> find_note(Database& database, std::string_view key);
std::optional<NoteStatus> note_status(Database& database, std::string_view key);

// How many variants of a strategy's notes each sample has, by sample id: those there are, of every
// status but kFailed, or the written ones alone.
struct AskedOf {
  std::string strategy;
  std::string provider;
  std::string model;
  std::string template_version;
};
std::map<std::int64_t, std::int64_t> count_variants(Database& database, const AskedOf& of,
                                                    bool written_alone);

struct NoteCount {
  std::string dataset;
  std::string strategy;
  std::string provider;
  std::string model;
  NoteStatus status = NoteStatus::kWritten;
  std::int64_t notes = 0;
  std::int64_t samples = 0;   // distinct
  double cost = 0;            // US dollars
  std::int64_t unpriced = 0;  // tokens without a known price, not in `cost`
};
Json to_json(const NoteCount& count);
std::vector<NoteCount> count_notes(Database& database);
// UsageError naming what there is if no note is of one of these strategies.
void require_strategies(Database& database, const std::vector<std::string>& names);

// The verdict of an audit of one note; a new audit takes the place of the last.
struct NoteAudit {
  std::int64_t note_id = 0;
  std::string auditor;          // which checks, with version
  std::string verdict;          // "pass", "warn", "fail"
  Json issues = Json::array();  // what each check found
  std::string created_at;       // UTC; filled when empty
};
void put_audit(Database& database, const NoteAudit& audit);
std::optional<NoteAudit> find_audit(Database& database, std::int64_t note_id);
// Differs where other notes were audited, or by other rules.
std::string audits_state(Database& database);

}  // namespace epicrisis
