#include <webp/decode.h>

#include <vector>

#include "epicrisis/core/error.h"
#include "image/codecs.h"

namespace epicrisis {

Image decode_webp(Bytes bytes, std::string_view name, const ImageInfo& info) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto pixels = static_cast<std::size_t>(info.width) * static_cast<std::size_t>(info.height);
  Image image(info.width, info.height);
  bool sound = false;
  if (info.channels == 4) {
    std::vector<std::uint8_t> rgba(pixels * 4);
    sound =
        WebPDecodeRGBAInto(data, bytes.size(), rgba.data(), rgba.size(), info.width * 4) != nullptr;
    if (sound) lay_over_white(rgba.data(), pixels, image.pixels.data());
  } else {
    sound = WebPDecodeRGBInto(data, bytes.size(), image.pixels.data(), image.pixels.size(),
                              info.width * 3) != nullptr;
  }
  if (!sound) throw InputError("Decoding the WebP {}: the stream is broken or cut short", name);
  return image;
}

}  // namespace epicrisis
