#include "epicrisis/llm/provider_choice.h"

#include <utility>

#include "epicrisis/core/error.h"
#include "epicrisis/net/recording.h"

namespace epicrisis {

Provider ProviderChoice::resolve() const {
  if (!names_one()) throw UsageError("nobody is named to ask: name a `provider` or an `endpoint`");
  Provider chosen = provider.empty() ? provider_for_url(endpoint) : load_provider(provider);
  if (!provider.empty() && !endpoint.empty()) chosen = with_url(std::move(chosen), endpoint);
  if (!model.empty()) chosen.model = model;
  chosen.vision = chosen.vision || vision;
  chosen.structured = structured.value_or(chosen.structured);
  if (input_price) chosen.prices.input = input_price;
  if (output_price) chosen.prices.output = output_price;
  // A server on this machine charges nothing, unless it is said to.
  if (!chosen.prices.input && !chosen.prices.output && is_local(chosen)) chosen.prices = {0, 0};
  if (picture_tokens) chosen.image_tokens = static_cast<int>(*picture_tokens);
  return chosen;
}

std::unique_ptr<HttpTransport> ProviderChoice::transport(const Job& job) const {
  if (!record.empty() && record == replay) {
    throw UsageError("{}: record and replay name the same file; the recording would be lost",
                     record.string());
  }
  std::unique_ptr<HttpTransport> transport =
      replay.empty() ? make_curl_transport() : make_replay_transport(replay, job);
  if (record.empty()) return transport;
  return make_recording_transport(std::move(transport), record, job);
}

ProviderChoice read_provider_choice(const TomlTable& table) {
  ProviderChoice choice;
  choice.provider = table.string_or("provider", "");
  choice.endpoint = table.string_or("endpoint", "");
  choice.model = table.string_or("model", "");
  choice.vision = table.boolean_or("vision", false);
  if (table.has("structured")) {
    choice.structured = structured_output_of(table.string("structured"), table.place("structured"));
  }
  if (table.has("input_price")) choice.input_price = table.number_in("input_price", 0, 1e6);
  if (table.has("output_price")) choice.output_price = table.number_in("output_price", 0, 1e6);
  if (table.has("picture_tokens")) {
    choice.picture_tokens = table.integer_in("picture_tokens", 1, 1'000'000);
  }
  choice.record = table.string_or("record", "");
  choice.replay = table.string_or("replay", "");
  return choice;
}

}  // namespace epicrisis
