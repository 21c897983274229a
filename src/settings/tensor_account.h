#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/tensor/tensor_file.h"
#include "epicrisis/tensor/weight_fit.h"

namespace epicrisis {

// Keeps account of what is wanted of a file and what is there; of the values nothing is read.
class TensorAccount {
 public:
  // `file` must outlive it.
  explicit TensorAccount(const TensorFile& file) : file_(file) {}

  bool has(const std::string& name) const { return file_.has(name); }
  void want(const std::string& name, const std::vector<std::int64_t>& shape);
  // NAME.weight [out, in] and NAME.bias [out].
  void want_map(const std::string& name, std::int64_t out, std::int64_t in);
  // NAME.weight and NAME.bias [width].
  void want_norm(const std::string& name, std::int64_t width);
  bool full() const;  // so much does not fit that more says nothing

  // With what is left over and not passed over; "position_ids" always are.
  WeightFit finish(const std::function<bool(const std::string&)>& passed_over);

 private:
  const TensorFile& file_;
  std::set<std::string> wanted_;
  WeightFit fit_;
};

// InputError that lists what is missing, misshapen or left over.
void require_fit(const WeightFit& fit, const TensorFile& file);

// InputError where a vocabulary has more entries than a model has vectors.
void require_token_vectors(const Path& folder, std::int64_t vectors, std::size_t entries);

}  // namespace epicrisis
