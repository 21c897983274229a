#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/matrix.h"

namespace epicrisis {

enum class NpyType { kFloat32, kFloat64, kInt64 };

// One array of a NumPy .npy file, row-major; exactly the vector that `type` names is filled.
struct NpyArray {
  NpyType type = NpyType::kFloat32;
  std::vector<std::size_t> shape;
  std::vector<float> float32;
  std::vector<double> float64;
  std::vector<std::int64_t> int64;

  std::size_t count() const;  // product of shape
};

// Format versions 1 to 3, little-endian '<f4', '<f8', '<i8', C order. InputError with file and
// value for anything else: other types, Fortran order, more than 32 dimensions, a header over 64
// KiB, a shape that overflows or does not match the file's length.
NpyArray read_npy(const Path& path);
NpyArray parse_npy(std::string_view bytes, std::string_view source);

// A two-dimensional float32 or float64 array as floats; one dimension gives one row.
FloatMatrix read_npy_matrix(const Path& path);

// Version 1.0, written as a whole or not at all. The product of shape must be values.size().
void write_npy(const Path& path, std::span<const float> values,
               const std::vector<std::size_t>& shape);
void write_npy(const Path& path, std::span<const double> values,
               const std::vector<std::size_t>& shape);
void write_npy(const Path& path, std::span<const std::int64_t> values,
               const std::vector<std::size_t>& shape);
void write_npy(const Path& path, const FloatMatrix& matrix);

}  // namespace epicrisis
