#include "epicrisis/corpus/finding_rules.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "corpus/resources.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"

namespace epicrisis {
namespace {

constexpr double kFar = 3;  // spreads from the mean, beyond which a value counts no more
constexpr double kUnmeasuredCap = 0.45;  // confidence on pictures that nobody compared it on
constexpr double kFineSide = 160;        // pixels a side below which no fine structure is seen

double rounded(double value) { return std::round(value * 1000) / 1000; }

FindingRules::Scale read_scale(const TomlTable& table, const std::string& name) {
  const auto names = picture_measure_names();
  const auto at = std::ranges::find(names, name);
  if (at == names.end()) {
    throw UsageError("{}: there is no measure '{}'; there are {}", table.place(),
                     clean_text(name, 60), join({names.begin(), names.end()}, ", "));
  }
  FindingRules::Scale scale;
  scale.measure = static_cast<std::size_t>(at - names.begin());
  scale.root = table.boolean_or("root", false);
  scale.mean = table.number_in("mean", -1e6, 1e6);
  scale.spread = table.number_in("spread", 1e-9, 1e6);
  return scale;
}

}  // namespace

std::string MeasuredFinding::words() const {
  if (present()) return value;
  return opposite.empty() ? "no " + value : opposite;
}

Json to_json(const MeasuredFinding& finding) {
  return {{"kind", finding.kind},
          {"value", finding.value},
          {"strength", finding.strength},
          {"confidence", finding.confidence},
          {"says", finding.confident ? finding.words() : ""},
          {"usable", finding.usable}};
}

FindingRules FindingRules::parse(std::string_view toml, std::string_view source) {
  const TomlTable table = TomlTable::parse(toml, std::string(source));
  FindingRules result;
  result.modality_ = table.string("modality");
  for (const std::string& part : table.strings_or("modalities", {})) {
    result.modalities_.push_back(ascii_lower(part));
  }
  result.confident_from_ = table.number_in("confident_from", 0, 1);
  const TomlTable scales = table.table("measures");
  const std::vector<std::string> measures = scales.keys();
  for (const std::string& name : measures) {
    result.scales_.push_back(read_scale(scales.table(name), name));
  }
  for (const TomlTable& one : table.tables_or_empty("finding")) {
    Rule rule;
    rule.kind = one.string("kind");
    rule.value = one.string("value");
    rule.opposite = one.string_or("opposite", "");
    rule.structure = one.boolean_or("structure", false);
    rule.kappa = one.number_in("kappa", -1, 1, 0);
    rule.kappa_sure = one.number_in("kappa_sure", -1, 1, 0);
    rule.coverage = one.number_in("coverage", 0, 1, 0);
    rule.pictures = static_cast<int>(one.integer_in("pictures", 0, 1'000'000'000, 0));
    rule.usable = one.boolean_or("usable", false);
    rule.bias = one.number_in("bias", -1e6, 1e6);
    const TomlTable weights = one.table("weights");
    for (const std::string& name : weights.keys()) {
      if (std::ranges::find(measures, name) == measures.end()) {
        throw UsageError("{}: weight of '{}', which `measures` does not list", weights.place(name),
                         clean_text(name, 60));
      }
    }
    for (const std::string& name : measures) {
      rule.weights.push_back(weights.number_in(name, -1e6, 1e6, 0));
    }
    result.rules_.push_back(std::move(rule));
  }
  table.finish();
  return result;
}

const FindingRules* FindingRules::of(const Field& field) {
  static std::mutex mutex;
  static std::map<std::string, FindingRules> known;
  const std::string file = fmt::format("taxonomy/findings_{}.toml", field.name());
  if (!corpus_resources().has(file)) return nullptr;
  const std::lock_guard lock(mutex);
  const auto at = known.find(file);
  if (at != known.end()) return &at->second;
  return &known.emplace(file, parse(corpus_resources().get(file), file)).first->second;
}

bool FindingRules::made_for(std::string_view modality) const {
  const std::string lower = ascii_lower(modality);
  return std::ranges::any_of(
      modalities_, [&](const std::string& part) { return lower.find(part) != std::string::npos; });
}

std::vector<double> FindingRules::scaled(const PictureMeasures& measures) const {
  std::vector<double> values;
  values.reserve(scales_.size());
  for (const Scale& scale : scales_) {
    double value = measures.values.at(scale.measure);
    if (scale.root) value = std::sqrt(std::max(0.0, value));
    values.push_back(std::clamp((value - scale.mean) / scale.spread, -kFar, kFar));
  }
  return values;
}

std::vector<MeasuredFinding> FindingRules::findings(const PictureMeasures& measures,
                                                    std::string_view modality) const {
  std::vector<MeasuredFinding> found;
  if (!measures.found) return found;
  const bool measured = made_for(modality);
  const std::vector<double> values = scaled(measures);
  // Where the outline is doubtful, so is what was measured within it.
  const double outline = std::min(1.0, 2 * measures["certainty"]);
  for (const Rule& rule : rules_) {
    if (rule.structure && (!measured || measures["side"] < kFineSide)) continue;
    double sum = rule.bias;
    for (std::size_t i = 0; i < values.size(); ++i) sum += rule.weights[i] * values[i];
    MeasuredFinding finding;
    finding.kind = rule.kind;
    finding.value = rule.value;
    finding.opposite = rule.opposite;
    // Rounded, so that the last bit of a machine's exponential makes no difference.
    finding.strength = rounded(1 / (1 + std::exp(-sum)));
    finding.confidence = rounded(std::abs(2 * finding.strength - 1) * outline);
    if (!measured) finding.confidence = std::min(finding.confidence, kUnmeasuredCap);
    finding.confident = finding.confidence >= confident_from_;
    finding.usable = finding.confident && rule.usable;
    found.push_back(std::move(finding));
  }
  return found;
}

}  // namespace epicrisis
