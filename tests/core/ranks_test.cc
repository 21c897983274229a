#include "epicrisis/core/ranks.h"

#include <gmock/gmock.h>

#include <array>
#include <map>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

using Variables = std::map<std::string, std::string>;

std::optional<RankPlace> place(const Variables& variables) {
  return rank_place([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

const Variables kTorchrun = {{"RANK", "3"},
                             {"WORLD_SIZE", "8"},
                             {"LOCAL_RANK", "1"},
                             {"LOCAL_WORLD_SIZE", "2"},
                             {"MASTER_ADDR", "node-1"},
                             {"MASTER_PORT", "29500"}};

TEST(RankPlace, OfTorchrun) {
  const auto found = place(kTorchrun);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 3);
  EXPECT_EQ(found->count, 8);
  EXPECT_EQ(found->local_count, 2);
  EXPECT_EQ(found->address, "node-1");
  EXPECT_EQ(found->port, 29500);
  Variables with_store = kTorchrun;
  with_store["TORCHELASTIC_USE_AGENT_STORE"] = "True";
  EXPECT_EQ(place(with_store)->port, 29501);
}

TEST(RankPlace, OfSlurm) {
  const auto found = place({{"SLURM_PROCID", "0"},
                            {"SLURM_NTASKS", "4"},
                            {"SLURM_NTASKS_PER_NODE", "4"},
                            {"MASTER_ADDR", "10.0.0.1"},
                            {"MASTER_PORT", "2000"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->rank, 0);
  EXPECT_EQ(found->count, 4);
  EXPECT_EQ(found->local_count, 4);
}

TEST(RankPlace, OneProcessIsAlone) {
  EXPECT_FALSE(place({}));
  // srun without a meeting place: each is on its own, as an interactive job is.
  EXPECT_FALSE(place({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "1"}}));
  EXPECT_FALSE(place({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
}

TEST(RankPlace, WhatIsMissingOrWrongIsNamed) {
  for (const char* name : {"RANK", "MASTER_ADDR", "MASTER_PORT"}) {
    Variables without = kTorchrun;
    without.erase(name);
    EXPECT_THAT([&] { place(without); }, ThrowsMessage<UsageError>(HasSubstr(name)));
  }
  for (const auto& [name, value] :
       {std::pair("RANK", "8"), std::pair("RANK", "-1"), std::pair("WORLD_SIZE", "two"),
        std::pair("LOCAL_WORLD_SIZE", "9"), std::pair("MASTER_PORT", "70000")}) {
    Variables wrong = kTorchrun;
    wrong[name] = value;
    EXPECT_THAT([&] { place(wrong); }, ThrowsMessage<UsageError>(HasSubstr(name))) << value;
  }
}

class Placed : public Ranks {
 public:
  Placed(int rank, int count) : rank_(rank), count_(count) {}
  int rank() const override { return rank_; }
  int count() const override { return count_; }
  int local_count() const override { return count_; }
  void sum(std::span<float>) override {}
  std::vector<std::string> gather(std::string_view) override { return {}; }
  void broadcast(std::span<std::byte>) override {}

 private:
  int rank_;
  int count_;
};

TEST(Ranks, PartsAreNextToEachOtherAndNearlyAlike) {
  constexpr std::array<std::size_t, 6> kTotals{0, 1, 2, 7, 32, 33};
  for (const std::size_t total : kTotals) {
    for (const int count : {1, 2, 3, 8}) {
      std::size_t end = 0;
      for (int rank = 0; rank < count; ++rank) {
        const RankPart part = part_of(Placed(rank, count), total);
        EXPECT_EQ(part.begin, end);
        end = part.end;
        EXPECT_LE(part.size(), total / static_cast<std::size_t>(count) + 1);
      }
      EXPECT_EQ(end, total);
    }
  }
}

}  // namespace
}  // namespace epicrisis
