#include "epicrisis/core/ranks.h"

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr int kMostRanks = 65'536;
constexpr int kLastPort = 65'534;

std::string given(const Variable& variable, const char* name) {
  const auto value = variable(name);
  if (!value || trim(*value).empty()) {
    throw UsageError(
        "{} is not set, but other variables say that several processes train together; start them "
        "with torchrun, or set it",
        name);
  }
  return std::string(trim(*value));
}

int number(const Variable& variable, const char* name, int low, int high) {
  const std::string text = given(variable, name);
  const auto value = parse_integer(text);
  if (!value || *value < low || *value > high) {
    throw UsageError("{} is '{}'; it must be a number from {} to {}", name, clean_text(text, 40),
                     low, high);
  }
  return static_cast<int>(*value);
}

}  // namespace

RankPart part_of(const Ranks& ranks, std::size_t total) {
  const auto rank = static_cast<std::size_t>(ranks.rank());
  const auto count = static_cast<std::size_t>(ranks.count());
  return {total * rank / count, total * (rank + 1) / count};
}

std::optional<RankPlace> rank_place(const Variable& variable) {
  const bool torchrun = variable("WORLD_SIZE").has_value();
  if (!torchrun && (!variable("SLURM_NTASKS") || !variable("MASTER_ADDR"))) return std::nullopt;
  const char* const all = torchrun ? "WORLD_SIZE" : "SLURM_NTASKS";
  const char* const own = torchrun ? "RANK" : "SLURM_PROCID";
  const char* const local = torchrun ? "LOCAL_WORLD_SIZE" : "SLURM_NTASKS_PER_NODE";
  RankPlace place;
  place.count = number(variable, all, 1, kMostRanks);
  if (place.count == 1) return std::nullopt;
  place.rank = number(variable, own, 0, place.count - 1);
  place.local_count = variable(local) ? number(variable, local, 1, place.count) : place.count;
  place.address = given(variable, "MASTER_ADDR");
  place.port = number(variable, "MASTER_PORT", 1, kLastPort);
  // torchrun itself is at that port then, and speaks its own LibTorch's protocol.
  if (variable("TORCHELASTIC_USE_AGENT_STORE") == "True") ++place.port;
  return place;
}

}  // namespace epicrisis
