#pragma once

#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// Reads a state dict saved by torch.save (PyTorch 1.6 or later: a zip archive with <name>/data.pkl
// and <name>/data/<n>). The pickle is read by a machine of our own that knows the opcodes and the
// few names state dicts are made of and can run no code; everything else is refused by name. Nested
// dicts give dotted names, so {"state_dict": {"a.weight": t}} gives "state_dict.a.weight"; numbers,
// text and None are passed over. Strided tensors come out dense.
// InputError with file and place for: a broken or compressed archive, a wrong CRC-32, a tensor that
// reaches outside its storage, an unknown opcode or name, sizes over the caps (64 MiB of pickle,
// 65536 records, 4 GiB of copied tensors).
TensorFile read_pytorch(const Path& path);
TensorFile parse_pytorch(std::string bytes, std::string source);

}  // namespace epicrisis
