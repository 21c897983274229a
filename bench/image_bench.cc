// links: image
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "epicrisis/core/random.h"
#include "epicrisis/image/augment.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/fingerprint.h"
#include "epicrisis/image/measure.h"
#include "epicrisis/image/normalize.h"
#include "epicrisis/image/picture_measures.h"
#include "epicrisis/image/prepare.h"

namespace {

using namespace epicrisis;

// Skin, a lesion, grain and, if asked for, a dozen hairs; 600 x 450 as HAM10000 has it.
Image picture(bool hairy) {
  Random random(1);
  Image image(600, 450);
  for (int y = 0; y < 450; ++y) {
    for (int x = 0; x < 600; ++x) {
      const bool lesion = std::hypot(x - 310, (y - 220) * 1.2) < 110;
      bool hair = false;
      for (int k = 0; hairy && k < 12; ++k) {
        hair |= std::abs(y - (37 * k + (x * (k - 6)) / 12)) < 2;
      }
      for (int c = 0; c < 3; ++c) {
        const int base = hair ? 45 : lesion ? 130 - 25 * c : 225 - 30 * c;
        image.at(x, y)[c] = static_cast<std::uint8_t>(base + static_cast<int>(random.below(11)));
      }
    }
  }
  return image;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

void decode_jpeg_600x450(benchmark::State& state) {
  const std::string file = encode_jpeg(picture(false), 90);
  for ([[maybe_unused]] auto iteration : state)
    benchmark::DoNotOptimize(decode_image(bytes_of(file), "bench"));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_jpeg_600x450)->Unit(benchmark::kMillisecond);

void decode_png_600x450(benchmark::State& state) {
  const std::string file = encode_png(picture(false));
  for ([[maybe_unused]] auto iteration : state)
    benchmark::DoNotOptimize(decode_image(bytes_of(file), "bench"));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_png_600x450)->Unit(benchmark::kMillisecond);

void refuse_60000x60000_png_header(benchmark::State& state) {
  std::string file = encode_png(Image(4, 4));
  file.replace(16, 8, std::string("\0\0\xEA\x60\0\0\xEA\x60", 8));
  for ([[maybe_unused]] auto iteration : state) {
    try {
      decode_image(bytes_of(file), "bench");
    } catch (const std::exception& error) {
      benchmark::DoNotOptimize(error.what());
    }
  }
}
BENCHMARK(refuse_60000x60000_png_header)->Unit(benchmark::kMicrosecond);

void prepare_600x450(benchmark::State& state) {
  const Image image = picture(state.range(0) != 0);
  for ([[maybe_unused]] auto iteration : state) benchmark::DoNotOptimize(prepare_image(image, {}));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(prepare_600x450)->ArgName("hairy")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void fingerprint_600x450(benchmark::State& state) {
  const Image image = picture(false);
  const std::string file = encode_jpeg(image, 90);
  for ([[maybe_unused]] auto iteration : state)
    benchmark::DoNotOptimize(fingerprint(bytes_of(file), image));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(fingerprint_600x450)->Unit(benchmark::kMillisecond);

void measure_600x450(benchmark::State& state) {
  const Image image = picture(false);
  for ([[maybe_unused]] auto iteration : state) benchmark::DoNotOptimize(measure(image));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(measure_600x450)->Unit(benchmark::kMillisecond);

// Findings of a picture of 224 pixels a side, without and with hairs.
void measure_picture_224(benchmark::State& state) {
  const Image image = resize_area(picture(state.range(0) != 0), Box{75, 0, 450, 450}, 224, 224);
  for ([[maybe_unused]] auto iteration : state) benchmark::DoNotOptimize(measure_picture(image));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(measure_picture_224)->ArgName("hairy")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void augment_224(benchmark::State& state) {
  const Image image = resize_area(picture(false), 224, 224);
  std::vector<std::uint8_t> output(image.pixels.size());
  Random random(1);
  for ([[maybe_unused]] auto iteration : state) augment_into(image.pixels, 224, {}, random, output);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(augment_224)->Unit(benchmark::kMillisecond);

void normalize_224(benchmark::State& state) {
  const Image image = resize_area(picture(false), 224, 224);
  std::vector<float> output(image.pixels.size());
  for ([[maybe_unused]] auto iteration : state)
    normalize_into(image.pixels, kImageNetStatistics, output);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(normalize_224)->Unit(benchmark::kMillisecond);

}  // namespace
