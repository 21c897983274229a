#include "train/team.h"

#include <algorithm>
#include <cstring>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::size_t kPiece = std::size_t{32} << 20;  // bytes of a message at most

std::span<std::byte> bytes_of(const torch::Tensor& tensor) {
  return {static_cast<std::byte*>(tensor.data_ptr()), tensor.nbytes()};
}

// The tensors one behind the other in float32 on the CPU, with room for one number more.
std::vector<float> flattened(const std::vector<torch::Tensor>& tensors) {
  std::size_t size = 1;
  for (const torch::Tensor& tensor : tensors) size += static_cast<std::size_t>(tensor.numel());
  std::vector<float> values(size);
  std::size_t place = 0;
  for (const torch::Tensor& tensor : tensors) {
    const auto n = static_cast<std::size_t>(tensor.numel());
    const torch::Tensor plain = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    std::copy_n(plain.data_ptr<float>(), n, values.begin() + static_cast<std::ptrdiff_t>(place));
    place += n;
  }
  return values;
}

void unflatten(std::vector<float>& values, const std::vector<torch::Tensor>& tensors,
               const std::vector<float>& factors) {
  const torch::NoGradGuard no_gradient;
  std::size_t place = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const torch::Tensor& tensor = tensors[i];
    const torch::Tensor part = torch::from_blob(values.data() + place, tensor.sizes());
    tensor.copy_(part * factors[i]);
    place += static_cast<std::size_t>(tensor.numel());
  }
}

}  // namespace

torch::Tensor Team::all_rows(const torch::Tensor& own, std::size_t total) const {
  if (alone()) return own;
  const torch::Tensor plain = own.detach().to(torch::kCPU, torch::kFloat32).contiguous();
  const std::span<std::byte> bytes = bytes_of(plain);
  const std::vector<std::string> parts =
      ranks_->gather({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const std::int64_t width = own.size(1);
  std::vector<torch::Tensor> rows;
  std::int64_t found = 0;
  for (std::size_t rank = 0; rank < parts.size(); ++rank) {
    if (static_cast<int>(rank) == ranks_->rank()) {
      rows.push_back(own.to(torch::kFloat32));
    } else {
      const auto count = static_cast<std::int64_t>(parts[rank].size() / sizeof(float)) / width;
      torch::Tensor theirs = torch::empty({count, width});
      std::memcpy(theirs.data_ptr(), parts[rank].data(), theirs.nbytes());
      rows.push_back(theirs.to(own.device()));
    }
    found += rows.back().size(0);
  }
  if (found != static_cast<std::int64_t>(total)) {
    throw InternalError("team: {} rows of {} came together", found, total);
  }
  return torch::cat(rows);
}

bool Team::share_gradients(NetworkImpl& network, bool stop) const {
  if (alone()) return stop;
  const float share = 1.F / static_cast<float>(ranks_->count());
  std::vector<torch::Tensor> gradients;
  std::vector<float> factors;
  for (auto& item : network.named_parameters()) {
    torch::Tensor& parameter = item.value();
    const bool encoder = item.key().starts_with("image_encoder.");
    if (!parameter.grad().defined()) {
      // Of an encoder that had no picture in this step; heads have one everywhere or nowhere.
      if (!encoder) continue;
      parameter.mutable_grad() = torch::zeros_like(parameter);
    }
    gradients.push_back(parameter.grad());
    factors.push_back(encoder ? 1.F : share);
  }
  std::vector<float> values = flattened(gradients);
  values.back() = stop ? 1.F : 0.F;
  ranks_->sum(values);
  unflatten(values, gradients, factors);
  return values.back() > 0;
}

void Team::share_statistics(NetworkImpl& network) const {
  if (alone()) return;
  std::vector<torch::Tensor> buffers;
  for (const auto& item : network.named_buffers()) {
    if (item.value().is_floating_point()) buffers.push_back(item.value());
  }
  std::vector<float> values = flattened(buffers);
  ranks_->sum(values);
  unflatten(values, buffers,
            std::vector<float>(buffers.size(), 1.F / static_cast<float>(ranks_->count())));
}

bool Team::told(bool said) const {
  if (alone()) return said;
  auto byte = static_cast<std::byte>(said ? 1 : 0);
  ranks_->broadcast({&byte, 1});
  return byte != std::byte{0};
}

std::string Team::told(const std::string& said) const {
  if (alone()) return said;
  std::uint64_t size = said.size();
  ranks_->broadcast(std::as_writable_bytes(std::span(&size, 1)));
  std::string text = leads() ? said : std::string(size, '\0');
  give(std::as_writable_bytes(std::span(text)));
  return text;
}

void Team::give(const torch::Tensor& tensor) const { give(bytes_of(tensor)); }

void Team::give(std::span<std::byte> bytes) const {
  if (alone()) return;
  for (std::size_t place = 0; place < bytes.size(); place += kPiece) {
    ranks_->broadcast(bytes.subspan(place, std::min(kPiece, bytes.size() - place)));
  }
}

}  // namespace epicrisis
