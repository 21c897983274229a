#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/matrix.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

// The safetensors format: u64 little-endian header length, JSON header
// {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets": [begin, end]}}, then the
// data; offsets count from the end of the header. See docs/formats/safetensors.md.

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;  // as the reference reader

// Maps and checks a file. InputError names the file, the tensor and both values for: a header
// longer than the file or the cap, JSON that is broken, too deep or repeats a name, an unknown
// dtype, a negative or overflowing shape, offsets that do not match shape and dtype, that overlap,
// leave a hole or do not end with the file; and for a file that carries a checksum which its bytes
// do not match.
TensorFile read_safetensors(const Path& path);
// The same from memory; `source` stands for the file in messages.
TensorFile parse_safetensors(std::string bytes, std::string source);
// The text metadata of a file, of which only the header is read: nothing is said of its data.
// InputError as above.
std::map<std::string, std::string> read_safetensors_metadata(const Path& path);

struct TensorDeclaration {
  std::string name;
  TensorType type = TensorType::kF32;
  std::vector<std::int64_t> shape;
};

// Writes one file in pieces, so that tensors need not be in memory together. The file appears at
// finish(), whole and synced; without it nothing is left behind. Data are written in the order of
// the declarations, which is kept in the file; the header is padded with spaces so that data start
// at a multiple of 8. UsageError for repeated names or "__metadata__" as a name.
class SafetensorsWriter {
 public:
  SafetensorsWriter(const Path& path, const std::vector<TensorDeclaration>& tensors,
                    const std::map<std::string, std::string>& metadata = {});
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  // The next bytes of the data; pieces may end inside a tensor.
  void write(std::span<const std::byte> bytes);
  void write(std::span<const float> values);  // for F32 tensors
  // InternalError if fewer or more bytes were written than declared.
  void finish();

 private:
  AtomicFileWriter file_;
  std::uint64_t left_ = 0;
  std::string path_;
};

struct NamedTensor {
  std::string name;
  TensorView tensor;
};
void write_safetensors(const Path& path, const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

// The same with a SHA-256 over header and data in the metadata, which the readers hold the bytes
// against. For the files of a workspace.
void write_checked_safetensors(const Path& path, const std::vector<NamedTensor>& tensors,
                               std::map<std::string, std::string> metadata = {});
// The checksum that a file carries, 64 hex digits; "" without one.
std::string checksum_of(const TensorFile& file);

// One F32 matrix [rows, columns], for feature caches and embeddings.
TensorView tensor_view(const FloatMatrix& matrix);
// InputError unless the tensor has two dimensions.
FloatMatrix to_matrix(const TensorView& tensor, std::string_view source);

}  // namespace epicrisis
