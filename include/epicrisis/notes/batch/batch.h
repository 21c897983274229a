#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "epicrisis/store/tables/batches.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

struct BatchExportOptions {
  std::int64_t file_requests = 50'000;     // at most, a file
  std::uint64_t file_bytes = 200'000'000;  // at most, a file
};

struct BatchExportReport {
  std::int64_t notes = 0;  // exported + skipped + left
  std::int64_t exported = 0;
  std::int64_t skipped = 0;                   // sum of `skips`
  std::map<std::string, std::int64_t> skips;  // by reason
  std::int64_t left = 0;                      // when the export ended early
  std::int64_t input_tokens = 0;              // estimate for the exported ones
  std::int64_t output_tokens = 0;             // the most
  double cost = 0;                            // the most, US dollars, at the provider's prices
  std::int64_t unpriced = 0;                  // tokens without a known price, not in `cost`
  std::vector<std::string> files;             // absolute paths, in order
  std::string stopped;                        // why the export ended early; "" if it did not
};
Json to_json(const BatchExportReport& report);

// Writes the missing notes' requests as OpenAI batch JSONL files
// <strategy>-<provider>-<number>-001.jsonl, ... under `folder`; no file is above the limits, a
// request that is alone above file_bytes is skipped. Before a file appears the workspace knows
// which custom id asks for which note and how to read the answer, without the strategy's and the
// provider's files. Custom ids are at most 64 characters of [a-z0-9-], derived with the workspace's
// secret, and the same when the same request is exported again. The budget of `options` ends the
// export before a request that could exceed it; so does a cancelled job, without an exception.
// Nothing is sent. UsageError if a file of that name is there, or as
// require_prices() says.
BatchExportReport export_batch(Workspace& workspace, const RequestBuilder& builder,
                               const SynthesisOptions& options, const Path& folder, Job& job,
                               const BatchExportOptions& batch = {});

struct BatchImportReport {
  std::int64_t lines = 0;  // = written + failed + unchanged + unknown + broken
  std::int64_t written = 0;
  std::int64_t failed = 0;     // refused, truncated, errors, ...: stored with their status
  std::int64_t unchanged = 0;  // taken in before, or the note is there
  std::int64_t unknown = 0;    // custom id of no request of this workspace
  std::int64_t broken = 0;     // not a result line
  std::map<std::string, std::int64_t> rejected;  // `failed` by status
  AnswerCounts answers;                          // of the lines taken in
  std::int64_t input_tokens = 0;                 // of the lines taken in
  std::int64_t output_tokens = 0;
  double cost = 0;                    // US dollars
  std::int64_t unpriced = 0;          // tokens without a known price, not in `cost`
  std::vector<std::string> examples;  // "file:12: ...": the first 20 unknown and broken ones
};
Json to_json(const BatchImportReport& report);

// Takes in result and error files, of OpenAI, of Azure or of `vllm run-batch`, in any order. Of
// several answers to one request a note counts before a rejection. Commits every 1,000 lines;
// memory is one line of at most 16 MiB. `endpoint` is that of the ledger's entries. SystemError for
// a file that cannot be read; Interrupted between two commits.
BatchImportReport import_batch(Workspace& workspace, const std::vector<Path>& files, Job& job,
                               std::string_view endpoint = "batch:file");

// A batch of the files-and-batches API.
struct BatchJob {
  std::string file;  // that was submitted
  BatchJobRow row;
  std::string problem;  // why it could not be asked for or fetched this time; "" if it could
  bool ended() const;   // completed, failed, expired or cancelled
};
Json to_json(const BatchJob& job);

// Uploads a file of export_batch() and creates a batch of it at the provider's first endpoint. Each
// id of the server's is in the workspace before the next request: run again after a crash, it goes
// on where it was, and a file that is submitted already is not submitted twice (the job is handed
// back as it is), unless the server failed the whole batch. UsageError if the file is no unchanged
// export for this provider, or the provider is not on this machine and that was never allowed.
// SystemError with the server's words for an answer that is not of use.
BatchJob submit_batch(Workspace& workspace, const Provider& provider, const Path& file,
                      bool allow_remote, HttpTransport& transport, Job& job);
// Asks how the batches that have not ended are; hands back all of the provider's. One that cannot
// be asked for (its endpoint is another, or the server does not know it) has a `problem`.
std::vector<BatchJob> poll_batches(Workspace& workspace, const Provider& provider,
                                   HttpTransport& transport, Job& job);

struct BatchFetchReport {
  std::vector<BatchJob> jobs;  // all of the provider's
  std::int64_t fetched = 0;    // batches that had ended and were taken in now
  std::int64_t closed = 0;     // requests that ended without an answer; they may be exported again
  std::vector<std::string> files;  // downloaded, in the workspace's folder batches/
  BatchImportReport imported;
};
Json to_json(const BatchFetchReport& report);
// Polls, then downloads and imports the batches that have ended; `problem` as above.
BatchFetchReport fetch_batches(Workspace& workspace, const Provider& provider,
                               HttpTransport& transport, Job& job);

}  // namespace epicrisis
