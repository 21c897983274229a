#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/llm/provider.h"

namespace epicrisis::llm {

// Where an endpoint lists its models; "" where the list is not of what may be asked (Azure's
// deployments have names of their own).
std::string models_url(const Provider& provider, const std::string& endpoint_url);

// The names in a server's list, in the forms of OpenAI, Ollama and Together; empty if there is
// none.
std::vector<std::string> read_model_names(std::string_view body);

// Whether a list has a model, be it with a tag or a maker's name: "m:latest", "maker/m".
bool lists_model(const std::vector<std::string>& names, std::string_view model);

// "it has 'a', 'b' and 7 more", the likest to `model` first; "" without names.
std::string nearest_models(std::string_view model, std::vector<std::string> names);

}  // namespace epicrisis::llm
