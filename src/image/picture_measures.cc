#include "epicrisis/image/picture_measures.h"

#include <algorithm>
#include <array>
#include <string>

#include "epicrisis/core/error.h"
#include "epicrisis/image/prepare.h"
#include "epicrisis/image/resize.h"
#include "epicrisis/image/segment.h"
#include "image/close_look.h"

namespace epicrisis {
namespace {

constexpr std::array<std::string_view, 46> kNames = {"certainty",
                                                     "area",
                                                     "contrast",
                                                     "shape_asymmetry",
                                                     "colour_asymmetry",
                                                     "border_step",
                                                     "sharp_share",
                                                     "compactness",
                                                     "white",
                                                     "red",
                                                     "light brown",
                                                     "dark brown",
                                                     "blue-gray",
                                                     "black",
                                                     "lightness",
                                                     "redness",
                                                     "yellowness",
                                                     "spread_l",
                                                     "spread_a",
                                                     "spread_b",
                                                     "darkest",
                                                     "palest",
                                                     "reddest",
                                                     "bluest",
                                                     "lines",
                                                     "lines_coarse",
                                                     "holes",
                                                     "holes_coarse",
                                                     "dots",
                                                     "spots",
                                                     "patches",
                                                     "meshes",
                                                     "mesh_share",
                                                     "grain",
                                                     "relief",
                                                     "plain",
                                                     "rays",
                                                     "largest",
                                                     "hair",
                                                     "ink",
                                                     "ruler",
                                                     "bubbles",
                                                     "vignette",
                                                     "side",
                                                     "background_l",
                                                     "background_a"};

}  // namespace

CloseLook::CloseLook(const Image& picture) {
  const int shortest = std::min(picture.width, picture.height);
  if (shortest < kMinSide) return;
  const auto scaled = [&](int side) {
    return std::max(1, static_cast<int>(std::int64_t{side} * kSide / shortest));
  };
  image = shortest > kSide ? resize_area(picture, scaled(picture.width), scaled(picture.height))
                           : picture;
  with_hair = image;
  hair = remove_hair(image);
  mask = segment_subject(image);
  inside = Plane(image.width, image.height);
  if (mask.area > 0) {
    for (int y = 0; y < image.height; ++y) {
      const int row = static_cast<int>(std::int64_t{y} * mask.height / image.height);
      for (int x = 0; x < image.width; ++x) {
        const int column = static_cast<int>(std::int64_t{x} * mask.width / image.width);
        inside.at(x, y) =
            mask.inside[static_cast<std::size_t>(row) * static_cast<std::size_t>(mask.width) +
                        static_cast<std::size_t>(column)];
      }
    }
    subject.emplace(image, mask);
    texture = find_texture(image, inside);
  }
  artefacts = find_artefacts(with_hair, inside);
}

std::span<const std::string_view> picture_measure_names() { return kNames; }

double PictureMeasures::operator[](std::string_view name) const {
  const auto at = std::ranges::find(kNames, name);
  if (at == kNames.end()) throw InternalError("no measure of pictures is called '{}'", name);
  return values.empty() ? 0 : values[static_cast<std::size_t>(at - kNames.begin())];
}

PictureMeasures measure_picture(const Image& picture) {
  const CloseLook look(picture);
  PictureMeasures result;
  result.values.reserve(kNames.size());
  const auto add = [&](auto... values) { (result.values.push_back(values), ...); };
  if (look.subject) {
    result.found = true;
    const Measurements m = look.subject->measurements();
    const ColourSpread s = look.subject->spread();
    add(look.mask.certainty, m.area, look.mask.contrast, m.shape_asymmetry, m.colour_asymmetry,
        m.border_step, m.sharp_share, m.compactness);
    for (const auto& [name, share] : m.colours) add(share);
    add(s.difference.l, s.difference.a, s.difference.b, s.deviation.l, s.deviation.a, s.deviation.b,
        s.darkest, s.palest, s.reddest, s.bluest);
    const Texture& t = look.texture;
    add(t.lines, t.lines_coarse, t.holes, t.holes_coarse, t.dots, t.spots, t.patches, t.meshes,
        t.mesh_share, t.grain, t.relief, t.plain, t.rays, t.largest);
  } else {
    result.values.assign(38, 0);
  }
  const Artefacts& a = look.artefacts;
  add(std::min(1.0, 10 * look.hair), a.ink, a.ruler, a.bubbles, a.vignette,
      static_cast<double>(std::min(look.image.width, look.image.height)));
  add(look.subject ? look.subject->background().l : 0,
      look.subject ? look.subject->background().a : 0);
  if (result.values.size() != kNames.size()) {
    throw InternalError("a picture gave {} measures, not {}", result.values.size(), kNames.size());
  }
  return result;
}

}  // namespace epicrisis
