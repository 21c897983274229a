// links: audit

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "epicrisis/audit/audit.h"

namespace epicrisis::audit {
namespace {

// The real notes of ../shared (or EPICRISIS_SHARED); two written ones where they are absent.
std::vector<std::string> notes() {
  const char* folder = std::getenv("EPICRISIS_SHARED");
  std::ifstream file(std::filesystem::path(folder != nullptr ? folder : "../shared") /
                     "notes/ham10000_train_notes.jsonl");
  std::vector<std::string> found;
  std::string line;
  while (std::getline(file, line)) {
    found.push_back(parse_json(line, "notes").at("note").get<std::string>());
  }
  if (found.empty()) {
    found = {"The lesion is benign and is a nevus.\nA) Asymmetry: symmetric.\nB) Border: sharp.",
             "Oval brown plaque with a network, dots and an indistinct border. Nevus, benign."};
  }
  return found;
}

// Claims and rules of whole notes.
void audit_real_notes(benchmark::State& state) {
  const Auditor auditor(Field::standard());
  const std::vector<std::string> all = notes();
  Facts facts;
  facts.label = Field::standard().find_class("NEV");
  facts.grade = "benign";
  facts.site = "back";
  facts.age = "65";
  facts.sex = "female";
  for ([[maybe_unused]] auto iteration : state) {
    std::size_t claims = 0;
    for (const std::string& note : all) claims += auditor.audit(note, facts, nullptr).claims.size();
    benchmark::DoNotOptimize(claims);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(audit_real_notes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace epicrisis::audit
