#include "settings/pooling_plan.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "epicrisis/core/error.h"
#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kMaxConfig = 1 << 20;

}  // namespace

PoolingPlan read_pooling(const Path& folder) {
  PoolingPlan plan;
  const Path path = folder / "modules.json";
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return plan;
  const std::string source = path.string();
  const Json modules = parse_json(read_file(path, kMaxConfig), source);
  if (!modules.is_array()) throw InputError("{}: a list of modules was expected", source);
  for (const Json& module : modules) {
    const auto type = json_get<std::string>(module, "type", source);
    const std::string name = type.substr(type.rfind('.') + 1);
    if (name == "Normalize") {
      plan.normalise = true;
    } else if (name == "Pooling") {
      const auto relative = json_get<std::string>(module, "path", source);
      const Path pooling = path_below(folder, relative, "pooling module") / "config.json";
      const Json json = parse_json(read_file(pooling, kMaxConfig), pooling.string());
      const auto is = [&](std::string_view key) {
        return json_get_or<bool>(json, key, false, pooling.string());
      };
      const bool mean = is("pooling_mode_mean_tokens");
      const bool cls = is("pooling_mode_cls_token");
      const bool other = is("pooling_mode_max_tokens") || is("pooling_mode_mean_sqrt_len_tokens") ||
                         is("pooling_mode_weightedmean_tokens") || is("pooling_mode_lasttoken");
      if (mean == cls || other) {
        throw InputError("{}: only mean_tokens alone or cls_token alone can be pooled",
                         pooling.string());
      }
      plan.pooling = mean ? TextPooling::kMean : TextPooling::kCls;
    } else if (name != "Transformer") {
      throw InputError(
          "{}: the module '{}' is not known; there are Transformer, Pooling, Normalize", source,
          type);
    }
  }
  return plan;
}

}  // namespace epicrisis
