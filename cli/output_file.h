#pragma once

#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis::cli {

// What a command writes into one file.
enum class OutputKind {
  kPage,         // HTML
  kPredictions,  // CSV of predict
  kSplit,        // CSV of split
  kFindings,     // JSON lines of findings
  kAudit,        // JSON lines of notes audit
  kNotes,        // JSON lines of notes export
  kReviewSheet,  // CSV or JSON lines of notes review export
  kPicture,      // PNG or JPEG that the program drew
  kStudyFile,    // TOML
};

// For all options that name a file to write, before the work: UsageError for a folder, for one of
// `inputs`, by whatever name, and for a file that is there already and does not begin as the
// program writes this kind. A review sheet that a reader has begun to fill in is no output any
// more. An empty file, a pipe and a device may be written to.
void require_output(const Path& file, OutputKind kind, const std::vector<Path>& inputs = {});

// The same for a study's report: its page, and the files that come to lie beside it.
void require_report_output(const Path& page);

}  // namespace epicrisis::cli
