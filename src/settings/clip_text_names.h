#pragma once

#include <string>
#include <vector>

#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// The tensors of a CLIP's text encoder under open_clip's names, whatever the publisher calls them
// and puts before them. Query, key and value that are apart are "attn.q_proj." and so on. The other
// tensors of the file are there too. Which of several models was taken is told in `remarks`.
TensorFile clip_text_tensors(const TensorFile& file, std::vector<std::string>& remarks);

// Whether a name that clip_text_tensors() gives belongs to the text encoder; the others are the
// image encoder's and the loss's.
bool is_clip_text_tensor(const std::string& name);

}  // namespace epicrisis
