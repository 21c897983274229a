#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/image.h"

namespace epicrisis::test {

// A drawn chest radiograph in grey: two dark lungs; class 1 has a cloud in one of them, class 2 a
// lung that is white from below. `patient` and `view` seed what tells pictures apart: how large and
// where the lungs are, the light, and soft blots, so that none looks like a copy of another.
inline Image draw_chest(int kind, int patient, int view) {
  constexpr int kSide = 96;
  Random random(static_cast<std::uint64_t>((kind * 1000 + patient) * 2 + view), "chest");
  Image image(kSide, kSide);
  const double width = random.uniform(10, 18);
  const double height = random.uniform(22, 38);
  const double middle = random.uniform(40, 56);
  const double left = random.uniform(24, 34);
  const double right = random.uniform(62, 72);
  const double tilt_x = random.uniform(-0.6, 0.6);
  const double tilt_y = random.uniform(-0.6, 0.6);
  struct Blot {
    double x, y, radius, grey;
  };
  std::array<Blot, 6> blots{};
  for (Blot& blot : blots) {
    blot = {random.uniform(0, kSide), random.uniform(0, kSide), random.uniform(10, 24),
            random.uniform(-45, 45)};
  }
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto lung = [&](double centre) {
        return std::hypot((x - centre) / width, (y - middle) / height) < 1;
      };
      double grey = lung(left) || lung(right) ? 60 : 140;
      if (kind == 1 && lung(left) && std::hypot(x - left, y - middle) < 10) grey = 190;
      if (kind == 2 && lung(right) && y > middle + 6) grey = 215;
      grey += tilt_x * (x - kSide / 2.0) + tilt_y * (y - kSide / 2.0);
      for (const Blot& blot : blots) {
        const double far = std::hypot(x - blot.x, y - blot.y) / blot.radius;
        grey += blot.grey * std::exp(-far * far);
      }
      const auto level = static_cast<std::uint8_t>(std::clamp(grey, 0.0, 255.0));
      std::fill_n(image.at(x, y), 3, level);
    }
  }
  return image;
}

// Writes films.csv, columns.toml for generic_csv and images/: `patients` of each class, two films
// each.
inline void write_chest_corpus(const Path& folder, int patients) {
  constexpr std::array<const char*, 3> kFindings = {"normal", "pneumonia", "effusion"};
  std::string table = "film,patient,age,sex,view,finding\n";
  for (int kind = 0; kind < 3; ++kind) {
    for (int patient = 0; patient < patients; ++patient) {
      for (const int film : {0, 1}) {
        const char* const view = film == 0 ? "PA" : "AP";
        const std::string id = fmt::format("film{}{:03}{}", kind, patient, view);
        table += fmt::format("{},p{}{},{},{},{},{}\n", id, kind, patient, 30 + patient,
                             patient % 2 == 0 ? "F" : "M", view,
                             kFindings[static_cast<std::size_t>(kind)]);
        write_file(folder / "images" / (id + ".png"), encode_png(draw_chest(kind, patient, film)));
      }
    }
  }
  write_file(folder / "films.csv", table);
  write_file(folder / "columns.toml",
             "table = \"films.csv\"\ntaxonomy = \"chest_xray\"\nmodality = \"chest radiograph\"\n"
             "[columns]\nid = \"film\"\nlabel = \"finding\"\ngroup = \"patient\"\nage = \"age\"\n"
             "sex = \"sex\"\n[[finding]]\nname = \"view\"\n");
}

}  // namespace epicrisis::test
