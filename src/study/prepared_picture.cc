#include "study/prepared_picture.h"

#include <algorithm>
#include <utility>

#include "epicrisis/image/decode.h"

namespace epicrisis::study {

Picture prepared_picture(const ImageSource& images, std::size_t index, std::string alt) {
  Image image(images.size(), images.size());
  std::ranges::copy(images.pixels(index), image.pixels.begin());
  return {encode_jpeg(image, 80), std::move(alt)};
}

}  // namespace epicrisis::study
