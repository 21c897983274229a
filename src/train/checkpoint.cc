#include "train/checkpoint.h"

#include <utility>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/tensor/safetensors.h"
#include "model/tensors_torch.h"

namespace epicrisis {
namespace {

constexpr const char* kCheckpointVersion = "2";
constexpr const char* kNetwork = "network.";
constexpr const char* kAdam = "adam.";
constexpr const char* kBest = "best.";

std::string metadata_of(const TensorFile& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) {
    throw InputError("{}: '{}' is missing; remove the file to start the run anew", file.source(),
                     key);
  }
  return found->second;
}

}  // namespace

TensorMap copy_of_state(const torch::nn::Module& module) {
  TensorMap copies;
  for (const auto& [name, tensor] : state_dict(module)) {
    copies[name] = tensor.detach().to(torch::kCPU).clone(torch::MemoryFormat::Contiguous);
  }
  return copies;
}

void restore_state(torch::nn::Module& module, const TensorMap& tensors, const std::string& source) {
  const torch::NoGradGuard no_gradient;
  for (const auto& [name, own] : state_dict(module)) {
    const auto found = tensors.find(name);
    if (found == tensors.end()) throw InputError("{}: the tensor '{}' is missing", source, name);
    if (found->second.sizes() != own.sizes()) {
      throw InputError("{}: the tensor '{}' has {} elements, the model {}", source, name,
                       found->second.numel(), own.numel());
    }
    own.copy_(found->second);
  }
}

void write_tensors(const Path& path, const TensorMap& tensors,
                   const std::map<std::string, std::string>& metadata) {
  std::vector<torch::Tensor> dense;
  std::vector<NamedTensor> named;
  for (const auto& [name, tensor] : tensors) {
    dense.push_back(tensor.detach().to(torch::kCPU).contiguous());
    named.push_back(
        {name,
         {from_torch_type(dense.back().scalar_type()),
          dense.back().sizes().vec(),
          {static_cast<const std::byte*>(dense.back().data_ptr()), dense.back().nbytes()}}});
  }
  write_checked_safetensors(path, named, metadata);
}

void write_checkpoint(const Path& folder, const std::string& fingerprint,
                      const TrainProgress& progress, const Network& network, const Adam& adam,
                      const TensorMap& best) {
  TensorMap tensors;
  for (const auto& [name, tensor] : state_dict(*network)) tensors[kNetwork + name] = tensor;
  for (const auto& [name, tensor] : adam.state()) tensors[kAdam + name] = tensor;
  for (const auto& [name, tensor] : best) tensors[kBest + name] = tensor;
  write_tensors(folder / kRunCheckpointFile, tensors,
                {{"format", "epicrisis-checkpoint"},
                 {"version", kCheckpointVersion},
                 {"fingerprint", fingerprint},
                 {"progress", dump_json(progress_to_json(progress))}});
}

std::optional<Checkpoint> read_checkpoint(const Path& folder, const std::string& fingerprint) {
  const Path path = folder / kRunCheckpointFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const TensorFile file = read_safetensors(path);
  Checkpoint checkpoint;
  checkpoint.source = file.source();
  const std::string version = metadata_of(file, "version");
  if (version != "1" && version != kCheckpointVersion) {
    throw InputError("{}: version {}; this program reads 1 and {}", file.source(), version,
                     kCheckpointVersion);
  }
  // Those of version 1 had none.
  if (version == kCheckpointVersion && checksum_of(file).empty()) {
    throw InputError("{}: the file is damaged: its checksum is missing", file.source());
  }
  if (metadata_of(file, "fingerprint") != fingerprint) {
    throw InputError("{}: belongs to another training; remove the file to start the run anew",
                     file.source());
  }
  checkpoint.progress =
      progress_from_json(parse_json(metadata_of(file, "progress"), file.source()), file.source());
  for (const auto& [full_name, view] : file.tensors()) {
    for (const auto& [prefix, into] :
         {std::pair<std::string, TensorMap*>{kNetwork, &checkpoint.network},
          {kAdam, &checkpoint.adam},
          {kBest, &checkpoint.best}}) {
      if (full_name.starts_with(prefix)) (*into)[full_name.substr(prefix.size())] = to_torch(view);
    }
  }
  return checkpoint;
}

}  // namespace epicrisis
