#pragma once

#include <cstddef>
#include <vector>

#include "epicrisis/data/adapter.h"

namespace epicrisis {

// What an adapter made of the first samples of a folder.
struct AdapterFit {
  const Adapter* adapter = nullptr;
  std::size_t samples = 0;   // at most 200 are read
  std::size_t labelled = 0;  // of these with a class
  std::size_t pictures = 0;  // of these with a picture
};

// The adapters that read samples from the folder, those of one published data set first. `input` is
// what the import would take; `tables_only` does not matter.
std::vector<AdapterFit> fitting_adapters(const AdapterInput& input);

// The one that leaves no doubt: the column map's, else the only one of a published data set, else
// the only one. UsageError that names those that fit, or what to do where none does.
const Adapter& sure_adapter(const AdapterInput& input);

}  // namespace epicrisis
