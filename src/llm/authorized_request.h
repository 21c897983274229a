#pragma once

#include <string>
#include <vector>

#include "epicrisis/llm/provider.h"
#include "epicrisis/net/http.h"

namespace epicrisis::llm {

// A POST of JSON to an endpoint of the provider, with its key, timeouts and no body yet.
inline HttpRequest authorized_request(const Provider& provider, std::string url, Secret key) {
  HttpRequest request;
  request.url = std::move(url);
  request.headers = {{"Content-Type", "application/json"}};
  const bool azure = provider.api == ProviderApi::kAzure;
  request.secret_header = azure ? "api-key" : "Authorization";
  request.secret_prefix = azure ? "" : "Bearer ";
  request.secret = std::move(key);
  request.timeouts = provider.timeouts;
  return request;
}

}  // namespace epicrisis::llm
