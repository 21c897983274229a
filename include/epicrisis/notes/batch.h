#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/notes/request.h"
#include "epicrisis/notes/synthesis.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct BatchLimits {
  std::int64_t requests = 50'000;     // a file
  std::uint64_t bytes = 200'000'000;  // a file
};

struct BatchExportReport {
  std::int64_t notes = 0;  // = exported + skipped
  std::int64_t exported = 0;
  std::int64_t skipped = 0;
  std::vector<std::string> files;
  Json to_json() const;
};

// Writes the missing notes' requests as OpenAI batch JSONL files <stem>-001.jsonl, ... under
// `folder`; the workspace remembers which custom id asks for which note. Custom ids are at most 64
// characters of [a-z0-9-] derived with the workspace's secret.
BatchExportReport export_batch(Workspace& workspace, const RequestBuilder& builder,
                               const SynthesisOptions& options, const Path& folder,
                               const BatchLimits& limits = {});

struct BatchImportReport {
  std::int64_t lines = 0;  // = written + failed + unchanged + unknown + broken
  std::int64_t written = 0;
  std::int64_t failed = 0;            // refused, truncated, errors, ...: stored with their status
  std::int64_t unchanged = 0;         // taken in before
  std::int64_t unknown = 0;           // custom id of no request of this workspace
  std::int64_t broken = 0;            // not a result line
  std::vector<std::string> examples;  // "file:12: ...": the first 20 unknown and broken ones
  Json to_json() const;
};

// Takes in result and error files, of OpenAI or of `vllm run-batch`, in any order.
BatchImportReport import_batch(Workspace& workspace, const std::vector<Path>& files);

// The files-and-batches API of one endpoint. The batch's id is in the workspace before the first
// question after it.
struct BatchJob {
  std::int64_t id = 0;
  std::string file;  // that was submitted
  std::string provider;
  std::string endpoint;  // base URL
  std::string file_id;   // the server's
  std::string batch_id;  // the server's; "" if it was not yet created
  std::string status;    // as the server last said
  std::int64_t total = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::string output_file_id;
  std::string error_file_id;
};
BatchJob submit_batch(Workspace& workspace, const Provider& provider, const Path& file,
                      HttpTransport& transport);
std::vector<BatchJob> poll_batches(Workspace& workspace, const Provider& provider,
                                   HttpTransport& transport);
// Downloads and imports what finished.
BatchImportReport fetch_batches(Workspace& workspace, const Provider& provider,
                                HttpTransport& transport);

}  // namespace epicrisis
