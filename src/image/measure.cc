#include "epicrisis/image/measure.h"

#include <utility>

#include "epicrisis/core/strings.h"
#include "epicrisis/image/segment.h"
#include "image/subject.h"

namespace epicrisis {
namespace {

constexpr double kMirrorShape = 0.13;  // share without a mirror image, from here on asymmetric
constexpr double kMirrorColour = 9;    // Delta E
constexpr double kColourShare = 0.05;  // of the subject, for a colour to be named

std::string size_words(double area) {
  if (area < 0.03) return "a very small part of the picture";
  if (area < 0.075) return "about a twentieth of the picture";
  if (area < 0.15) return "about a tenth of the picture";
  if (area < 0.225) return "about a fifth of the picture";
  if (area < 0.29) return "about a quarter of the picture";
  if (area < 0.42) return "about a third of the picture";
  return "about half of the picture";
}

}  // namespace

Measurements measure(const Image& image) {
  const SubjectMask mask = segment_subject(image);
  if (!mask.certain) return {};
  return Subject(image, mask).measurements();
}

std::vector<std::pair<std::string, std::string>> measure_findings(const Image& image) {
  const Measurements found = measure(image);
  std::vector<std::pair<std::string, std::string>> words;
  if (!found.certain) return words;
  const bool shape = found.shape_asymmetry > kMirrorShape;
  const bool colour = found.colour_asymmetry > kMirrorColour;
  words.emplace_back("asymmetry", shape && colour ? "asymmetric in shape and colour"
                                  : shape         ? "asymmetric in shape"
                                  : colour        ? "asymmetric in colour"
                                                  : "symmetric");
  if (found.border_step > 0) {
    words.emplace_back("border", found.sharp_share >= 0.7   ? "sharp"
                                 : found.sharp_share <= 0.3 ? "indistinct"
                                                            : "mixed");
  }
  std::vector<std::string> colours;
  for (const auto& [name, share] : found.colours) {
    if (share >= kColourShare) colours.push_back(name);
  }
  if (!colours.empty()) words.emplace_back("colours", join(colours, ", "));
  words.emplace_back("size", size_words(found.area));
  return words;
}

}  // namespace epicrisis
