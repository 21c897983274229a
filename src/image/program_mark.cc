#include "epicrisis/image/program_mark.h"

#include <zlib.h>

#include <cstddef>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::string_view kName = "epicrisis";
constexpr std::string_view kPngStart = "\x89PNG\r\n\x1a\n";
constexpr std::string_view kJpegStart = "\xff\xd8\xff\xe0";  // APP0, as JFIF begins
// Behind the signature and IHDR, which is always the first chunk: 8 + 4 + 4 + 13 + 4 bytes.
constexpr std::size_t kPngPlace = 33;

std::string big_endian(std::size_t number, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>((number >> static_cast<unsigned>(shift)) & 0xFFU);
  }
  return text;
}

std::string png_chunk() {
  std::string content = "tEXtSoftware";
  content += '\0';
  content += kName;
  const uLong sum = crc32(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(content.data()),
                          static_cast<uInt>(content.size()));
  return big_endian(content.size() - 4, 4) + content + big_endian(sum, 4);
}

std::string jpeg_comment() {
  return "\xff\xfe" + big_endian(kName.size() + 2, 2) + std::string(kName);
}

// Where the mark is or goes, and what it is; at 0 in a file of another kind.
struct Mark {
  std::size_t place = 0;
  std::string bytes;
};

Mark mark_of(std::string_view beginning) {
  if (beginning.starts_with(kPngStart)) return {kPngPlace, png_chunk()};
  if (!beginning.starts_with(kJpegStart) || beginning.size() < 6) return {};
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(beginning[at]); };
  return {std::size_t{4} + byte(4) * std::size_t{256} + byte(5), jpeg_comment()};
}

}  // namespace

std::string with_program_mark(std::string encoded) {
  const Mark mark = mark_of(encoded);
  if (mark.place == 0 || mark.place > encoded.size()) {
    throw InternalError("a picture of {} bytes is neither PNG nor JFIF", encoded.size());
  }
  encoded.insert(mark.place, mark.bytes);
  return encoded;
}

bool has_program_mark(std::string_view beginning) {
  const Mark mark = mark_of(beginning);
  return mark.place != 0 && mark.place < beginning.size() &&
         beginning.substr(mark.place).starts_with(mark.bytes);
}

}  // namespace epicrisis
