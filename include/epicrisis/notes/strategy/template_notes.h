#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/notes/strategy/strategy.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

inline constexpr const char* kTemplateProvider = "template";  // of the notes of templates

struct WriteNotesOptions {
  SampleFilter filter;
  // No picture is read: where a strategy names what is measured, samples that were not measured yet
  // are skipped.
  bool measure = true;
};

struct WriteNotesReport {
  std::string strategy;
  std::int64_t samples = 0;  // = written + revised + unchanged + skipped
  std::int64_t written = 0;  // new
  std::int64_t revised = 0;  // metadata or template changed; the old text is kept as history
  std::int64_t unchanged = 0;
  // Samples of which nothing can be said: no class and no diagnosis, or not measured.
  std::int64_t skipped = 0;
};
Json to_json(const WriteNotesReport& report);

// The note of one sample, of its metadata and, by a strategy of sentences, of `findings` measured
// on its picture; empty where nothing can be said: a template of one text needs a class or a
// diagnosis. InternalError for a strategy that needs a language model.
std::string template_note(const Strategy& strategy, const Sample& sample,
                          const std::vector<MeasuredFinding>& findings = {});

// Writes template notes for the samples of the filter, streaming, in groups of 1,000 a transaction.
// Run again it changes only what differs. UsageError for a strategy that needs a language model
// or is written for another field than the workspace's.
WriteNotesReport write_template_notes(Workspace& workspace, const Strategy& strategy, Job& job,
                                      const WriteNotesOptions& options = {});

}  // namespace epicrisis
