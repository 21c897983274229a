#include "epicrisis/core/json_list.h"
#include "epicrisis/llm/provider.h"

namespace epicrisis {

Json to_json(const Endpoint& endpoint) {
  return {{"url", endpoint.url},
          {"weight", endpoint.weight},
          {"key_variable", endpoint.key_variable},
          {"key_file", endpoint.key_file.string()}};
}

Json to_json(const Provider& provider) {
  return {{"name", provider.name},
          {"title", provider.title},
          {"local", is_local(provider)},
          {"model", provider.model},
          {"vision", provider.vision},
          {"max_concurrency", provider.max_concurrency},
          {"endpoints", json_list(provider.endpoints)}};
}

}  // namespace epicrisis
