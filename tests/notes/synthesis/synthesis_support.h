#pragma once

#include <fmt/format.h>

#include <string>

#include "epicrisis/notes/synthesis/request.h"
#include "epicrisis/notes/synthesis/synthesis.h"
#include "support/store_support.h"

namespace epicrisis::test {

// A strategy whose prompt names the sample: "Write of lesion 00017."
inline Strategy lesion_strategy() {
  return parse_strategy(R"(name = "T"
version = 1
kind = "prompt"
fields = ["diagnosis"]
system = "Describe."
user = "Write of {diagnosis}."
max_tokens = 100
)",
                        "t.toml");
}

inline std::string lesion_name(int number) { return fmt::format("lesion {:05}", number); }

inline Provider provider_at(const std::vector<std::string>& base_urls) {
  Provider provider;
  provider.name = "scripted";
  provider.structured = StructuredOutput::kNone;
  provider.endpoints.clear();
  for (const std::string& url : base_urls) {
    Endpoint endpoint;
    endpoint.url = url;
    provider.endpoints.push_back(endpoint);
  }
  provider.timeouts = {Seconds(5), Seconds(20), Seconds(20)};
  provider.prices.input = 1;
  provider.prices.output = 2;
  return provider;
}

inline void add_lesions(Database& database, int from, int to) {
  const std::int64_t dataset = put_dataset(database, "d", "fake", "/", "2026-01-01T00:00:00Z");
  Transaction transaction(database);
  SampleWriter writer(database, dataset);
  for (int i = from; i < to; ++i) {
    Sample sample = make_sample(fmt::format("{:05}", i));
    sample.diagnosis = lesion_name(i);
    writer.put(sample);
  }
  transaction.commit();
}

// A workspace.
class SynthesisFixture : public StoreTest {
 protected:
  Database& database() { return workspace_.database(); }

  Workspace workspace_ = make();
};

}  // namespace epicrisis::test
