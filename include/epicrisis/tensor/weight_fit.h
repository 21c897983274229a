#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "epicrisis/core/json.h"
#include "epicrisis/tensor/tensor_file.h"

namespace epicrisis {

using TensorShapes = std::map<std::string, std::vector<std::int64_t>>;

// Which tensors of a file belong to a model, and which may be absent.
struct FitRules {
  std::string prefix;  // of the names in the file: "encoder."
  // Names in the file (after the prefix) that may be there and are passed over.
  std::function<bool(const std::string&)> ignore;
  // Names of the model that may be missing in the file.
  std::function<bool(const std::string&)> optional;
};

// How the tensors of a file fit those that a model has.
struct WeightFit {
  struct Missing {
    std::string name;
    std::vector<std::int64_t> shape;  // the model's
    std::string nearest;              // of `extra`, by add_nearest_names(); "" none
  };
  struct Extra {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  struct Misshapen {
    std::string name;
    std::vector<std::int64_t> in_file;
    std::vector<std::int64_t> in_model;
  };
  std::size_t matched = 0;      // there, of the right shape
  std::size_t passed_over = 0;  // there, and not needed
  std::vector<Missing> missing;
  std::vector<Extra> extra;  // not known to the model
  std::vector<Misshapen> misshapen;

  bool fits() const { return missing.empty() && extra.empty() && misshapen.empty(); }
  // Tensors of the model that the file has or should have.
  std::size_t expected() const { return matched + missing.size() + misshapen.size(); }
};
// `matched`, `passed_over`, `expected`, and each tensor that does not fit, with its shapes.
Json to_json(const WeightFit& fit);

// Names and shapes alone; types are converted where weights are loaded. "num_batches_tracked" may
// be missing.
WeightFit weight_fit(const TensorShapes& model, const TensorFile& file, const FitRules& rules = {});

// Says of each tensor that is missing which one of those that are not known is called most like it:
// a slip of its name, or one of the same shape that ends with the same parts.
void add_nearest_names(WeightFit& fit);

}  // namespace epicrisis
