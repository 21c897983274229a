#include "data/adapters/registry.h"

#include <algorithm>
#include <optional>

#include "data/adapters/described.h"
#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {

std::string Adapter::default_name(const Path& /*folder*/) const { return std::string(name()); }

const std::vector<const Adapter*>& adapters() {
  static const std::vector<const Adapter*> kAdapters = [] {
    std::vector<const Adapter*> list = {
        &csv_folder_adapter(),  &derm7pt_adapter(),  &fitzpatrick17k_adapter(),
        &generic_csv_adapter(), &ham10000_adapter(), &imagefolder_adapter(),
        &isic2017_adapter(),    &isic2018_adapter(), &isic2019_adapter(),
        &isic2020_adapter(),    &milk10k_adapter(),  &pad_ufes_20_adapter(),
        &ph2_adapter(),
    };
    for (const auto& one : described_adapters()) list.push_back(one.get());
    std::ranges::sort(list, {}, &Adapter::name);
    return list;
  }();
  return kAdapters;
}

const Adapter& adapter(std::string_view name) {
  std::vector<std::string> names;
  for (const Adapter* one : adapters()) {
    if (one->name() == name) return *one;
    names.emplace_back(one->name());
  }
  const std::optional<std::string> near = nearest_name(name, names);
  throw UsageError("adapter '{}' does not exist{}; there are {}", name,
                   near ? " (did you mean '" + *near + "'?)" : "", join(names, ", "));
}

}  // namespace epicrisis
