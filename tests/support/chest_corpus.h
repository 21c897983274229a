#pragma once

#include <array>
#include <cmath>
#include <string>

#include "epicrisis/core/files.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"
#include "epicrisis/image/image.h"

namespace epicrisis::test {

// A drawn chest radiograph in grey: two dark lungs; class 1 has a cloud in one of them, class 2 a
// lung that is white from below.
inline Image draw_chest(int kind, Random& random) {
  constexpr int kSide = 96;
  Image image(kSide, kSide);
  const double cloud_x = 30 + 4 * random.uniform();
  const double cloud_y = 40 + 16 * random.uniform();
  const double level = 62 + 6 * random.uniform();
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const auto lung = [&](double centre) {
        return std::hypot((x - centre) / 16.0, (y - 50) / 34.0) < 1;
      };
      double grey = lung(30) || lung(66) ? 60 : 150;
      if (kind == 1 && lung(30) && std::hypot(x - cloud_x, y - cloud_y) < 11) grey = 175;
      if (kind == 2 && lung(66) && y > level) grey = 205;
      const double noisy = grey + 8 * (random.uniform() - 0.5);
      for (int c = 0; c < 3; ++c) {
        image.pixels[(static_cast<std::size_t>(y) * kSide + static_cast<std::size_t>(x)) * 3 +
                     static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(noisy);
      }
    }
  }
  return image;
}

// Writes films.csv, columns.toml for generic_csv and images/: `patients` of each class, two films
// each.
inline void write_chest_corpus(const Path& folder, int patients) {
  constexpr std::array<const char*, 3> kFindings = {"normal", "pneumonia", "effusion"};
  std::string table = "film,patient,age,sex,view,finding\n";
  Random random(7, "chest");
  for (int kind = 0; kind < 3; ++kind) {
    for (int patient = 0; patient < patients; ++patient) {
      for (const char* view : {"PA", "AP"}) {
        const std::string id = fmt::format("film{}{:03}{}", kind, patient, view);
        table += fmt::format("{},p{}{},{},{},{},{}\n", id, kind, patient, 30 + patient,
                             patient % 2 == 0 ? "F" : "M", view,
                             kFindings[static_cast<std::size_t>(kind)]);
        write_file(folder / "images" / (id + ".png"), encode_png(draw_chest(kind, random)));
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
