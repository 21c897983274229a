#include <algorithm>
#include <optional>

#include "epicrisis/core/error.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/core/json_list.h"
#include "epicrisis/notes/batch/batch.h"
#include "llm/batch_client.h"
#include "notes/synthesis/pending_notes.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxUpload = std::uint64_t{1} << 30;

using llm::BatchClient;
using llm::BatchState;

void take_over(const BatchState& state, BatchJobRow& row) {
  row.batch_id = state.id;
  row.status = state.status;
  row.output_file_id = state.output_file_id;
  row.error_file_id = state.error_file_id;
  if (state.counts) {
    row.total = state.counts->total;
    row.completed = state.counts->completed;
    row.failed = state.counts->failed;
  }
  row.error = state.error;
}

BatchJob batch_job_of(Database& database, BatchJobRow row) {
  std::string file = batch_file_by_id(database, row.file_id).path;
  return {std::move(file), std::move(row), ""};
}

// Does what is to be done for one job; one that is gone or unreachable does not stop the others.
template <typename Work>
bool done_for(BatchJob& job, Work work) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kSystem && error.kind() != ErrorKind::kUsage &&
        error.kind() != ErrorKind::kInput) {
      throw;
    }
    job.problem = error.what();
    return false;
  }
}

const Endpoint& endpoint_of(const Provider& provider, const BatchJobRow& row) {
  for (const Endpoint& endpoint : provider.endpoints) {
    if (endpoint.url == row.endpoint) return endpoint;
  }
  throw UsageError("batch {} was submitted to {}, which is no endpoint of provider '{}' any more",
                   row.batch_id, row.endpoint, provider.name);
}

// The job to go on with, or a new one.
BatchJobRow job_for(Database& database, const Provider& provider, const BatchFile& file,
                    const Job& job) {
  std::optional<BatchJobRow> begun;
  for (BatchJobRow& row : batch_jobs(database, provider.name)) {
    if (row.file_id == file.id && row.status != "failed") begun = std::move(row);
  }
  // An upload without a batch may have been overtaken by another export of the same requests.
  if (begun && !begun->batch_id.empty()) return *begun;
  const std::int64_t out = count_batch_requests(database, file.id, BatchRequestState::kOut);
  if (out != file.requests) {
    throw UsageError(
        "cannot submit {}: {} of its {} requests were answered, given up or exported again; export "
        "what is missing anew",
        file.path, file.requests - out, file.requests);
  }
  if (begun) return *begun;
  BatchJobRow row;
  row.file_id = file.id;
  row.provider = provider.name;
  row.endpoint = provider.endpoints.front().url;
  row.created_at = job.now_utc();
  row.id = put_batch_job(database, row);
  return row;
}

// What still is to come of an ended batch that names no file.
bool awaits_files(const BatchJobRow& row) {
  return row.status == "completed" && row.output_file_id.empty() && row.error_file_id.empty() &&
         row.completed + row.failed > 0;
}

void add_up(const BatchImportReport& from, BatchImportReport& to) {
  to.lines += from.lines;
  to.written += from.written;
  to.failed += from.failed;
  to.unchanged += from.unchanged;
  to.unknown += from.unknown;
  to.broken += from.broken;
  for (const auto& [status, count] : from.rejected) to.rejected[status] += count;
  to.input_tokens += from.input_tokens;
  to.output_tokens += from.output_tokens;
  to.cost += from.cost;
  to.examples.insert(to.examples.end(), from.examples.begin(), from.examples.end());
}

}  // namespace

bool BatchJob::ended() const { return llm::is_ended(row.status); }

Json to_json(const BatchJob& job) {
  return {{"id", job.row.id},
          {"file", job.file},
          {"provider", job.row.provider},
          {"endpoint", job.row.endpoint},
          {"input_file_id", job.row.input_file_id},
          {"batch_id", job.row.batch_id},
          {"status", job.row.status},
          {"error", job.row.error},
          {"problem", job.problem},
          {"total", job.row.total},
          {"completed", job.row.completed},
          {"failed", job.row.failed},
          {"output_file_id", job.row.output_file_id},
          {"error_file_id", job.row.error_file_id},
          {"fetched", job.row.fetched},
          {"created_at", job.row.created_at}};
}

Json to_json(const BatchFetchReport& report) {
  return {{"jobs", json_list(report.jobs)},
          {"fetched", report.fetched},
          {"closed", report.closed},
          {"files", report.files},
          {"imported", to_json(report.imported)}};
}

BatchJob submit_batch(Workspace& workspace, const Provider& provider, const Path& file,
                      bool allow_remote, HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  if (provider.endpoints.empty() || provider.endpoints.front().url.empty()) {
    throw UsageError("cannot submit {}: provider '{}' names no URL; give one as `endpoint`",
                     file.string(), provider.name);
  }
  const WorkspaceLock lock = workspace.lock("batch");
  const MappedFile map(file);
  if (map.bytes().size() > kMaxUpload) {
    throw UsageError("cannot submit {}: it has {} bytes, at most {} are taken", file.string(),
                     map.bytes().size(), kMaxUpload);
  }
  const std::string sha256 = sha256_hex(map.bytes());
  const std::optional<BatchFile> known = find_batch_file(database, sha256);
  if (!known) {
    throw UsageError(
        "cannot submit {}: `notes batch export` of this workspace wrote no file of this content",
        file.string());
  }
  const BatchExport batch = batch_export_by_id(database, known->export_id);
  if (batch.provider != provider.name) {
    throw UsageError("cannot submit {}: it was exported for provider '{}', not for '{}'",
                     file.string(), batch.provider, provider.name);
  }
  require_consent(database, provider, batch.images ? "pictures" : "prompts", allow_remote);
  BatchJobRow row = job_for(database, provider, *known, job);
  if (!row.batch_id.empty()) return batch_job_of(database, std::move(row));

  BatchClient client(provider, endpoint_of(provider, row), transport, job);
  if (row.input_file_id.empty()) {
    row.input_file_id = client.upload(map.text(), sha256);
    update_batch_job(database, row);
  }
  std::optional<BatchState> created;
  if (row.create_started) created = client.find(row.input_file_id);
  if (!created) {
    row.create_started = true;
    update_batch_job(database, row);
    created = client.create(row.input_file_id);
  }
  take_over(*created, row);
  update_batch_job(database, row);
  return batch_job_of(database, std::move(row));
}

std::vector<BatchJob> poll_batches(Workspace& workspace, const Provider& provider,
                                   HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  std::vector<BatchJob> jobs;
  for (BatchJobRow& stored : batch_jobs(database, provider.name)) {
    BatchJob& batch = jobs.emplace_back(batch_job_of(database, std::move(stored)));
    if (batch.row.batch_id.empty() || (batch.ended() && !awaits_files(batch.row))) continue;
    done_for(batch, [&] {
      BatchClient client(provider, endpoint_of(provider, batch.row), transport, job);
      BatchJobRow row = batch.row;
      take_over(client.poll(row.batch_id), row);
      update_batch_job(database, row);
      batch.row = std::move(row);
    });
  }
  return jobs;
}

BatchFetchReport fetch_batches(Workspace& workspace, const Provider& provider,
                               HttpTransport& transport, Job& job) {
  Database& database = workspace.database();
  const WorkspaceLock lock = workspace.lock("batch");
  BatchFetchReport report;
  report.jobs = poll_batches(workspace, provider, transport, job);
  for (BatchJob& batch : report.jobs) {
    BatchJobRow& row = batch.row;
    if (row.fetched || !batch.ended() || awaits_files(row)) continue;
    const bool imported = done_for(batch, [&] {
      BatchClient client(provider, endpoint_of(provider, row), transport, job);
      std::vector<Path> files;
      for (const auto& [id, kind] :
           {std::pair(row.output_file_id, "output"), std::pair(row.error_file_id, "errors")}) {
        if (id.empty()) continue;
        files.push_back(workspace.root() / "batches" / fmt::format("{}-{}.jsonl", row.id, kind));
        write_file(files.back(), client.download(id));
        report.files.push_back(files.back().string());
      }
      add_up(import_batch(workspace, files, job, "batch:" + row.batch_id), report.imported);
    });
    if (!imported) continue;
    Transaction transaction(database);
    row.fetched = true;
    update_batch_job(database, row);
    const bool out_elsewhere = std::ranges::any_of(report.jobs, [&](const BatchJob& other) {
      return other.row.file_id == row.file_id && !other.row.fetched;
    });
    if (!out_elsewhere) report.closed += close_batch_requests(database, row.file_id);
    transaction.commit();
    ++report.fetched;
  }
  return report;
}

}  // namespace epicrisis
