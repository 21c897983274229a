// links: image
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "epicrisis/core/error.h"
#include "epicrisis/image/decode.h"

// Any bytes: sizes of at least one pixel and an orientation of 1 to 8, or an InputError.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const epicrisis::ImageInfo info =
        epicrisis::read_image_header(std::as_bytes(std::span(data, size)), "fuzz");
    if (info.width < 1 || info.height < 1 || info.orientation < 1 || info.orientation > 8) {
      std::abort();
    }
  } catch (const epicrisis::InputError&) {
  }
  return 0;
}
