#include "epicrisis/store/tables/batches.h"

#include <array>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 3> kStateNames = {"out", "answered", "closed"};

std::string_view state_name(BatchRequestState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

BatchRequestState parse_state(std::string_view name) {
  for (std::size_t i = 0; i < kStateNames.size(); ++i) {
    if (kStateNames.at(i) == name) return static_cast<BatchRequestState>(i);
  }
  throw InternalError("'{}' is not the state of a batch request", name);
}

BatchFile file_of(const Statement& row) {
  return {row.integer(0), row.integer(1), row.text(2),        row.text(3),
          row.integer(4), row.integer(5), row.integer(6) != 0};
}
constexpr std::string_view kFileColumns =
    "id, export_id, path, sha256, bytes, requests, complete FROM batch_files";

std::optional<BatchRequest> request_of(Statement row) {
  if (!row.step()) return std::nullopt;
  return BatchRequest{.custom_id = row.text(0),
                      .export_id = row.integer(1),
                      .file_id = row.integer(2),
                      .note_key = row.text(3),
                      .sample_id = row.integer(4),
                      .variant = static_cast<int>(row.integer(5)),
                      .round = static_cast<int>(row.integer(6)),
                      .origin = row.text(7),
                      .state = parse_state(row.text_view(8))};
}
constexpr std::string_view kRequestColumns =
    "custom_id, export_id, file_id, note_key, sample_id, variant, round, origin, state "
    "FROM batch_requests";

}  // namespace

std::int64_t put_batch_export(Database& database, const BatchExport& batch) {
  database.execute(
      "INSERT INTO batch_exports (created_at, strategy, strategy_toml, provider, model, "
      "parameters, schema, input_price, output_price, images, fields, priced) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      batch.created_at, batch.strategy, batch.strategy_toml, batch.provider, batch.model,
      dump_json(batch.parameters), dump_json(batch.schema), batch.input_price, batch.output_price,
      batch.images, dump_json(Json(batch.fields)), batch.priced);
  return database.last_insert_id();
}

void set_batch_content(Database& database, std::int64_t export_id, bool images,
                       const std::vector<std::string>& fields) {
  database.execute("UPDATE batch_exports SET images = ?, fields = ? WHERE id = ?", images,
                   dump_json(Json(fields)), export_id);
}

BatchExport batch_export_by_id(Database& database, std::int64_t id) {
  Statement row = database.prepare(
      "SELECT id, created_at, strategy, strategy_toml, provider, model, parameters, schema, "
      "input_price, output_price, images, fields, priced FROM batch_exports WHERE id = ?");
  row.bind(1, id);
  if (!row.step()) throw InternalError("there is no batch export {}", id);
  const std::string place = fmt::format("{}: batch export {}", database.path().string(), id);
  BatchExport batch;
  batch.id = row.integer(0);
  batch.created_at = row.text(1);
  batch.strategy = row.text(2);
  batch.strategy_toml = row.text(3);
  batch.provider = row.text(4);
  batch.model = row.text(5);
  batch.parameters = parse_json(row.text_view(6), place);
  batch.schema = parse_json(row.text_view(7), place);
  batch.input_price = row.number(8);
  batch.output_price = row.number(9);
  batch.images = row.integer(10) != 0;
  batch.priced = row.integer(12) != 0;
  for (const Json& field : parse_json(row.text_view(11), place)) {
    if (field.is_string()) batch.fields.push_back(field.get<std::string>());
  }
  return batch;
}

std::int64_t put_batch_file(Database& database, const BatchFile& file) {
  database.execute(
      "INSERT INTO batch_files (export_id, path, sha256, bytes, requests, complete) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      file.export_id, file.path, file.sha256, file.bytes, file.requests, file.complete);
  return database.last_insert_id();
}

void complete_batch_file(Database& database, std::int64_t id, std::string_view sha256) {
  database.execute("UPDATE batch_files SET complete = 1, sha256 = ? WHERE id = ?", sha256, id);
}

std::vector<BatchFile> incomplete_batch_files(Database& database) {
  Statement rows = database.prepare(
      fmt::format("SELECT {} WHERE complete = 0 AND EXISTS (SELECT 1 FROM batch_requests r WHERE "
                  "r.file_id = batch_files.id AND r.state = 'out') ORDER BY id",
                  kFileColumns));
  std::vector<BatchFile> files;
  while (rows.step()) files.push_back(file_of(rows));
  return files;
}

BatchFile batch_file_by_id(Database& database, std::int64_t id) {
  Statement row = database.prepare(fmt::format("SELECT {} WHERE id = ?", kFileColumns));
  row.bind(1, id);
  if (!row.step()) throw InternalError("there is no batch file {}", id);
  return file_of(row);
}

std::optional<BatchFile> find_batch_file(Database& database, std::string_view sha256) {
  Statement row = database.prepare(
      fmt::format("SELECT {} WHERE complete = 1 AND sha256 = ? ORDER BY id DESC", kFileColumns));
  row.bind(1, sha256);
  if (!row.step()) return std::nullopt;
  return file_of(row);
}

void put_batch_request(Database& database, const BatchRequest& request) {
  database.execute(
      "INSERT INTO batch_requests (custom_id, export_id, file_id, note_key, sample_id, variant, "
      "round, origin, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
      "ON CONFLICT (custom_id) DO UPDATE SET export_id = excluded.export_id, "
      "file_id = excluded.file_id, origin = excluded.origin, state = excluded.state "
      "WHERE state <> 'answered'",
      request.custom_id, request.export_id, request.file_id, request.note_key, request.sample_id,
      request.variant, request.round, request.origin, state_name(request.state));
}

std::optional<BatchRequest> find_batch_request(Database& database, std::string_view custom_id) {
  Statement row = database.prepare(fmt::format("SELECT {} WHERE custom_id = ?", kRequestColumns));
  row.bind(1, custom_id);
  return request_of(std::move(row));
}

std::optional<BatchRequest> last_batch_request(Database& database, std::string_view note_key) {
  Statement row = database.prepare(
      fmt::format("SELECT {} WHERE note_key = ? ORDER BY round DESC LIMIT 1", kRequestColumns));
  row.bind(1, note_key);
  return request_of(std::move(row));
}

void answer_batch_request(Database& database, std::string_view custom_id) {
  database.execute("UPDATE batch_requests SET state = 'answered' WHERE custom_id = ?", custom_id);
}

std::int64_t count_batch_requests(Database& database, std::int64_t file_id,
                                  BatchRequestState state) {
  return database
      .query_integer("SELECT count(*) FROM batch_requests WHERE file_id = ? AND state = ?", file_id,
                     state_name(state))
      .value_or(0);
}

std::int64_t close_batch_requests(Database& database, std::int64_t file_id) {
  database.execute("UPDATE batch_requests SET state = 'closed' WHERE file_id = ? AND state = 'out'",
                   file_id);
  return database.changes();
}

std::int64_t put_batch_job(Database& database, const BatchJobRow& job) {
  database.execute(
      "INSERT INTO batch_jobs (file_id, provider, endpoint, created_at) VALUES (?, ?, ?, ?)",
      job.file_id, job.provider, job.endpoint, job.created_at);
  BatchJobRow stored = job;
  stored.id = database.last_insert_id();
  update_batch_job(database, stored);
  return stored.id;
}

void update_batch_job(Database& database, const BatchJobRow& job) {
  database.execute(
      "UPDATE batch_jobs SET input_file_id = ?, create_started = ?, batch_id = ?, status = ?, "
      "error = ?, total = ?, completed = ?, failed = ?, output_file_id = ?, error_file_id = ?, "
      "fetched = ? WHERE id = ?",
      job.input_file_id, job.create_started, job.batch_id, job.status, job.error, job.total,
      job.completed, job.failed, job.output_file_id, job.error_file_id, job.fetched, job.id);
}

std::vector<BatchJobRow> batch_jobs(Database& database, std::string_view provider) {
  Statement rows = database.prepare(
      "SELECT id, file_id, provider, endpoint, input_file_id, create_started, batch_id, status, "
      "error, total, completed, failed, output_file_id, error_file_id, fetched, created_at "
      "FROM batch_jobs WHERE ?1 = '' OR provider = ?1 ORDER BY id");
  rows.bind(1, provider);
  std::vector<BatchJobRow> jobs;
  while (rows.step()) {
    jobs.push_back({.id = rows.integer(0),
                    .file_id = rows.integer(1),
                    .provider = rows.text(2),
                    .endpoint = rows.text(3),
                    .input_file_id = rows.text(4),
                    .create_started = rows.integer(5) != 0,
                    .batch_id = rows.text(6),
                    .status = rows.text(7),
                    .error = rows.text(8),
                    .total = rows.integer(9),
                    .completed = rows.integer(10),
                    .failed = rows.integer(11),
                    .output_file_id = rows.text(12),
                    .error_file_id = rows.text(13),
                    .fetched = rows.integer(14) != 0,
                    .created_at = rows.text(15)});
  }
  return jobs;
}

}  // namespace epicrisis
