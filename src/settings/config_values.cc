#include "settings/config_values.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "epicrisis/core/error.h"

namespace epicrisis {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{1} << 32;

struct ActivationName {
  std::string_view name;
  VitActivation activation;
};
constexpr std::array<ActivationName, 6> kActivations{
    {{"gelu", VitActivation::kGelu},
     {"quick_gelu", VitActivation::kQuickGelu},
     {"gelu_tanh", VitActivation::kGeluTanh},
     {"gelu_pytorch_tanh", VitActivation::kGeluTanh},
     {"gelu_new", VitActivation::kGeluTanh},
     {"gelu_fast", VitActivation::kGeluTanh}}};

}  // namespace

std::string shown(const Json& value) {
  constexpr std::size_t kShown = 100;
  std::string text = dump_json(value);
  if (text.size() > kShown) text = text.substr(0, kShown) + "...";
  return text;
}

Json without_nulls(const Json& object) {
  if (!object.is_object()) return object;
  Json kept = Json::object();
  for (const auto& [key, value] : object.items()) {
    if (!value.is_null()) kept[key] = value;
  }
  return kept;
}

std::int64_t whole_number(const Json& json, std::string_view key, std::int64_t fallback,
                          std::int64_t low, std::int64_t high, std::string_view source) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return fallback;
  const bool fits = found->is_number_integer() &&
                    (!found->is_number_unsigned() || found->get<std::uint64_t>() <= kLargest);
  const std::int64_t value = fits ? found->get<std::int64_t>() : low - 1;
  if (value < low || value > high) {
    throw InputError("{}: '{}' is {}; a whole number from {} to {} was expected", source, key,
                     shown(*found), low, high);
  }
  return value;
}

std::int64_t square(const Json& json, std::string_view key, std::int64_t fallback, std::int64_t low,
                    std::int64_t high, std::string_view source) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_array()) {
    if (found->size() != 2 || (*found)[0] != (*found)[1]) {
      throw InputError("{}: '{}' is {}; one number for both sides was expected", source, key,
                       shown(*found));
    }
    Json one;
    one[std::string(key)] = (*found)[0];
    return whole_number(one, key, fallback, low, high, source);
  }
  return whole_number(json, key, fallback, low, high, source);
}

std::array<float, 3> three_numbers(const Json& object, std::string_view key,
                                   std::array<float, 3> fallback, bool positive,
                                   std::string_view source) {
  const auto found = object.find(key);
  if (found == object.end()) return fallback;
  const bool list = found->is_array() && found->size() == 3;
  std::array<float, 3> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool number = list && (*found)[i].is_number();
    values[i] = number ? (*found)[i].get<float>() : 0;
    if (!number || !std::isfinite(values[i]) || (positive && values[i] <= 0)) {
      throw InputError("{}: '{}' is {}; a list of three {}numbers was expected", source, key,
                       dump_json(*found), positive ? "positive " : "");
    }
  }
  return values;
}

VitActivation activation_of(const Json& json, std::string_view key, VitActivation fallback,
                            std::string_view source) {
  if (!json.contains(key)) return fallback;
  const auto name = json_get<std::string>(json, key, source);
  const auto* found = std::ranges::find(kActivations, name, &ActivationName::name);
  if (found == kActivations.end()) {
    throw InputError("{}: '{}' is {}; there are gelu, quick_gelu and gelu_tanh", source, key,
                     shown(json[std::string(key)]));
  }
  return found->activation;
}

std::string_view activation_name(VitActivation activation) {
  return std::ranges::find(kActivations, activation, &ActivationName::activation)->name;
}

double epsilon_of(const Json& json, std::string_view key, double fallback,
                  std::string_view source) {
  const auto epsilon = json_get_or<double>(json, key, fallback, source);
  if (!(epsilon > 0 && epsilon <= 1)) {
    throw InputError("{}: '{}' is {}; it must be in (0, 1]", source, key, epsilon);
  }
  return epsilon;
}

std::int64_t hidden_by_ratio(const Json& json, std::int64_t width, std::int64_t most,
                             std::string_view source) {
  const auto ratio = json_get_or<double>(json, "mlp_ratio", 4, source);
  const double hidden = ratio * static_cast<double>(width);
  if (!(hidden >= 1 && hidden <= static_cast<double>(most))) {
    throw InputError("{}: 'mlp_ratio' is {}; a positive number was expected", source, ratio);
  }
  return static_cast<std::int64_t>(hidden);
}

Json part_of_whole(const Json& json, std::string_view key, std::string_view source) {
  const std::string old = std::string(key) + "_dict";
  Json part = json_get<Json>(json, json.contains(key) || !json.contains(old) ? key : old, source);
  if (!part.is_object()) throw InputError("{}: '{}' is no object", source, key);
  return part;
}

void require_even_heads(std::int64_t width, std::int64_t heads, std::string_view key,
                        std::string_view source) {
  if (width % heads != 0) {
    throw InputError("{}: '{}' is {}, which does not divide the width {}", source, key, heads,
                     width);
  }
}

}  // namespace epicrisis
