#include <algorithm>
#include <array>
#include <string_view>

#include "epicrisis/core/json.h"
#include "epicrisis/core/strings.h"
#include "epicrisis/hub/hub.h"

namespace epicrisis {
namespace {

using Names = std::vector<std::string>;

// What loaders read besides weights, at the top of a repository.
constexpr std::array<std::string_view, 21> kRead{"config.json",
                                                 "bert_config.json",
                                                 "preprocessor_config.json",
                                                 "open_clip_config.json",
                                                 "processor_config.json",
                                                 "tokenizer.json",
                                                 "tokenizer_config.json",
                                                 "special_tokens_map.json",
                                                 "added_tokens.json",
                                                 "vocab.txt",
                                                 "vocab.json",
                                                 "merges.txt",
                                                 "spiece.model",
                                                 "sentencepiece.bpe.model",
                                                 "tokenizer.model",
                                                 "modules.json",
                                                 "sentence_bert_config.json",
                                                 "config_sentence_transformers.json",
                                                 "LICENSE",
                                                 "LICENSE.txt",
                                                 "LICENSE.md"};
// What trainings leave beside their weights, under the same suffixes.
constexpr std::array<std::string_view, 6> kOfTrainings{"training_args", "optimizer", "scheduler",
                                                       "rng_state",     "scaler",    "trainer"};

bool is_at_top(std::string_view name) { return name.find('/') == std::string_view::npos; }

bool is_of_a_training(std::string_view name) {
  return std::ranges::any_of(kOfTrainings,
                             [&](std::string_view word) { return name.starts_with(word); });
}

bool is_pooling(std::string_view name) {
  return name.ends_with("_Pooling/config.json") && is_at_top(name.substr(0, name.rfind('/')));
}

// `stem` itself, its index, or a shard of it: "model-00001-of-00002.safetensors".
bool is_whole_or_shard(std::string_view name, std::string_view stem, std::string_view end) {
  if (!name.starts_with(stem)) return false;
  name.remove_prefix(stem.size());
  if (name == end || name == std::string(end) + ".index.json") return true;
  return name.starts_with('-') && name.ends_with(end) && name.find("-of-") != std::string::npos;
}

Names chosen(const Names& all, const auto& is_one) {
  Names some;
  std::ranges::copy_if(all, std::back_inserter(some), is_one);
  return some;
}

// The first kind of which there are any: a loader reads no second.
Names weights_of(const Names& all) {
  const auto main_of = [&](std::string_view stem, std::string_view end) {
    return chosen(all, [&](const std::string& name) { return is_whole_or_shard(name, stem, end); });
  };
  const auto ending_in = [&](std::string_view end) {
    return chosen(all, [&](const std::string& name) {
      return is_at_top(name) && name.ends_with(end) && !is_of_a_training(name);
    });
  };
  Names found = main_of("model", ".safetensors");
  if (found.empty()) found = ending_in(".safetensors");
  if (found.empty()) found = main_of("pytorch_model", ".bin");
  for (const char* end : {".bin", ".pt", ".pth", ".ckpt"}) {
    if (found.empty()) found = ending_in(end);
  }
  return found;
}

}  // namespace

bool is_plain_file_name(std::string_view name) {
  constexpr std::size_t kLongest = 512;
  if (name.empty() || name.size() > kLongest || name.find('\\') != std::string_view::npos ||
      escape_controls(name) != name) {
    return false;
  }
  return std::ranges::none_of(split(name, '/'), [](const std::string& part) {
    return part.empty() || part == "." || part == "..";
  });
}

std::vector<std::string> model_file_names(const std::vector<std::string>& all) {
  const Names weights = weights_of(all);
  return chosen(all, [&](const std::string& name) {
    return std::ranges::find(kRead, name) != kRead.end() || is_pooling(name) ||
           std::ranges::find(weights, name) != weights.end();
  });
}

Json to_json(const HubRepository& repository) {
  Json files = Json::array();
  for (const HubFile& file : repository.files) {
    files.push_back({{"name", file.name},
                     {"etag", file.etag},
                     {"bytes", file.bytes ? Json(*file.bytes) : Json()},
                     {"there", file.there}});
  }
  return {{"repository", repository.name.repository},
          {"revision", repository.name.revision},
          {"commit", repository.commit},
          {"files", std::move(files)},
          {"left_out", repository.left_out}};
}

}  // namespace epicrisis
