#include <algorithm>
#include <array>
#include <cmath>

#include "epicrisis/image/picture_measures.h"
#include "epicrisis/image/resize.h"
#include "image/close_look.h"

namespace epicrisis {
namespace {

using Colour = std::array<std::uint8_t, 3>;

constexpr Colour kOutline{0, 255, 0};
constexpr Colour kAxis{255, 255, 0};
constexpr std::array<Colour, kSubjectColours + 1> kColours = {{{255, 255, 255},
                                                               {230, 30, 30},
                                                               {200, 150, 90},
                                                               {100, 60, 30},
                                                               {110, 140, 190},
                                                               {0, 0, 0},
                                                               {225, 200, 185}}};
// Of Texture::Mark.
constexpr std::array<Colour, 6> kMarks = {
    {{0, 0, 0}, {0, 200, 0}, {255, 0, 0}, {255, 140, 0}, {0, 90, 255}, {170, 170, 170}}};
// Of Artefacts::Mark.
constexpr std::array<Colour, 4> kArtefacts = {
    {{0, 0, 0}, {255, 0, 255}, {255, 255, 0}, {0, 255, 255}}};

void paint(Image& image, int x, int y, const Colour& colour) {
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return;
  std::copy(colour.begin(), colour.end(), image.at(x, y));
}

Image fitting(const Image& image, int side) {
  const int longest = std::max(image.width, image.height);
  const auto scaled = [&](int length) {
    return std::max(1, static_cast<int>(std::int64_t{length} * side / longest));
  };
  return resize_area(image, scaled(image.width), scaled(image.height));
}

Image faded(const Image& image) {
  Image pale = image;
  for (std::uint8_t& v : pale.pixels) v = static_cast<std::uint8_t>(128 + v / 2);
  return pale;
}

Image outline(const CloseLook& look) {
  Image panel = look.image;
  const Plane& inside = look.inside;
  const Plane rim = erode(inside, 1);
  for (int y = 0; y < panel.height; ++y) {
    for (int x = 0; x < panel.width; ++x) {
      if (inside.at(x, y) != 0 && rim.at(x, y) == 0) paint(panel, x, y, kOutline);
    }
  }
  const Subject& subject = *look.subject;
  const double scale = static_cast<double>(subject.box().width) / subject.width();
  const double x0 = subject.box().x + (subject.centre_x() + 0.5) * scale;
  const double y0 = subject.box().y + (subject.centre_y() + 0.5) * scale;
  const double reach = 0.6 * subject.diameter() * scale;
  for (const double turn : {0.0, 1.57079632679}) {
    const double dx = std::cos(subject.angle() + turn);
    const double dy = std::sin(subject.angle() + turn);
    const int steps = static_cast<int>(2 * reach);  // of half a pixel, to each side
    for (int step = -steps; step <= steps; ++step) {
      const double r = 0.5 * step;
      paint(panel, static_cast<int>(std::lround(x0 + r * dx)),
            static_cast<int>(std::lround(y0 + r * dy)), kAxis);
    }
  }
  return panel;
}

Image colour_map(const CloseLook& look) {
  Image panel = faded(look.image);
  const Subject& subject = *look.subject;
  for (int y = 0; y < panel.height; ++y) {
    for (int x = 0; x < panel.width; ++x) {
      if (look.inside.at(x, y) == 0) continue;
      const int column = std::clamp((x - subject.box().x) * subject.width() / subject.box().width,
                                    0, subject.width() - 1);
      const int row = std::clamp((y - subject.box().y) * subject.height() / subject.box().height, 0,
                                 subject.height() - 1);
      paint(panel, x, y, kColours[subject.colour_name(column, row)]);
    }
  }
  return panel;
}

Image structures(const CloseLook& look) {
  Image panel = faded(look.with_hair);
  for (int y = 0; y < panel.height; ++y) {
    for (int x = 0; x < panel.width; ++x) {
      const std::size_t i = look.inside.index(x, y);
      const auto mark = look.texture.marks.empty() ? 0U : look.texture.marks[i];
      const auto artefact = look.artefacts.marks[i];
      if (artefact != Artefacts::kNone) {
        paint(panel, x, y, kArtefacts[artefact]);
      } else if (mark != Texture::kNone) {
        paint(panel, x, y, kMarks[mark]);
      }
    }
  }
  return panel;
}

}  // namespace

Image draw_evidence(const Image& image, int side) {
  const CloseLook look(image);
  const Image first = fitting(image, side);
  Image sheet(4 * first.width, first.height);
  std::fill(sheet.pixels.begin(), sheet.pixels.end(), std::uint8_t{200});
  const auto place = [&](int number, const Image& panel) {
    const Image fitted = resize_area(panel, first.width, first.height);
    for (int y = 0; y < first.height; ++y) {
      std::copy_n(fitted.at(0, y), 3 * static_cast<std::size_t>(first.width),
                  sheet.at(number * first.width, y));
    }
  };
  place(0, first);
  if (look.subject) {
    place(1, outline(look));
    place(2, colour_map(look));
  }
  if (!look.artefacts.marks.empty()) place(3, structures(look));
  return sheet;
}

}  // namespace epicrisis
