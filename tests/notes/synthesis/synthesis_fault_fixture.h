#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/store/tables/ledger.h"
#include "epicrisis/store/tables/notes.h"
#include "notes/synthesis/synthesis_support.h"
#include "support/fake_transport.h"
#include "support/fault_server.h"

namespace epicrisis::test {

// The pauses of six attempts without a Retry-After: between half and all of 1, 2, 4, 8, 16 s.
inline constexpr double kAllPausesFrom = 15.5;
inline constexpr double kAllPausesTo = 31;

// Synthesis over real sockets, against a scripted server, on a clock that sleeping moves on.
class SynthesisFaultTest : public SynthesisFixture {
 protected:
  void add_samples(int count) { add_lesions(database(), 0, count); }

  Provider provider() const { return provider_at({server_.url("/v1")}); }

  SynthesisReport run(const Provider& provider, const SynthesisOptions& options = {},
                      const Strategy& strategy = lesion_strategy()) {
    const RequestBuilder builder(strategy, provider, "m", {});
    SynthesisReport report = synthesize(workspace_, builder, options, *transport_, *timed_job_);
    EXPECT_EQ(report.taken, report.done + report.failed + report.skipped + report.left);
    return report;
  }
  SynthesisReport run() { return run(provider()); }

  std::vector<NoteRecord> notes() {
    NoteFilter all;
    all.status.reset();
    return load_notes(database(), all);
  }
  std::vector<LedgerEntry> ledger(const std::string& key) {
    std::vector<LedgerEntry> entries;
    for_each_ledger_entry(database(), key, [&](const LedgerEntry& entry) {
      entries.push_back(entry);
      return true;
    });
    return entries;
  }
  // Each written note answers its own sample, and there is one for each of `count`.
  void expect_all_written_once(std::size_t count) {
    const std::vector<NoteRecord> stored = load_notes(database(), {});
    std::set<std::int64_t> samples;
    for (const NoteRecord& note : stored) {
      EXPECT_TRUE(samples.insert(note.sample_id).second) << "two notes of " << note.sample_id;
    }
    EXPECT_EQ(samples.size(), count);
  }

  FaultServer server_;
  FakeClock clock_;
  std::optional<Job> timed_job_{std::in_place, clock_};
  std::unique_ptr<HttpTransport> transport_ = make_curl_transport();
};

}  // namespace epicrisis::test
