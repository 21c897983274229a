#include "epicrisis/train/join_ranks.h"

#include <fmt/format.h>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

#ifdef EPICRISIS_GLOO

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace epicrisis {
namespace {

constexpr std::chrono::minutes kMeeting{5};
constexpr std::chrono::hours kSilence{24 * 30};  // a process may prepare pictures for days
constexpr std::chrono::seconds kRollCall{3};

bool is_this_machine(const std::string& address) {
  return address == "localhost" || address.starts_with("127.") || address == "::1";
}

class GlooRanks : public Ranks {
 public:
  explicit GlooRanks(const RankPlace& place) : place_(place) {
    c10d::TCPStoreOptions meeting;
    meeting.port = static_cast<std::uint16_t>(place.port);
    meeting.isServer = place.rank == 0;
    meeting.numWorkers = static_cast<std::size_t>(place.count);
    meeting.timeout = kMeeting;
    store_ = c10::make_intrusive<c10d::TCPStore>(place.address, meeting);
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = kSilence;
    options->threads = 2;
    options->devices.push_back(is_this_machine(place.address)
                                   ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                   : c10d::ProcessGroupGloo::createDefaultDevice());
    group_ = c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>("ranks", store_), place.rank, place.count, options);
  }

  int rank() const override { return place_.rank; }
  int count() const override { return place_.count; }
  int local_count() const override { return place_.local_count; }

  void sum(std::span<float> values) override {
    std::vector<at::Tensor> tensors = {
        torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())})};
    wait([&] { return group_->allreduce(tensors); });
  }

  std::vector<std::string> gather(std::string_view own) override {
    const auto all_of = [&](const at::Tensor& tensor) {
      std::vector<at::Tensor> given = {tensor};
      std::vector<std::vector<at::Tensor>> taken(1);
      for (int i = 0; i < count(); ++i) taken[0].push_back(torch::empty_like(tensor));
      wait([&] { return group_->allgather(taken, given); });
      return taken[0];
    };
    std::vector<std::int64_t> sizes;
    for (const at::Tensor& size :
         all_of(torch::full({1}, static_cast<std::int64_t>(own.size()), torch::kInt64))) {
      sizes.push_back(size.item<std::int64_t>());
    }
    // All send as much as the longest.
    at::Tensor bytes =
        torch::zeros({std::max<std::int64_t>(*std::ranges::max_element(sizes), 1)}, torch::kUInt8);
    std::ranges::copy(own, static_cast<char*>(bytes.data_ptr()));
    std::vector<std::string> texts;
    const std::vector<at::Tensor> all = all_of(bytes);
    for (std::size_t i = 0; i < all.size(); ++i) {
      texts.emplace_back(static_cast<const char*>(all[i].data_ptr()),
                         static_cast<std::size_t>(sizes[i]));
    }
    return texts;
  }

  void broadcast(std::span<std::byte> bytes) override {
    if (bytes.empty()) return;
    std::vector<at::Tensor> tensors = {
        torch::from_blob(bytes.data(), {static_cast<std::int64_t>(bytes.size())}, torch::kUInt8)};
    wait([&] { return group_->broadcast(tensors); });
  }

 private:
  template <typename Begin>
  void wait(const Begin& begin) {
    try {
      begin()->wait();
    } catch (const std::exception& error) {
      throw SystemError(
          "{} ({}); the last checkpoint is kept, and the same command goes on from it, with any "
          "number of processes",
          who_is_gone(), clean_text(error.what(), 160));
    }
  }

  // Who does not answer any more, by a roll call at the place where all met.
  std::string who_is_gone() {
    constexpr const char* kAll = "of the {} processes of this training {}";
    try {
      const auto key = [](int rank) { return fmt::format("here/{}", rank); };
      // Rank 0 keeps the place: without it the call is not even answered to the one that makes it.
      store_->set(key(rank()), std::vector<std::uint8_t>{1});
      store_->wait({key(rank())}, kRollCall);
      std::vector<std::string> gone;
      for (int other = 0; other < count(); ++other) {
        if (other == rank()) continue;
        try {
          store_->wait({key(other)}, kRollCall);
        } catch (const std::exception&) {
          gone.push_back(fmt::format("rank {}", other));
        }
      }
      if (!gone.empty()) {
        return fmt::format(kAll, count(),
                           join(gone, ", ") + (gone.size() == 1 ? " is gone" : " are gone"));
      }
      return fmt::format(kAll, count(), "one could not be reached for a moment");
    } catch (const std::exception&) {
      return fmt::format(kAll, count(), "rank 0 is gone");
    }
  }

  RankPlace place_;
  c10::intrusive_ptr<c10d::TCPStore> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
};

}  // namespace

std::unique_ptr<Ranks> join_ranks(const RankPlace& place) {
  try {
    return std::make_unique<GlooRanks>(place);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    throw SystemError("rank {} of {} could not meet the others at {}:{} ({})", place.rank,
                      place.count, place.address, place.port, clean_text(error.what(), 200));
  }
}

}  // namespace epicrisis

#else

namespace epicrisis {

std::unique_ptr<Ranks> join_ranks(const RankPlace& place) {
  throw SystemError(
      "rank {} of {}: this build trains in one process alone, as Gloo's headers (libgloo-dev) were "
      "not there when it was built",
      place.rank, place.count);
}

}  // namespace epicrisis

#endif
