// links: image
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/image/decode.h"

// Any bytes: a whole picture within the limits or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  epicrisis::DecodeLimits limits;
  limits.max_side = 512;
  limits.max_pixels = 1 << 15;
  try {
    const epicrisis::Image image =
        epicrisis::decode_image(std::as_bytes(std::span(data, size)), "fuzz", limits);
    const auto pixels =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    if (image.width < 1 || image.height < 1 || pixels > (1U << 15) ||
        image.pixels.size() != 3 * pixels) {
      std::abort();
    }
  } catch (const epicrisis::InputError&) {
  }
  return 0;
}
