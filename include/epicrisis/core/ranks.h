#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace epicrisis {

// The processes that compute one training together, as one of them sees them. Every call is made by
// all of them in the same order. SystemError that names who is gone, where one is.
class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;         // of this process, from 0: the one that leads and writes
  virtual int count() const = 0;        // of processes
  virtual int local_count() const = 0;  // of them, on this machine

  // Adds up what all have, in place; all have the same bits afterwards.
  virtual void sum(std::span<float> values) = 0;
  // What each gives, in the order of ranks; lengths may differ.
  virtual std::vector<std::string> gather(std::string_view own) = 0;
  // Gives the first one's bytes to all others; all name the same length.
  virtual void broadcast(std::span<std::byte> bytes) = 0;
};

// Part [begin, end) of `total` rows that a rank works on. Parts differ by one row at most.
struct RankPart {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
};
RankPart part_of(const Ranks& ranks, std::size_t total);

// Where a process stands among those that were started together.
struct RankPlace {
  int rank = 0;
  int count = 1;
  int local_count = 1;
  std::string address;  // of the machine of rank 0
  int port = 0;         // there
};
// As torchrun says it (RANK, WORLD_SIZE, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), else as
// Slurm's srun does (SLURM_PROCID, SLURM_NTASKS, SLURM_NTASKS_PER_NODE, with MASTER_ADDR and
// MASTER_PORT set by the job). Where torchrun has a store of its own at MASTER_PORT, the processes
// meet at the port behind it. Nothing where one process is alone. UsageError that names the
// variable where one is missing or no such number.
using Variable = std::function<std::optional<std::string>(const char* name)>;
std::optional<RankPlace> rank_place(const Variable& variable);

}  // namespace epicrisis
