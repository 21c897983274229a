#pragma once

#include <string>
#include <string_view>

#include "epicrisis/core/files.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// Reads a state dict saved by torch.save: since PyTorch 1.6 a zip archive with <name>/data.pkl and
// <name>/data/<n>, before that five pickles and the storages behind them. The pickles are read by a
// machine of our own that knows the opcodes and the few names state dicts are made of and can run
// no code; everything else is refused by name. Nested dicts give dotted names, so {"state_dict":
// {"a.weight": t}} gives "state_dict.a.weight"; numbers, text and None are passed over. Strided
// tensors come out dense.
// InputError with file and place for: a broken or compressed archive, a wrong CRC-32, a file that
// is cut off, a tensor that reaches outside its storage, an unknown opcode or name, sizes over the
// caps (64 MiB of an archive's pickle, 65536 records, 4 GiB of copied tensors).
TensorFile read_pytorch(const Path& path);
TensorFile parse_pytorch(std::string bytes, std::string source);
// Whether bytes begin as either form does.
bool is_pytorch(std::string_view bytes);

}  // namespace epicrisis
