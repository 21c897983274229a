#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/image/image.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/workspace.h"

namespace epicrisis {

// What was measured on one picture.
struct PictureFindings {
  std::string dataset;  // "" for a file that is no sample
  std::string key;
  std::string path;
  std::string modality;
  std::string error;  // why nothing was measured; the rest is then empty
  PictureMeasures measures;
  std::vector<MeasuredFinding> findings;
};
// Measures of what lies on a picture and is none of its subject; the share or strength of each.
inline constexpr std::array kArtefacts = {"hair", "ink", "ruler", "bubbles", "vignette"};
// docs/formats/findings.md.
Json to_json(const PictureFindings& picture);

// A picture to look at.
struct PictureToMeasure {
  std::string dataset, key, path, modality;
  std::string error = {};  // why there is none to look at: a row of a list that names none
};
// Those that list_pictures() finds, with its errors; each once.
std::vector<PictureToMeasure> pictures_at(const std::vector<std::string>& places,
                                          const std::string& modality);

struct FindingsReport {
  std::int64_t pictures = 0;  // = measured + stored + failed
  std::int64_t measured = 0;  // now
  std::int64_t stored = 0;    // before, and the file is as it was
  std::int64_t failed = 0;
  std::int64_t without_subject = 0;   // of those measured or stored
  std::vector<std::string> failures;  // the first 100: "ham10000/ISIC_0024306: why"
};
Json to_json(const FindingsReport& report);

using FindingsSink = std::function<void(const PictureFindings&)>;

// Measures files. `rules` may be null: measures without findings. The sink is called in their
// order, from one thread. A picture that cannot be read is counted and handed on with its error.
FindingsReport measure_files(const std::vector<PictureToMeasure>& pictures,
                             const FindingRules* rules, unsigned threads, Job& job,
                             const FindingsSink& sink);

// The same for the samples of a workspace that have a picture, in order of id; what is measured is
// stored (docs/formats/workspace-database.md), and not measured again while the file and the
// version of the measures are the same. What is done when the job is cancelled stays done. A
// workspace that takes nothing is measured without storing. Takes the lock "findings".
FindingsReport measure_samples(Workspace& workspace, const SampleFilter& filter, unsigned threads,
                               Job& job, const FindingsSink& sink = {});

// What is stored of a sample; nothing if it was not measured, its picture could not be read, it has
// another picture now, or the measures are of another version. Whether the file changed since is
// not looked at.
std::optional<PictureMeasures> stored_measures(Database& database, const Sample& sample);
// The findings that the field's rules make of that.
std::vector<MeasuredFinding> stored_findings(Database& database, const Field& field,
                                             const Sample& sample);

// Evidence of the pictures, one row of four panels each (draw_evidence()), two rows side by side;
// those that cannot be read are left out and named in `failures`.
Image evidence_sheet(const std::vector<PictureToMeasure>& pictures, Job& job,
                     std::vector<std::string>& failures);

}  // namespace epicrisis
