#include "train/sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "epicrisis/core/random.h"

namespace epicrisis {

EpochSampler::EpochSampler(const TrainConfig& config, const std::vector<TrainExample>& examples)
    : config_(config), examples_(examples) {
  const bool all = !trains_on_text(config.mode) || config.mode == Mode::kMultimodal;
  std::map<int, std::map<std::size_t, std::vector<std::size_t>>> by_label;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!all && examples[i].notes.empty()) continue;
    pool_.push_back(i);
    by_label[examples[i].label][config.group_aware ? examples[i].group : 0].push_back(i);
  }
  double end = 0;
  for (auto& [label, groups] : by_label) {
    std::size_t size = 0;
    auto& members = classes_.emplace_back();
    for (auto& [group, own] : groups) {
      size += own.size();
      members.push_back(std::move(own));
    }
    if (config.class_power == 0) continue;
    end += std::pow(static_cast<double>(size), config.class_power);
    class_ends_.push_back(end);
  }
}

std::size_t EpochSampler::steps_per_epoch() const {
  const auto batch = static_cast<std::size_t>(config_.batch);
  return (pool_.size() + batch - 1) / batch;
}

std::size_t EpochSampler::draw_class(Random& random) const {
  if (class_ends_.empty()) return random.below(classes_.size());
  const double place = random.uniform() * class_ends_.back();
  const auto found = std::ranges::upper_bound(class_ends_, place);
  return std::min(static_cast<std::size_t>(found - class_ends_.begin()), classes_.size() - 1);
}

std::vector<Draw> EpochSampler::epoch(int number) const {
  std::vector<Draw> draws;
  if (pool_.empty()) return draws;
  Random samples(config_.seed, fmt::format("samples/{}", number));
  Random notes(config_.seed, fmt::format("notes/{}", number));
  Random copies(config_.seed, fmt::format("copies/{}", number));
  if (config_.balanced) {
    draws.resize(steps_per_epoch() * static_cast<std::size_t>(config_.batch));
    for (Draw& draw : draws) {
      const auto& groups = classes_[draw_class(samples)];
      const auto& members = groups[groups.size() > 1 ? samples.below(groups.size()) : 0];
      draw.example = members[samples.below(members.size())];
    }
  } else {
    std::vector<std::size_t> order = pool_;
    samples.shuffle(std::span<std::size_t>(order));
    draws.resize(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) draws[i].example = order[i];
  }
  const std::uint64_t versions =
      config_.augment ? static_cast<std::uint64_t>(config_.copies) + 1 : 1;
  for (Draw& draw : draws) {
    const auto& own = examples_[draw.example].notes;
    // Numbers are drawn for every sample, so that one without notes does not shift the others'.
    const std::uint64_t number_of_note = notes.below(std::max<std::uint64_t>(own.size(), 1));
    if (!own.empty() && trains_on_text(config_.mode)) draw.note = own[number_of_note];
    draw.copy = copies.below(versions);
  }
  return draws;
}

}  // namespace epicrisis
