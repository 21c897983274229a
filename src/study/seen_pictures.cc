#include "study/seen_pictures.h"

#include <algorithm>

#include "epicrisis/core/error.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/store/tables/samples.h"
#include "epicrisis/store/tables/splits.h"
#include "epicrisis/study/run_folder.h"

namespace epicrisis::study {

SeenPictures::SeenPictures(const Path& run_folder, const RunUse& use, Job& job) {
  const Path root = workspace_around(run_folder);
  if (root.empty()) return;
  try {
    read(root, use);
  } catch (const Error& error) {
    workspace_.reset();
    seen_.clear();
    job.warn("which pictures are the run's own is not known: {}", error.what());
  }
}

void SeenPictures::read(const Path& root, const RunUse& use) {
  workspace_.emplace(Workspace::open_to_read(root));
  const WorkspaceImages images(*workspace_, use.recipe, true);
  for (const SampleRole& one : load_split_roles(workspace_->database(), use.split_set)) {
    const auto index = images.index_of(one.sample_id);
    if (!index) continue;
    const auto [place, fresh] =
        seen_.try_emplace(images.content_id(*index), Entry{one.role, one.sample_id});
    if (!fresh && one.role < place->second.role) place->second = {one.role, one.sample_id};
  }
}

std::optional<SeenPicture> SeenPictures::find(std::string_view pixels_sha256) {
  const auto found = seen_.find(pixels_sha256);
  if (found == seen_.end()) return {};
  const Sample sample = sample_by_id(workspace_->database(), found->second.sample_id);
  return SeenPicture{found->second.role, sample.dataset, sample.key};
}

}  // namespace epicrisis::study
