#include "epicrisis/settings/losses.h"

#include <array>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

struct Entry {
  const char* name;
  double temperature;
  double lambda;
  bool needs_concepts;
};

// Sorted by name. A new form is a line here and one in model/losses_torch.cc.
constexpr std::array kLosses = {
    Entry{"clip", .07, .5, false},
    Entry{"info_nce", .07, .25, false},
    Entry{"keyword_alignment", .5, .5, true},
    Entry{"nt_xent", .5, .5, false},
    Entry{"siglip", .1, .5, false},
    Entry{"supervised_info_nce", .07, .25, false},
    Entry{"supervised_nt_xent", .5, .5, false},
};

}  // namespace

std::vector<std::string> contrastive_loss_names() {
  std::vector<std::string> names;
  for (const Entry& entry : kLosses) names.emplace_back(entry.name);
  return names;
}

LossSettings loss_settings(std::string_view name) {
  for (const Entry& entry : kLosses) {
    if (name == entry.name) {
      return {entry.name, entry.temperature, entry.lambda, entry.needs_concepts};
    }
  }
  throw UsageError("unknown contrastive loss '{}'; known are: {}", name,
                   join(contrastive_loss_names(), ", "));
}

}  // namespace epicrisis
