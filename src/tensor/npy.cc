#include "epicrisis/tensor/npy.h"

#include <cstring>
#include <optional>
#include <span>

#include "epicrisis/core/error.h"
#include "tensor/checked_size.h"

namespace epicrisis {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxHeader = 65536;
constexpr std::size_t kMaxDimensions = 32;  // NumPy's own limit

// Reads the header, a Python dict literal of the three keys NumPy writes, in any order:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderReader {
 public:
  HeaderReader(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  struct Header {
    std::optional<std::string_view> type;
    std::optional<bool> fortran;
    std::optional<std::vector<std::uint64_t>> shape;
  };

  Header read() {
    Header header;
    expect('{');
    while (!take('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && !header.type) {
        header.type = quoted();
      } else if (key == "fortran_order" && !header.fortran) {
        header.fortran = boolean();
      } else if (key == "shape" && !header.shape) {
        header.shape = tuple();
      } else {
        fail(fmt::format("the key '{}' is unknown or there twice", key));
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("something follows the dict");
    if (!header.type || !header.fortran || !header.shape) {
      fail("descr, fortran_order or shape is missing");
    }
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError("{}: npy header, byte {}: {}", source_, at_, what);
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail(fmt::format("'{}' was expected", wanted));
  }
  std::string_view quoted() {
    const char quote = take('"') ? '"' : '\'';
    if (quote == '\'') expect('\'');
    const std::size_t end = text_.find(quote, at_);
    if (end == std::string_view::npos) fail("a quoted text has no end");
    const auto value = text_.substr(at_, end - at_);
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    }
    fail("True or False was expected");
  }
  std::vector<std::uint64_t> tuple() {
    std::vector<std::uint64_t> sizes;
    expect('(');
    while (!take(')')) {
      if (sizes.size() == kMaxDimensions) fail("more than 32 dimensions");
      sizes.push_back(number());
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }
  std::uint64_t number() {
    skip_space();
    std::uint64_t value = 0;
    const std::size_t start = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
      if (value > kMaxSize) fail("a dimension is too large");
    }
    if (at_ == start) fail("a number was expected");
    return value;
  }

  std::string_view text_;
  std::string_view source_;
  std::size_t at_ = 0;
};

template <typename T>
std::vector<T> copy_data(std::string_view data) {
  std::vector<T> values(data.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), data.data(), data.size());
  return values;
}

template <typename T>
void write_array(const Path& path, std::string_view type, std::span<const T> values,
                 const std::vector<std::size_t>& shape) {
  std::size_t count = 1;
  std::string sizes;
  for (const std::size_t n : shape) {
    count *= n;
    sizes += fmt::format("{}{},", sizes.empty() ? "" : " ", n);
  }
  if (count != values.size()) {
    throw InternalError("Writing {}: {} values for the shape ({})", path.string(), values.size(),
                        sizes);
  }
  // NumPy writes "(3, 4)" but "(3,)".
  if (shape.size() > 1) sizes.pop_back();
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", type, sizes);
  // Data start at a multiple of 64, the line feed ends the header (numpy.lib.format).
  const std::size_t prefix = kMagic.size() + 4;
  header.append(63 - (prefix + header.size()) % 64, ' ');
  header += '\n';
  AtomicFileWriter file(path);
  file.write(kMagic);
  const std::string lengths{1, 0, static_cast<char>(header.size() & 0xFF),
                            static_cast<char>(header.size() >> 8)};
  file.write(lengths);
  file.write(header);
  const auto bytes = std::as_bytes(values);
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  file.commit();
}

}  // namespace

std::size_t NpyArray::count() const {
  std::size_t product = 1;
  for (const std::size_t n : shape) product *= n;
  return product;
}

NpyArray parse_npy(std::string_view bytes, std::string_view source) {
  if (bytes.substr(0, kMagic.size()) != kMagic || bytes.size() < 12) {
    throw InputError("{}: not an npy file", source);
  }
  const auto byte_at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const int version = byte_at(6);
  if (version < 1 || version > 3 || byte_at(7) != 0) {
    throw InputError("{}: npy version {}.{}, 1.0 to 3.0 are read", source, version, byte_at(7));
  }
  std::size_t start = 10;
  std::size_t length = byte_at(8) + std::size_t{256} * byte_at(9);
  if (version > 1) {
    start = 12;
    length += (std::size_t{byte_at(10)} << 16) + (std::size_t{byte_at(11)} << 24);
  }
  if (length > kMaxHeader || length > bytes.size() - start) {
    throw InputError("{}: an npy header of {} bytes in a file of {}; the cap is {}", source, length,
                     bytes.size(), kMaxHeader);
  }
  const auto header = HeaderReader(bytes.substr(start, length), source).read();
  const std::string_view data = bytes.substr(start + length);

  NpyArray array;
  std::size_t width = 8;
  if (*header.type == "<f4") {
    array.type = NpyType::kFloat32;
    width = 4;
  } else if (*header.type == "<f8") {
    array.type = NpyType::kFloat64;
  } else if (*header.type == "<i8") {
    array.type = NpyType::kInt64;
  } else {
    throw InputError("{}: element type '{}'; '<f4', '<f8' and '<i8' are read", source,
                     *header.type);
  }
  if (*header.fortran && header.shape->size() > 1) {
    throw InputError("{}: column-major (Fortran) order is not read; save a C-order copy", source);
  }
  const auto expected = checked_product(*header.shape, width);
  if (!expected || *expected != data.size()) {
    throw InputError("{}: the shape ({}) of '{}' does not match {} bytes of data", source,
                     fmt::join(*header.shape, ", "), *header.type, data.size());
  }
  array.shape.assign(header.shape->begin(), header.shape->end());
  switch (array.type) {
    case NpyType::kFloat32:
      array.float32 = copy_data<float>(data);
      break;
    case NpyType::kFloat64:
      array.float64 = copy_data<double>(data);
      break;
    case NpyType::kInt64:
      array.int64 = copy_data<std::int64_t>(data);
      break;
  }
  return array;
}

NpyArray read_npy(const Path& path) {
  const MappedFile file(path);
  return parse_npy(file.text(), path.string());
}

FloatMatrix read_npy_matrix(const Path& path) {
  NpyArray array = read_npy(path);
  if (array.type == NpyType::kInt64 || array.shape.empty() || array.shape.size() > 2) {
    throw InputError("{}: a float matrix was expected, the file holds {} dimensions of {}",
                     path.string(), array.shape.size(),
                     array.type == NpyType::kInt64 ? "int64" : "floats");
  }
  FloatMatrix matrix;
  matrix.rows = array.shape.size() == 1 ? 1 : array.shape[0];
  matrix.columns = array.shape.back();
  if (array.type == NpyType::kFloat32) {
    matrix.values = std::move(array.float32);
  } else {
    matrix.values.assign(array.float64.begin(), array.float64.end());
  }
  return matrix;
}

void write_npy(const Path& path, std::span<const float> values,
               const std::vector<std::size_t>& shape) {
  write_array(path, "<f4", values, shape);
}

void write_npy(const Path& path, std::span<const double> values,
               const std::vector<std::size_t>& shape) {
  write_array(path, "<f8", values, shape);
}

void write_npy(const Path& path, std::span<const std::int64_t> values,
               const std::vector<std::size_t>& shape) {
  write_array(path, "<i8", values, shape);
}

void write_npy(const Path& path, const FloatMatrix& matrix) {
  write_npy(path, matrix.values, {matrix.rows, matrix.columns});
}

}  // namespace epicrisis
