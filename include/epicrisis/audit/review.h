#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/audit/claims.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/eval/statistics.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis::audit {

// How an answer of a reader is written.
enum class AnswerKind {
  kOne,    // one of the values, or "none"
  kSome,   // any of the values, separated by ';', ',' or '|', or "none"
  kYesNo,  // "yes" or "no"
  kText,   // words, or "none"
};
struct ReviewKey {
  std::string name;  // column of a sheet: "diagnosis", "colours_denied"
  AnswerKind kind = AnswerKind::kText;
  std::vector<std::string> values;
  bool compared = true;  // false: remarks
};
// What a reader is asked of a note, in the keys of the annotation guide.
std::vector<ReviewKey> review_keys(const ClaimReader& reader);

// By what a note is known for ever: data set, key, and the text without regard to white space.
std::string review_hash(std::string_view dataset, std::string_view key, std::string_view text);

// Answers of one note, checked. Empty where the reader gave none.
struct ReviewRow {
  std::string note_hash, dataset, key;
  Json labels = Json::object();  // kOne and kText: a string or null; kSome: a list; kYesNo: a bool
  std::uint64_t line = 0;
};
// A sheet as text: JSON lines, or CSV as spreadsheets leave it. InputError with file and line for
// an unknown column or member, a value that is none of the key's, a note twice, a note, key or
// note_id that was changed; nothing is taken of such a sheet.
enum class SheetForm { kCsv, kJsonLines };
std::vector<ReviewRow> parse_review(std::string text, SheetForm form,
                                    const std::vector<ReviewKey>& keys, std::string_view source);

struct ReviewExportOptions {
  std::vector<std::string> strategies;  // empty: all
  std::vector<std::string> datasets;
  std::int64_t sample = -1;  // so many notes, drawn; -1: all
  std::uint64_t seed = 1;
  bool blind = false;  // without claims and verdict
};
// Writes a sheet (FILE.csv or FILE.jsonl) whole or not at all; returns the number of notes.
std::int64_t export_review(Workspace& workspace, const Path& file,
                           const ReviewExportOptions& options, Job& job);

struct ReviewImportReport {
  std::int64_t rows = 0;   // = fresh + unchanged + blank
  std::int64_t fresh = 0;  // new, or other answers than before
  std::int64_t unchanged = 0;
  std::int64_t blank = 0;       // the reader gave no answer
  std::int64_t notes_gone = 0;  // of the rows: their notes are not in the workspace any more
};
Json to_json(const ReviewImportReport& report);
// Takes a sheet back, all of it or, with an InputError, nothing. UsageError for a reader's name
// that is no name.
ReviewImportReport import_review(Workspace& workspace, const Path& file, std::string_view reader,
                                 Job& job);

// How two readers agree on a key; or how the audit does, or other evidence, as the second.
struct Agreement {
  std::string key, first, second;
  std::size_t notes = 0;  // that both answered
  double agree = 0;       // share of notes with the same answer
  Estimate kappa;         // Cohen's; of lists, over all values that either gave
  // Of the second, where the first counts as right: of the values that are given.
  Estimate precision, recall;
};
// Evidence beside the rules: a judge's "contradicts", "judge (openai, gpt-4o-mini)"; or that a
// smaller share of the sample's other notes of the strategy makes a claim too, "shared < 0.50". It
// takes a note to be wrong about the kinds of claims that it speaks against, as the audit does of
// those that facts speak against. Counts are of labelled notes that are in the workspace.
struct SecondReader {
  std::string name;
  std::int64_t notes = 0;               // that it speaks of
  std::int64_t not_read = 0;            // never judged, without other notes, or without claims
  std::int64_t stale_notes = 0;         // judged before they were revised
  std::int64_t claims = 0;              // of `notes`, that it speaks of
  std::int64_t against = 0;             // of these
  std::int64_t against_unlabelled = 0;  // of those: of kinds that `wrong` does not tell (colours)
  std::int64_t cannot_tell = 0;         // of `claims`
  std::int64_t stale_claims = 0;        // of `notes`, read otherwise since they were judged
};
struct AgreementReport {
  std::map<std::string, std::int64_t> readers;  // labelled notes
  std::int64_t notes_gone = 0;                  // labelled, and not there: the audit has no say
  std::vector<SecondReader> second_readers;
  std::vector<Agreement> agreements;  // of people with each other, then with all others
};
inline constexpr std::string_view kAuditReader = "audit";
// Other evidence than the audit by rules is compared in what is wrong alone, and with people alone.
// Intervals by patient, of `replicates` resamples.
AgreementReport review_agreement(Workspace& workspace, Job& job, std::size_t replicates = 1000);
Json to_json(const AgreementReport& report);

}  // namespace epicrisis::audit
