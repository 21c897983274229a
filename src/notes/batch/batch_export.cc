#include <algorithm>
#include <optional>
#include <set>

#include "epicrisis/core/cost.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/batch/batch.h"
#include "epicrisis/store/tables/ledger.h"
#include "llm/body_queue.h"
#include "notes/strategy/measuring.h"
#include "notes/synthesis/note_source.h"

namespace epicrisis {
namespace {

constexpr std::size_t kCustomIdDigits = 40;

std::string custom_id_of(const std::string& secret, const std::string& note_key, int round) {
  return "n-" + sha256_of_fields({"batch request", secret, note_key, std::to_string(round)})
                    .substr(0, kCustomIdDigits);
}

std::string hash_of_file(const Path& path) { return sha256_hex(MappedFile(path).bytes()); }

// A process that died between the rows of a file and the end of its export left either a whole file
// or none.
void settle_incomplete_files(Database& database) {
  for (const BatchFile& file : incomplete_batch_files(database)) {
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(file.path, error);
    if (!error && size == static_cast<std::uintmax_t>(file.bytes)) {
      complete_batch_file(database, file.id, hash_of_file(file.path));
    } else {
      close_batch_requests(database, file.id);
    }
  }
}

class BatchExporter {
 public:
  BatchExporter(Workspace& workspace, const RequestBuilder& builder,
                const SynthesisOptions& options, const Path& folder,
                const BatchExportOptions& batch, Job& job)
      : job_(job),
        database_(workspace.database()),
        builder_(builder),
        prices_(builder.provider().prices.times(builder.provider().batch_price)),
        budget_(options.budget),
        folder_(std::filesystem::absolute(folder)),
        batch_(batch),
        secret_(pseudonym_secret(database_)),
        source_(database_, builder, options, job),
        bodies_(source_, job),
        progress_(job.meter("batch " + builder.strategy().name, 0, "requests")) {
    if (batch.file_requests < 1 || batch.file_bytes < 1) {
      throw UsageError("notes batch export: a file of {} requests and {} bytes holds nothing",
                       batch.file_requests, batch.file_bytes);
    }
  }

  BatchExportReport run() {
    while (report_.stopped.empty()) {
      if (job_.cancelled()) report_.stopped = "interrupted";
      const std::optional<llm::BuiltRequest> built = bodies_.next(true);
      if (!built) {
        if (job_.cancelled()) report_.stopped = "interrupted";
        break;
      }
      if (report_.stopped.empty()) add(planned_note(*built->request), *built->body);
    }
    finish_file();
    report_.skips = source_.skips();
    for (const auto& [reason, count] : report_.skips) report_.skipped += count;
    report_.notes = source_.taken() + (report_.stopped.empty() ? 0 : source_.rest());
    report_.left = report_.notes - report_.exported - report_.skipped;
    if (report_.left < 0 || (report_.stopped.empty() && report_.left != 0)) {
      throw InternalError("notes batch export: {} notes, but {} exported, {} skipped",
                          report_.notes, report_.exported, report_.skipped);
    }
    return report_;
  }

 private:
  void add(const PlannedNote& note, const std::string& body) {
    const std::int64_t output = note.max_tokens;
    const double cost = prices_.of(note.input_tokens, output);
    const std::int64_t tokens =
        report_.input_tokens + report_.output_tokens + note.input_tokens + output;
    if ((budget_.tokens > 0 && tokens > budget_.tokens) ||
        (budget_.dollars > 0 && report_.cost + cost > budget_.dollars)) {
      report_.stopped = fmt::format("the budget would not hold for more than {}",
                                    counted(report_.exported + std::ssize(requests_), "request"));
      return;
    }
    BatchRequest request;
    request.note_key = note.key;
    request.sample_id = note.sample_id;
    request.variant = note.variant;
    request.origin = note.origin;
    if (const auto last = last_batch_request(database_, note.key)) {
      request.round = last->round + (last->state == BatchRequestState::kOut ? 0 : 1);
    }
    request.custom_id = custom_id_of(secret_, note.key, request.round);
    const std::string line = line_of(request.custom_id, body);
    if (line.size() > batch_.file_bytes) {
      source_.skip("above the size of a file");
      return;
    }
    if (file_ && (std::ssize(requests_) >= batch_.file_requests ||
                  file_->position() + line.size() > batch_.file_bytes)) {
      finish_file();
    }
    if (!file_) begin_file();
    file_->write(line);
    requests_.push_back(std::move(request));
    images_ = images_ || note.attach_image;
    fields_.insert(note.fields.begin(), note.fields.end());
    report_.input_tokens += note.input_tokens;
    report_.output_tokens += output;
    report_.cost += cost;
    report_.unpriced += prices_.unpriced(note.input_tokens, output);
    progress_.add();
  }

  std::string line_of(const std::string& custom_id, const std::string& body) const {
    const bool azure = builder_.provider().api == ProviderApi::kAzure;
    std::string_view members = body;
    if (members.size() < 2 || members.front() != '{' ||
        members.find('\n') != std::string_view::npos) {
      throw InternalError("notes batch export: a request's body is no JSON object on one line");
    }
    members.remove_prefix(1);
    std::string model;
    // In a batch Azure finds the deployment by the body, not by the URL.
    if (azure && !parse_json(body, "request").contains("model")) {
      model = fmt::format("\"model\":{}{}", dump_json(Json(builder_.model())),
                          members == "}" ? "" : ",");
    }
    return fmt::format(
        "{{\"custom_id\":\"{}\",\"method\":\"POST\",\"url\":\"{}\",\"body\":{{{}{}}}\n", custom_id,
        azure ? "/chat/completions" : "/v1/chat/completions", model, members);
  }

  void begin_file() {
    if (export_id_ == 0) {
      const Provider& provider = builder_.provider();
      BatchExport row;
      row.created_at = job_.now_utc();
      row.strategy = builder_.strategy().name;
      row.strategy_toml = builder_.strategy().toml;
      row.provider = provider.name;
      row.model = builder_.model();
      row.parameters = builder_.parameters();
      if (!provider.finish_reasons.empty()) {
        row.parameters["finish_reasons"] = finish_reasons_json(provider.finish_reasons);
      }
      row.schema = builder_.schema();
      row.priced = prices_.known();
      row.input_price = prices_.input.value_or(0);
      row.output_price = prices_.output.value_or(0);
      export_id_ = put_batch_export(database_, row);
    }
    std::string name = fmt::format("{}-{}-{}-{:03}.jsonl", builder_.strategy().name,
                                   builder_.provider().name, export_id_, report_.files.size() + 1);
    std::ranges::replace(name, ' ', '_');
    path_ = folder_ / name;
    if (std::filesystem::exists(path_)) {
      throw UsageError("notes batch export: {} is there already; choose another folder",
                       path_.string());
    }
    file_.emplace(path_);
  }

  // The rows come before the file: an answer to a request that nobody knows would be lost.
  void finish_file() {
    if (!file_) return;
    BatchFile row;
    row.export_id = export_id_;
    row.path = path_.string();
    row.bytes = static_cast<std::int64_t>(file_->position());
    row.requests = std::ssize(requests_);
    Transaction transaction(database_);
    row.id = put_batch_file(database_, row);
    set_batch_content(database_, export_id_, images_, {fields_.begin(), fields_.end()});
    for (BatchRequest& request : requests_) {
      request.export_id = export_id_;
      request.file_id = row.id;
      put_batch_request(database_, request);
    }
    transaction.commit();
    file_->commit();
    file_.reset();
    complete_batch_file(database_, row.id, hash_of_file(path_));
    report_.exported += row.requests;
    report_.files.push_back(row.path);
    requests_.clear();
  }

  Job& job_;
  Database& database_;
  const RequestBuilder& builder_;
  Prices prices_;
  Budget budget_;
  Path folder_;
  BatchExportOptions batch_;
  std::string secret_;
  NoteSource source_;
  llm::BodyQueue bodies_;
  std::int64_t export_id_ = 0;
  Path path_;
  std::optional<AtomicFileWriter> file_;
  std::vector<BatchRequest> requests_;  // of file_
  bool images_ = false;
  std::set<std::string> fields_;
  Meter progress_;
  BatchExportReport report_;
};

}  // namespace

Json to_json(const BatchExportReport& report) {
  return {{"notes", report.notes},
          {"exported", report.exported},
          {"skipped", report.skipped},
          {"skips", report.skips},
          {"left", report.left},
          {"input_tokens", report.input_tokens},
          {"output_tokens", report.output_tokens},
          {"cost", cost_json(report.cost, report.unpriced)},
          {"files", report.files},
          {"stopped", report.stopped}};
}

BatchExportReport export_batch(Workspace& workspace, const RequestBuilder& builder,
                               const SynthesisOptions& options, const Path& folder, Job& job,
                               const BatchExportOptions& batch) {
  require_prices(builder.provider(), options.budget);
  const WorkspaceLock lock = workspace.lock("batch");
  settle_incomplete_files(workspace.database());
  measure_for(workspace, builder.strategy(), options.filter, job);
  return BatchExporter(workspace, builder, options, folder, batch, job).run();
}

}  // namespace epicrisis
