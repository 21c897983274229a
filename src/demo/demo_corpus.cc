#include "epicrisis/demo/demo_corpus.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "demo/demo_drawing.h"
#include "epicrisis/core/csv.h"
#include "epicrisis/core/parallel.h"
#include "epicrisis/core/random.h"
#include "epicrisis/image/decode.h"

namespace epicrisis {
namespace {

struct Domain {
  std::string name;
  std::string modality;
  demo::Camera camera;
  std::array<double, 4> shares;  // of nevus, melanoma, basal cell carcinoma, keratosis
};

constexpr std::array<const char*, 4> kRawLabels = {"nevus", "melanoma", "basal cell carcinoma",
                                                   "seborrheic keratosis"};
constexpr std::array<const char*, 6> kSites = {
    "back", "face", "lower extremity", "upper extremity", "abdomen", "scalp"};

std::vector<Domain> domains() {
  std::vector<Domain> list(3);
  list[0] = {"dermoscope_a", "dermoscopic image", {}, {0.46, 0.20, 0.16, 0.18}};
  list[0].camera.vignette = 0.15;
  list[0].camera.hair = 0.25;
  list[1] = {"dermoscope_b", "dermoscopic image", {}, {0.40, 0.24, 0.16, 0.20}};
  list[1].camera.width = 200;
  list[1].camera.height = 200;
  list[1].camera.vignette = 0.85;
  list[1].camera.hair = 0.45;
  list[1].camera.cast = {1.02, 0.93, 1.06};
  list[1].camera.zoom = 0.85;
  list[2] = {"phone", "clinical image", {}, {0.30, 0.14, 0.32, 0.24}};
  list[2].camera.width = 240;
  list[2].camera.height = 180;
  list[2].camera.hair = 0.3;
  list[2].camera.cast = {1.06, 0.96, 0.84};
  list[2].camera.zoom = 0.7;
  list[2].camera.blur = 1;
  list[2].camera.noise = 0.025;
  list[2].camera.glare = 0.4;
  return list;
}

demo::Kind pick_kind(const std::array<double, 4>& shares, Random& random) {
  double draw = random.uniform();
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if ((draw -= shares[i]) < 0) return static_cast<demo::Kind>(i);
  }
  return demo::Kind::kNevus;
}

constexpr const char* kColumnMap = R"(# Column map for the adapter generic_csv.
table = "metadata.csv"
modality = "{}"
taxonomy = "demo"

[columns]
id = "image_id"
label = "diagnosis"
group = "patient_id"
age = "age"
sex = "sex"
site = "site"

[pictures]
folders = ["images"]

[[finding]]
name = "asymmetry"
[[finding]]
name = "border"
[[finding]]
name = "colours"
[[finding]]
name = "structures"
)";

void write_domain(const Domain& domain, const Path& folder, int lesions, std::uint64_t seed,
                  const Job& job) {
  struct Picture {
    std::string id;
    demo::Lesion lesion;
    std::uint64_t seed;
  };
  Random random(seed, domain.name);
  std::vector<Picture> pictures;
  std::string table = csv_row({"image_id", "patient_id", "lesion_id", "diagnosis", "age", "sex",
                               "site", "asymmetry", "border", "colours", "structures"});
  int patient = 0;
  for (int i = 0; i < lesions; ++i) {
    // One lesion in five belongs to the patient before.
    if (i == 0 || random.chance(0.8)) ++patient;
    const demo::Lesion lesion = demo::draw_lesion_signs(pick_kind(domain.shares, random), random);
    const bool old = lesion.kind == demo::Kind::kBasalCell || lesion.kind == demo::Kind::kKeratosis;
    const int age = 5 * static_cast<int>((old ? 50 : 25) / 5 + random.below(9));
    const int copies = random.chance(0.25) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
      const std::string id = fmt::format("{}_{:04d}_{}", domain.name, i + 1, copy + 1);
      std::vector<std::string> row = {id,
                                      fmt::format("{}_P{:04d}", domain.name, patient),
                                      fmt::format("{}_L{:04d}", domain.name, i + 1),
                                      kRawLabels[static_cast<std::size_t>(lesion.kind)],
                                      random.chance(0.05) ? "" : std::to_string(age),
                                      random.chance(0.5) ? "female" : "male",
                                      kSites[random.below(kSites.size())]};
      const bool recorded = random.chance(0.9);
      for (const auto& [name, value] : demo::signs_in_words(lesion))
        row.push_back(recorded ? value : "");
      table += csv_row(row);
      pictures.push_back({id, lesion, random.next()});
    }
  }
  const Path target = folder / domain.name;
  parallel_for(pictures.size(), 0, job, [&](std::size_t i) {
    Random strokes(pictures[i].seed);
    const Image image = demo::render(pictures[i].lesion, domain.camera, strokes);
    write_file(target / "images" / (pictures[i].id + ".jpg"), encode_jpeg(image, 92));
  });
  write_file(target / "metadata.csv", table);
  write_file(target / "columns.toml", fmt::format(kColumnMap, domain.modality));
}

}  // namespace

void write_demo_corpus(const Path& folder, const Job& job, const DemoCorpusOptions& options) {
  const std::vector<Domain> list = domains();
  for (std::size_t i = 0; i < list.size(); ++i) {
    write_domain(list[i], folder, i == 0 ? options.internal_lesions : options.external_lesions,
                 options.seed, job);
  }
}

}  // namespace epicrisis
