#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/files.h"
#include "epicrisis/core/json.h"

namespace epicrisis {

// The folders models are looked for in: EPICRISIS_MODELS, separated by ':', or "models" and
// "../shared/models".
std::vector<Path> model_search_folders();

// The folder (or weight file) of a model. A name that holds a '/' or is an existing file or folder
// is taken as a path; else the first search folder that has a folder of that name. What is neither
// is looked for as a repository, "ORG/NAME" or "ORG/NAME@REVISION", in the search folders and in
// Hugging Face's cache, of which the snapshot is the folder; nothing is fetched. UsageError lists
// where it looked and what is there.
Path find_model(std::string_view name);

// InputError unless the weights of a model's folder, or the weight file `model`, are there, can be
// read and hold a tensor. Of safetensors the header alone is read.
void require_weights(const Path& model);

// The files that a loader reads of a model: weights, configuration, preprocessing, vocabulary,
// tokenizer and pooling files, by their names below `folder`. Errors as find_model; InputError
// where there are no weights.
struct ModelFiles {
  Path folder;
  std::vector<std::string> names;
  std::string weights;  // "" where the folder stands for them, else the name of the one file
};
ModelFiles model_files(std::string_view name);

// Changes when anything changes that a loader reads of a model (model_files()). Models without
// files ("", "random:<architecture>", token embeddings) have only their name. Errors as find_model;
// InputError where there are no weights. Reads the weights whole.
std::string model_fingerprint(std::string_view name);

// In place of a text encoder's name: there is no frozen encoder, the token embeddings are trained
// with the run (TrainInput::notes with texts) and have kTokenWidth numbers.
inline constexpr std::string_view kTrainedTokens = "bag";
inline constexpr int kTokenWidth = 128;

// The text models that are read, as text_model_type() names them.
inline constexpr std::string_view kBertText = "bert";
inline constexpr std::string_view kRobertaText = "roberta";
inline constexpr std::string_view kDistilBertText = "distilbert";
inline constexpr std::string_view kClipText = "clip";
bool is_read_text_model(std::string_view type);
// What kind of text model a folder's configuration speaks of: its model_type; where older files
// have none, what their class is of, or "bert" if the keys are BERT's; of open_clip's models and
// Hugging Face's CLIP what their text encoder is. "" for no text model, as where model_type is an
// image encoder's.
std::string text_model_type(const Json& config, std::string_view source);
// "config.json"; where a folder has none but "bert_config.json", of the first BERTs, or
// "open_clip_config.json", that.
std::string model_config_name(const Path& folder);

// The file of that name, at most 1 MiB; `source` is its path, for errors. InputError where it is
// not there or no JSON.
struct ModelConfig {
  Json json;
  std::string source;
};
ModelConfig read_model_config(const Path& folder);

enum class ModelKind { kImageEncoder, kTextEncoder, kDualEncoder, kUnknown };
std::string_view model_kind_name(ModelKind kind);  // "image encoder", ...; "dual encoder": both

struct FoundModel {
  std::string name;
  Path folder;
  ModelKind kind = ModelKind::kUnknown;
  std::string architecture;  // "mobilenet_v2", "bert"
  std::int64_t width = 0;    // of its features; 0 unknown
  std::string problem;       // why it cannot be used; empty if it can
};
Json to_json(const FoundModel& model);

// What the config.json of a model's folder says; weights are read as by require_weights().
FoundModel describe_model(const Path& folder);

// Every folder with a config.json below the search folders, sorted by name. Configurations are
// read, and weights as by require_weights(). The first of equal names wins, as find_model has it.
// With them the encoders in Hugging Face's cache, called as find_model() takes them.
std::vector<FoundModel> list_models();

}  // namespace epicrisis
