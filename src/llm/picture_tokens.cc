#include "epicrisis/llm/picture_tokens.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "epicrisis/core/error.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/core/toml.h"
#include "llm/resources.h"

namespace epicrisis {
namespace {

constexpr const char* kFile = "answers/picture_tokens.toml";
// Whose count stands for that of a model of which nothing is known.
constexpr const char* kStandInModel = "gpt-4o";
constexpr std::int64_t kMost = 1'000'000;

// One way to count; those that a family does not use are 0.
struct Family {
  std::vector<std::string> models;
  bool unknown = false;
  // Tiles: `low` with low detail, else base + tile for each 512 pixels of the fitted picture.
  std::int64_t low = 0, base = 0, tile = 0;
  // Patches of so many pixels a side, times a factor.
  std::int64_t patch = 0, most_patches = 0;
  double factor = 1;
  std::int64_t area = 0;  // pixels a token
  std::int64_t longest_side = 0;
  std::int64_t fixed = 0, up_to_side = 0;
  std::int64_t around = 0;           // marks before and after the picture
  std::int64_t least = 0, most = 0;  // 0: no bound
  std::string source;
};

Family read_family(const TomlTable& table) {
  const auto count = [&](const char* key) { return table.integer_in(key, 0, kMost, 0); };
  Family family;
  family.models = table.strings_or("models", {});
  family.unknown = table.boolean_or("unknown", false);
  family.low = count("low");
  family.base = count("base");
  family.tile = count("tile");
  family.patch = count("patch");
  family.most_patches = count("most_patches");
  family.factor = table.number_in("factor", 0.01, 100, 1.0);
  family.area = count("area");
  family.longest_side = count("longest_side");
  family.fixed = count("fixed");
  family.up_to_side = count("up_to_side");
  family.around = count("around");
  family.least = count("least");
  family.most = count("most");
  family.source = table.string_or("source", "");
  return family;
}

std::vector<Family> read_families() {
  const TomlTable table = TomlTable::parse(llm_resources().get(kFile), kFile);
  std::vector<Family> families;
  for (const TomlTable& one : table.tables_or_empty("family")) families.push_back(read_family(one));
  table.finish();
  return families;
}

// Whether the beginning of a model's name is a name of its own, and not that of another version.
bool ends_there(std::string_view model, std::size_t length) {
  if (model.size() == length) return true;
  const char next = model[length];
  if (is_digit(next) || (next >= 'a' && next <= 'z')) return false;
  return next != '.' || model.size() == length + 1 || !is_digit(model[length + 1]);
}

const Family* family_of(const std::vector<Family>& families, std::string_view named) {
  const std::string model = ascii_lower(named.substr(named.rfind('/') + 1));
  const Family* found = nullptr;
  std::size_t longest = 0;
  for (const Family& family : families) {
    for (const std::string& beginning : family.models) {
      if (beginning.size() <= longest || !model.starts_with(beginning) ||
          !ends_there(model, beginning.size())) {
        continue;
      }
      found = &family;
      longest = beginning.size();
    }
  }
  return found;
}

std::int64_t parts(std::int64_t length, std::int64_t part) { return (length + part - 1) / part; }

// The most tiles of 512 pixels after the picture was fitted into 2048 x 2048 and its shorter side
// into 768.
std::int64_t tiles(std::int64_t side) {
  return parts(std::min<std::int64_t>(side, 2048), 512) *
         parts(std::min<std::int64_t>(side, 768), 512);
}

// Empty where the family's rule does not say it of pictures so large.
std::optional<std::int64_t> count_of(const Family& family, std::string_view detail,
                                     std::int64_t side) {
  std::int64_t tokens = 0;
  if (family.unknown || (family.up_to_side > 0 && side > family.up_to_side)) return std::nullopt;
  if (family.fixed > 0) {
    tokens = family.fixed;
  } else if (family.tile > 0) {
    tokens = detail == "low" ? family.low : family.base + family.tile * tiles(side);
  } else if (family.patch > 0) {
    std::int64_t patches = parts(side, family.patch) * parts(side, family.patch);
    if (family.most_patches > 0) patches = std::min(patches, family.most_patches);
    tokens =
        static_cast<std::int64_t>(std::ceil(static_cast<double>(patches) * family.factor - 1e-9));
  } else if (family.area > 0) {
    if (family.longest_side > 0) side = std::min(side, family.longest_side);
    tokens = parts(side * side, family.area);
  } else {
    return std::nullopt;
  }
  tokens = std::max(tokens, family.least);
  if (family.most > 0) tokens = std::min(tokens, family.most);
  return tokens + family.around;
}

}  // namespace

PictureTokens picture_tokens(const Provider& provider) {
  if (provider.image_tokens > 0) return {provider.image_tokens, true, "what the provider says"};
  static const std::vector<Family> families = read_families();
  if (const Family* family = family_of(families, provider.model)) {
    if (const auto tokens = count_of(*family, provider.image_detail, provider.image_side)) {
      return {*tokens, true, family->source};
    }
  }
  const Family* stand_in = family_of(families, kStandInModel);
  if (stand_in == nullptr) {
    throw InternalError("the counts of picture tokens have none of {}", kStandInModel);
  }
  return {count_of(*stand_in, provider.image_detail, provider.image_side).value_or(0), false, ""};
}

}  // namespace epicrisis
