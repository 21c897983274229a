#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/notes/batch/batch.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "support/store_support.h"

namespace epicrisis::test {

// A workspace with samples without pictures, a strategy and a provider on this machine.
inline const SynthesisOptions kAgain = {.ask_batched = true};

class BatchTest : public StoreTest {
 protected:
  static constexpr std::string_view kStrategy = R"(name = "T1"
version = 3
kind = "prompt"
fields = ["diagnosis", "age", "site"]
system = "You describe lesions."
user = "Describe {diagnosis|a}. [[Age {age}.]] [[Site {site}.]]"
max_tokens = 100
)";

  static Provider local_provider() {
    Provider provider = provider_for_url("http://127.0.0.1:9/v1");
    provider.prices.input = 2;
    provider.batch_price = 0.5;
    provider.prices.output = 4;
    return provider;
  }
  static RequestBuilder builder(Provider provider = local_provider()) {
    return {parse_strategy(kStrategy, "t1.toml"), std::move(provider), "model-x", {}};
  }

  void fill(int samples) {
    Transaction transaction(database_);
    for (int i = 0; i < samples; ++i) {
      store_sample(database_, "hamset", make_sample(fmt::format("ISIC_{:07}", i)));
    }
    transaction.commit();
  }

  BatchExportReport export_all(const BatchExportOptions& batch = {},
                               const SynthesisOptions& options = {}) {
    return export_batch(workspace_, builder(), options, out_, job_, batch);
  }

  static std::vector<std::string> lines_of(const std::vector<std::string>& files) {
    std::vector<std::string> lines;
    for (const std::string& file : files) {
      for (const std::string& line : split(read_file(file), '\n')) {
        if (!line.empty()) lines.push_back(line);
      }
    }
    return lines;
  }
  static std::vector<std::string> ids_of(const std::vector<std::string>& files) {
    std::vector<std::string> ids;
    for (const std::string& line : lines_of(files)) {
      ids.push_back(parse_json(line, "line").at("custom_id").get<std::string>());
    }
    return ids;
  }

  static Json completion(const std::string& text, const std::string& finish = "stop") {
    return {{"id", "chatcmpl-1"},
            {"object", "chat.completion"},
            {"model", "model-x"},
            {"choices",
             {{{"index", 0},
               {"message", {{"role", "assistant"}, {"content", text}}},
               {"finish_reason", finish}}}},
            {"usage", {{"prompt_tokens", 50}, {"completion_tokens", 10}, {"total_tokens", 60}}}};
  }
  static std::string good_line(const std::string& id,
                               const std::string& text = "A round brown lesion.") {
    return dump_json(
        {{"id", "batch_req_1"},
         {"custom_id", id},
         {"response", {{"status_code", 200}, {"request_id", "r"}, {"body", completion(text)}}},
         {"error", nullptr}});
  }
  static std::string expired_line(const std::string& id) {
    return dump_json({{"id", "batch_req_2"},
                      {"custom_id", id},
                      {"response", nullptr},
                      {"error", {{"code", "batch_expired"}, {"message", "too late"}}}});
  }
  static std::string status_line(const std::string& id, int status, const std::string& message) {
    return dump_json({{"custom_id", id},
                      {"response",
                       {{"status_code", status},
                        {"request_id", "r"},
                        {"body", {{"error", {{"message", message}}}}}}},
                      {"error", nullptr}});
  }
  Path write_lines(const std::string& name, const std::vector<std::string>& lines) const {
    Path file = folder_.path() / name;
    write_file(file, join(lines, "\n") + "\n");
    return file;
  }
  BatchImportReport import_lines(const std::vector<std::string>& lines) {
    return import_batch(workspace_, {write_lines("results.jsonl", lines)}, job_);
  }

  // All that an import changes, but for the order and times.
  std::vector<std::string> state() {
    std::vector<std::string> rows;
    Statement notes = database_.prepare(
        "SELECT key || ' ' || status || ' ' || text || ' ' || reason || ' ' || input_tokens || ' ' "
        "|| output_tokens || ' ' || cost || ' ' || attempts FROM notes ORDER BY key");
    while (notes.step()) rows.push_back(notes.text(0));
    Statement ledger = database_.prepare(
        "SELECT note_key || ' ' || outcome || ' ' || http_status || ' ' || cost || ' ' || endpoint "
        "FROM ledger ORDER BY note_key, outcome");
    while (ledger.step()) rows.push_back(ledger.text(0));
    return rows;
  }
  std::int64_t count(const std::string& what) {
    return database_.query_integer("SELECT count(*) FROM " + what).value_or(-1);
  }

  Workspace workspace_ = make();
  Database& database_ = workspace_.database();
  Path out_ = folder_.path() / "out";
};

}  // namespace epicrisis::test
