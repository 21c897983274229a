#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "epicrisis/core/job.h"
#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"

namespace epicrisis::llm {

class EndpointSet;

// Where an endpoint lists its models; "" where the list is not of what may be asked (Azure's
// deployments have names of their own).
std::string models_url(const Provider& provider, const std::string& endpoint_url);

// What an endpoint says that it has, waited for with nothing else in flight; empty if it does not
// say.
std::vector<std::string> ask_model_names(const Provider& provider, EndpointSet& endpoints,
                                         std::size_t endpoint, HttpTransport& transport,
                                         const Job& job);

// The names in a server's list, in the forms of OpenAI, Ollama and Together; empty if there is
// none.
std::vector<std::string> read_model_names(std::string_view body);

// Whether a list has a model, be it with a tag or a maker's name: "m:latest", "maker/m".
bool lists_model(const std::vector<std::string>& names, std::string_view model);

// "it has 'a', 'b' and 7 more", the likest to `model` first; "" without names.
std::string nearest_models(std::string_view model, std::vector<std::string> names);

// What to do where a list lacks the model, a sentence with the nearest names; "" where it has the
// model. Without a list, what there is to say where `surely`, else "".
std::string advice_on_model(const std::string& model, std::vector<std::string> names, bool surely);

}  // namespace epicrisis::llm
