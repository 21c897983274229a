// Prints how well what is measured on pictures agrees with what a reader wrote of them: kappa and
// coverage of each finding at several confidences. findings_agreement SHARED_FOLDER [--every N]
// [--fit FILE]. SHARED_FOLDER holds notes/*.jsonl and the pictures below data/; of the notes those
// of strategy P1 are taken, in which a choice was made for each finding.
//
// --fit writes a findings file whose weights are fitted to one half of the large file's pictures
// (by a hash of their ids; logistic regression, both answers weighted alike, ridge penalty). What
// is printed is measured on the other half and on the small file: never on what was fitted to.
// docs/findings.md.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/audit/claims.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/files.h"
#include "epicrisis/core/hash.h"
#include "epicrisis/corpus/finding_rules.h"
#include "epicrisis/eval/statistics.h"
#include "epicrisis/image/decode.h"

namespace {

using namespace epicrisis;

struct Picture {
  std::string source, id, modality;
  bool fitted = false;
  PictureMeasures measures;
  std::map<std::string, bool> claims;  // "colours: white" -> asserted
};

Path find_picture(const Path& folder, const std::string& id) {
  for (const char* below : {"images", "images_600x450", "images_png"}) {
    for (const char* end : {".jpg", ".png", ".jpeg"}) {
      Path path = folder / below / (id + end);
      if (std::filesystem::exists(path)) return path;
    }
  }
  throw InputError("{}: there is no picture {}", folder.string(), id);
}

std::vector<Picture> read_pictures(const Path& shared, int every) {
  const audit::ClaimReader reader(Field::standard());
  std::vector<Picture> pictures;
  double seconds = 0;
  int number = 0;
  for (const char* file : {"notes/vlm_notes.jsonl", "notes/ham10000_train_notes.jsonl"}) {
    std::ifstream lines(shared / file);
    if (!lines) throw InputError("{}: cannot be opened", (shared / file).string());
    std::string line;
    while (std::getline(lines, line)) {
      const Json note = parse_json(line, file);
      if (note.at("strategy") != "P1" || number++ % every != 0) continue;
      Picture picture;
      picture.source = note.at("source").get<std::string>();
      picture.id = note.at("image_id").get<std::string>();
      picture.modality = note.at("modality").get<std::string>();
      picture.fitted = std::string_view(file).find("ham10000") != std::string_view::npos &&
                       sha256_hex(picture.id)[0] < '8';
      for (const audit::Claim& claim : reader.read(note.at("note").get<std::string>()).claims) {
        bool& asserted = picture.claims[claim.kind + ": " + claim.value];
        asserted = asserted || !claim.denied;
      }
      const Image image = load_image(find_picture(shared / "data" / picture.source, picture.id));
      const auto begin = std::chrono::steady_clock::now();
      picture.measures = measure_picture(image);
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      pictures.push_back(std::move(picture));
    }
  }
  // A picture that is in both files is fitted to in both or in neither.
  std::set<std::string> fitted;
  for (const Picture& picture : pictures) {
    if (picture.fitted) fitted.insert(picture.id);
  }
  for (Picture& picture : pictures) picture.fitted = fitted.contains(picture.id);
  if (pictures.empty()) {
    throw InputError("{}: there are no notes of strategy P1, or `every` is too large",
                     (shared / "notes").string());
  }
  fmt::print("{} pictures measured, {:.0f} a second without decoding\n", pictures.size(),
             static_cast<double>(pictures.size()) / seconds);
  return pictures;
}

// What the note says of a finding; nothing where it is silent, or between the two.
std::optional<bool> said(const Picture& picture, const FindingRules::Rule& rule) {
  bool of_kind = false;
  for (const auto& [claim, asserted] : picture.claims) {
    of_kind |= claim.starts_with(rule.kind + ": ");
  }
  const auto states = [&](const std::string& value) {
    const auto at = picture.claims.find(rule.kind + ": " + value);
    return at != picture.claims.end() && at->second;
  };
  if (rule.opposite.empty()) {
    if (!of_kind) return std::nullopt;
    return states(rule.value);
  }
  if (states(rule.value) == states(rule.opposite) || states("mixed")) return std::nullopt;
  return states(rule.value);
}

struct Table {
  double counts[2][2] = {{0, 0}, {0, 0}};  // [measured][said]
  double total() const { return counts[0][0] + counts[0][1] + counts[1][0] + counts[1][1]; }
  double kappa() const {
    const std::array measured = {counts[0][0] + counts[0][1], counts[1][0] + counts[1][1]};
    const std::array said = {counts[0][0] + counts[1][0], counts[0][1] + counts[1][1]};
    const double kappa = cohen_kappa(measured, said, counts[0][0] + counts[1][1]);
    return std::isnan(kappa) ? 0 : kappa;
  }
  double agreement() const { return total() == 0 ? 0 : (counts[0][0] + counts[1][1]) / total(); }
};

Table compare(const std::vector<Picture>& pictures, const FindingRules& rules,
              const FindingRules::Rule& rule, double confidence, const std::string& source,
              double* asked = nullptr) {
  Table table;
  for (const Picture& picture : pictures) {
    if (picture.fitted || !rules.made_for(picture.modality)) continue;
    if (!source.empty() && picture.source != source) continue;
    const std::optional<bool> says = said(picture, rule);
    if (!says) continue;
    if (asked != nullptr) ++*asked;
    for (const MeasuredFinding& found : rules.findings(picture.measures, picture.modality)) {
      if (found.kind == rule.kind && found.value == rule.value && found.confidence >= confidence) {
        ++table.counts[found.present()][*says];
      }
    }
  }
  return table;
}

void print_agreement(const std::vector<Picture>& pictures, const FindingRules& rules) {
  fmt::print("kappa (agreement) @ coverage, pictures that nothing was fitted to\n{:<34} {:>5}", "",
             "n");
  const std::vector<double> confidences = {0, 0.25, 0.5, 0.75, 0.9};
  for (const double confidence : confidences) fmt::print("   from {:<12.2f}", confidence);
  fmt::print("\n");
  std::vector<std::string> sources = {""};
  for (const Picture& picture : pictures) {
    if (!picture.fitted && rules.made_for(picture.modality) &&
        std::ranges::find(sources, picture.source) == sources.end()) {
      sources.push_back(picture.source);
    }
  }
  for (const std::string& source : sources) {
    if (!source.empty()) fmt::print("{}\n", source);
    for (const FindingRules::Rule& rule : rules.rules()) {
      double asked = 0;
      compare(pictures, rules, rule, 0, source, &asked);
      fmt::print("{:<34} {:>5}", rule.kind + ": " + rule.value, asked);
      for (const double confidence : confidences) {
        const Table table = compare(pictures, rules, rule, confidence, source);
        fmt::print("   {:>5.2f} ({:.2f}) @ {:.2f}", table.kappa(), table.agreement(),
                   asked > 0 ? table.total() / asked : 0);
      }
      fmt::print("\n");
    }
  }
}

// Logistic regression by gradient descent with momentum; both answers count alike. Weights, then
// the bias.
std::vector<double> fit(const std::vector<std::vector<double>>& rows,
                        const std::vector<bool>& said) {
  constexpr double kRidge = 8, kStep = 0.3, kMomentum = 0.8;
  const std::size_t width = rows.front().size();
  const auto n = static_cast<double>(rows.size());
  const auto yes = static_cast<double>(std::ranges::count(said, true));
  std::vector<double> weights(width + 1, 0), speed(width + 1, 0);
  for (int step = 0; step < 400; ++step) {
    std::vector<double> slope(width + 1, 0);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      double sum = weights[width];
      for (std::size_t i = 0; i < width; ++i) sum += weights[i] * rows[r][i];
      const double error =
          (1 / (1 + std::exp(-sum)) - (said[r] ? 1 : 0)) * (n / (2 * (said[r] ? yes : n - yes)));
      for (std::size_t i = 0; i < width; ++i) slope[i] += error * rows[r][i];
      slope[width] += error;
    }
    for (std::size_t i = 0; i <= width; ++i) {
      const double pull = i < width ? kRidge * weights[i] : 0;
      speed[i] = kMomentum * speed[i] - kStep * (slope[i] + pull) / n;
      weights[i] += speed[i];
    }
  }
  return weights;
}

// The measures that findings are made of, and whether their root is taken.
const std::vector<std::pair<std::string, bool>> kUsed = {{"certainty", false},
                                                         {"area", true},
                                                         {"contrast", false},
                                                         {"shape_asymmetry", false},
                                                         {"colour_asymmetry", false},
                                                         {"border_step", false},
                                                         {"sharp_share", false},
                                                         {"compactness", false},
                                                         {"white", true},
                                                         {"red", true},
                                                         {"light brown", true},
                                                         {"dark brown", true},
                                                         {"blue-gray", true},
                                                         {"black", true},
                                                         {"lightness", false},
                                                         {"redness", false},
                                                         {"yellowness", false},
                                                         {"spread_l", false},
                                                         {"spread_a", false},
                                                         {"spread_b", false},
                                                         {"darkest", false},
                                                         {"palest", false},
                                                         {"reddest", false},
                                                         {"bluest", false},
                                                         {"lines", true},
                                                         {"lines_coarse", true},
                                                         {"holes", true},
                                                         {"holes_coarse", true},
                                                         {"dots", true},
                                                         {"spots", true},
                                                         {"patches", true},
                                                         {"meshes", true},
                                                         {"mesh_share", true},
                                                         {"grain", true},
                                                         {"relief", true},
                                                         {"plain", true},
                                                         {"rays", false},
                                                         {"largest", true}};
struct Wanted {
  const char *kind, *value, *opposite;
  bool structure;
};
const std::vector<Wanted> kWanted = {{"asymmetry", "asymmetric", "symmetric", false},
                                     {"border", "sharp", "indistinct", false},
                                     {"colours", "white", "", false},
                                     {"colours", "red", "", false},
                                     {"colours", "light brown", "", false},
                                     {"colours", "dark brown", "", false},
                                     {"colours", "blue-gray", "", false},
                                     {"colours", "black", "", false},
                                     {"structures", "pigment network", "", true},
                                     {"structures", "dots", "", true},
                                     {"structures", "globules", "", true},
                                     {"structures", "streaks", "", true},
                                     {"structures", "structureless areas", "", true}};

constexpr double kUsableKappa = 0.4;
constexpr double kUsableAgreement = 0.75;  // else more than one reproach in four would be wrong
constexpr double kSure = 0.75;  // a finding that agrees less where it is surer is not trusted

std::string quoted(const std::string& name) { return '"' + name + '"'; }

void write_fitted(const std::vector<Picture>& pictures, const Path& path) {
  std::string head =
      "# How the measures of a picture become findings (docs/formats/findings-files.md), written by\n"
      "# `bench/findings_agreement ../shared --fit FILE`. A finding is used as evidence (usable) if,\n"
      "# where it is confident and where it is sure (.75), its kappa against the notes of a\n"
      "# vision-language model on pictures that nothing was fitted to is .4 or more, and it agrees in\n"
      "# three of four.\n"
      "modality = \"dermoscopic image\"\n"
      "modalities = [\"dermoscop\", \"dermatoscop\"]\n"
      "confident_from = 0.5\n";
  head += "\n[measures]\n";
  for (const auto& [name, root] : kUsed) {
    double sum = 0, squares = 0, count = 0;
    for (const Picture& picture : pictures) {
      if (!picture.fitted || !picture.measures.found) continue;
      const double value =
          root ? std::sqrt(std::max(0.0, picture.measures[name])) : picture.measures[name];
      sum += value;
      squares += value * value;
      ++count;
    }
    if (count == 0) throw InputError("there is no picture to fit to: all are kept for comparison");
    const double mean = sum / count;
    const double spread = std::sqrt(std::max(0.0, squares / count - mean * mean));
    head += fmt::format("{} = {{ mean = {:.5g}, spread = {:.5g}{} }}\n", quoted(name), mean,
                        std::max(1e-6, spread), root ? ", root = true" : "");
  }
  // First without, to see how the kappas come out, then with them.
  const FindingRules scales = FindingRules::parse(head, "scales");
  std::vector<std::string> bodies;
  for (const Wanted& wanted : kWanted) {
    FindingRules::Rule rule;
    rule.kind = wanted.kind;
    rule.value = wanted.value;
    rule.opposite = wanted.opposite;
    std::vector<std::vector<double>> rows;
    std::vector<bool> answers;
    for (const Picture& picture : pictures) {
      const std::optional<bool> says = said(picture, rule);
      if (!picture.fitted || !picture.measures.found || !says) continue;
      rows.push_back(scales.scaled(picture.measures));
      answers.push_back(*says);
    }
    // Also where there is none.
    if (std::ranges::count(answers, answers.empty() || answers.front()) == std::ssize(answers)) {
      throw InputError("{}: {}: the {} notes to fit to do not hold both answers", wanted.kind,
                       wanted.value, answers.size());
    }
    const std::vector<double> weights = fit(rows, answers);
    std::string body = fmt::format("bias = {:.4f}\n[finding.weights]\n", weights.back());
    for (std::size_t i = 0; i < kUsed.size(); ++i) {
      body += fmt::format("{} = {:.4f}\n", quoted(kUsed[i].first), weights[i]);
    }
    bodies.push_back(std::move(body));
  }
  const auto assemble = [&](const std::vector<std::string>& measured) {
    std::string all = head;
    for (std::size_t k = 0; k < kWanted.size(); ++k) {
      const Wanted& wanted = kWanted[k];
      all +=
          fmt::format("\n[[finding]]\nkind = \"{}\"\nvalue = \"{}\"\n", wanted.kind, wanted.value);
      if (*wanted.opposite != 0) all += fmt::format("opposite = \"{}\"\n", wanted.opposite);
      if (wanted.structure) all += "structure = true\n";
      if (!measured.empty()) all += measured[k];
      all += bodies[k];
    }
    return all;
  };
  const FindingRules rules = FindingRules::parse(assemble({}), "fitted");
  std::vector<std::string> measured;
  for (const FindingRules::Rule& rule : rules.rules()) {
    double asked = 0;
    const Table table = compare(pictures, rules, rule, rules.confident_from(), "", &asked);
    const Table sure = compare(pictures, rules, rule, kSure, "");
    measured.push_back(fmt::format(
        "usable = {}\nkappa = {:.2f}\nkappa_sure = {:.2f}\ncoverage = {:.2f}\npictures = {}\n",
        table.kappa() >= kUsableKappa && sure.kappa() >= kUsableKappa &&
            table.agreement() >= kUsableAgreement,
        table.kappa(), sure.kappa(), table.total() / std::max(1.0, asked), asked));
  }
  write_file(path, assemble(measured));
}

int run(const Path& shared, int every, const std::string& fitted) {
  const std::vector<Picture> pictures = read_pictures(shared, every);
  if (!fitted.empty()) {
    write_fitted(pictures, fitted);
    print_agreement(pictures, FindingRules::parse(read_file(fitted, 1 << 20), fitted));
    return 0;
  }
  print_agreement(pictures, *FindingRules::of(Field::standard()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    fmt::print("usage: findings_agreement SHARED_FOLDER [--every N] [--fit FILE]\n");
    return 2;
  }
  const Path shared = arguments.front();
  if (!std::filesystem::exists(shared / "notes/vlm_notes.jsonl")) {
    fmt::print("SKIPPED: {} has no notes/vlm_notes.jsonl\n", shared.string());
    return 0;
  }
  const auto option = [&](const std::string& name) {
    const auto at = std::ranges::find(arguments, name);
    return at == arguments.end() || at + 1 == arguments.end() ? std::string() : *(at + 1);
  };
  try {
    const std::string every = option("--every");
    return run(shared, every.empty() ? 1 : std::max(1, std::stoi(every)), option("--fit"));
  } catch (const std::exception& error) {
    fmt::print("{}\n", error.what());
    return 1;
  }
}
