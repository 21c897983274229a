#include "epicrisis/image/augment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

// What one call does, all drawn before any pixel is touched.
struct Plan {
  bool flip_horizontal = false;
  bool flip_vertical = false;
  int quarter_turns = 0;  // clockwise
  bool crops = false;
  double side = 1;  // of the crop, share of the picture's side
  double x = 0;     // of the crop's corner, share of the room there is
  double y = 0;
  std::array<int, 3> shift{};
};

Plan draw(const AugmentConfig& config, Random& random) {
  Plan plan;
  plan.flip_horizontal = random.chance(config.flip_horizontal);
  plan.flip_vertical = random.chance(config.flip_vertical);
  const bool turns = random.chance(config.quarter_turn);
  const int quarters = 1 + static_cast<int>(3 * random.uniform());
  plan.quarter_turns = turns ? quarters : 0;
  plan.crops = random.chance(config.resized_crop);
  plan.side = std::sqrt(random.uniform(config.scale_low, config.scale_high));
  plan.x = random.uniform();
  plan.y = random.uniform();
  const bool shifts = random.chance(config.colour_shift);
  const int room = config.shift_high - config.shift_low + 1;
  for (int& shift : plan.shift) {
    const int drawn = config.shift_low + static_cast<int>(random.uniform() * room);
    if (shifts) shift = drawn;
  }
  return plan;
}

void check(const AugmentConfig& config) {
  const bool fine = config.scale_low > 0 && config.scale_low <= config.scale_high &&
                    config.scale_high <= 1 && config.shift_low <= config.shift_high &&
                    config.shift_low >= -255 && config.shift_high <= 255;
  if (!fine) {
    throw UsageError(
        "Augmentation: scale {} to {} (0 to 1 is allowed), shift {} to {} (-255 to 255)",
        config.scale_low, config.scale_high, config.shift_low, config.shift_high);
  }
}

// Where a target row or column lies in the source: linear between `first` and `first + next`.
struct Sample {
  int first = 0;
  int next = 0;      // 0 at the last pixel
  int fraction = 0;  // of 256
};

// `from` of `size` source pixels starting at `start`, stretched to `size`.
void fill_samples(std::vector<Sample>& samples, int size, double start, double from, bool crops) {
  samples.resize(static_cast<std::size_t>(size));
  for (int i = 0; i < size; ++i) {
    Sample& sample = samples[static_cast<std::size_t>(i)];
    if (!crops) {
      sample = {i, 0, 0};
      continue;
    }
    const double place = std::clamp(start + (i + 0.5) * from / size - 0.5, 0.0, size - 1.0);
    sample.first = static_cast<int>(place);
    sample.fraction = static_cast<int>((place - sample.first) * 256);
    sample.next = sample.first + 1 < size ? 1 : 0;
  }
}

}  // namespace

void augment_into(std::span<const std::uint8_t> source, int size, const AugmentConfig& config,
                  Random& random, std::span<std::uint8_t> output) {
  const auto side = static_cast<std::size_t>(size < 0 ? 0 : size);
  if (size < 1 || source.size() != side * side * 3 || output.size() != source.size()) {
    throw InternalError("augment_into: {} bytes into {} for {} pixels a side", source.size(),
                        output.size(), size);
  }
  check(config);
  const Plan plan = draw(config, random);
  const double from = plan.crops ? plan.side * size : size;
  std::vector<Sample> columns;
  std::vector<Sample> rows;
  fill_samples(columns, size, plan.x * (size - from), from, plan.crops);
  fill_samples(rows, size, plan.y * (size - from), from, plan.crops);
  // Flips and turns change only where a target pixel goes: target index = base + x * dx + y * dy.
  std::ptrdiff_t dx = 3;
  std::ptrdiff_t dy = std::ptrdiff_t{3} * size;
  std::ptrdiff_t base = 0;
  const auto reverse = [&](std::ptrdiff_t& step) {
    base += step * (size - 1);
    step = -step;
  };
  if (plan.flip_horizontal) reverse(dx);
  if (plan.flip_vertical) reverse(dy);
  // By linearity a turn by 90 degrees sends (x, y) to (size - 1 - y, x) of whatever stands.
  for (int i = 0; i < plan.quarter_turns; ++i) {
    const std::ptrdiff_t old_dx = dx;
    dx = dy;
    dy = old_dx;
    reverse(dy);
  }
  std::array<std::array<std::uint8_t, 256>, 3> shifted;
  for (std::size_t c = 0; c < 3; ++c) {
    for (int v = 0; v < 256; ++v) {
      shifted[c][static_cast<std::size_t>(v)] =
          static_cast<std::uint8_t>(std::clamp(v + plan.shift[c], 0, 255));
    }
  }
  for (int y = 0; y < size; ++y) {
    const Sample& row = rows[static_cast<std::size_t>(y)];
    const std::uint8_t* upper = source.data() + std::ptrdiff_t{3} * size * row.first;
    const std::uint8_t* lower = upper + std::ptrdiff_t{3} * size * row.next;
    std::uint8_t* target = output.data() + base + y * dy;
    if (!plan.crops) {
      for (int x = 0; x < size; ++x, target += dx, upper += 3) {
        for (std::size_t c = 0; c < 3; ++c) target[c] = shifted[c][upper[c]];
      }
      continue;
    }
    for (int x = 0; x < size; ++x, target += dx) {
      const Sample& column = columns[static_cast<std::size_t>(x)];
      const std::uint8_t* a = upper + std::ptrdiff_t{3} * column.first;
      const std::uint8_t* b = lower + std::ptrdiff_t{3} * column.first;
      const std::ptrdiff_t right = std::ptrdiff_t{3} * column.next;
      for (std::ptrdiff_t c = 0; c < 3; ++c) {
        const int top = a[c] * (256 - column.fraction) + a[c + right] * column.fraction;
        const int bottom = b[c] * (256 - column.fraction) + b[c + right] * column.fraction;
        const int value = (top * (256 - row.fraction) + bottom * row.fraction + (1 << 15)) >> 16;
        target[c] = shifted[static_cast<std::size_t>(c)][static_cast<std::size_t>(value)];
      }
    }
  }
}

Image augment(const Image& square, const AugmentConfig& config, Random& random) {
  if (square.width != square.height) {
    throw InternalError("augment: {}x{}, a square was expected", square.width, square.height);
  }
  Image result(square.width, square.height);
  augment_into(square.pixels, square.width, config, random, result.pixels);
  return result;
}

}  // namespace epicrisis
