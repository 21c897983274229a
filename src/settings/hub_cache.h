#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "epicrisis/core/files.h"

namespace epicrisis {

// Hugging Face's cache: models--ORG--NAME/{blobs,refs,snapshots}; refs/main holds the commit of a
// branch, snapshots/COMMIT/ links to blobs. docs/formats/model-folders.md.

// HF_HOME, else huggingface/ in XDG_CACHE_HOME or ~/.cache; "" without a home.
Path hub_home();
// HF_HUB_CACHE, else hub/ in hub_home(). It may not be there.
Path hub_cache_folder();

// Whether a text can be the name of a repository: "ORG/NAME" or, as the first ones, "NAME";
// letters, digits and, inside, "-._", neither "--" nor "..".
bool is_hub_name(std::string_view name);
// "models--ORG--NAME".
std::string hub_folder_name(std::string_view name);
// The name of a repository by its folder.
std::string hub_name_of(const Path& repository);

// Whether the folder is that of a repository in a cache.
bool is_hub_repository(const Path& folder);
// Whether it is the snapshot of a commit in one.
bool is_hub_snapshot(const Path& folder);
// The snapshot of a commit, branch or tag; where `revision` is empty that of "main", or the only
// one. Nothing where it is not there.
std::optional<Path> hub_snapshot(const Path& repository, std::string_view revision = {});

}  // namespace epicrisis
