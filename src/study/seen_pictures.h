#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/data/split.h"
#include "epicrisis/store/workspace.h"
#include "study/run_use.h"

namespace epicrisis::study {

struct SeenPicture {
  Role role = Role::kUnused;
  std::string dataset;
  std::string key;
};

// The pictures that have a role in the study of a run, by what the run's recipe makes of them: a
// file that is decoded to the same pixels is the same picture. Of the workspace in which the run's
// folder lies; a folder elsewhere knows of none.
class SeenPictures {
 public:
  // Warns where the workspace cannot tell.
  SeenPictures(const Path& run_folder, const RunUse& use, Job& job);
  // Whether it can be told that a picture was not seen.
  bool known() const { return workspace_.has_value(); }
  // By the SHA-256 of the prepared pixels, 64 hex digits. Of several roles the first, in the order
  // train, validation, test, external.
  std::optional<SeenPicture> find(std::string_view pixels_sha256);

 private:
  struct Entry {
    Role role = Role::kUnused;
    std::int64_t sample_id = 0;
  };
  void read(const Path& root, const RunUse& use);

  std::optional<Workspace> workspace_;
  std::map<std::string, Entry, std::less<>> seen_;
};

}  // namespace epicrisis::study
