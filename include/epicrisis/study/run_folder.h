#pragma once

#include <string>
#include <vector>

#include "epicrisis/core/files.h"

namespace epicrisis {

// A class of a run: its short name and its words.
struct RunClass {
  std::string name;
  std::string words;
};

// The folder of a run: an existing folder, or one of this name in the workspace's `runs`, or the
// only one there whose name begins so. UsageError that lists those there are.
Path find_run_folder(const std::string& run, const Path& workspace);

// The workspace in whose `runs` the folder lies; empty if it lies in none.
Path workspace_around(const Path& run_folder);

// The classes of a run, in the order of its logits. InputError for a folder that is no run, or one
// that is damaged, unfinished, or of an earlier version (saying how it is completed).
std::vector<RunClass> run_classes(const Path& run_folder);
// Names of the classes of its field that a run was not trained on; none of a field that is not
// built in. Errors as run_classes().
std::vector<std::string> classes_not_known(const Path& run_folder);
// What that means for a reader: "it knows BEK, NEV alone: whatever else a picture shows, MEL too,
// it calls one of these"
std::string known_classes_words(const std::vector<RunClass>& classes,
                                const std::vector<std::string>& not_known);

}  // namespace epicrisis
