#include <algorithm>
#include <map>
#include <optional>

#include "core/line_reader.h"
#include "epicrisis/core/cost.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/batch/batch.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/fields.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/batch/batch_result.h"
#include "notes/exchange/import_rows.h"
#include "notes/synthesis/note_record.h"

namespace epicrisis {
namespace {

constexpr std::size_t kMaxExports = 64;  // kept at hand
constexpr std::size_t kMaxReason = 500;

// Which of two answers to one request counts: a note, then what says most of the model.
int rank_of(NoteStatus status) {
  return status == NoteStatus::kFailed ? 1000 : static_cast<int>(status);
}

class BatchImporter {
 public:
  BatchImporter(Workspace& workspace, std::string_view endpoint, Job& job)
      : job_(job),
        database_(workspace.database()),
        endpoint_(endpoint),
        progress_(job.meter("import", 0, "results")),
        writes_(database_) {}

  void add_file(const Path& file) {
    LineReader lines(file, kMaxBatchResultLine);
    while (lines.next()) {
      if (trim(lines.line()).empty()) continue;
      begin_line();
      const std::string place = fmt::format("{}:{}", file.string(), lines.number());
      if (!lines.whole()) {
        tell_broken(place, fmt::format("longer than {} bytes", kMaxBatchResultLine));
        continue;
      }
      try {
        take(parse_batch_result(lines.line()), place);
      } catch (const InputError& error) {
        tell_broken(place, error.what());
      }
    }
  }

  BatchImportReport finish() {
    writes_.finish();
    report_.lines = writes_.rows();
    if (report_.lines !=
        report_.written + report_.failed + report_.unchanged + report_.unknown + report_.broken) {
      throw InternalError(
          "notes batch import: {} lines, but {} written, {} failed, {} unchanged, {} unknown, {} "
          "broken",
          report_.lines, report_.written, report_.failed, report_.unchanged, report_.unknown,
          report_.broken);
    }
    return report_;
  }

 private:
  struct Export {
    BatchExport row;
    Strategy strategy;
    FinishReasons finish_reasons;  // what the provider's file said of them
  };

  void begin_line() {
    progress_.add();
    if (writes_.begin_row()) job_.check();
  }

  void take(const BatchResult& result, const std::string& place) {
    const auto request = find_batch_request(database_, result.custom_id);
    if (!request) {
      ++report_.unknown;
      keep_example(report_.examples,
                   fmt::format("{}: no request of this workspace has the custom id {}", place,
                               clean_text(result.custom_id, 64)));
      return;
    }
    const std::optional<NoteStatus> stored = note_status(database_, request->note_key);
    const bool answered = request->state == BatchRequestState::kAnswered;
    if (answered && stored == NoteStatus::kWritten) {
      ++report_.unchanged;
      return;
    }
    const Export& batch = export_of(request->export_id);
    const NoteAnswer answer =
        read_batch_result(result, batch.strategy, batch.row.schema, batch.finish_reasons);
    if (answered && stored && rank_of(answer.note.status) >= rank_of(*stored)) {
      ++report_.unchanged;
      return;
    }
    store(*request, batch, result.http_status, answer);
  }

  void store(const BatchRequest& request, const Export& batch, int http_status,
             const NoteAnswer& answer) {
    const NoteOrigin origin = {.key = request.note_key,
                               .sample_id = request.sample_id,
                               .variant = request.variant,
                               .facts = request.origin,
                               .strategy = batch.row.strategy,
                               .template_version = template_version(batch.strategy),
                               .provider = batch.row.provider,
                               .model = batch.row.model,
                               .parameters = batch.row.parameters};
    llm::SentRequest sent;
    sent.endpoint = endpoint_;
    sent.sent_at = batch.row.created_at;
    sent.http_status = http_status;
    sent.outcome = note_status_name(answer.note.status);
    sent.reason = clean_text(answer.note.reason, kMaxReason);
    sent.input_tokens = sent.all_input_tokens = answer.attempt.input_tokens;
    sent.output_tokens = sent.all_output_tokens = answer.attempt.output_tokens;
    Prices prices;
    if (batch.row.priced) prices = {batch.row.input_price, batch.row.output_price};
    const NoteRecord note = note_record(origin, sent, answer.note, prices);
    const NoteOutcome put = put_note(database_, note);
    answer_batch_request(database_, request.custom_id);
    // put_note() adds this attempt to those before; the ledger counts the rounds.
    sent.attempt = request.round + 1;
    put_ledger_entry(database_, ledger_entry(origin, sent, prices));

    report_.input_tokens += note.input_tokens;
    report_.output_tokens += note.output_tokens;
    report_.cost += note.cost;
    report_.unpriced += note.unpriced;
    if (put != NoteOutcome::kUnchanged) report_.answers.add(answer);
    if (put == NoteOutcome::kUnchanged) {
      ++report_.unchanged;  // written another way meanwhile
    } else if (note.status == NoteStatus::kWritten) {
      ++report_.written;
    } else {
      ++report_.failed;
      ++report_.rejected[std::string(note_status_name(note.status))];
    }
  }

  const Export& export_of(std::int64_t id) {
    const auto found = exports_.find(id);
    if (found != exports_.end()) return found->second;
    if (exports_.size() >= kMaxExports) exports_.clear();
    Export batch;
    batch.row = batch_export_by_id(database_, id);
    const std::string source =
        fmt::format("{}: strategy of batch export {}", database_.path().string(), id);
    batch.strategy = parse_strategy(batch.row.strategy_toml, source, workspace_field(database_));
    batch.finish_reasons =
        finish_reasons_of(batch.row.parameters.value("finish_reasons", Json::object()));
    return exports_.emplace(id, std::move(batch)).first->second;
  }

  void tell_broken(const std::string& place, std::string_view why) {
    ++report_.broken;
    keep_example(report_.examples, fmt::format("{}: {}", place, why));
  }

  Job& job_;
  Database& database_;
  std::string endpoint_;
  Meter progress_;
  GroupedWrites writes_;
  std::map<std::int64_t, Export> exports_;
  BatchImportReport report_;
};

}  // namespace

Json to_json(const BatchImportReport& report) {
  return {{"lines", report.lines},
          {"written", report.written},
          {"failed", report.failed},
          {"rejected", report.rejected},
          {"dropped", report.answers.dropped},
          {"unknown_finish_reasons", report.answers.unknown_finish_reasons},
          {"unchanged", report.unchanged},
          {"unknown", report.unknown},
          {"broken", report.broken},
          {"input_tokens", report.input_tokens},
          {"output_tokens", report.output_tokens},
          {"cost", cost_json(report.cost, report.unpriced)},
          {"examples", report.examples}};
}

BatchImportReport import_batch(Workspace& workspace, const std::vector<Path>& files, Job& job,
                               std::string_view endpoint) {
  BatchImporter importer(workspace, endpoint, job);
  for (const Path& file : files) importer.add_file(file);
  return importer.finish();
}

}  // namespace epicrisis
