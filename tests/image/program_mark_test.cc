#include "epicrisis/image/program_mark.h"

#include <gtest/gtest.h>

#include <span>

#include "epicrisis/image/decode.h"

namespace epicrisis {
namespace {

Image gradient() {
  Image image(40, 30);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int c = 0; c < 3; ++c) image.at(x, y)[c] = static_cast<std::uint8_t>(x + y + 20 * c);
    }
  }
  return image;
}

Image decoded(const std::string& bytes) {
  return decode_image(std::as_bytes(std::span(bytes)), "picture");
}

TEST(ProgramMark, IsFoundAndChangesNoPixel) {
  for (const std::string& plain : {encode_png(gradient()), encode_jpeg(gradient())}) {
    EXPECT_FALSE(has_program_mark(plain));
    const std::string marked = with_program_mark(plain);
    EXPECT_TRUE(has_program_mark(marked));
    EXPECT_TRUE(has_program_mark(std::string_view(marked).substr(0, 128)));
    EXPECT_EQ(decoded(marked).pixels, decoded(plain).pixels);
    for (std::size_t size = 0; size < 128; ++size) {
      has_program_mark(std::string_view(plain).substr(0, size));  // reads nothing beyond
    }
  }
  EXPECT_FALSE(has_program_mark(""));
  EXPECT_FALSE(has_program_mark("epicrisis"));
}

}  // namespace
}  // namespace epicrisis
