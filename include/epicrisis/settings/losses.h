#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// A contrastive form that a training can name, and what it takes where the training says nothing.
struct LossSettings {
  std::string name;
  double temperature;
  double lambda;        // weight in the sum of all terms
  bool needs_concepts;  // wants concept words of the notes besides the embeddings
};

// Sorted: "clip", "info_nce", "keyword_alignment", "nt_xent", "siglip",
// "supervised_info_nce", "supervised_nt_xent".
std::vector<std::string> contrastive_loss_names();

// UsageError with the known names for another name.
LossSettings loss_settings(std::string_view name);

}  // namespace epicrisis
