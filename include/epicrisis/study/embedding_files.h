#pragma once

#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/study/embed.h"

namespace epicrisis {

// Embeddings on disk; docs/formats/embeddings.md. `target` is a folder, whose files are all there
// or none (embeddings.safetensors, images.npy, images.csv, texts.npy, texts.csv), or a file
// NAME.safetensors with its tables NAME.images.csv and NAME.texts.csv beside it. UsageError for
// what is there already, unless `replace` is set and it holds embeddings. Returns the paths.
std::vector<Path> write_embeddings(const Embeddings& embeddings, const Path& target, bool replace);
// The same error before anything is computed.
void check_embedding_target(const Path& target, bool replace);

}  // namespace epicrisis
