#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// The weight file of a model folder: model.safetensors or its index of shards, else
// pytorch_model.bin or its index, else open_clip's names of both, else the only file that ends as
// weights do. InputError that says what was looked for if there is none, or several.
Path weight_file_in(const Path& folder);

// The files that hold the weights of weight_file_in()'s answer: itself, and for an index of shards
// those that it names. InputError that names the shards that are not there.
std::vector<Path> weight_parts(const Path& weights);

// SHA-256 over all parts, in hex; of a single file that of its bytes.
std::string weights_sha256(const Path& weights);

// An index of shards, {"weight_map": {tensor: file}}: the file of each tensor. InputError for JSON
// of another form and for a file that is no plain name in the same folder.
std::map<std::string, std::string> parse_weight_index(std::string_view text,
                                                      const std::string& source);

// What another kind of file than weights begins with, in words with what to do; "" if nothing
// tells.
std::string other_than_weights(std::string_view bytes);

// The tensors of one model out of a file that holds more, or holds them under longer names: what
// training scripts put before them ("state_dict.", "model.", "module.", "_orig_mod.", in any order)
// is taken off, LayerNorm's old `gamma` and `beta` are called `weight` and `bias`. `expected` are
// some of the model's own names. Of a model that is there twice the averaged one is taken
// ("model_ema."). What was left out is told in `remarks`.
// `prefix`, where it is not null, becomes what was taken off before the names, without what
// wrappers put into them.
// InputError where two models are there and none is the averaged one.
TensorFile model_weights(const TensorFile& file, const std::vector<std::string>& expected,
                         std::vector<std::string>& remarks, std::string* prefix = nullptr);

// A name without the parts that wrappers of torch put into it ("module.", "_orig_mod."), with
// LayerNorm's old `gamma` and `beta` as `weight` and `bias`.
std::string plain_tensor_name(const std::string& name);
// Those parts, each with the number of tensors whose names have it.
std::map<std::string, std::size_t> wrapper_parts(const TensorFile& file);

}  // namespace epicrisis
