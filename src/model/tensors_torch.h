#pragma once

// Only for model and train: brings in torch.

#include <torch/torch.h>

#include <map>
#include <string>

#include "epicrisis/core/matrix.h"
#include "epicrisis/tensor/tensor_file.h"
#include "epicrisis/tensor/weight_fit.h"

namespace epicrisis {

torch::ScalarType to_torch_type(TensorType type);
TensorType from_torch_type(torch::ScalarType type);  // InternalError for types files do not have

// A copy that owns its memory, of the file's type.
torch::Tensor to_torch(const TensorView& tensor);
torch::Tensor to_torch(const FloatMatrix& matrix);  // float32 [rows, columns]
// [rows, columns] of any type and device.
FloatMatrix to_float_matrix(const torch::Tensor& tensor);

// Parameters and buffers by their dotted names, as a Python state_dict has them.
std::map<std::string, torch::Tensor> state_dict(const torch::nn::Module& module);

// The shape of each of them.
TensorShapes tensor_shapes(const torch::nn::Module& module);

// Copies a file's tensors into the module, converting types. All names and shapes are checked
// before the first copy: InputError with the file lists missing, unexpected and misshapen tensors
// (at most 8 each). "num_batches_tracked" may be absent.
void load_state(torch::nn::Module& module, const TensorFile& file, const FitRules& rules = {});

// Writes a module's state as safetensors. BFloat16 and Float32 keep their type.
void save_state(const torch::nn::Module& module, const Path& path,
                const std::map<std::string, std::string>& metadata = {});

}  // namespace epicrisis
