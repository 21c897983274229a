#pragma once

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/corpus/import.h"
#include "epicrisis/notes/exchange/exchange.h"
#include "epicrisis/notes/strategy/template_notes.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/tables/sample_search.h"
#include "epicrisis/store/tables/splits.h"
#include "notes/exchange/incoming_note.h"
#include "support/store_support.h"

namespace epicrisis::test {

class ExchangeTest : public StoreTest {
 protected:
  ExchangeTest() : workspace_(make()), database_(workspace_.database()) {}

  // Four samples in two data sets with notes of several strategies, variants and providers.
  void fill() {
    Transaction transaction(database_);
    for (const char* dataset : {"ham", "pad"}) {
      for (const char* key : {"ISIC_1", "ISIC_11"}) {
        Sample sample = test::make_sample(key);
        sample.split = std::string(key) == "ISIC_1" ? "train" : "test";
        const std::int64_t id = test::store_sample(database_, dataset, sample);
        put(id, "P1", "openai", 0, "A) Asymmetry: symmetric\nB) \"sharp\" \u2013 na\u00efve");
        put(id, "P1", "openai", 1, "Another variant.");
        put(id, "P1", "other", 0, "Another provider's.");
        put(id, "P2", "openai", 0, fmt::format("Of {}/{} alone.", dataset, key));
      }
    }
    transaction.commit();
  }

  void put(std::int64_t sample, const std::string& strategy, const std::string& provider,
           int variant, const std::string& text) {
    NoteRecord note;
    note.key = sha256_key(std::to_string(++made_));
    note.sample_id = sample;
    note.strategy = strategy;
    note.provider = provider;
    note.model = "gpt";
    note.template_version = "1:abc";
    note.variant = variant;
    note.text = text;
    note.parameters = {{"temperature", 0.2}};
    note.origin = "image+metadata";
    note.created_at = "2026-01-02T03:04:05Z";
    put_note(database_, note);
  }

  static std::string sha256_key(const std::string& seed) {
    return std::string(64 - seed.size(), '0') + seed;
  }

  // A second workspace with the same samples and no notes.
  Workspace empty_twin() {
    Workspace twin = Workspace::create(folder_.path() / fmt::format("twin{}", ++twins_));
    Transaction transaction(twin.database());
    for_each_sample(database_, {}, [&](const Sample& sample) {
      test::store_sample(twin.database(), sample.dataset, sample);
      return true;
    });
    transaction.commit();
    return twin;
  }

  // "dataset/key strategy: text" of every note, sorted.
  static std::vector<std::string> texts(Workspace& workspace) {
    std::vector<std::string> list;
    for_each_note(workspace.database(), {}, [&](const NoteRecord& note) {
      const Sample sample = sample_by_id(workspace.database(), note.sample_id);
      list.push_back(
          fmt::format("{}/{} {}: {}", sample.dataset, sample.key, note.strategy, note.text));
      return true;
    });
    std::ranges::sort(list);
    return list;
  }

  NoteImportReport import_jsonl(const std::string& lines, const NoteImportOptions& options = {}) {
    write_file(folder_.path() / "in.jsonl", lines);
    return import_notes(workspace_, folder_.path() / "in.jsonl", job_, options);
  }

  Workspace workspace_;
  Database& database_;
  int made_ = 0;
  int twins_ = 0;
};

inline std::int64_t total(const NoteImportReport& report) {
  return report.written + report.unchanged + report.conflicting + report.unmatched + report.invalid;
}

}  // namespace epicrisis::test
