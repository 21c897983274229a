#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/corpus/preparation.h"
#include "epicrisis/store/tables/notes.h"
#include "epicrisis/store/workspace.h"
#include "epicrisis/study/sample_selection.h"
#include "study/run_model.h"
#include "study/run_use.h"

// The samples of a workspace in the shared space of a run.
namespace epicrisis::study {

// Those of a selection, in order of their ids. UsageError for a data set or part that is not there,
// for a workspace of another field, and for parts where the workspace does not have the study's
// split; without parts it warns of that.
std::vector<SampleLine> select_samples(Workspace& workspace, const RunUse& use,
                                       const SampleSelection& selection, const Job& job);

// Where the features of a run's use are kept: the workspace's, or nowhere if it takes nothing.
Path feature_folder(const Workspace& workspace);

// Pictures of samples.
struct SamplePictures {
  std::unique_ptr<WorkspaceImages> images;  // null if there are none
  std::vector<std::size_t> samples;         // of the list that was given: those with a picture
  std::vector<std::size_t> indices;         // of each its index in `images`
  FloatMatrix z;                            // of each, not normalised
  std::size_t without_picture = 0;          // have none in their table
  std::size_t unreadable = 0;
  std::vector<std::string> failures;  // of the first 100 of those: "data set/key: why"
};
// Prepares what is missing, and embeds. Pictures that cannot be read are warned of and counted.
SamplePictures embed_pictures(Workspace& workspace, const RunUse& use, const RunModel& model,
                              const std::vector<SampleLine>& samples,
                              const SampleSelection& selection, Job& job);

// The written notes of a run's strategies, providers and models.
NoteFilter note_filter(const RunUse& use);

}  // namespace epicrisis::study
