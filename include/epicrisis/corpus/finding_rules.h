#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/data/field.h"
#include "epicrisis/image/picture_measures.h"

namespace epicrisis {

// A finding that was measured on a picture, in the words of claims ("colours", "dark brown").
struct MeasuredFinding {
  std::string kind;
  std::string value;
  std::string opposite;   // what it is where it is not `value`, if that has a name: "symmetric"
  double strength = 0;    // 0: surely absent, 1: surely there
  double confidence = 0;  // 0 to 1; nothing is said of it below `confident`
  bool confident = false;
  // Whether it may stand against what a note says: confident, and of a kind that agreed well enough
  // with readers of pictures.
  bool usable = false;

  bool present() const { return strength >= 0.5; }
  // `value` or `opposite`; "no VALUE" where that has no name.
  std::string words() const;
};
Json to_json(const MeasuredFinding& finding);

// How the measures of a picture become findings, for one field of medicine: a file of data
// (docs/formats/findings-files.md). Immutable.
class FindingRules {
 public:
  // Those of the field, if there are any; nullptr else.
  static const FindingRules* of(const Field& field);
  static FindingRules parse(std::string_view toml, std::string_view source);

  struct Scale {
    std::size_t measure = 0;  // place in picture_measure_names()
    bool root = false;        // its square root counts
    double mean = 0, spread = 1;
  };
  struct Rule {
    std::string kind, value, opposite;
    bool structure = false;  // is told by fine structure: needs a picture that shows it
    // Agreement with readers where it is confident; share of pictures that it is confident of.
    double kappa = 0, coverage = 0;
    double kappa_sure = 0;  // the same from a confidence of .75
    int pictures = 0;
    bool usable = false;
    double bias = 0;
    std::vector<double> weights;  // of scales()
  };

  // All findings, in the file's order; empty where no subject was found. `modality`: how the
  // picture was taken, in words. A structure is left out where the modality does not show it;
  // nothing is confident on pictures of a kind that no agreement was measured on.
  std::vector<MeasuredFinding> findings(const PictureMeasures& measures,
                                        std::string_view modality) const;
  // Whether the rules were made for pictures of this modality.
  bool made_for(std::string_view modality) const;
  const std::string& usual_modality() const { return modality_; }
  double confident_from() const { return confident_from_; }
  const std::vector<Scale>& scales() const { return scales_; }
  const std::vector<Rule>& rules() const { return rules_; }
  // The measures of a picture as the weights of a rule take them: about -3 to 3.
  std::vector<double> scaled(const PictureMeasures& measures) const;

 private:
  std::string modality_;                 // a usual one in words
  std::vector<std::string> modalities_;  // parts of words, lower case
  double confident_from_ = 0.5;
  std::vector<Scale> scales_;
  std::vector<Rule> rules_;
};

}  // namespace epicrisis
