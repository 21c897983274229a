#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/job.h"
#include "epicrisis/core/json.h"
#include "epicrisis/tensor/weight_fit.h"

namespace epicrisis {

// What is in the weights of one model.
struct WeightContents {
  struct Share {  // of the tensors of one type, or below one name
    std::string name;
    std::size_t tensors = 0;
    std::int64_t values = 0;
    std::uint64_t bytes = 0;
  };
  struct Tensor {
    std::string name;
    std::string type;  // "F32"
    std::vector<std::int64_t> shape;
    std::int64_t values = 0;
  };
  struct NotFinite {
    std::string name;
    std::int64_t nan = 0;
    std::int64_t infinite = 0;
  };
  Path file;                     // the weight file, or the index of shards
  std::string format;            // "safetensors", "PyTorch state dict", ...
  std::vector<Path> parts;       // the files that hold tensors
  std::uint64_t file_bytes = 0;  // of all parts
  std::size_t tensors = 0;
  std::int64_t values = 0;      // numbers in all tensors
  std::int64_t parameters = 0;  // of them floating ones that are no running statistics of a norm
  std::vector<Share> types;     // the largest first
  // By the first part of their names that is not the same for all, in the order of the names.
  std::vector<Share> groups;
  std::vector<Tensor> biggest;  // five at most
  std::vector<NotFinite> not_finite;
  std::map<std::string, std::size_t> wrappers;  // "module": tensors that have it in their names
  std::map<std::string, std::string> metadata;  // of safetensors
};
Json to_json(const WeightContents& contents);

// Reads all of a weight file (or of an index and its shards), as read_weights() and with its
// errors. Interrupted when the job is cancelled.
WeightContents describe_weights(const Path& weights, const Job& job);

// How weights fit one of the architectures there are.
struct ArchitectureFit {
  std::string architecture;  // of image_encoders(), kVitOfSizes, or "bert"
  std::string kind;          // as model_kind_name()
  bool said = false;         // config.json names it
  std::string prefix;        // taken off before the names: "model."
  WeightFit fit;
  std::string problem;  // why it could not be compared; "" if it could
  bool fits() const { return problem.empty() && fit.fits(); }
  // From 0, nothing in common, to 1.
  double likeness() const;
};
Json to_json(const ArchitectureFit& fit);

// All that fit, then the nearest of the others with the one that config.json names, at most
// `nearest` of them; without those that have next to nothing in common. The nearest names are
// added.
std::vector<ArchitectureFit> best_fits(std::vector<ArchitectureFit> all, std::size_t nearest);

}  // namespace epicrisis
