// links: study

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/study/study_file.h"

namespace {

using epicrisis::Study;

void require(bool holds) {
  if (!holds) std::abort();
}

// What the parts of a study rely on.
void check(const Study& study) {
  require(epicrisis::is_safe_id(study.name));
  require(study.classes.size() >= 2 && !study.runs.empty());
  require(study.bootstrap >= 100 && study.prepare.size >= 32);
  std::set<std::string> names;
  bool internal = false;
  for (const epicrisis::StudyData& data : study.data) {
    require(epicrisis::is_safe_id(data.name) && names.insert(data.name).second);
    internal = internal || !data.external;
  }
  require(internal);
  names.clear();
  bool has_baseline = study.baseline.empty();
  for (const epicrisis::StudyRun& run : study.runs) {
    require(epicrisis::is_safe_id(run.name) && names.insert(run.name).second);
    require(!run.seeds.empty() && !run.image_encoder.model.empty());
    require(uses_text(run.train.mode) == !run.notes.empty());
    require(run.train.epochs >= 1 && run.train.batch >= 1);
    require(run.train.freeze_image_encoder == run.image_encoder.frozen);
    for (const std::int64_t seed : run.seeds) require(seed >= 0);
    has_baseline = has_baseline || run.name == study.baseline;
  }
  require(has_baseline);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Study study = epicrisis::parse_study(text, "fuzz.toml", "/data");
    check(study);
    // The workspace keeps the text and reads it again.
    require(study.source == text);
    check(epicrisis::parse_study(study.source, "kept.toml", study.data_root));
  } catch (const epicrisis::UsageError& error) {
    // Told with its place.
    require(std::string_view(error.what()).find("fuzz.toml") != std::string_view::npos);
  }
  return 0;
}
