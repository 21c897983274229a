#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/settings/image_encoder_config.h"

// Values of a model's config.json. Errors are InputErrors that name `source`, key and value.
namespace epicrisis {

// A value in JSON, cut.
std::string shown(const Json& value);

// An object without the keys that are null, which say as much as those that are not there.
Json without_nulls(const Json& object);

// `fallback` where the key is not there or null.
std::int64_t whole_number(const Json& json, std::string_view key, std::int64_t fallback,
                          std::int64_t low, std::int64_t high, std::string_view source);
// Also a list of height and width that are equal.
std::int64_t square(const Json& json, std::string_view key, std::int64_t fallback, std::int64_t low,
                    std::int64_t high, std::string_view source);

// Finite ones, above 0 where `positive`.
std::array<float, 3> three_numbers(const Json& object, std::string_view key,
                                   std::array<float, 3> fallback, bool positive,
                                   std::string_view source);

VitActivation activation_of(const Json& json, std::string_view key, VitActivation fallback,
                            std::string_view source);
std::string_view activation_name(VitActivation activation);

// A norm's epsilon, in (0, 1].
double epsilon_of(const Json& json, std::string_view key, double fallback, std::string_view source);
// The width between a layer's two maps by `mlp_ratio`, 4 where it is not there; 1 to `most`.
std::int64_t hidden_by_ratio(const Json& json, std::int64_t width, std::int64_t most,
                             std::string_view source);
// An object of a whole model, "vision_config", which old files call "vision_config_dict".
Json part_of_whole(const Json& json, std::string_view key, std::string_view source);

void require_even_heads(std::int64_t width, std::int64_t heads, std::string_view key,
                        std::string_view source);

}  // namespace epicrisis
