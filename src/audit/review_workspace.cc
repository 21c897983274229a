// Sheets out of a workspace and back into it.
#include <algorithm>
#include <unordered_set>

#include "audit/prompts.h"
#include "audit/rules.h"
#include "epicrisis/audit/review.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/near_path.h"
#include "epicrisis/core/random.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/store/tables/derivations.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/samples.h"

namespace epicrisis::audit {
namespace {

constexpr std::uint64_t kMaxSheet = std::uint64_t{1} << 30;
constexpr std::size_t kMaxClaims = 8000;  // bytes of a cell

SheetForm form_of(const Path& file) {
  const std::string extension = ascii_lower(file.extension().string());
  if (extension == ".csv") return SheetForm::kCsv;
  if (extension == ".jsonl") return SheetForm::kJsonLines;
  throw UsageError("{}: a review sheet is a .csv or a .jsonl file", file.string());
}

std::string known_words(const Facts& facts, const Field& field) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) parts.push_back(fmt::format("{}: {}", name, value));
  };
  if (facts.label) add("label", field.at(*facts.label).name);
  add(field.grade_name(), facts.grade);
  add("diagnosis", facts.diagnosis);
  add("subclass", facts.subclass);
  add("age", facts.age);
  add("sex", facts.sex);
  add("site", facts.site);
  return join(parts, "; ");
}

// Each once; of more than a cell should hold the first.
std::string claims_words(const AuditedNote& audited) {
  std::string all;
  std::unordered_set<std::string> there;
  for (const JudgedClaim& one : audited.claims) {
    std::string words =
        fmt::format("{}: {}{}{} ({}{})", one.claim.kind, one.claim.denied ? "not " : "",
                    one.claim.value, one.claim.hedged ? " (hedged)" : "", verdict_name(one.verdict),
                    one.evidence.empty() ? "" : ", " + one.evidence);
    if (!there.insert(words).second) continue;
    if (all.size() + words.size() > kMaxClaims) return all + "; ...";
    all += (all.empty() ? "" : "; ") + std::move(words);
  }
  return all;
}

std::vector<std::int64_t> chosen_notes(Database& database, const ReviewExportOptions& options) {
  NoteFilter filter;
  filter.strategies = options.strategies;
  filter.datasets = options.datasets;
  std::vector<std::int64_t> ids;
  for_each_note(database, filter, [&](const NoteRecord& note) {
    ids.push_back(note.id);
    return true;
  });
  const std::size_t wanted =
      options.sample < 0 ? ids.size() : static_cast<std::size_t>(options.sample);
  if (wanted >= ids.size()) return ids;
  std::vector<std::size_t> order(ids.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  Random random(options.seed, "review");
  random.shuffle(std::span<std::size_t>(order));
  order.resize(wanted);
  std::ranges::sort(order);
  std::vector<std::int64_t> drawn;
  for (const std::size_t index : order) drawn.push_back(ids[index]);
  return drawn;
}

}  // namespace

std::int64_t export_review(Workspace& workspace, const Path& file,
                           const ReviewExportOptions& options, Job& job) {
  const SheetForm form = form_of(file);
  Database& database = workspace.database();
  require_datasets(database, options.datasets);
  require_strategies(database, options.strategies);
  const Field field = workspace_field(database);
  const Auditor auditor(field);
  Prompts prompts(auditor, field);
  const std::vector<ReviewKey> keys = review_keys(auditor.reader());
  const std::vector<std::int64_t> ids = chosen_notes(database, options);
  if (ids.empty()) throw UsageError("there is no written note to review");
  AtomicFileWriter output(file);
  std::vector<std::string> header = {"note_id",  "dataset", "key",     "strategy",
                                     "provider", "model",   "variant", "known",
                                     "claims",   "verdict", "note"};
  const std::size_t given = header.size();
  for (const ReviewKey& key : keys) header.push_back(key.name);
  // Spreadsheets take a file for UTF-8 by this mark.
  if (form == SheetForm::kCsv) output.write("\xef\xbb\xbf" + csv_row(header));
  std::unordered_set<std::string> there;
  Meter meter = job.meter("writing sheet", ids.size(), "notes");
  for (const std::int64_t id : ids) {
    job.check();
    meter.add();
    const auto note = find_note(database, id);
    if (!note) continue;
    const Sample sample = sample_by_id(database, note->sample_id);
    // A note that says the same of the same sample again is not asked twice.
    const std::string hash = review_hash(sample.dataset, sample.key, note->text);
    if (!there.insert(hash).second) continue;
    const Facts facts = known_facts(database, field, sample);
    const AuditedNote audited = auditor.audit(note->text, facts, &prompts.of(*note).prompt);
    std::vector<std::string> row = {
        hash,
        sample.dataset,
        sample.key,
        note->strategy,
        note->provider,
        note->model,
        std::to_string(note->variant),
        known_words(facts, field),
        options.blind ? "" : claims_words(audited),
        options.blind ? "" : std::string(note_verdict_name(audited.verdict)),
        note->text};
    if (form == SheetForm::kCsv) {
      row.resize(header.size());
      output.write(csv_row(row));
      continue;
    }
    Json line = Json::object();
    for (std::size_t i = 0; i < header.size(); ++i) {
      line[header[i]] = i < given ? Json(row[i]) : Json();
    }
    output.write(dump_json(line) + "\n");
  }
  output.commit();
  return static_cast<std::int64_t>(there.size());
}

ReviewImportReport import_review(Workspace& workspace, const Path& file, std::string_view reader,
                                 Job& job) {
  if (!is_safe_id(reader) || reader == kAuditReader) {
    throw UsageError(
        "'{}' is no name of a reader: letters, digits, '.', '_', '-' and spaces, and "
        "not '{}'",
        reader, kAuditReader);
  }
  Database& database = workspace.database();
  const Field field = workspace_field(database);
  const ClaimReader claims(field);
  const std::vector<ReviewRow> rows = parse_review(read_given_file(file, kMaxSheet), form_of(file),
                                                   review_keys(claims), file.string());
  ReviewImportReport report;
  Transaction transaction(database);
  Meter meter = job.meter("reading sheet", rows.size(), "notes");
  for (const ReviewRow& row : rows) {
    job.check();
    meter.add();
    ++report.rows;
    const auto sample = find_sample(database, row.dataset, row.key);
    if (!sample) {
      throw InputError("{}:{}: there is no sample {}/{} in this workspace", file.string(), row.line,
                       clean_text(row.dataset, 80), clean_text(row.key, 80));
    }
    NoteFilter filter;
    filter.sample_ids = {sample->id};
    bool there = false;
    for_each_note(database, filter, [&](const NoteRecord& note) {
      there = review_hash(row.dataset, row.key, note.text) == row.note_hash;
      return !there;
    });
    if (!there) ++report.notes_gone;
    if (row.labels.empty()) {
      ++report.blank;
      continue;
    }
    NoteLabel label;
    label.note_hash = row.note_hash;
    label.reader = reader;
    label.labels = row.labels;
    ++(put_note_label(database, label) ? report.fresh : report.unchanged);
  }
  transaction.commit();
  return report;
}

Json to_json(const ReviewImportReport& report) {
  return {{"rows", report.rows},
          {"new", report.fresh},
          {"unchanged", report.unchanged},
          {"blank", report.blank},
          {"notes_gone", report.notes_gone}};
}

}  // namespace epicrisis::audit
