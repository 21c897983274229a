#include "llm/request_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "epicrisis/core/base64.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/measure.h"
#include "epicrisis/image/resize.h"

namespace epicrisis::llm {

std::string image_data_uri(const Path& path, int side, int quality) {
  Image image = load_image(path);
  const int longer = std::max(image.width, image.height);
  if (longer > side) {
    const double scale = static_cast<double>(side) / longer;
    const auto scaled = [&](int length) {
      return std::max(1, static_cast<int>(std::lround(length * scale)));
    };
    image = resize_area(image, scaled(image.width), scaled(image.height));
  }
  return "data:image/jpeg;base64," + base64_encode(encode_jpeg(image, quality));
}

std::string measured_words(const Path& path) {
  std::vector<std::string> words;
  for (const auto& [name, value] : measure_findings(load_image(path))) {
    words.push_back(fmt::format("{}: {}", name, value));
  }
  return join(words, "; ");
}

}  // namespace epicrisis::llm
