#pragma once

#include <memory>
#include <vector>

#include "epicrisis/data/adapter.h"

namespace epicrisis {

// An adapter for each data set that a file taxonomy/NAME.toml describes, by name.
const std::vector<std::unique_ptr<const Adapter>>& described_adapters();

}  // namespace epicrisis
